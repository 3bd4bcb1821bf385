"""A-law tones over RTP: every phone sings its own note, so what a phone hears says whom it hears."""

from __future__ import annotations

import asyncio
import math
import random
import struct
import time
from array import array
from dataclasses import dataclass

RATE = 8000
FRAME = 160
DIGITS = "0123456789*#ABCD"
LOUDNESS = 5000
# Far enough apart to be told from one another in 100 ms, and none a multiple of another.
NOTES = tuple(300 + 110 * step for step in range(26))


def _decoded(code: int) -> int:
    """One A-law byte as a linear sample (ITU-T G.711)."""
    code ^= 0x55
    exponent, mantissa = (code >> 4) & 7, code & 15
    value = (mantissa << 4) + 8
    if exponent:
        value = (value + 0x100) << (exponent - 1)
    return value if code & 0x80 else -value


ALAW = array("h", (_decoded(code) for code in range(256)))
_BY_VALUE = sorted((value, code) for code, value in enumerate(ALAW))


def _encoded(sample: int) -> int:
    """The A-law byte nearest to a linear sample."""
    low, high = 0, len(_BY_VALUE) - 1
    while high - low > 1:
        middle = (low + high) // 2
        if _BY_VALUE[middle][0] <= sample:
            low = middle
        else:
            high = middle
    nearer = min(_BY_VALUE[low], _BY_VALUE[high], key=lambda pair: abs(pair[0] - sample))
    return nearer[1]


def note(frequency: int) -> bytes:
    """One second of a tone."""
    step = 2 * math.pi * frequency / RATE
    return bytes(_encoded(round(LOUDNESS * math.sin(step * index))) for index in range(RATE))


def strength(sound: bytes, frequency: int) -> float:
    """How loud a tone is in the sound, 1.0 for a phone's own note (Goertzel)."""
    factor = 2 * math.cos(2 * math.pi * frequency / RATE)
    last = before = 0.0
    for byte in sound:
        last, before = ALAW[byte] + factor * last - before, last
    power = last * last + before * before - factor * last * before
    return 2 * math.sqrt(max(power, 0.0)) / (len(sound) * LOUDNESS) if sound else 0.0


@dataclass(frozen=True, slots=True)
class Heard:
    """Whose notes were in the received sound between two moments."""

    since: float
    until: float
    notes: tuple[int, ...]


class AudioStream(asyncio.DatagramProtocol):
    """One RTP leg: sends its note all the time, keeps what it receives."""

    def __init__(self, frequency: int) -> None:
        self.peer: tuple[str, int] | None = None
        self.is_muted = False
        self.received: list[tuple[float, bytes]] = []
        self.sent = 0
        self._sound = note(frequency)
        self._digits: list[tuple[int, int, bool, bool]] = []
        self._sequence = random.randrange(20000)
        self._stamp = random.randrange(1 << 20)
        self._digit_stamp = 0
        self._source = random.randrange(1 << 31)
        self._transport: asyncio.DatagramTransport | None = None
        self._task: asyncio.Task[None] | None = None

    async def open(self) -> int:
        """Bind a free port on loopback and start to sing; return the port."""
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=("127.0.0.1", 0))
        self._transport = transport
        self._task = asyncio.create_task(self._sing())
        return int(transport.get_extra_info("sockname")[1])

    def close(self) -> None:
        """Fall silent for good."""
        if self._task is not None:
            self._task.cancel()
        if self._transport is not None:
            self._transport.close()

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Keep A-law frames."""
        if len(data) > 12 and data[1] & 127 == 8:
            self.received.append((time.time(), data[12:]))

    def speak(self, sound: bytes) -> None:
        """Say this instead of the note, again and again: A-law, whole frames."""
        self._sound = sound
        self.sent = 0

    def press(self, digits: str) -> None:
        """Send keys as RFC 4733 events, 160 ms each with a pause after each."""
        for digit in digits:
            event = DIGITS.index(digit)
            self._digits += [(event, FRAME * count, False, count == 1) for count in range(1, 8)]
            self._digits += [(event, FRAME * 8, True, False)] * 3
            self._digits += [(-1, 0, False, False)] * 5

    async def _sing(self) -> None:
        """A frame each 20 ms; a late one is sent at once, so the clock does not drift."""
        due = time.monotonic()
        while True:
            self._send_frame()
            due += FRAME / RATE
            rest = due - time.monotonic()
            if rest < -0.5:
                due, rest = time.monotonic(), 0.0
            await asyncio.sleep(max(rest, 0.0))

    def _send_frame(self) -> None:
        if self.peer is None or self.is_muted or self._transport is None:
            return
        self._sequence = (self._sequence + 1) & 0xFFFF
        self._stamp = (self._stamp + FRAME) & 0xFFFFFFFF
        if self._digits:
            event, duration, is_end, is_first = self._digits.pop(0)
            if event >= 0:
                self._send_digit(event, duration, is_end, is_first)
                return
        start = self.sent * FRAME % len(self._sound)
        header = struct.pack(">BBHII", 0x80, 8, self._sequence, self._stamp, self._source)
        self._transport.sendto(header + self._sound[start : start + FRAME], self.peer)
        self.sent += 1

    def _send_digit(self, event: int, duration: int, is_end: bool, is_first: bool) -> None:
        if is_first:
            self._digit_stamp = self._stamp
        kind = 101 | (0x80 if is_first else 0)
        header = struct.pack(">BBHII", 0x80, kind, self._sequence, self._digit_stamp, self._source)
        payload = struct.pack(">BBH", event, (0x80 if is_end else 0) | 10, duration)
        if self._transport is not None:
            self._transport.sendto(header + payload, self.peer)

    def heard(self, notes: tuple[int, ...] = NOTES, window: int = 10) -> list[Heard]:
        """Whose notes came in, in stretches of at least 200 ms."""
        found: list[Heard] = []
        for start in range(0, len(self.received) - window + 1, window):
            frames = self.received[start : start + window]
            sound = b"".join(frame for _, frame in frames)
            present = tuple(each for each in notes if strength(sound, each) > 0.35)
            since, until = frames[0][0], frames[-1][0]
            if found and found[-1].notes == present and since - found[-1].until < 0.35:
                since = found.pop().since
            found.append(Heard(since, until, present))
        return [each for each in found if each.notes]

    def seconds_of(self, frequency: int) -> float:
        """How long one note was heard."""
        return sum(each.until - each.since for each in self.heard((frequency,)))

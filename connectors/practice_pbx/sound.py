"""The sound of the practice exchange: answered calls with the outside and messages on the machine become
WAV files in the spool, as a real PBX leaves them. Two voices without words: nobody's words are made up."""

from __future__ import annotations

import asyncio
import math
import os
import struct
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from connectors.practice_pbx.exchange import Exchange
from connectors.practice_pbx.model import Channel, Headers

_RATE = 8000
_SYLLABLE = 0.18
_MELODY = (1.0, 1.12, 0.94, 1.2, 1.05, 0.88)
_OUTSIDE, _OURS = 118.0, 205.0
_LONGEST = 600.0


@dataclass(frozen=True, slots=True)
class _Tape:
    """A recording that runs: of which channel, since when (the loop's clock), with which voices; `gaps` are
    left out, in seconds."""

    channel: Channel
    begun: float
    name: str
    voices: tuple[float, ...]
    gaps: list[tuple[float, float]] = field(default_factory=list)


class Recorder:
    """Listens to the exchange. Staff-to-staff calls are not recorded."""

    def __init__(self, exchange: Exchange, spool: Path, pace: float) -> None:
        self._exchange = exchange
        self._spool = spool
        self._pace = pace
        self._tapes: dict[str, _Tape] = {}
        self._writing: set[asyncio.Task[None]] = set()
        self._log = structlog.get_logger("practice_pbx")
        self._stop = exchange.listen(self._hear)

    async def close(self) -> None:
        """Finish what is written; what still runs is lost, as with a PBX that is switched off."""
        self._stop()
        await asyncio.gather(*self._writing, return_exceptions=True)

    def _hear(self, name: str, _privilege: str, headers: Headers) -> None:
        if name == "BridgeEnter":
            self._talk(_value(headers, "Uniqueid"))
        elif name == "Newexten" and _value(headers, "Application") == "Record":
            self._begin(self._channel(_value(headers, "Uniqueid")), (_OUTSIDE,))
        elif name in ("Hangup", "MixMonitorStop"):
            self._end(_value(headers, "Uniqueid"))
        elif name == "MixMonitorMute":
            self._mute(_value(headers, "Uniqueid"), is_muted=_value(headers, "State") == "1")

    def _mute(self, uniqueid: str, *, is_muted: bool) -> None:
        tape = self._tapes.get(uniqueid)
        if tape is None:
            return
        at = (asyncio.get_running_loop().time() - tape.begun) * self._pace
        if is_muted and (not tape.gaps or tape.gaps[-1][1] < _LONGEST):
            tape.gaps.append((at, _LONGEST))
        elif not is_muted and tape.gaps:
            tape.gaps[-1] = (tape.gaps[-1][0], min(at, tape.gaps[-1][1]))

    def _talk(self, uniqueid: str) -> None:
        channel = self._channel(uniqueid)
        bridge = channel.bridge if channel is not None else None
        if bridge is None or bridge.kind != "basic" or len(bridge.channels) < 2:
            return
        trunks = tuple(f"PJSIP/{trunk}" for trunk in self._exchange.cast.trunks)
        if any(one.device in trunks for one in bridge.channels):
            first = next((one for one in bridge.channels if one.uniqueid == one.linkedid), channel)
            self._begin(first, (_OURS, _OUTSIDE))

    def _begin(self, channel: Channel | None, voices: tuple[float, ...]) -> None:
        if channel is None or any(tape.channel.linkedid == channel.linkedid for tape in self._tapes.values()):
            return
        name = f"{channel.linkedid}.wav"
        self._tapes[channel.uniqueid] = _Tape(channel, asyncio.get_running_loop().time(), name, voices)
        self._exchange.recorded.add(channel.uniqueid)
        path = [("Variable", "MIXMONITOR_FILENAME"), ("Value", str(self._spool / name))]
        self._exchange.emit("VarSet", [*channel.headers(), *path], "dialplan")
        self._exchange.emit("MixMonitorStart", channel.headers())

    def _end(self, uniqueid: str) -> None:
        tape = self._tapes.pop(uniqueid, None)
        self._exchange.recorded.discard(uniqueid)
        if tape is None:
            return
        seconds = (asyncio.get_running_loop().time() - tape.begun) * self._pace
        task = asyncio.create_task(self._write(tape, min(seconds, _LONGEST)), name="practice recording")
        self._writing.add(task)
        task.add_done_callback(self._writing.discard)

    async def _write(self, tape: _Tape, seconds: float) -> None:
        try:
            await asyncio.to_thread(write, self._spool, tape.name, tape.voices, seconds, tape.gaps)
        except OSError as error:
            self._log.warning("practice.no_sound", error=str(error))

    def _channel(self, uniqueid: str) -> Channel | None:
        return next((one for one in self._exchange.channels if one.uniqueid == uniqueid), None)


def write(
    spool: Path, name: str, voices: tuple[float, ...], seconds: float,
    gaps: Sequence[tuple[float, float]] = (),
) -> None:  # fmt: skip
    """The file grows in the spool and is renamed into `done` when it is whole."""
    done = spool / "done"
    done.mkdir(parents=True, exist_ok=True)
    data = talk(voices, seconds)
    for begin, end in gaps:
        first, last = (min(len(data), int(at * _RATE) * 2) for at in (begin, end))
        data = data[:first] + bytes(last - first) + data[last:]
    form = struct.pack("<HHIIHH", 1, 1, _RATE, _RATE * 2, 2, 16)
    head = b"RIFF" + struct.pack("<I", 36 + len(data)) + b"WAVEfmt " + struct.pack("<I", 16) + form
    growing = spool / name
    growing.write_bytes(head + b"data" + struct.pack("<I", len(data)) + data)
    growing.replace(done / name)


def leave(spool: Path, name: str, seconds: float, ended_at: float) -> None:
    """A talk that was over at that moment (seconds of the epoch), where the PBX leaves what is whole."""
    write(spool, name, (_OURS, _OUTSIDE), min(seconds, _LONGEST))
    os.utime(spool / "done" / name, (ended_at, ended_at))


def talk(voices: tuple[float, ...], seconds: float) -> bytes:
    """The voices in turn, with pauses: 16 bit, 8 kHz, mono."""
    phrases = [_phrase(voice) for voice in voices]
    size = int(seconds * _RATE) * 2
    made = bytearray()
    turn = 0
    while len(made) < size:
        made += phrases[turn % len(phrases)]
        made += bytes(_RATE // (1 + turn % 3) * 2)
        turn += 1
    return bytes(made[:size])


def _phrase(pitch: float) -> bytes:
    return b"".join(_syllable(pitch * step) for step in _MELODY)


def _syllable(pitch: float) -> bytes:
    """A vowel: a few harmonics that swell and fade."""
    count = int(_SYLLABLE * _RATE)
    turn = 2 * math.pi * pitch / _RATE
    return array(
        "h",
        (
            int(
                6000 * math.sin(math.pi * n / count)
                * (math.sin(turn * n) + 0.6 * math.sin(3 * turn * n) + 0.3 * math.sin(6 * turn * n))
            )
            for n in range(count)
        ),
    ).tobytes()  # fmt: skip


def _value(headers: Headers, name: str) -> str:
    return next((value for key, value in headers if key == name), "")

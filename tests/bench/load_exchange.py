"""An AMI server that plays many copies of one recorded call, each with its own channels, ids and
caller, at a steady rate with the recording's own timing. A process of its own:

    python -m tests.bench.load_exchange RATE SECONDS OUT [--storm EVENTS_PER_SECOND]

prints its port, waits for a log-in, plays, and writes to OUT a JSON object
{"sent": {caller number: monotonic time at which the first ringing event was written},
 "events": count, "longest_write_stall": seconds, "ended": monotonic time of the last write}.
CLOCK_MONOTONIC is one clock for all processes of a machine, so a watcher elsewhere can subtract."""

from __future__ import annotations

import argparse
import asyncio
import gzip
import heapq
import json
import re
import sys
import time
from dataclasses import dataclass
from pathlib import Path

STREAM = Path(__file__).resolve().parents[1] / "streams" / "01_queue_answered.ami.gz"
CALLER = b"79161234567"
# What the sample manager.conf filters out at the PBX; the load is what a shop's hub really reads.
NOISE = re.compile(
    rb"Event: (CEL|TestEvent|RTCP\w+|ChallengeSent|SuccessfulAuth|DialState|Bridge(Create|Destroy)"
    rb"|MusicOnHold\w+|FullyBooted|VarSet(?!.*MIXMONITOR_FILENAME))",
    re.DOTALL,
)


LISTS = frozenset({"CoreShowChannels", "Status", "QueueStatus", "ParkedCalls", "BridgeList"})


@dataclass(frozen=True)
class Beat:
    """Events of the recorded call that left the PBX within the same millisecond."""

    offset: float
    text: bytes
    events: int
    rings: bool


def recorded_call() -> list[Beat]:
    """The recorded call as beats from its first event on."""
    data = gzip.decompress(STREAM.read_bytes()).partition(b"\r\n")[2]
    beats: list[Beat] = []
    start = None
    for frame in data.split(b"\r\n\r\n"):
        event = frame.strip(b"\r\n")
        stamp = re.search(rb"Timestamp: ([0-9.]+)", event)
        if not event.startswith(b"Event:") or stamp is None or NOISE.match(event):
            continue
        start = start or float(stamp[1])
        offset = float(stamp[1]) - start
        rings = event.startswith(b"Event: DialBegin")
        if beats and offset - beats[-1].offset < 0.001 and not rings:
            last = beats[-1]
            beats[-1] = Beat(last.offset, last.text + event + b"\r\n\r\n", last.events + 1, last.rings)
        else:
            beats.append(Beat(offset, event + b"\r\n\r\n", 1, rings))
    return beats


def caller_number(call: int) -> bytes:
    """A Ukrainian mobile number for the n-th call: 38067 and seven digits."""
    return b"38067%07d" % (call % 10_000_000)


class Player:
    """Writes the beats of many calls when they are due."""

    def __init__(self, writer: asyncio.StreamWriter, rate: float, seconds: float) -> None:
        self.writer = writer
        self.calls = int(rate * seconds)
        self.rate = rate
        self.sent: dict[str, float] = {}
        self.events = 0
        self.stall = 0.0

    async def play(self, beats: list[Beat]) -> None:
        due = [(call / self.rate, call, 0) for call in range(self.calls)]
        heapq.heapify(due)
        start = time.monotonic()
        while due:
            offset, call, step = due[0]
            wait = start + offset - time.monotonic()
            if wait > 0:
                await asyncio.sleep(wait)
                continue
            heapq.heappop(due)
            self._write(beats[step], call)
            if step + 1 < len(beats):
                heapq.heappush(due, (call / self.rate + beats[step + 1].offset, call, step + 1))
            before = time.monotonic()
            await self.writer.drain()
            self.stall = max(self.stall, time.monotonic() - before)

    def _write(self, beat: Beat, call: int) -> None:
        number = caller_number(call)
        text = beat.text.replace(CALLER, number)
        text = re.sub(rb"1795442495\.(\d)", rb"1795442495.9%07d\1" % call, text)
        text = re.sub(rb"(PJSIP/\w+)-0000000", rb"\1-%07x" % call, text)
        text = re.sub(rb"(BridgeUniqueid: )[0-9a-f]{8}", rb"\g<1>%08x" % call, text)
        text = re.sub(rb"Timestamp: [0-9.]+", b"Timestamp: %.6f" % time.time(), text)
        if beat.rings:
            self.sent.setdefault("+" + number.decode(), time.monotonic())
        self.writer.write(text)
        self.events += beat.events


async def storm(writer: asyncio.StreamWriter, rate: float, seconds: float) -> tuple[int, float]:
    """DTMF and device events beside the calls until the rate is full: read, looked at, let go."""
    frame = (
        b"Event: DeviceStateChange\r\nPrivilege: call,all\r\nTimestamp: %.6f\r\n"
        b"Device: PJSIP/1%02d\r\nState: NOT_INUSE\r\n\r\n"
    )
    start, written, stall = time.monotonic(), 0, 0.0
    while (passed := time.monotonic() - start) < seconds:
        for _ in range(int(passed * rate) - written):
            writer.write(frame % (time.time(), written % 100))
            written += 1
        before = time.monotonic()
        await writer.drain()
        stall = max(stall, time.monotonic() - before)
        await asyncio.sleep(0.005)
    return written, stall


def answer_to(action: str, action_id: str) -> bytes:
    """As a PBX that has just begun: it is up, and its lists are empty."""
    known = action in ("Login", "Ping") or action in LISTS
    lines = [f"Response: {'Success' if known else 'Error'}", f"ActionID: {action_id}", "Message: -"]
    if action in LISTS:
        lines += ["EventList: start", "", f"Event: {action}Complete", f"ActionID: {action_id}"]
        lines += ["EventList: Complete", "ListItems: 0"]
    if action == "Login":
        lines += ["", "Event: FullyBooted", "Privilege: system,all", "Uptime: 60", "LastReload: 60"]
        lines += ["Status: Fully Booted"]
    return "".join(f"{line}\r\n" for line in [*lines, ""]).encode()


async def next_action(reader: asyncio.StreamReader) -> bytes:
    """The next action of the hub; nothing when it is gone."""
    try:
        return await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionError):
        return b""


async def main(rate: float, seconds: float, out: Path, storm_rate: float) -> None:
    done = asyncio.Event()

    async def session(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"Asterisk Call Manager/11.0.0\r\n")
        playing: asyncio.Task[None] | None = None
        while frame := await next_action(reader):
            fields = dict(line.partition(": ")[::2] for line in frame.decode().split("\r\n"))
            writer.write(answer_to(fields.get("Action", ""), fields.get("ActionID", "")))
            if fields.get("Action") == "Login" and playing is None:
                playing = asyncio.create_task(play(writer))

    async def play(writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(3)
        player = Player(writer, rate, seconds)
        noise = asyncio.create_task(storm(writer, storm_rate, seconds))
        await player.play(recorded_call())
        extra, stall = await noise
        await asyncio.sleep(3)
        result = {
            "sent": player.sent,
            "events": player.events + extra,
            "longest_write_stall": max(player.stall, stall),
            "ended": time.monotonic(),
        }
        out.write_text(json.dumps(result))
        done.set()

    server = await asyncio.start_server(session, "127.0.0.1", 0)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await done.wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("rate", type=float)
    parser.add_argument("seconds", type=float)
    parser.add_argument("out", type=Path)
    parser.add_argument("--storm", type=float, default=0.0)
    chosen = parser.parse_args()
    asyncio.run(main(chosen.rate, chosen.seconds, chosen.out, chosen.storm))

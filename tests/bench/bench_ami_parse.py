"""Parse and dispatch of recorded stream 18 over TCP from a second process: ours, a bare split-and-filter
loop, panoramisk and asterisk-ami, side by side in one run, interleaved rounds, medians.

    python -m tests.bench.bench_ami_parse [--rounds 5] [--events 60000] [--uvloop]

Every client runs in a process of its own, gets the same bytes, and hands every wanted event to one
handler, which counts it. Ours goes the whole way of the program: framing, journal port, bounded
inbox, consumer. The peers get what is fastest for them: one catch-all handler that looks the name up.
The bare loop splits at blank lines and looks the name up: no object, no mending, no order kept.
"""

from __future__ import annotations

import argparse
import asyncio
import gzip
import json
import multiprocessing
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from connectors.ami.config import AmiConfig
from connectors.ami.inbox import Heard, Inbox
from connectors.ami.link import open_link
from connectors.ami.message import Message
from connectors.ami.tracker import Tracker
from hub.clock import SystemClock
from tests.bench.machine import machine

STREAM = Path(__file__).parents[1] / "streams" / "18_load_200_calls_20cps.ami.gz"
WANTED = frozenset(Tracker.WANTED) | {"UserEvent"}
BEGIN = b"Event: UserEvent\r\nUserEvent: BenchBegin\r\n\r\n"
END = b"Event: UserEvent\r\nUserEvent: BenchEnd\r\n\r\n"
CLIENTS = ("bare", "ours", "panoramisk", "asterisk-ami")
Result = dict[str, float]


def load(events: int) -> tuple[bytes, int]:
    """So many events of the stream (whole copies, then a part), and how many they are."""
    body = gzip.decompress(STREAM.read_bytes()).partition(b"\r\n")[2]
    body = body.partition(b"\r\n\r\n")[2]
    # The recorder's log-off: asterisk-ami would stop reading there.
    body = body.partition(b"Response: Goodbye")[0]
    ends = [0]
    while (end := body.find(b"\r\n\r\n", ends[-1])) >= 0:
        ends.append(end + 4)
    copies, rest = divmod(events, len(ends) - 1)
    return body * copies + body[: ends[rest]], events


def serve(listener: socket.socket, data: bytes, rounds: int) -> None:
    """The second process: banner, log-in answer, then everything as fast as the client reads."""
    for _ in range(rounds):
        line, _ = listener.accept()
        with line:
            line.sendall(b"Asterisk Call Manager/11.0.0\r\n")
            asked = b""
            while b"\r\n\r\n" not in asked:
                asked += line.recv(4096)
            ids = [row[10:] for row in asked.split(b"\r\n") if row.lower().startswith(b"actionid: ")]
            line.sendall(b"Response: Success\r\nActionID: " + ids[0] + b"\r\nMessage: ok\r\n\r\n")
            time.sleep(0.2)
            line.settimeout(60)
            try:
                line.sendall(BEGIN + data + END)
                while line.recv(4096):
                    pass
            except OSError:
                pass


class Stopwatch:
    """Counts handled events between the two marks."""

    def __init__(self, done: Callable[[], None]) -> None:
        self.handled = 0
        self.began = 0.0
        self.cpu = 0.0
        self.result: Result = {}
        self._done = done

    def mark(self, which: str) -> None:
        if which == "BenchBegin":
            self.handled, self.began, self.cpu = 0, time.perf_counter(), time.process_time()
        elif which == "BenchEnd":
            self.result = {
                "seconds": time.perf_counter() - self.began,
                "cpu": time.process_time() - self.cpu,
                "handled": self.handled,
            }
            self._done()


async def bare(port: int) -> Result:
    done = asyncio.Event()
    watch = Stopwatch(done.set)

    class Bare(asyncio.Protocol):
        def __init__(self) -> None:
            self.rest = b""

        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            assert isinstance(transport, asyncio.WriteTransport)
            transport.write(b"Action: Login\r\nActionID: 1\r\n\r\n")

        def data_received(self, data: bytes) -> None:
            frames = (self.rest + data).split(b"\r\n\r\n")
            self.rest = frames.pop()
            for frame in frames:
                name = frame[7 : frame.find(b"\r\n")]
                if name in wanted:
                    watch.handled += 1
                    if name == b"UserEvent":
                        watch.mark(frame.rpartition(b" ")[2].decode())

    wanted = {name.encode() for name in WANTED}
    transport, _ = await asyncio.get_running_loop().create_connection(Bare, "127.0.0.1", port)
    await done.wait()
    transport.close()
    return watch.result


class ListJournal:
    """The journal's port as far as it costs the reader anything: keep the bytes."""

    def __init__(self) -> None:
        self.kept: list[bytes] = []

    def append(self, source: str, session: int, at: datetime, *raw: bytes) -> None:
        self.kept += raw


async def ours(port: int) -> Result:
    done = asyncio.Event()
    watch = Stopwatch(done.set)
    clock = SystemClock()
    inbox = Inbox(ListJournal(), 1_000_000, clock.now)
    config = AmiConfig(host="127.0.0.1", port=port, username="hub", secret="x")

    async def consume() -> None:
        while True:
            for item in await inbox.take(5_000):
                assert isinstance(item, Heard)
                for message in item.messages:
                    if message.name in WANTED:
                        watch.handled += 1
                        if message.name == "UserEvent":
                            watch.mark(message.get("UserEvent"))

    def hear(messages: Sequence[Message], at: datetime) -> None:
        inbox.hear(messages, at)

    consumer = asyncio.create_task(consume())
    link = await open_link(config, clock, WANTED, "on", hear)
    await done.wait()
    consumer.cancel()
    await link.close()
    return watch.result


async def panoramisk_client(port: int) -> Result:
    from panoramisk import Manager

    done = asyncio.Event()
    watch = Stopwatch(done.set)
    loop = asyncio.get_running_loop()
    manager = Manager(loop=loop, host="127.0.0.1", port=port, username="hub", secret="x", ping_delay=60)

    def on_event(_: object, event: Any) -> None:
        if event.event in WANTED:
            watch.handled += 1
            if event.event == "UserEvent":
                watch.mark(event.userevent)

    manager.register_event("*", on_event)
    await manager.connect()
    await done.wait()
    manager.close()
    return watch.result


def asterisk_ami_client(port: int) -> Result:
    from asterisk.ami import AMIClient

    done = threading.Event()
    watch = Stopwatch(done.set)

    def on_event(event: Any, **_: object) -> None:
        if event.name in WANTED:
            watch.handled += 1
            if event.name == "UserEvent":
                watch.mark(event.keys["UserEvent"])

    client = AMIClient(address="127.0.0.1", port=port, timeout=30)
    client.add_event_listener(on_event)
    client.login("hub", "x")
    done.wait(60)
    client.disconnect()
    return watch.result


def run_client(name: str, port: int, *, on_uvloop: bool) -> Result:
    if name == "asterisk-ami":
        return asterisk_ami_client(port)
    clients = {"bare": bare, "ours": ours, "panoramisk": panoramisk_client}
    if not on_uvloop:
        return asyncio.run(clients[name](port))
    import uvloop

    return uvloop.run(clients[name](port))


def measure(rounds: int, events: int, *, on_uvloop: bool) -> dict[str, list[Result]]:
    data, _ = load(events)
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    server = multiprocessing.get_context("fork").Process(
        target=serve, args=(listener, data, rounds * len(CLIENTS)), daemon=True
    )
    server.start()
    listener.close()
    results: dict[str, list[Result]] = {name: [] for name in CLIENTS}
    for _ in range(rounds):
        for name in CLIENTS:
            command = [sys.executable, "-m", __spec__.name, "--client", name, "--port", str(port)]
            command += ["--uvloop"] if on_uvloop else []
            answer = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True)
            results[name].append(json.loads(answer.stdout.splitlines()[-1]))
    server.terminate()
    return results


def report(results: dict[str, list[Result]], events: int, *, on_uvloop: bool) -> dict[str, float]:
    rate = {name: events / statistics.median(r["seconds"] for r in runs) for name, runs in results.items()}
    peers = ", ".join(f"{name} {version(name)}" for name in ("panoramisk", "asterisk-ami"))
    loop = f"uvloop {version('uvloop')}" if on_uvloop else "asyncio"
    print(f"{machine()}, {peers}, {loop}")
    print(f"stream 18, {events} events of {len(WANTED)} wanted names, {len(results['ours'])} rounds, medians")
    for name, runs in results.items():
        cpu = statistics.median(r["cpu"] for r in runs) / events * 1e6
        handled = statistics.median(r["handled"] for r in runs)
        print(f"  {name:13} {rate[name]:10,.0f} events/s  {cpu:6.2f} us CPU/event  {handled:7.0f} handled")
    ratios = {
        "panoramisk": rate["ours"] / rate["panoramisk"],
        "asterisk-ami": rate["ours"] / rate["asterisk-ami"],
        "bare": rate["ours"] / rate["bare"],
    }
    targets = {"panoramisk": 5.0, "asterisk-ami": 2.5, "bare": 0.5}
    for name, ratio in ratios.items():
        verdict = "holds" if ratio >= targets[name] else "MISSED"
        print(f"  ours / {name:13} {ratio:5.2f}  (at least {targets[name]}: {verdict})")
    return ratios


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--events", type=int, default=60_000)
    parser.add_argument("--uvloop", action="store_true")
    parser.add_argument("--client", choices=CLIENTS)
    parser.add_argument("--port", type=int)
    given = parser.parse_args()
    if given.client:
        print(json.dumps(run_client(given.client, given.port, on_uvloop=given.uvloop)))
        return
    report(measure(given.rounds, given.events, on_uvloop=given.uvloop), given.events, on_uvloop=given.uvloop)


if __name__ == "__main__":
    main()

"""From the bytes of the first ringing event to the caller readable by a client: a hint on /live, then
GET of the call that says who rings. The hub is a process of its own with 100,000 clients and
1,000,000 past calls on SQLite and all its handlers; beside it a bare relay without a database.

    python -m tests.bench.bench_call_to_card [--rate 20] [--seconds 60] [--rounds 3] [--calls 1000000]
        [--apart]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp

from tests.bench.machine import machine
from tests.bench.seed import seed
from tests.flows.hub_process import ROOT, HubProcess

MILLISECONDS = 1000.0


@asynccontextmanager
async def spoken_port(*arguments: str) -> AsyncIterator[tuple[int, subprocess.Popen[str]]]:
    """A module run in a process of its own that prints the port it listens on."""
    process = subprocess.Popen(
        [sys.executable, "-m", *arguments], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        yield int(await asyncio.to_thread(process.stdout.readline)), process
    finally:
        process.kill()
        process.wait()


class Watcher:
    """A client of the hub: hears a hint, reads the call, notes when the caller stood there."""

    def __init__(self, http: aiohttp.ClientSession, url: str) -> None:
        self.http = http
        self.url = url
        self.seen: dict[str, float] = {}
        self.known = 0
        self._done: set[str] = set()
        self._reading: set[str] = set()
        self._again: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def watch(self) -> None:
        async with self.http.ws_connect(f"{self.url}/live") as socket:
            async for message in socket:
                hint = json.loads(message.data)
                if hint["topic"] != "call" or hint["id"] in self._done:
                    continue
                if hint["id"] in self._reading:
                    self._again.add(hint["id"])
                    continue
                self._reading.add(hint["id"])
                task = asyncio.create_task(self._read(hint["id"]))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

    async def _read(self, call_id: str) -> None:
        """A hint that comes while the call is being read means: read it once more."""
        while True:
            self._again.discard(call_id)
            await self._read_once(call_id)
            if call_id not in self._again or call_id in self._done:
                break
        self._reading.discard(call_id)

    async def _read_once(self, call_id: str) -> None:
        async with self.http.get(f"{self.url}/api/v1/calls/{call_id}") as answer:
            assert answer.status == 200, f"a hint named a call that is {answer.status}"
            call = await answer.json()
        if call["offered_at"] is not None:
            self._done.add(call_id)
            self.seen.setdefault(call["from_number"], time.monotonic())
            self.known += call["client_id"] is not None


def percentiles(latencies: list[float]) -> dict[str, float]:
    """p50, p99 and the worst, in milliseconds."""
    ordered = sorted(latencies)
    return {
        "p50": round(statistics.median(ordered) * MILLISECONDS, 2),
        "p99": round(ordered[int(len(ordered) * 0.99) - 1] * MILLISECONDS, 2),
        "max": round(ordered[-1] * MILLISECONDS, 2),
    }


async def round_of_hub(
    rate: float, seconds: float, folder: Path, storm: float = 0.0, *, apart: bool = False
) -> dict[str, object]:
    """One run against the hub; the database in `folder` is already seeded. `apart`: the line to the PBX in a
    process of its own."""
    token = HubProcess(folder).new_token()
    out = folder / "sent.json"
    out.unlink(missing_ok=True)
    load = ["tests.bench.load_exchange", str(rate), str(seconds), str(out), "--storm", str(storm)]
    async with spoken_port(*load) as (port, exchange):
        settings = {
            "HUB_AMI__HOST": "127.0.0.1",
            "HUB_AMI__PORT": str(port),
            "HUB_AMI__USERNAME": "bench",
            "HUB_AMI__SECRET": "bench",
            "HUB_AMI__APART": str(apart).lower(),
            "HUB_LOG__LEVEL": "warning",
            "HUB_BACKUP__AT": "",  # a backup of the night, slept through, would be made up for in between
        }
        async with HubProcess(folder, settings) as hub:
            headers = {"Authorization": f"Bearer {token}"}
            connector = aiohttp.TCPConnector(limit=16)
            async with aiohttp.ClientSession(headers=headers, connector=connector) as http:
                watcher = Watcher(http, hub.url)
                watching = asyncio.create_task(watcher.watch())
                await asyncio.to_thread(exchange.wait)
                await asyncio.sleep(1)
                watching.cancel()
    sent: dict[str, float] = json.loads(out.read_text())["sent"]
    latencies = [watcher.seen[number] - at for number, at in sent.items() if number in watcher.seen]
    return {
        **percentiles(latencies),
        "calls": len(sent),
        "lost": len(sent) - len(latencies),
        "known callers": watcher.known,
    }


async def round_of_peer(rate: float, seconds: float, folder: Path) -> dict[str, object]:
    """The same load through the bare relay."""
    out = folder / "sent.json"
    out.unlink(missing_ok=True)
    seen: dict[str, float] = {}
    load = ["tests.bench.load_exchange", str(rate), str(seconds), str(out)]
    async with (
        spoken_port(*load) as (port, exchange),
        spoken_port("tests.bench.peer_relay", str(port)) as (relay, _),
        aiohttp.ClientSession() as http,
        http.ws_connect(f"http://127.0.0.1:{relay}/live") as socket,
    ):

        async def watch() -> None:
            async for message in socket:
                seen.setdefault(json.loads(message.data)["number"], time.monotonic())

        watching = asyncio.create_task(watch())
        await asyncio.to_thread(exchange.wait)
        watching.cancel()
    sent: dict[str, float] = json.loads(out.read_text())["sent"]
    latencies = [seen[number] - at for number, at in sent.items() if number in seen]
    return {**percentiles(latencies), "calls": len(sent), "lost": len(sent) - len(latencies)}


async def main(rate: float, seconds: float, rounds: int, calls: int, apart: bool) -> None:
    print(machine())
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        hub = HubProcess(folder)
        assert hub.command("migrate").returncode == 0
        began = time.monotonic()
        seed(folder / "hub.db", clients=100_000, calls=calls)
        print(f"seeded 100,000 clients and {calls:,} calls in {time.monotonic() - began:.0f} s")
        results = []
        for number in range(rounds):
            peer = await round_of_peer(rate, seconds, folder)
            ours = await round_of_hub(rate, seconds, folder, apart=apart)
            results.append(ours)
            print(f"round {number + 1}: hub {ours}; bare relay {peer}", flush=True)
        for figure in ("p50", "p99"):
            values = [float(str(result[figure])) for result in results]
            print(f"{figure} median of {rounds}: {statistics.median(values)} ms")
        print("lost:", sum(int(str(r["lost"])) for r in results))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--rate", type=float, default=20)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--calls", type=int, default=1_000_000)
    parser.add_argument("--apart", action="store_true", help="the line to the PBX in a process of its own")
    chosen = parser.parse_args()
    asyncio.run(main(chosen.rate, chosen.seconds, chosen.rounds, chosen.calls, chosen.apart))

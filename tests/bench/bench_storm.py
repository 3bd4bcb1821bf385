"""Two thousand AMI events a second while a client reads two hundred calls a second: nothing lost, the
socket never long unread, pages still quick, and how much of a core the hub needs for it.

    python -m tests.bench.bench_storm [--seconds 60] [--calls 100000]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import tempfile
import time
from pathlib import Path

import aiohttp

from tests.bench.bench_call_to_card import percentiles, spoken_port
from tests.bench.machine import machine
from tests.bench.seed import seed
from tests.flows.hub_process import HubProcess

EVENTS_A_SECOND = 2000.0
EVENTS_A_CALL = 58
CALLS_A_SECOND = 5.0
READS_A_SECOND = 200.0
TICKS_A_SECOND = 100.0


def cpu_seconds(pid: int) -> float:
    """User and system time of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_A_SECOND


async def read_steadily(
    http: aiohttp.ClientSession, url: str, ids: list[str], latencies: list[float]
) -> None:
    """Open loop: a read is due every so often, whether or not the one before has been answered."""

    async def one() -> None:
        began = time.monotonic()
        async with http.get(f"{url}/api/v1/calls/{random.choice(ids)}") as answer:
            assert answer.status == 200
            await answer.read()
        latencies.append(time.monotonic() - began)

    tasks: set[asyncio.Task[None]] = set()
    start, count = time.monotonic(), 0
    while True:
        await asyncio.sleep(max(0.0, start + count / READS_A_SECOND - time.monotonic()))
        count += 1
        task = asyncio.create_task(one())
        tasks.add(task)
        task.add_done_callback(tasks.discard)


async def storm(seconds: float, folder: Path) -> dict[str, object]:
    """One run on the seeded database in `folder`."""
    out, token = folder / "sent.json", HubProcess(folder).new_token()
    noise = EVENTS_A_SECOND - CALLS_A_SECOND * EVENTS_A_CALL
    load = ["tests.bench.load_exchange", str(CALLS_A_SECOND), str(seconds), str(out), "--storm", str(noise)]
    async with spoken_port(*load) as (port, exchange):
        settings = {
            "HUB_AMI__HOST": "127.0.0.1",
            "HUB_AMI__PORT": str(port),
            "HUB_AMI__USERNAME": "bench",
            "HUB_AMI__SECRET": "bench",
            "HUB_LOG__LEVEL": "warning",
        }
        headers = {"Authorization": f"Bearer {token}"}
        async with HubProcess(folder, settings) as hub, aiohttp.ClientSession(headers=headers) as http:
            async with http.get(f"{hub.url}/api/v1/calls", params={"limit": "200"}) as answer:
                ids = [call["id"] for call in (await answer.json())["items"]]
            latencies: list[float] = []
            before, began = cpu_seconds(hub.pid), time.monotonic()
            reading = asyncio.create_task(read_steadily(http, hub.url, ids, latencies))
            await asyncio.to_thread(exchange.wait)
            share = (cpu_seconds(hub.pid) - before) / (time.monotonic() - began)
            reading.cancel()
            await asyncio.sleep(2)
            ended = 0
            for number in json.loads(out.read_text())["sent"]:
                query = {"number": number, "limit": "1", "state": "ended"}
                async with http.get(f"{hub.url}/api/v1/calls", params=query) as answer:
                    newest = (await answer.json())["items"]
                    ended += bool(newest) and not newest[0]["id"].startswith("past")
    result = json.loads(out.read_text())
    return {
        "events": result["events"],
        "calls lost": len(result["sent"]) - ended,
        "reads": len(latencies),
        **{f"read {name} ms": value for name, value in percentiles(latencies).items()},
        "longest write stall ms": round(result["longest_write_stall"] * 1000, 1),
        "share of a core": round(share, 2),
    }


async def main(seconds: float, calls: int) -> None:
    print(machine())
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        assert HubProcess(folder).command("migrate").returncode == 0
        seed(folder / "hub.db", clients=100_000, calls=calls)
        print(await storm(seconds, folder))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--calls", type=int, default=100_000)
    chosen = parser.parse_args()
    asyncio.run(main(chosen.seconds, chosen.calls))

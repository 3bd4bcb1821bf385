"""What recordings cost: intake of calls of three minutes beside plain ffmpeg doing the same conversions,
memory for a call of three hours, the first sound of a call of an hour.

    python -m tests.bench.bench_recordings [--calls 40] [--hours 3]
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from array import array
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from aiohttp.test_utils import TestClient, TestServer

from hub.app import Hub
from hub.clock import SystemClock
from hub.kernel.journal.files import FileJournal
from hub.kernel.shops import FIRST_SHOP
from hub.main import MODULES
from hub.modules.access.api import AccessApi, prepare
from hub.settings import DatabaseSettings, JournalSettings, RecordingsSettings, Settings
from recordings import upkeep
from recordings.audio.ffmpeg import convert
from recordings.rehearsal import rehearse
from tests.bench.bench_pages import WIDE
from tests.bench.machine import machine
from tests.factories.tones import header
from tests.recordings.stage import Spool, open_spool
from tests.recordings.test_upkeep import run
from webui.app import make_app

MINUTES = 3
TARGET_RATIO, TARGET_MEMORY, TARGET_FIRST = 0.8, 100.0, 300.0


def speech(seconds: int, seed: int) -> bytes:
    """Something like talk: bursts of coloured noise with pauses, 16 bit, 8 kHz."""
    chance = random.Random(seed)
    burst = array("h", (0,) * 4000)
    last = 0.0
    for index in range(4000):
        last = 0.85 * last + chance.gauss(0, 1200)
        burst[index] = max(-32000, min(32000, int(last)))
    made, loud, still = bytearray(), burst.tobytes(), bytes(8000)
    while len(made) < seconds * 16000:
        made += loud if chance.random() < 0.6 else still
    return bytes(made[: seconds * 16000])


def write(path: Path, seconds: int, seed: int) -> None:
    """A WAV of that length; a long one repeats its first minute."""
    minute = speech(min(seconds, 60), seed)
    with path.open("wb") as file:
        file.write(header(seconds * 16000))
        for _ in range(seconds // 60):
            file.write(minute)


def spent() -> float:
    """Seconds of processor of this process and of those that it waited for."""
    own, others = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + others.ru_utime + others.ru_stime


@asynccontextmanager
async def opened(home: Path) -> AsyncIterator[tuple[Hub, Spool]]:
    """A hub on SQLite with a spool."""
    settings = replace(
        Settings(), database=DatabaseSettings(url=f"sqlite+aiosqlite:///{home / 'hub.db'}"),
        journal=JournalSettings(folder=str(home / "journal")),
        recordings=RecordingsSettings(store=str(home / "store")),
    )  # fmt: skip
    hub = Hub(settings, MODULES, clock=SystemClock(), journal=FileJournal(home / "journal", 1))
    await hub.open()
    await prepare(hub.installation)
    yield hub, open_spool(hub, home / "spool", poll_seconds=1.0)
    await hub.close()


async def intake(home: Path, calls: int) -> None:
    """Hours of sound per minute and core, beside ffmpeg alone."""
    hours = calls * MINUTES / 60
    async with opened(home) as (_, spool):
        done = spool.root / "done"
        done.mkdir(parents=True)
        for number in range(calls):
            write(done / f"{number}.wav", MINUTES * 60, number)
        copies = sorted(done.iterdir())
        plain_began = spent()
        for path in copies:
            await asyncio.to_thread(convert, path, home / "plain.opus", "opus", 1)
        plain = spent() - plain_began
        began, clock = spent(), time.monotonic()
        assert await spool.look(2) == calls
        taken = spent() - began
        await upkeep.convert(run(spool))
        ours, wall = spent() - began, time.monotonic() - clock
    per_core, alone = hours / (ours / 60), hours / (plain / 60)
    print(
        f"intake of {calls} calls of {MINUTES} minutes with conversion to Opus: {per_core:.2f} hours of sound"
        f" per minute and core ({wall:.1f} s in all; taking in {taken:.1f} s of processor, then ffmpeg);"
        f" plain ffmpeg {alone:.2f}; ratio {per_core / alone:.2f} (target {TARGET_RATIO})"
    )


async def memory(home: Path, hours: int) -> None:
    """What one long call adds to the process, and what ffmpeg needs beside it."""
    async with opened(home) as (_, spool):
        spool.write("done/short.wav", header(16000 * 60) + speech(60, 1))
        await spool.look(2)
        await upkeep.convert(run(spool))
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        write(spool.root / "done" / "long.wav", hours * 3600, 2)
        await spool.look(2)
        await upkeep.convert(run(spool))
        after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        other = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        [made] = [one for one in await spool.recordings() if one.duration_seconds > 3000]
    print(
        f"a call of {made.duration_seconds / 3600:.1f} hours: the hub grew by {after - before:.0f} MB to"
        f" {after:.0f}, ffmpeg beside it {other:.0f} MB (target: within {TARGET_MEMORY:.0f} MB more)"
    )


async def first_sound(home: Path) -> None:
    """From the request to the first 16 KB (a second of sound) of a call of an hour, and in its middle."""
    async with opened(home) as (hub, spool):
        (spool.root / "done").mkdir(parents=True)
        write(spool.root / "done" / "hour.wav", 3600, 3)
        await spool.look(2)
        [made] = await spool.recordings()
        await rehearse(spool.ctx)  # as a worker does at the start
        async with hub.transactions.writing(actor=None, shop_id=FIRST_SHOP) as uow:
            _, token = await AccessApi(uow, hub.installation.deps).tokens.create("bench", "owner")
        server = TestServer(make_app(hub.installation, WIDE))
        client = TestClient(server)
        await client.start_server()
        took = []
        for number in range(40):
            place = 0 if number % 2 else made.size // 2 + number * 4096
            asked = {"Authorization": f"Bearer {token}", "Range": f"bytes={place}-"}
            began = time.perf_counter()
            answer = await client.get(f"/api/v1/recordings/{made.id}/media", headers=asked)
            assert answer.status == 206
            await answer.content.readexactly(16 * 1024)
            took.append((time.perf_counter() - began) * 1000)
            answer.close()
        await client.close()
    ordered = sorted(took)
    print(
        f"first second of sound of a call of an hour: p50 {statistics.median(took):.1f} ms, p95"
        f" {ordered[int(len(ordered) * 0.95)]:.1f} ms, longest {ordered[-1]:.1f}, very first {took[0]:.1f}"
        f" (target {TARGET_FIRST:.0f})"
    )


def main() -> None:
    """Each measure in a process of its own."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--calls", type=int, default=40)
    parser.add_argument("--hours", type=int, default=3)
    parser.add_argument("--only", choices=["intake", "memory", "first"])
    wanted = parser.parse_args()
    if wanted.only is None:
        print(machine())
        for what in ("intake", "memory", "first"):
            command = [sys.executable, "-m", "tests.bench.bench_recordings", "--only", what]
            command += ["--calls", str(wanted.calls), "--hours", str(wanted.hours)]
            subprocess.run(command, check=True, env=dict(os.environ))
        return
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        if wanted.only == "intake":
            asyncio.run(intake(home, wanted.calls))
        elif wanted.only == "memory":
            asyncio.run(memory(home, wanted.hours))
        else:
            asyncio.run(first_sound(home))


if __name__ == "__main__":
    main()

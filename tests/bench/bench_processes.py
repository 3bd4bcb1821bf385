"""Facts a second that one and four hub processes take in, handle and commit, on one PostgreSQL: every
module's handlers, each process with calls of its own, so many of them at once; a second round with a
server whose commits take as long as on a disk. Facts are made in the hub's own processes; what they and
the server used of the processor is told.

    python -m tests.bench.bench_processes [--seconds 10] [--processes 1 4] [--at-once 40] [--commit-ms 0 5]
"""

from __future__ import annotations

import argparse
import asyncio
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import uvloop

from hub import log
from hub.app import Hub
from hub.clock import SystemClock
from hub.events.calls import CallRinging
from hub.kernel.journal.files import FileJournal
from hub.kernel.stream.samples import sample_of
from hub.main import MODULES
from hub.modules.access.api import prepare
from hub.ports.intake import Arrival
from hub.settings import DatabaseSettings, JournalSettings, Settings
from hub.values import CallId
from tests.bench.machine import machine
from tests.databases import Databases
from tests.postgres import TemporaryPostgres

ROOT = Path(__file__).resolve().parents[2]
FACTS_PER_CALL = 5
SAMPLE = sample_of(CallRinging)


@dataclass(frozen=True, slots=True)
class Round:
    """What so many processes did together."""

    processes: int
    facts: int
    seconds: float
    processor: float
    server: float

    @property
    def rate(self) -> float:
        return self.facts / self.seconds


async def work(url: str, seconds: float, name: str, at_once: int) -> None:
    """One process: says `ready`, begins at a line of its input, says how many facts were committed."""
    folder = tempfile.mkdtemp(prefix="pitline-bench-")
    settings = replace(Settings(), database=DatabaseSettings(url=url), journal=JournalSettings(folder=folder))
    clock = SystemClock()
    hub = Hub(settings, MODULES, clock=clock, journal=FileJournal(Path(folder), 1))
    await hub.open()
    await prepare(hub.installation)
    await hub.start()
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    before = _processor()
    end, done = time.monotonic() + seconds, 0

    async def calls(lane: int) -> None:
        nonlocal done
        number = 0
        while time.monotonic() < end:
            number += 1
            call = replace(SAMPLE.call, call_id=CallId(f"{name}-{lane}-{number}"), started_at=clock.now())
            for step in range(1, FACTS_PER_CALL + 1):
                event = replace(SAMPLE, step=step, call=call)
                arrival = Arrival(
                    source=name, external_id=f"{lane}-{number}-{step}", occurred_at=clock.now(), event=event
                )
                await hub.intake.accept([arrival])
                done += 1

    await asyncio.gather(*map(calls, range(at_once)))
    print(done, _processor() - before, flush=True)
    await hub.stop()


def _processor() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def one_round(server: TemporaryPostgres, url: str, processes: int, seconds: float, at_once: int) -> Round:
    """Start them, let them go at once, add up."""
    command = [sys.executable, "-m", "tests.bench.bench_processes", "--worker", url]
    workers = [
        subprocess.Popen(
            [*command, "--name", f"w{number}", "--seconds", str(seconds), "--at-once", str(at_once)],
            cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        for number in range(processes)
    ]  # fmt: skip
    said: list[list[str]] = []
    for worker in workers:
        assert worker.stdout is not None
        assert worker.stdout.readline() == "ready\n"
    began, used = time.monotonic(), server.processor()
    for worker in workers:
        assert worker.stdin is not None
        worker.stdin.write("go\n")
        worker.stdin.flush()
    for worker in workers:
        assert worker.stdout is not None
        said.append(worker.stdout.readline().split())
    took, used = time.monotonic() - began, server.processor() - used
    for worker in workers:
        worker.wait(30)
    facts, processor = sum(int(one[0]) for one in said), sum(float(one[1]) for one in said)
    return Round(processes, facts, took, processor, used)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--processes", type=int, nargs="+", default=[1, 4])
    parser.add_argument("--at-once", type=int, default=40)
    parser.add_argument("--commit-ms", type=int, nargs="+", default=[0, 5])
    parser.add_argument("--worker", default="")
    parser.add_argument("--name", default="w")
    chosen = parser.parse_args()
    log.configure("text", "error", sys.stderr)
    if chosen.worker:
        uvloop.run(work(chosen.worker, chosen.seconds, chosen.name, chosen.at_once))
        return
    print(machine(), "PostgreSQL in memory, on the same cores")
    for commit in chosen.commit_ms:
        measure(chosen.processes, chosen.seconds, chosen.at_once, commit)


def measure(counts: Sequence[int], seconds: float, at_once: int, commit: int) -> None:
    """A round for each number of processes, on a server whose commits wait so many milliseconds."""
    delay = ("fsync=on", "synchronous_commit=on", "commit_siblings=0", f"commit_delay={commit * 1000}")
    folder = Path(tempfile.mkdtemp(prefix="pitline-bench-"))
    databases = Databases(folder, server_options=delay if commit else ())
    print(f"a commit waits {commit} ms")
    rounds = []
    for processes in counts:
        with databases.migrated("postgres", folder) as url:
            one = one_round(databases.server, url, processes, seconds, at_once)
        rounds.append(one)
        print(
            f"{one.processes} processes: {one.facts} facts in {one.seconds:.1f} s, {one.rate:.0f} facts/s; "
            f"of {os.cpu_count()} cores the hubs used {one.processor / one.seconds:.2f}, "
            f"the server {one.server / one.seconds:.2f}; "
            f"{(one.processor + one.server) / one.facts * 1000:.2f} ms of processor a fact",
            flush=True,
        )
    databases.close()
    shutil.rmtree(folder, ignore_errors=True)
    print(f"{rounds[-1].processes} are {rounds[-1].rate / rounds[0].rate:.2f} times {rounds[0].processes}")


if __name__ == "__main__":
    main()

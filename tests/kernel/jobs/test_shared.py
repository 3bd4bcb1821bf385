"""Jobs of several processes: each run once, taken over from the dead, and nothing left by who came late."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import Connection, update

from hub.app import Hub
from hub.clock import SystemClock
from hub.kernel.jobs.definition import JobContext, JobResult
from hub.kernel.jobs.store import JobStore, Progress, Taken
from hub.kernel.jobs.tables import job_runs
from hub.kernel.sealing.keys import store_of
from hub.settings import Settings
from tests.kernel.jobs.rig import Doing, ask, at_work, becomes, find, jobs_hub, leave, ticking, work
from tests.kernel.rig import effects_of
from tests.kernel.waiting import until

ROOT = Path(__file__).resolve().parents[3]


async def idle(ctx: JobContext) -> None:
    """Nothing."""


async def asleep(settings: Settings) -> tuple[Hub, JobStore]:
    """A hub that does not run, and its table: the test takes the runs itself."""
    hub = jobs_hub(settings, work(idle))
    await hub.open()
    return hub, JobStore([work(idle)], SystemClock(), "Europe/Kyiv")


async def test_who_has_lost_its_lease_can_write_nothing_any_more(settings: Settings) -> None:
    hub, store = await asleep(settings)
    run_id = await ask(hub)
    (late,) = await hub.database.write(partial(store.take, free=9, lease=0.0))
    (heir,) = await hub.database.write(partial(store.take, free=9, lease=60.0))
    nobody = await hub.database.write(partial(store.take, free=9, lease=60.0))
    beat = await hub.database.write(partial(store.beat, run=late, lease=60.0, progress=Progress()))
    held = await hub.database.write(partial(store.hold, run=late))
    ended = await hub.database.write(
        partial(store.succeed, run=late, progress=Progress(), result=JobResult("late"))
    )
    after = await find(hub, run_id)
    await hub.database.write(partial(store.succeed, run=heir, progress=Progress(), result=JobResult("heir")))
    done = await find(hub, run_id)
    await hub.close()
    assert (late.fence, heir.fence, late.attempt, heir.attempt) == (1, 2, 1, 2)
    assert (nobody, beat, held, ended) == ([], ("lost", 0), False, None)
    assert (after.state, done.state, done.result.text) == ("running", "done", "heir")


async def test_a_run_that_ends_its_process_each_time_is_given_up_with_words(settings: Settings) -> None:
    hub, store = await asleep(settings)
    run_id = await ask(hub)
    for _ in range(len(work(idle).backoff) + 1):
        assert await hub.database.write(partial(store.take, free=9, lease=0.0))
    assert await hub.database.write(partial(store.take, free=9, lease=0.0)) == []
    run = await find(hub, run_id)
    await hub.close()
    assert run.state == "failed"
    assert run.error == "The program ended in the middle of it, each time."


async def test_the_effect_of_a_run_that_was_taken_over_in_the_middle_is_undone(settings: Settings) -> None:
    begun, gate = asyncio.Event(), asyncio.Event()

    async def linger(ctx: JobContext) -> None:
        begun.set()
        await gate.wait()
        await leave(ctx, "late", ctx.fence)

    async with at_work(jobs_hub(settings, work(linger), lease=60.0)) as hub:
        run_id = await ask(hub)
        await begun.wait()
        other = JobStore([work(linger)], SystemClock(), "Europe/Kyiv")

        def take_over(connection: Connection) -> list[Taken]:
            _expire(connection)  # in one transaction, or the hub's own poll may be the quicker one
            return other.take(connection, free=9, lease=60.0)

        (heir,) = await hub.database.write(take_over)
        gate.set()

        async def is_over() -> bool:
            return not hub.jobs.running

        await until(is_over)
        after = await find(hub, run_id)
        left = await effects_of(hub, "job")
    assert (heir.fence, after.state, left) == (2, "running", {})


def _expire(connection: Connection) -> None:
    connection.execute(update(job_runs).values(claimed_until=0.0))


@pytest.mark.slow
@pytest.mark.postgres
async def test_four_processes_share_the_work_and_each_run_happens_once(settings: Settings) -> None:
    busy: list[str] = []
    overlaps: list[str] = []

    def doing(mark: str) -> Doing:
        async def work_on(ctx: JobContext) -> None:
            if ctx.run_id in busy or (mark == "tick" and "tick" in busy):
                overlaps.append(ctx.run_id)
            busy.extend((ctx.run_id, mark))
            await leave(ctx, mark, ctx.attempt)
            busy.remove(mark)

        return work_on

    async with AsyncExitStack() as stack:
        jobs = (work(doing("work"), alone=False), ticking(doing("tick"), 0.05))
        hubs = [await stack.enter_async_context(at_work(jobs_hub(settings, *jobs))) for _ in range(4)]
        asked = [await ask(hubs[n % 4]) for n in range(40)]
        for run_id in asked:
            await becomes(hubs[0], run_id, "done")
        left = await effects_of(hubs[0], "job")
        shares = [hub.jobs.runs for hub in hubs]
    assert left["work"] == [1] * 40
    assert len(left["tick"]) > 3
    assert overlaps == []
    assert sum(share > 0 for share in shares) >= 2


@pytest.mark.slow
async def test_a_run_whose_process_is_killed_is_taken_over_when_its_lease_ends(settings: Settings) -> None:
    async def finish(ctx: JobContext) -> None:
        await leave(ctx, "whole", ctx.fence)

    victim = subprocess.Popen(
        [sys.executable, "-m", "tests.kernel.jobs.victim", settings.database.url],
        cwd=ROOT,
        env={**os.environ, "KEY_FILE": str(store_of(settings).path)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert victim.stdout is not None
    run_id = (await asyncio.to_thread(victim.stdout.readline)).split()[1]
    victim.send_signal(signal.SIGKILL)
    victim.wait()
    victim.stdout.close()
    async with at_work(jobs_hub(settings, work(finish))) as hub:
        run = await becomes(hub, run_id, "done")
        left = await effects_of(hub, "job")
    assert run.attempts == 2
    assert left == {"half": [1], "whole": [2]}

"""Jobs: by the clock and asked for, tried again, cancelled, given back; how far they are is seen."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import insert

from hub.app import Hub
from hub.clock import FrozenClock
from hub.errors import Conflict, Invalid, NotFound, Unavailable
from hub.kernel.jobs import runner as jobrunner
from hub.kernel.jobs.definition import Cron, JobContext, JobResult, JobState
from hub.kernel.shops import FIRST_SHOP
from hub.settings import Settings
from tests.kernel.jobs.rig import Doing, ask, at_work, becomes, cancel, find, jobs_hub, leave, ticking, work
from tests.kernel.rig import effects, effects_of
from tests.kernel.waiting import until

Running = Callable[..., Awaitable[Hub]]


@pytest.fixture
async def running(settings: Settings) -> AsyncIterator[Running]:
    """Starts hubs of jobs and stops them at the end."""
    async with AsyncExitStack() as stack:

        async def start(*jobs: Any, **more: Any) -> Hub:
            return await stack.enter_async_context(at_work(jobs_hub(settings, *jobs, **more)))

        yield start


async def overview(hub: Hub) -> list[JobState]:
    async with hub.transactions.reading(actor=None, shop_id=FIRST_SHOP) as uow:
        return await hub.installation.deps.jobs.overview(uow)


def local(expression: str, zone: str, start: datetime, count: int) -> list[str]:
    """The next times by the wall clock of the zone."""
    moment, found = start.timestamp(), []
    for _ in range(count):
        moment = Cron(expression).after(moment, zone)
        found.append(datetime.fromtimestamp(moment, ZoneInfo(zone)).strftime("%m-%d %H:%M %z"))
    return found


def test_a_night_job_keeps_the_shops_wall_clock_when_the_clocks_change() -> None:
    spring = local("15 3 * * *", "Europe/Kyiv", datetime(2026, 3, 27, 22, tzinfo=UTC), 3)
    autumn = local("15 3 * * *", "Europe/Kyiv", datetime(2026, 10, 23, 22, tzinfo=UTC), 3)
    assert spring == ["03-28 03:15 +0200", "03-29 04:00 +0300", "03-30 03:15 +0300"]
    assert autumn == ["10-24 03:15 +0300", "10-25 03:15 +0300", "10-26 03:15 +0200"]


@pytest.mark.parametrize("zone", ["Europe/Kyiv", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata"])
def test_a_daily_job_runs_once_on_every_day_of_the_year(zone: str) -> None:
    days = [said[:5] for said in local("30 2 * * *", zone, datetime(2026, 1, 1, tzinfo=UTC), 365)]
    assert len(set(days)) == 365


async def test_a_job_by_the_clock_runs_again_and_again_and_a_failure_undoes_only_itself(
    running: Running,
) -> None:
    turns: list[int] = []

    async def count(ctx: JobContext) -> None:
        turns.append(ctx.attempt)
        async with ctx.writing() as uow:
            await leave_in(uow, len(turns))
            if len(turns) == 2:
                raise RuntimeError("boom")

    hub = await running(ticking(count, 0.02, backoff=(0.01,)))

    async def four_turns() -> bool:
        return len(turns) >= 4

    await until(four_turns)
    assert (await effects_of(hub, "job"))["j"][:2] == [1, 3]
    assert turns[:4] == [1, 1, 2, 1]
    assert hub.jobs.failures == 1


async def leave_in(uow: Any, number: int) -> None:
    await uow.session.execute(insert(effects).values(handler="job", bell="j", number=number))


@pytest.mark.sqlite  # a server's clock cannot be moved
async def test_a_time_that_was_slept_through_is_made_up_for_once(
    settings: Settings, frozen_clock: FrozenClock
) -> None:
    runs: list[datetime] = []

    async def note(ctx: JobContext) -> None:
        runs.append(ctx.clock.now())

    job = replace(ticking(note, 1), schedule=Cron("15 3 * * *"))
    async with at_work(jobs_hub(settings, job, clock=frozen_clock)) as hub:

        async def entered() -> bool:
            return (await overview(hub))[0].next_at is not None

        await until(entered)
    frozen_clock.advance(5 * 86400)
    async with at_work(jobs_hub(settings, job, clock=frozen_clock)) as hub:

        async def ran() -> bool:
            return len(runs) == 1 and hub.jobs.runs == 1

        await until(ran)
        state = (await overview(hub))[0]
    assert runs == [datetime(2026, 1, 10, 7, 2, 10, tzinfo=UTC)]
    assert state.next_at == datetime(2026, 1, 11, 1, 15, tzinfo=UTC)


async def test_what_is_asked_for_runs_after_the_commit_with_its_payload_and_leaves_a_result(
    running: Running,
) -> None:
    async def export(ctx: JobContext) -> JobResult:
        await leave(ctx, str(ctx.payload["name"]), ctx.attempt)
        return JobResult("Ready", link=f"/exports/{ctx.run_id}")

    hub = await running(work(export))
    run_id = await ask(hub, {"name": "Їжак"})
    run = await becomes(hub, run_id, "done")
    assert run.result == JobResult("Ready", f"/exports/{run_id}")
    assert (run.actor, run.shop_id, run.title) == ("person:olena", FIRST_SHOP, "Work")
    assert run.seconds is not None
    assert await effects_of(hub, "job") == {"Їжак": [1]}


async def ask_in_vain(hub: Hub, asked: list[str]) -> None:
    async with hub.transactions.writing(actor=None, shop_id=FIRST_SHOP) as uow:
        asked.append(await hub.installation.deps.jobs.enqueue(uow, "rig.work"))
        raise ZeroDivisionError


async def test_what_was_asked_for_in_a_unit_of_work_that_failed_never_was(running: Running) -> None:
    async def never(ctx: JobContext) -> None:
        await leave(ctx, "never", 1)

    hub, asked = await running(work(never)), list[str]()
    with pytest.raises(ZeroDivisionError):
        await ask_in_vain(hub, asked)
    await becomes(hub, await ask(hub), "done")
    with pytest.raises(NotFound):
        await find(hub, asked[0])
    assert await effects_of(hub, "job") == {"never": [1]}


async def test_a_job_that_no_manifest_has_cannot_be_asked_for(running: Running) -> None:
    hub = await running()
    with pytest.raises(LookupError):
        await ask(hub)


async def test_one_run_is_open_per_key(running: Running) -> None:
    gate = asyncio.Event()

    async def wait(ctx: JobContext) -> None:
        await gate.wait()

    hub = await running(work(wait))
    first, second, other = await ask(hub, key="a"), await ask(hub, key="a"), await ask(hub, key="b")
    gate.set()
    await becomes(hub, first, "done")
    await becomes(hub, other, "done")
    third = await ask(hub, key="a")
    assert first == second
    assert len({first, other, third}) == 3


async def test_two_runs_of_a_job_never_overlap_unless_it_allows_it(settings: Settings) -> None:
    at_once: dict[bool, int] = {}

    def doing(alone: bool) -> Doing:
        busy: list[str] = []

        async def work_on(ctx: JobContext) -> None:
            busy.append(ctx.run_id)
            at_once[alone] = max(at_once.get(alone, 0), len(busy))
            await asyncio.sleep(0.1)
            busy.remove(ctx.run_id)

        return work_on

    for alone in (True, False):
        async with at_work(jobs_hub(settings, work(doing(alone), alone=alone))) as hub:
            for run_id in [await ask(hub) for _ in range(3)]:
                await becomes(hub, run_id, "done")
    assert at_once[True] == 1
    assert at_once[False] > 1


async def test_a_failure_is_tried_again_after_its_waits_and_then_given_up_with_its_reason(
    running: Running,
) -> None:
    tries: list[int] = []

    async def fail(ctx: JobContext) -> None:
        tries.append(ctx.attempt)
        await leave(ctx, "x", ctx.attempt)
        raise OSError("no such\nfolder")

    hub = await running(work(fail, backoff=(0.02, 0.02)))
    run = await becomes(hub, await ask(hub), "failed")
    assert tries == [1, 2, 3]
    assert run.error == "OSError: no such"
    assert run.attempts == 3


@pytest.mark.parametrize("fault", [Invalid("x.bad", "The file is empty.", "Choose another one.")])
async def test_what_waiting_cannot_mend_ends_at_once_with_words_for_the_person(
    running: Running, fault: Exception
) -> None:
    async def refuse(ctx: JobContext) -> None:
        raise fault

    hub = await running(work(refuse))
    run = await becomes(hub, await ask(hub), "failed")
    assert (run.attempts, run.error, run.hint) == (1, "The file is empty.", "Choose another one.")


async def test_a_fault_that_passes_is_tried_again_and_leaves_no_trace(running: Running) -> None:
    async def recover(ctx: JobContext) -> JobResult:
        if ctx.attempt == 1:
            raise Unavailable("disk.away", "The disk is away.", "Plug it in.")
        return JobResult("Ready")

    hub = await running(work(recover, backoff=(0.02,)))
    run = await becomes(hub, await ask(hub), "done")
    assert (run.attempts, run.error, run.hint) == (2, "", "")


async def test_progress_is_written_and_told_while_it_runs(running: Running) -> None:
    gate = asyncio.Event()

    async def crawl(ctx: JobContext) -> None:
        ctx.progress(3, 8, "Clients are written")
        await gate.wait()

    hub = await running(work(crawl))
    watch = hub.live.subscribe()
    run_id = await ask(hub)

    async def is_seen() -> bool:
        return (await find(hub, run_id)).done == 3

    await until(is_seen)
    run = await find(hub, run_id)
    hints = [await watch.next()]  # those of one run that wait are one
    gate.set()
    await becomes(hub, run_id, "done")
    hints.append(await watch.next())
    assert (run.state, run.percent, run.progress) == ("running", 37, "Clients are written")
    assert [hint.id for hint in hints if hint is not None and hint.topic == "job"] == [run_id] * 2
    revs = [hint.rev for hint in hints if hint is not None]
    assert revs == sorted(set(revs))


async def test_a_run_that_waits_or_works_can_be_cancelled_and_one_that_ended_cannot(running: Running) -> None:
    swept: list[str] = []

    async def endless(ctx: JobContext) -> None:
        try:
            await leave(ctx, "begun", 1)
            await asyncio.sleep(60)
        finally:
            swept.append(ctx.run_id)

    hub = await running(work(endless))
    works = await ask(hub)
    await becomes(hub, works, "running")
    waits = await ask(hub)
    assert (await cancel(hub, waits)).state == "cancelled"
    assert (await cancel(hub, works)).is_cancelling
    ended = await becomes(hub, works, "cancelled")
    assert (ended.error, swept) == ("", [works])
    with pytest.raises(Conflict):
        await cancel(hub, works)
    with pytest.raises(NotFound):
        await cancel(hub, "nothing")


async def test_a_run_that_hangs_is_ended(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobrunner, "_PATIENCE", 0.05)

    release = asyncio.Event()

    async def hang(ctx: JobContext) -> None:
        while not release.is_set():
            try:
                await release.wait()
            except asyncio.CancelledError:
                if ctx.payload:
                    raise

    hub = await running(work(hang, longest=0.05, backoff=(), alone=False))
    for payload in ({"obeys": 1}, {}):
        run = await becomes(hub, await ask(hub, payload), "failed")
        assert run.error == "It took longer than it may and was ended."
    release.set()


async def test_a_hub_that_stops_gives_its_runs_back_and_the_next_one_goes_on(settings: Settings) -> None:
    seen: list[tuple[int, int]] = []

    async def carry_on(ctx: JobContext) -> None:
        seen.append((ctx.attempt, ctx.fence))
        if len(seen) == 1:
            await asyncio.sleep(60)

    async with at_work(jobs_hub(settings, work(carry_on))) as hub:
        run_id = await ask(hub)
        await becomes(hub, run_id, "running")
    async with at_work(jobs_hub(settings, work(carry_on))) as hub:
        await becomes(hub, run_id, "done")
    assert seen == [(1, 1), (1, 2)]


async def test_run_now_brings_the_clocks_run_forward_and_makes_no_second(running: Running) -> None:
    async def fail_first(ctx: JobContext) -> None:
        if ctx.attempt == 1:
            raise OSError("away")

    hub = await running(ticking(fail_first, 3600, backoff=(600,)))

    async def run_now() -> str:
        async with hub.transactions.writing(actor="person:olena", shop_id=FIRST_SHOP) as uow:
            return await hub.installation.deps.jobs.run_now(uow, "rig.tick")

    first = await run_now()

    async def is_put_off() -> bool:
        run = await find(hub, first)
        return run.state == "waiting" and run.attempts == 1

    await until(is_put_off)
    assert await run_now() == first
    await becomes(hub, first, "done")
    state = (await overview(hub))[0]
    assert (state.current, state.last and state.last.id) == (None, first)


async def test_only_the_newest_runs_by_the_clock_are_kept(running: Running) -> None:
    async def nothing(ctx: JobContext) -> None:
        return None

    hub = await running(ticking(nothing, 0.001))

    async def many() -> bool:
        return hub.jobs.runs > 30

    await until(many)
    async with hub.transactions.reading(actor=None, shop_id=FIRST_SHOP) as uow:
        kept = await hub.installation.deps.jobs.recent(uow, "rig.tick", limit=100)
    assert 15 < len(kept) <= 22

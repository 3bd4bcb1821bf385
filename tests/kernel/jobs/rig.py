"""A module of jobs for the kernel's tests: what each run does is the test's to say."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from sqlalchemy import insert

from hub.app import Hub
from hub.clock import Clock
from hub.kernel.jobs.definition import Job, JobContext, JobResult, JobRun, every, on_demand
from hub.kernel.manifest import Module, Permission
from hub.kernel.shops import FIRST_SHOP
from hub.settings import JobsSettings, Settings
from tests.kernel.rig import effects, make_hub
from tests.kernel.waiting import until

Doing = Callable[[JobContext], Awaitable[JobResult | None]]


async def leave(ctx: JobContext, mark: str, number: int) -> None:
    """An effect that can be counted."""
    async with ctx.writing() as uow:
        await uow.session.execute(insert(effects).values(handler="job", bell=mark, number=number))


def work(doing: Doing, **more: Any) -> Job:
    """A job that runs when it is asked for."""

    async def run(ctx: JobContext) -> JobResult | None:
        return await doing(ctx)

    return replace(on_demand(run=run, title="Work", **more), name="rig.work")


def ticking(doing: Doing, seconds: float, **more: Any) -> Job:
    """A job by the clock."""

    async def run(ctx: JobContext) -> JobResult | None:
        return await doing(ctx)

    return replace(every(seconds=seconds, run=run, title="Tick", **more), name="rig.tick")


def jobs_hub(settings: Settings, *jobs: Job, clock: Clock | None = None, **more: float) -> Hub:
    """A hub of these jobs alone."""
    rights = (Permission("system.manage", "Manage", {"owner": "all"}),)
    module = Module(name="rig", title="Rig", folder=Path(__file__).parent, jobs=jobs, permissions=rights)
    quick: dict[str, Any] = {"poll": 0.05, "lease": 5.0, **more}
    return make_hub(replace(settings, jobs=JobsSettings(**quick)), module, clock=clock)


@asynccontextmanager
async def at_work(hub: Hub) -> AsyncIterator[Hub]:
    """The hub runs until this is left."""
    await hub.open()
    await hub.database.write(lambda connection: effects.create(connection, checkfirst=True))
    await hub.start()
    yield hub
    await hub.stop()


async def ask(hub: Hub, payload: Mapping[str, Any] | None = None, **more: Any) -> str:
    """Ask for a run of `rig.work`."""
    async with hub.transactions.writing(actor="person:olena", shop_id=FIRST_SHOP) as uow:
        return await hub.installation.deps.jobs.enqueue(uow, "rig.work", payload, **more)


async def cancel(hub: Hub, run_id: str) -> JobRun:
    async with hub.transactions.writing(actor="person:olena", shop_id=FIRST_SHOP) as uow:
        return await hub.installation.deps.jobs.cancel(uow, run_id)


async def find(hub: Hub, run_id: str) -> JobRun:
    async with hub.transactions.reading(actor=None, shop_id=FIRST_SHOP) as uow:
        return await hub.installation.deps.jobs.find(uow, run_id)


async def becomes(hub: Hub, run_id: str, state: str) -> JobRun:
    """The run, once it is in this state."""

    async def is_so() -> bool:
        return (await find(hub, run_id)).state == state

    await until(is_so)
    return await find(hub, run_id)

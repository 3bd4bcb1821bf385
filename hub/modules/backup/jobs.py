"""Backups by the clock, on demand, and the mirror of what ended for good."""

from __future__ import annotations

import asyncio
from zoneinfo import ZoneInfo

from hub.errors import Unavailable
from hub.kernel.backup.keeping import Backups
from hub.kernel.jobs.definition import JobContext, JobResult
from hub.modules.backup.rules import is_due


async def backup_when_due(ctx: JobContext) -> JobResult | None:
    """The nightly one, or the one that was slept through."""
    backups, settings = backups_of(ctx), ctx.deps.settings
    await backups.sweep()
    zone = ZoneInfo(settings.shop.timezone)
    if not is_due(ctx.clock.now(), settings.backup.at, zone, await backups.last(20)):
        return None
    return await _make(ctx, "scheduled")


async def make_backup(ctx: JobContext) -> JobResult:
    """A person asked for it."""
    return await _make(ctx, "manual")


async def mirror_tombstones(ctx: JobContext) -> None:
    """What ended for good is written beside the database, for the day on which a backup is put back."""
    await backups_of(ctx).mirror()


async def _make(ctx: JobContext, kind: str) -> JobResult:
    backups, loop = backups_of(ctx), asyncio.get_running_loop()
    total, done = await backups.work_to_do(), 0

    def count(size: int) -> None:
        nonlocal done
        done += size
        ctx.progress(min(done, total), total, "The backup is written and put back on trial")

    run = await backups.run(kind, progress=lambda size: _tell(loop, count, size))
    if not run.is_proved:
        return JobResult("The backup was made, but it failed its rehearsal.", link="/system")
    return JobResult("The backup is made and proved.", link="/system")


def _tell(loop: asyncio.AbstractEventLoop, count: object, size: int) -> None:
    """Work is counted in a thread of its own."""
    loop.call_soon_threadsafe(count, size)  # type: ignore[arg-type]  # a function of one size


def backups_of(ctx: JobContext) -> Backups:
    """Raises Unavailable where a hub was built without."""
    if ctx.deps.backups is None:
        raise Unavailable("backup.off", "There are no backups here.")
    return ctx.deps.backups

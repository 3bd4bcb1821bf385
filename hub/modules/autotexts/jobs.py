"""What automatic messages do by the clock."""

from __future__ import annotations

from datetime import timedelta

from hub.kernel.jobs.definition import JobContext
from hub.modules.autotexts.api import AutoTextsApi

KEPT = timedelta(days=180)


async def forget(ctx: JobContext) -> None:
    """Decisions of half a year ago."""
    async with ctx.writing() as uow:
        await ctx.apis(uow).of(AutoTextsApi).runs.forget(ctx.clock.now() - KEPT)

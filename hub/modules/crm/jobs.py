"""What crm does by the clock."""

from __future__ import annotations

from hub.kernel.jobs.definition import JobContext
from hub.modules.crm.api import CrmApi


async def look_for_duplicates(ctx: JobContext) -> None:
    """Everybody beside everybody, read beside the writers, when somebody changed since the last time."""
    at = ctx.clock.now()
    async with ctx.reading() as uow:
        duplicates = ctx.apis(uow).of(CrmApi).duplicates
        if not await duplicates.is_due():
            return
        pairs = await duplicates.look()
    async with ctx.writing() as uow:
        await ctx.apis(uow).of(CrmApi).duplicates.keep(pairs, at)

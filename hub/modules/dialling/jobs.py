"""What dialling does again and again."""

from __future__ import annotations

from hub.kernel.jobs.definition import JobContext
from hub.modules.dialling.api import DiallingApi


async def forget_old(ctx: JobContext) -> None:
    """Orders hold numbers: after a year the calls that came of them are enough."""
    async with ctx.writing() as uow:
        await ctx.apis(uow).of(DiallingApi).states.forget()

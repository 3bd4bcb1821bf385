"""What links does by itself."""

from __future__ import annotations

from hub.kernel.jobs.definition import JobContext
from hub.modules.links.api import LinksApi


async def tidy(ctx: JobContext) -> None:
    """Links that were over a while ago are forgotten."""
    async with ctx.writing() as uow:
        await ctx.apis(uow).of(LinksApi).links.tidy()

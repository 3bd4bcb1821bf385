"""What presence does by the clock."""

from __future__ import annotations

from hub.kernel.jobs.definition import JobContext
from hub.modules.presence.api import PresenceApi


async def end_choices(ctx: JobContext) -> None:
    """Who was away until a time that is over is back."""
    async with ctx.writing() as uow:
        await ctx.apis(uow).of(PresenceApi).people.end_choices()

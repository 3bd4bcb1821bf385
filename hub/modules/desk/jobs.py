"""What the desk does by the clock."""

from __future__ import annotations

from hub.kernel.jobs.definition import JobContext
from hub.modules.desk.api import DeskApi


async def forget_dismissals(ctx: JobContext) -> None:
    """What was put away days ago is of calls long over."""
    async with ctx.writing() as uow:
        await ctx.apis(uow).of(DeskApi).forget_dismissals()

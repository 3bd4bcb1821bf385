"""What tasks does by the clock."""

from __future__ import annotations

from hub.kernel.jobs.definition import JobContext
from hub.modules.tasks.api import TasksApi


async def escalate(ctx: JobContext) -> None:
    """Superiors are told of call-backs that are far too late."""
    async with ctx.writing() as uow:
        await ctx.apis(uow).of(TasksApi).doing.escalate(ctx.clock.now())

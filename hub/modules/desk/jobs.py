"""What the desk does by the clock."""

from __future__ import annotations

from hub.kernel.context import HandlerContext
from hub.modules.desk.api import DeskApi


async def forget_dismissals(ctx: HandlerContext) -> None:
    """What was put away days ago is of calls long over."""
    await ctx.apis.of(DeskApi).forget_dismissals()

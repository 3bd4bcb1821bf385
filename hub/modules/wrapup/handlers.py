"""What wrap-up does when something happens."""

from __future__ import annotations

from hub.events.calls import CallMerged
from hub.kernel.context import HandlerContext
from hub.modules.wrapup.api import WrapUpApi


async def on_call_merged(event: CallMerged, ctx: HandlerContext) -> None:
    """What was said of the absorbed call is said of the one that it is a part of."""
    await ctx.apis.of(WrapUpApi).service.move(event.call_id, event.into_call_id)

"""What consents does when something happens. Each may run twice."""

from __future__ import annotations

from hub.events.messages import MessageArrived, MessageSettled
from hub.kernel.context import HandlerContext
from hub.modules.consents.api import ConsentsApi


async def on_message_arrived(event: MessageArrived, ctx: HandlerContext) -> None:
    """STOP and START have their effect."""
    await ctx.apis.of(ConsentsApi).words.heard(event, ctx.envelope.occurred_at)


async def on_message_settled(event: MessageSettled, ctx: HandlerContext) -> None:
    """What failed has reached nobody: it is no reason to keep the next one back."""
    if event.state == "failed":
        await ctx.apis.of(ConsentsApi).gate.discount(event.message_id)

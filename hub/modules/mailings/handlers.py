"""What mailings do when something happens. Each may run twice."""

from __future__ import annotations

from hub.events.consents import ConsentChanged
from hub.events.messages import MessageArrived, MessageSettled
from hub.kernel.context import HandlerContext
from hub.modules.mailings.api import MailingsApi


async def on_message_settled(event: MessageSettled, ctx: HandlerContext) -> None:
    """A client's place on the list shows what became of the message."""
    await ctx.apis.of(MailingsApi).outcomes.settled(event, ctx.envelope.occurred_at)


async def on_message_arrived(event: MessageArrived, ctx: HandlerContext) -> None:
    """It may be an answer."""
    await ctx.apis.of(MailingsApi).outcomes.arrived(event, ctx.envelope.occurred_at)


async def on_consent_changed(event: ConsentChanged, ctx: HandlerContext) -> None:
    """They may have had enough."""
    ends = event.act in ("withdrawn", "blocked") and event.topic in ("marketing", "all")
    if ends and event.client_id is not None and event.form != "provider":
        await ctx.apis.of(MailingsApi).outcomes.left(event.client_id, ctx.envelope.occurred_at)

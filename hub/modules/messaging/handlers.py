"""What messaging does when something happens. Each may run twice."""

from __future__ import annotations

from hub.events.crm import ClientNumberReleased, ClientPhoneAdded
from hub.events.messages import MessageReceived, MessageStatusChanged
from hub.kernel.context import HandlerContext
from hub.modules.messaging.api import MessagingApi


async def on_message_received(event: MessageReceived, ctx: HandlerContext) -> None:
    """It stands in its thread."""
    await ctx.apis.of(MessagingApi).arrivals.received(event)


async def on_message_status_changed(event: MessageStatusChanged, ctx: HandlerContext) -> None:
    """The message shows how far it has come."""
    await ctx.apis.of(MessagingApi).arrivals.told(event, ctx.envelope.occurred_at)


async def on_client_phone_added(event: ClientPhoneAdded, ctx: HandlerContext) -> None:
    """Threads of the number find whose they are."""
    await ctx.apis.of(MessagingApi).clients.known(event.number)


async def on_client_number_released(event: ClientNumberReleased, ctx: HandlerContext) -> None:
    """What was theirs by the number alone is nobody's again."""
    await ctx.apis.of(MessagingApi).clients.released(event.number, event.client_id)

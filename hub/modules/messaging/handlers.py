"""What messaging does when something happens. Each may run twice. What connectors bring is handled in
batches on the hot path."""

from __future__ import annotations

from collections.abc import Sequence

from hub.errors import Conflict, Invalid
from hub.events.consents import ConsentChanged, StopWordHeard
from hub.events.crm import ClientNumberReleased, ClientPhoneAdded
from hub.events.messages import (
    MessageBarred,
    MessageReceived,
    MessagesDeleted,
    MessageSentElsewhere,
    MessageStatusChanged,
    ReachChanged,
)
from hub.kernel.context import BatchContext, Delivered, HandlerContext
from hub.modules.consents.api import answer_text
from hub.modules.messaging.api import MessageEntry, MessagingApi
from hub.modules.messaging.service_arrivals import ArrivalKeeper
from hub.modules.messaging.service_told import StatusKeeper


def on_message_received(ctx: BatchContext, batch: Sequence[Delivered[MessageReceived]]) -> None:
    """They stand in their threads."""
    keeper = ArrivalKeeper(ctx)
    keeper.lock(batch)
    for delivered in batch:
        keeper.received(delivered.event, delivered.envelope)


def on_message_status_changed(ctx: BatchContext, batch: Sequence[Delivered[MessageStatusChanged]]) -> None:
    """Messages show how far they have come."""
    keeper = StatusKeeper(ctx)
    keeper.lock(batch)
    for delivered in batch:
        keeper.told(delivered.event, delivered.envelope)


async def on_message_barred(event: MessageBarred, ctx: HandlerContext) -> None:
    """Their address takes nothing of us any more; the ledger of consents has it too."""
    await ctx.apis.of(MessagingApi).settling.barred(event.message_id, event.error)


async def on_message_sent_elsewhere(event: MessageSentElsewhere, ctx: HandlerContext) -> None:
    """What the shop wrote in its own app stands in the thread too."""
    await ctx.apis.of(MessagingApi).elsewhere.sent(event)


async def on_messages_deleted(event: MessagesDeleted, ctx: HandlerContext) -> None:
    """The thread shows that they were taken back."""
    await ctx.apis.of(MessagingApi).elsewhere.deleted(event)


async def on_reach_changed(event: ReachChanged, ctx: HandlerContext) -> None:
    """Nothing is sent where nothing is taken."""
    await ctx.apis.of(MessagingApi).elsewhere.reach(event)


async def on_client_phone_added(event: ClientPhoneAdded, ctx: HandlerContext) -> None:
    """Threads of the number find whose they are."""
    await ctx.apis.of(MessagingApi).clients.known(event.number)


async def on_client_number_released(event: ClientNumberReleased, ctx: HandlerContext) -> None:
    """What was theirs by the number alone is nobody's again."""
    await ctx.apis.of(MessagingApi).clients.released(event.number, event.client_id)


async def on_consent_changed(event: ConsentChanged, ctx: HandlerContext) -> None:
    """What waits and may not go any more fails at once, with the reason."""
    if event.act in ("withdrawn", "blocked"):
        await ctx.apis.of(MessagingApi).gate.look_again(event.client_id, event.address)


async def on_stop_word_heard(event: StopWordHeard, ctx: HandlerContext) -> None:
    """One message confirms it, in their language. Where the provider has stopped us already, none can."""
    api = ctx.apis.of(MessagingApi)
    language = await api.outgoing.language_of(event.client_id, event.channel, event.address)
    said = ctx.deps.texts.say(language, answer_text(event.word))
    entry = MessageEntry(
        text=said, channel=event.channel, address=event.address,
        purpose="consent", cause=f"consent:{event.message_id}",
    )  # fmt: skip
    try:
        await api.queue_message(entry)
    except (Conflict, Invalid) as fault:
        ctx.log.info("a stop is not confirmed", code=fault.code, message=event.message_id)

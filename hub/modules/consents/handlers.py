"""What consents does when something happens. Each may run twice. What every message says goes in batches:
few of them are a STOP, and few of ours fail."""

from __future__ import annotations

from collections.abc import Sequence

from hub.events.consents import StopWordSaid
from hub.events.links import LinkConfirmed
from hub.events.messages import MessageArrived, MessageSettled, ReachChanged
from hub.kernel.context import BatchContext, Delivered, HandlerContext
from hub.modules.consents.api import ConsentsApi, Subject, word_of
from hub.modules.consents.statements import FORGET_TOUCH


def on_message_arrived(ctx: BatchContext, batch: Sequence[Delivered[MessageArrived]]) -> None:
    """STOP and START are made out; what was pressed or linked is none."""
    for delivered in batch:
        event = delivered.event
        word = word_of(event.text, event.channel)
        if word is None or event.pressed is not None or event.start is not None:
            continue
        said = StopWordSaid(
            message_id=event.message_id, conversation_id=event.conversation_id, client_id=event.client_id,
            channel=event.channel, address=event.address, text=event.text, word=word,
        )  # fmt: skip
        ctx.publish(said, cause=delivered.envelope, external_id=f"consents:said:{event.message_id}")


def on_message_settled(ctx: BatchContext, batch: Sequence[Delivered[MessageSettled]]) -> None:
    """What failed has reached nobody: it is no reason to keep the next one back."""
    failed = [{"v_id": one.event.message_id} for one in batch if one.event.state == "failed"]
    if failed:
        FORGET_TOUCH.run(ctx.connection, failed)


async def on_stop_word_said(event: StopWordSaid, ctx: HandlerContext) -> None:
    """It has its effect."""
    await ctx.apis.of(ConsentsApi).words.heard(event, ctx.envelope.occurred_at)


async def on_link_confirmed(event: LinkConfirmed, ctx: HandlerContext) -> None:
    """Somebody agreed by the link in a message."""
    await ctx.apis.of(ConsentsApi).asking.confirmed(event, ctx.envelope.occurred_at)


async def on_reach_changed(event: ReachChanged, ctx: HandlerContext) -> None:
    """They have shut us out of a channel, or let us in again."""
    ledger, whose = ctx.apis.of(ConsentsApi).ledger, Subject(channel=event.channel, address=event.address)
    cause = f"reach:{ctx.envelope.id}"
    if event.is_blocked:
        await ledger.provider_blocked(whose, "They have shut us out.", cause)
    else:
        await ledger.provider_free(whose, cause)

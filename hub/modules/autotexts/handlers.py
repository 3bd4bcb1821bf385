"""What automatic messages do when something happens. Each may run twice: a cause is written for once.
`on_call_ended` is the hot path: it only looks whether a rule waits for talks, mostly none does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import select

from hub.errors import NotFound
from hub.events.calls import CallEnded, CallWrappedUp
from hub.events.messages import MessageArrived, MessageSettled
from hub.events.tasks import TaskClosed, TaskOpened, TaskShared
from hub.events.triggers import TriggerFired
from hub.kernel.context import BatchContext, Delivered, HandlerContext
from hub.kernel.storage.prepared import PreparedIn
from hub.kernel.triggers import Occurrence
from hub.modules.autotexts import triggers
from hub.modules.autotexts.api import AutoTextsApi
from hub.modules.autotexts.models import Rule
from hub.modules.autotexts.triggers import of_call
from hub.modules.calls.api import CallsApi
from hub.modules.messaging.api import MessagingApi
from hub.modules.tasks.api import TasksApi
from hub.values import ShopId

_WAITED_FOR = PreparedIn(
    lambda names: select(Rule.trigger).where(Rule.trigger.in_(names), Rule.is_on.is_(True)).distinct()
)


def on_call_ended(ctx: BatchContext, batch: Sequence[Delivered[CallEnded]]) -> None:
    """Talks that a rule waits for become facts of their own."""
    found = [(one, triggers.trigger_of(one.event.call)) for one in batch]
    names = {name for _, name in found if name is not None}
    waited = {row.trigger for row in _WAITED_FOR.all(ctx.connection, sorted(names))} if names else set()
    for one, name in found:
        if name is None or name not in waited:
            continue
        call = one.event.call
        fired = TriggerFired(
            trigger=name, cause=call.call_id, at=call.ended_at or one.envelope.occurred_at,
            call_id=call.call_id,
        )  # fmt: skip
        ctx.publish(fired, cause=one.envelope, external_id=f"{name}:{call.call_id}")


async def on_trigger_fired(event: TriggerFired, ctx: HandlerContext) -> None:
    """A run for each rule that waits for it. Of a call it is as it stands now: merged, put right."""
    if event.call_id is not None and event.client_id is None and event.number is None:
        call = await ctx.apis.of(CallsApi).call(event.call_id)
        if event.trigger == triggers.ANSWERED and call.result != "answered":
            return
        await _happened(ctx, of_call(event.trigger, call, call.id, at=event.at))
        return
    await _happened(
        ctx,
        Occurrence(
            trigger=event.trigger, cause=event.cause, at=event.at,
            shop_id=ShopId(event.shop_id) if event.shop_id else ctx.uow.shop_id, client_id=event.client_id,
            number=event.number, call_id=event.call_id, task_id=event.task_id,
            conversation_id=event.conversation_id, values={one.name: one.text for one in event.values},
        ),
    )  # fmt: skip


async def on_task_opened(event: TaskOpened, ctx: HandlerContext) -> None:
    """A miss: the call-back is one per client or number, so the text is too."""
    missed = await _missed(event, ctx)
    if missed is not None:
        await _happened(ctx, missed)


async def on_task_shared(event: TaskShared, ctx: HandlerContext) -> None:
    """A miss at a further shop: what that shop writes of its own; what all write was written already."""
    missed = await _missed(event, ctx)
    if missed is not None:
        own = replace(missed, shop_id=ShopId(event.with_shop_id))
        await ctx.apis.of(AutoTextsApi).runs.happened(own, is_own_only=True)


async def _missed(event: TaskOpened | TaskShared, ctx: HandlerContext) -> Occurrence | None:
    if event.kind != "callback" or event.call_id is None:
        return None
    call = await ctx.apis.of(CallsApi).call(event.call_id)
    name = triggers.VOICEMAIL if call.result == "voicemail" else triggers.MISSED
    at = call.ended_at or ctx.envelope.occurred_at
    return of_call(name, call, f"task:{event.task_id}", at=at, task_id=event.task_id)


async def on_task_closed(event: TaskClosed, ctx: HandlerContext) -> None:
    """We gave up to reach them; of several shops that waited, each tells its own call."""
    if event.kind != "callback" or event.reason != "unreached":
        return
    task = await ctx.apis.of(TasksApi).reading.one(event.task_id, None)
    await _happened(
        ctx,
        Occurrence(
            trigger=triggers.UNREACHED, cause=f"task:{task.id}",
            at=task.closed_at or ctx.envelope.occurred_at, shop_id=ctx.uow.shop_id, client_id=task.client_id,
            number=event.number, call_id=event.call_id, task_id=task.id,
        ),
    )  # fmt: skip


async def on_call_wrapped_up(event: CallWrappedUp, ctx: HandlerContext) -> None:
    """Somebody said what came of it; the first word counts, another one later is the same cause."""
    if event.disposition is None and not event.tags:
        return
    call = await ctx.apis.of(CallsApi).call(event.call_id)
    await _happened(ctx, of_call(triggers.WRAPPED_UP, call, call.id, at=ctx.envelope.occurred_at))


async def on_message_arrived(event: MessageArrived, ctx: HandlerContext) -> None:
    """Somebody wrote to people, not to the bot."""
    if event.is_for_the_bot or not await ctx.apis.of(AutoTextsApi).rules.is_waited_for(triggers.ARRIVED):
        return
    try:
        thread = await ctx.apis.of(MessagingApi).reading.conversation(event.conversation_id, None)
    except NotFound:
        return
    await _happened(
        ctx,
        Occurrence(
            trigger=triggers.ARRIVED, cause=event.message_id, at=ctx.envelope.occurred_at,
            shop_id=ShopId(thread.shop_id), client_id=thread.client_id, conversation_id=thread.id,
        ),
    )  # fmt: skip


async def on_message_settled(event: MessageSettled, ctx: HandlerContext) -> None:
    """Delivered, or the next channel."""
    await ctx.apis.of(AutoTextsApi).runs.settled(event)


async def _happened(ctx: HandlerContext, one: Occurrence) -> None:
    await ctx.apis.of(AutoTextsApi).runs.happened(one)

"""What tasks does when something happens. `on_call_facts` is the hot path: it only looks whether a task
depends on a call that ended, mostly without asking the database; the work is done by an ordinary handler."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from hub.events.calls import CallbackAsked, CallEnded, CallFact, CallMerged, CallSnapshot
from hub.events.crm import CallerChosen, ClientNumberReleased, ClientPhoneAdded
from hub.events.tasks import TaskCallNoticed, TaskWriterNoticed
from hub.kernel.context import BatchContext, Delivered, HandlerContext
from hub.kernel.storage.prepared import PreparedIn
from hub.modules.crm.api import number_key
from hub.modules.tasks.api import TasksApi
from hub.modules.tasks.models import Watch
from hub.modules.tasks.rules import miss_kind, try_outcome

_WATCHED = PreparedIn(lambda keys: select(Watch.key).where(Watch.key.in_(keys)))


def on_call_facts(ctx: BatchContext, batch: Sequence[Delivered[CallFact | CallMerged]]) -> None:
    """Notice the calls that tasks depend on: every miss, everything that was put right or merged, and the
    calls with somebody whom we are to call back."""
    asked: dict[str, list[Delivered[CallFact | CallMerged]]] = {}
    for delivered in batch:
        event = delivered.event
        if not isinstance(event, CallEnded) or miss_kind(event.call) is not None:
            _notice(ctx, delivered)
        elif (key := _key(ctx, event.call)) is not None:
            asked.setdefault(key, []).append(delivered)
    if asked:
        for row in {row.key for row in _WATCHED.all(ctx.connection, sorted(asked))}:
            for delivered in asked[row]:
                _notice(ctx, delivered)


def _key(ctx: BatchContext, call: CallSnapshot) -> str | None:
    """The number to look for; None where the call says nothing of any task."""
    settings = ctx.deps.settings
    if try_outcome(call, settings.tasks.reached_seconds) is None:
        return None
    number = call.from_number if call.direction == "inbound" else call.to_number
    return number_key(number, settings.shop.country) if number is not None else None


def _notice(ctx: BatchContext, delivered: Delivered[CallFact | CallMerged]) -> None:
    event, envelope = delivered.event, delivered.envelope
    of = (event.call_id, event.into_call_id) if isinstance(event, CallMerged) else (event.call.call_id,)
    for call_id in of:
        noticed = TaskCallNoticed(call_id=call_id)
        ctx.publish(noticed, cause=envelope, external_id=f"noticed:{envelope.id}:{call_id}")


async def on_task_call_noticed(event: TaskCallNoticed, ctx: HandlerContext) -> None:
    """A miss makes a call-back, a talk ends it, a try puts it off."""
    await ctx.apis.of(TasksApi).calls.consider(event.call_id)


async def on_task_writer_noticed(event: TaskWriterNoticed, ctx: HandlerContext) -> None:
    """A message is as good as a talk for what was before it."""
    await ctx.apis.of(TasksApi).client_wrote(event.client_id, event.number, event.written_at)


async def on_callback_asked(event: CallbackAsked, ctx: HandlerContext) -> None:
    """Whoever keeps the place in a queue is called back at once: the same call-back as a missed call's."""
    await ctx.apis.of(TasksApi).calls.asked(event, ctx.envelope.occurred_at)


async def on_client_phone_added(event: ClientPhoneAdded, ctx: HandlerContext) -> None:
    """What a number missed is the client's; of somebody who is no client nothing is to be done."""
    await ctx.apis.of(TasksApi).numbers.known(event.number, event.client_id)


async def on_client_number_released(event: ClientNumberReleased, ctx: HandlerContext) -> None:
    """What was theirs by the number alone is the number's again, until somebody says whose it is."""
    await ctx.apis.of(TasksApi).numbers.released(event.number, event.client_id)


async def on_caller_chosen(event: CallerChosen, ctx: HandlerContext) -> None:
    """The call-back of that call is whom a person chose, also when the call ended long ago."""
    await ctx.apis.of(TasksApi).numbers.chosen(event.call_id, event.client_id)

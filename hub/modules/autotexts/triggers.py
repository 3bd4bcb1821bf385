"""What rules may wait for that comes of calls, call-backs and messages; and what of it there was lately."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from hub.events.calls import CallSnapshot
from hub.kernel.context import Deps, UnitOfWork
from hub.kernel.triggers import Occurrence, Past, Trigger
from hub.modules.autotexts.rules_yearly import BIRTHDAY, SEASON
from hub.modules.autotexts.service_yearly import past_birthdays
from hub.modules.calls.api import CallFilter, CallsApi, CallView
from hub.modules.messaging.api import MessageFilter, MessagingApi
from hub.modules.tasks.api import TaskFilter, TasksApi
from hub.modules.wrapup.api import WrapUpApi
from hub.values import ShopId

MISSED = "call.missed"
VOICEMAIL = "call.voicemail"
ANSWERED = "call.answered"
WRAPPED_UP = "call.wrapped_up"
UNREACHED = "callback.unreached"
ARRIVED = "message.arrived"
_MOST = 500
_PAGE = 100


def trigger_of(call: CallSnapshot) -> str | None:
    """What the end of a call is; a miss comes by its call-back."""
    if call.direction == "internal" or call.state != "ended":
        return None
    return ANSWERED if call.result == "answered" else None


async def _calls(uow: UnitOfWork, deps: Deps, where: CallFilter) -> list[CallView]:
    found: list[CallView] = []
    cursor: str | None = None
    while len(found) < _MOST:
        page = await CallsApi(uow, deps).history(where, cursor=cursor, limit=_PAGE)
        found += page.items
        cursor = page.next
        if cursor is None:
            break
    return found


def _past_calls(trigger: str, which: CallFilter) -> Past:
    async def past(
        uow: UnitOfWork, deps: Deps, shop_id: ShopId, since: datetime, until: datetime
    ) -> Sequence[Occurrence]:
        where = replace(which, shops=frozenset({shop_id}), since=since, until=until)
        calls = [call for call in await _calls(uow, deps, where) if call.direction != "internal"]
        return [of_call(trigger, call, call.id) for call in reversed(calls)]

    return past


def of_call(
    trigger: str, call: CallView, cause: str, *, at: datetime | None = None, task_id: str | None = None
) -> Occurrence:
    """A call, as rules are told of it."""
    return Occurrence(
        trigger=trigger, cause=cause, at=at or call.ended_at or call.started_at, shop_id=call.shop_id,
        client_id=call.client_id, number=call.other_number, call_id=call.id, task_id=task_id,
    )  # fmt: skip


async def _wrapped_up(
    uow: UnitOfWork, deps: Deps, shop_id: ShopId, since: datetime, until: datetime
) -> Sequence[Occurrence]:
    where = CallFilter(shops=frozenset({shop_id}), since=since, until=until)
    calls = await _calls(uow, deps, where)
    said = await WrapUpApi(uow, deps).of([call.id for call in calls])
    return [of_call(WRAPPED_UP, call, call.id) for call in reversed(calls) if call.id in said]


async def _unreached(
    uow: UnitOfWork, deps: Deps, shop_id: ShopId, since: datetime, until: datetime
) -> Sequence[Occurrence]:
    where = TaskFilter(shops=frozenset({shop_id}), state="done", kind="callback")
    page = await TasksApi(uow, deps).reading.page(where, cursor=None, limit=_PAGE)
    return [
        Occurrence(
            trigger=UNREACHED, cause=task.id, at=task.closed_at, shop_id=shop_id, client_id=task.client_id,
            number=task.number, call_id=task.call_id, task_id=task.id,
        )
        for task in reversed(page.items)
        if task.reason == "unreached" and task.closed_at is not None and since <= task.closed_at < until
    ]  # fmt: skip


async def _arrived(
    uow: UnitOfWork, deps: Deps, shop_id: ShopId, since: datetime, until: datetime
) -> Sequence[Occurrence]:
    where = MessageFilter(shops=frozenset({shop_id}))
    page = await MessagingApi(uow, deps).reading.messages(where, cursor=None, limit=_MOST)
    return [
        Occurrence(
            trigger=ARRIVED, cause=message.id, at=message.created_at, shop_id=shop_id,
            client_id=message.client_id, conversation_id=message.conversation_id,
        )
        for message in reversed(page.items)
        if message.direction == "inbound" and message.text and since <= message.created_at < until
    ]  # fmt: skip


TRIGGERS = (
    Trigger(
        name=MISSED, title="A call was missed",
        past=_past_calls(MISSED, CallFilter(direction="inbound", result="missed")),
    ),
    Trigger(
        name=VOICEMAIL, title="A caller left a voice message",
        past=_past_calls(VOICEMAIL, CallFilter(direction="inbound", result="voicemail")),
    ),
    Trigger(
        name=ANSWERED, title="A talk has ended", past=_past_calls(ANSWERED, CallFilter(result="answered"))
    ),
    Trigger(name=WRAPPED_UP, title="The result of a call was chosen", past=_wrapped_up),
    Trigger(name=UNREACHED, title="A call-back was given up: not reached", past=_unreached),
    Trigger(name=ARRIVED, title="Somebody wrote to us", past=_arrived),
    Trigger(name=BIRTHDAY, title="A client’s birthday, from 10:00", past=past_birthdays),
    Trigger(name=SEASON, title="A season of the year, from 10:00"),
)  # fmt: skip

"""What calls do to tasks: a miss makes one, a talk ends it, a try puts it off; what was put right later is
put right here too. Never commits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update

from hub.events.calls import CallbackAsked
from hub.kernel.context import Deps, UnitOfWork
from hub.kernel.storage.orm import new_id
from hub.modules.access.api import AccessApi
from hub.modules.calls.api import CallsApi, CallView
from hub.modules.crm.api import CrmApi, number_key
from hub.modules.tasks.models import Miss, Task, Try, Watch, Wish
from hub.modules.tasks.rules import (
    TOO_OLD,
    MissKind,
    TryOutcome,
    calls_for_help,
    may_call,
    miss_kind,
    subject_of,
    try_outcome,
)
from hub.modules.tasks.service_book import TaskBook, tasks_by_ids

_LAST_CALLS = 20
_SAID: frozenset[tuple[TryOutcome, TryOutcome]] = frozenset({("reached", "asked"), ("not_reached", "asked")})
"""What a person has answered already is not asked again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Caller:
    """The other side: `key` None where nobody can call it back."""

    client_id: str | None
    number: str | None
    key: str | None
    is_wanted: bool


class CallTaskService:
    """Looks at one call as it stands, and brings its tasks in line with it; again and again, the same."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self._uow = uow
        self._session = uow.session
        self._deps = deps
        self._settings = deps.settings.tasks
        self._country = deps.settings.shop.country
        self._book = TaskBook(uow, deps)
        self._calls = CallsApi(uow, deps)
        self._crm = CrmApi(uow, deps)

    async def consider(self, call_id: str) -> None:
        """Raises NotFound while the call is not stored yet."""
        await self._book.take_turn()
        call = await self._calls.call(call_id)
        if call.id != call_id:
            await self._carry_wish(call_id, call.id)
            await self._withdraw(call_id)
            await self._forget_try(call_id)
        if call.is_live:
            return
        caller = await self._caller(call)
        kind = miss_kind(call)
        if kind is not None and caller.is_wanted:
            await self._missed(call, kind, caller)
        else:
            await self._withdraw(call.id)
        if _is_reached(call):
            await self._take_wish_back(call.id)
        outcome = try_outcome(call, self._settings.reached_seconds)
        if outcome is None or (caller.client_id is None and caller.key is None):
            await self._forget_try(call.id)
        else:
            await self._tried(call, outcome, caller)

    async def asked(self, event: CallbackAsked, at: datetime) -> None:
        """The caller pressed the key in the queue: the call-back of the client (or number) is due now. The
        call ends as missed, and adds itself to this one. Raises NotFound while the call is not stored yet."""
        await self._book.take_turn()
        call = await self._calls.call(event.call_id)
        if await self._session.get(Wish, call.id) is not None:
            return
        wish = Wish(
            call_id=call.id, shop_id=call.shop_id, task_id=None, queue=event.queue, place=event.place,
            waiting_since=event.waiting_since, asked_at=at,
        )  # fmt: skip
        self._session.add(wish)
        await self._session.flush()
        self._book.hint_misses(call.shop_id, call.id)
        caller = await self._caller(call)
        subject = subject_of(caller.client_id, caller.key)
        if subject is None or caller.key is None or not caller.is_wanted or _is_reached(call):
            return
        task = await self._book.open_of(subject)
        if task is None:
            task = await self._book.open_callback(
                shop_id=call.shop_id, client_id=caller.client_id, number=caller.number, key=caller.key,
                since=at, line=call.line, call_id=call.id,
            )  # fmt: skip
        wish.task_id = task.id
        await self._book.shares.join(task, call.shop_id, call.id, number=caller.number)
        await self._book.due_at_once(task, at)
        await self._book.touch(task)

    async def _take_wish_back(self, call_id: str) -> None:
        """They were talked to in the same call: nothing is left of what they asked for."""
        wish = await self._session.get(Wish, call_id)
        if wish is None or wish.task_id is None:
            return
        task_id, wish.task_id = wish.task_id, None
        await self._session.flush()
        await self._without(task_id, call_id)

    async def _without(self, task_id: str, call_id: str) -> None:
        """A call-back that this call asks for no more: over, unless something else asks for it."""
        for task in await tasks_by_ids(self._uow, [task_id]):
            if not await self._book.shares.is_wanted(task):
                await self._book.close(task, "cancelled", "withdrawn", by_call=call_id)
                continue
            await self._book.shares.settle(task)
            await self._book.newest_call(task)
            await self._book.watch(task)
            await self._book.touch(task)

    async def _carry_wish(self, call_id: str, into_id: str) -> None:
        """What was asked in a part of a call was asked in the call."""
        wish = await self._session.get(Wish, call_id)
        if wish is None:
            return
        if await self._session.get(Wish, into_id) is None:
            wish.call_id = into_id
        else:
            await self._session.delete(wish)
        await self._session.flush()

    async def _caller(self, call: CallView) -> _Caller:
        number = call.other_number
        key = number_key(number, self._country) if number is not None else None
        relations: list[str] = []
        if call.client_id is None and call.candidate_count > 1:
            relations = [c.relation for c in (await self._crm.caller(number)).candidates]
        people = await AccessApi(self._uow, self._deps).people_by_extension() if key else {}
        is_wanted = may_call(call.relation if call.client_id is None else None, relations, key in people)
        return _Caller(client_id=call.client_id, number=number, key=key, is_wanted=is_wanted)

    async def _missed(self, call: CallView, kind: MissKind, caller: _Caller) -> None:
        subject = subject_of(caller.client_id, caller.key)
        row = await self._session.get(Miss, call.id)
        if row is not None and row.task_id is not None:
            if row.kind == kind:
                return
            await self._withdraw(call.id)
            row = None
        if row is None and self._deps.clock.now() - call.started_at > TOO_OLD:
            return
        if row is None:
            row = Miss(
                call_id=call.id, shop_id=call.shop_id, kind=kind, reason=call.missed_reason,
                number=caller.number, number_key=caller.key, line=call.line, started_at=call.started_at,
            )  # fmt: skip
            self._session.add(row)
            self._book.hint_misses(call.shop_id, call.id)
        row.kind, row.reason = kind, call.missed_reason
        await self._session.flush()
        if subject is None or caller.key is None:
            return
        row.settled_by = await self._answered_later(call, caller)
        if row.settled_by is not None:
            return
        near = await self._near_short(row)
        task = await self._book.open_of(subject)
        within = timedelta(minutes=self._settings.short_within_minutes)
        helps = calls_for_help(kind, call.started_at, [one.started_at for one in near], within)
        if task is None and not helps:
            await self._session.merge(Watch(key=caller.key, why=call.id))
            return
        await self._attach(task, row, near, caller)

    async def _attach(self, task: Task | None, row: Miss, near: list[Miss], caller: _Caller) -> None:
        misses = sorted([row, *near], key=lambda miss: miss.started_at)
        if task is None:
            task = await self._book.open_callback(
                shop_id=row.shop_id, client_id=caller.client_id, number=caller.number, key=caller.key,
                since=misses[0].started_at if len(misses) == 1 else misses[-1].started_at,
                line=row.line, call_id=row.call_id,
            )  # fmt: skip
        for miss in misses:
            miss.task_id = task.id
            await self._book.shares.join(task, miss.shop_id, miss.call_id, number=miss.number)
            await self._session.execute(delete(Watch).where(Watch.why == miss.call_id))
        await self._session.flush()
        await self._earlier_clock(task, misses)
        await self._book.newest_call(task)
        await self._book.touch(task)

    async def _earlier_clock(self, task: Task, misses: list[Miss]) -> None:
        """A miss that was told late may be the first one; after a try the clock is that of the try."""
        tried = select(Try.id).where(Try.task_id == task.id).limit(1)
        if (await self._session.scalars(tried)).first() is not None or misses[0].kind == "short_abandon":
            return
        await self._book.set_clock(task, misses[0].started_at, misses[0].shop_id, only_earlier=True)

    async def _near_short(self, row: Miss) -> list[Miss]:
        """Single short calls of the same number near this one, at whichever shop."""
        within = timedelta(minutes=self._settings.short_within_minutes)
        query = select(Miss).where(
            Miss.number_key == row.number_key, Miss.call_id != row.call_id, Miss.kind == "short_abandon",
            Miss.task_id.is_(None), Miss.settled_by.is_(None),
            Miss.started_at.between(row.started_at - within, row.started_at + within),
        )  # fmt: skip
        return list((await self._session.scalars(query)).all())

    async def _answered_later(self, call: CallView, caller: _Caller) -> str | None:
        """The later call that made it good already: facts may be told in another order."""
        last = await self._calls.last_calls(
            client_id=caller.client_id, number=caller.number, limit=_LAST_CALLS, skip=call.id
        )
        for other in last:
            if other.started_at > call.started_at and (
                try_outcome(other, self._settings.reached_seconds) == "reached"
            ):
                return other.id
        return None

    async def _withdraw(self, call_id: str) -> None:
        """It was not missed after all."""
        row = await self._session.get(Miss, call_id)
        if row is None:
            return
        task_id, shop_id = row.task_id, row.shop_id
        await self._session.delete(row)
        await self._session.execute(delete(Watch).where(Watch.why == call_id))
        await self._session.flush()
        self._book.hint_misses(shop_id, call_id)
        if task_id is not None:
            await self._without(task_id, call_id)

    async def _tried(self, call: CallView, outcome: TryOutcome, caller: _Caller) -> None:
        if outcome != "reached":
            await self._unsettle(call.id)
        else:
            await self._settle_soft(call, caller)
        for task in await self._book.open_about(caller.client_id, caller.key):
            if await self._is_after(task, call):
                await self._note_try(task, call, outcome)

    async def _is_after(self, task: Task, call: CallView) -> bool:
        """Whether the call came after something that the task is of; by the first miss that is open."""
        query = select(Miss.started_at).where(Miss.task_id == task.id, Miss.settled_by.is_(None))
        begun = (await self._session.scalars(query.order_by(Miss.started_at).limit(1))).first()
        return call.started_at > (begun or task.created_at)

    async def _note_try(self, task: Task, call: CallView, outcome: TryOutcome) -> None:
        query = select(Try).where(Try.task_id == task.id, Try.call_id == call.id)
        row = (await self._session.scalars(query)).one_or_none()
        if row is not None and (row.outcome == outcome or (row.outcome, outcome) in _SAID):
            return
        if row is None:
            row = Try(
                id=new_id(self._deps.clock), task_id=task.id, shop_id=call.shop_id, call_id=call.id,
                at=call.started_at, note="", outcome=outcome, talk_seconds=call.talk_seconds, who=_who(call),
            )  # fmt: skip
            self._session.add(row)
        row.outcome, row.talk_seconds = outcome, call.talk_seconds
        await self._session.flush()
        if outcome == "reached":
            await self._settle(task, call)
        elif outcome != "asked":
            await self._book.try_later(task, call.ended_at or call.started_at)
        await self._book.touch(task)

    async def _settle(self, task: Task, call: CallView) -> None:
        """The misses before the call are made good; where none is left the task is done."""
        of_task = (Miss.task_id == task.id, Miss.settled_by.is_(None))
        await self._session.execute(
            update(Miss).where(*of_task, Miss.started_at < call.started_at).values(settled_by=call.id),
            execution_options={"synchronize_session": "fetch"},
        )
        left = (await self._session.scalars(select(Miss.started_at).where(*of_task).limit(1))).first()
        if left is None:
            await self._book.close(task, "done", "answered", by_call=call.id)
        else:
            await self._book.set_clock(task, left)

    async def _settle_soft(self, call: CallView, caller: _Caller) -> None:
        """Single short calls before it are nothing to look at any more."""
        if caller.key is None:
            return
        query = select(Miss).where(
            Miss.number_key == caller.key, Miss.task_id.is_(None), Miss.settled_by.is_(None),
            Miss.started_at < call.started_at,
        )  # fmt: skip
        for miss in (await self._session.scalars(query)).all():
            miss.settled_by = call.id
            await self._session.execute(delete(Watch).where(Watch.why == miss.call_id))
            self._book.hint_misses(miss.shop_id, miss.call_id)

    async def _unsettle(self, call_id: str) -> None:
        """What this call had made good is open again: it was no such talk after all."""
        misses = (await self._session.scalars(select(Miss).where(Miss.settled_by == call_id))).all()
        for miss in misses:
            miss.settled_by = None
        await self._session.flush()
        for task in await tasks_by_ids(self._uow, {miss.task_id for miss in misses if miss.task_id}):
            if task.state == "done" and task.closed_call_id == call_id and task.subject is not None:
                known = await self._book.open_of(task.subject)
                await (self._book.reopen(task) if known is None else self._book.join(task, known))

    async def _forget_try(self, call_id: str) -> None:
        """The call says nothing of any task."""
        await self._unsettle(call_id)
        tries = (await self._session.scalars(select(Try).where(Try.call_id == call_id))).all()
        for row in tries:
            await self._session.delete(row)
        await self._session.flush()
        for task in await tasks_by_ids(self._uow, {row.task_id for row in tries}):
            await self._book.touch(task)


def _is_reached(call: CallView) -> bool:
    """Whether somebody of ours talked in it."""
    return call.result == "answered" or call.answered_at is not None


def _who(call: CallView) -> str:
    """Who of ours was in the call, as others know them: `101 Oksana`."""
    talked = [party for party in call.parties if party.outcome == "answered"] or list(call.parties)
    named = [" ".join(filter(None, (party.who, party.name))) for party in talked]
    return named[0] if named else (call.answered_by or "")

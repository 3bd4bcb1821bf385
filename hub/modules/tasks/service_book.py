"""The book of tasks: how one is opened, changed hands, moved and closed, with everything that hangs on it.
Never commits."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, delete, func, or_, select, update

from hub.events.tasks import TaskClosed, TaskEscalated, TaskOpened, TaskReason, TaskState
from hub.kernel.context import Deps, UnitOfWork
from hub.kernel.storage.orm import new_id
from hub.modules.access.api import AccessApi
from hub.modules.crm.api import CrmApi, number_key
from hub.modules.tasks.models import Miss, Task, Try, Watch, Wish
from hub.modules.tasks.rules import FAILED_TRIES, subject_of
from hub.modules.tasks.rules_time import Calendar, after_working, calendar_of, next_try
from hub.modules.tasks.service_shares import ShareBook
from hub.values import ShopId

TOPIC = "task"


class TaskBook:
    """Used by everything that changes tasks; whoever writes takes the turn first."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self._uow = uow
        self._session = uow.session
        self._deps = deps
        self._settings = deps.settings.tasks
        self._country = deps.places.of(uow.shop_id).country
        self._crm = CrmApi(uow, deps)
        self._calendars: dict[str, Calendar] = {}
        self.shares = ShareBook(uow, deps)

    async def take_turn(self) -> None:
        """One at a time: what is looked up first and written then must not be written twice."""
        await self._uow.take_turn("tasks")

    async def calendar(self, shop_id: str) -> Calendar:
        """The working time of a shop."""
        if shop_id not in self._calendars:
            shop = await AccessApi(self._uow, self._deps).shop(ShopId(shop_id))
            self._calendars[shop_id] = calendar_of(shop)
        return self._calendars[shop_id]

    async def open_of(self, subject: str) -> Task | None:
        """The open call-back of a client or number: one, whichever shops were rung."""
        query = select(Task).where(Task.subject == subject, Task.state == "open")
        return (await self._session.scalars(query)).one_or_none()

    async def open_about(self, client_id: str | None, key: str | None) -> Sequence[Task]:
        """Every open call-back that a call with this client or number says something of, in any shop."""
        about: list[ColumnElement[bool]] = [Task.id.in_(select(Watch.why).where(Watch.key == key))]
        if client_id is not None:
            about.append(Task.client_id == client_id)
        query = select(Task).where(Task.state == "open", Task.kind == "callback", or_(*about))
        return (await self._session.scalars(query.order_by(Task.id))).all()

    async def open_callback(
        self, *, shop_id: str, client_id: str | None, number: str | None, key: str | None, since: datetime,
        line: str | None = None, call_id: str | None = None, is_made: bool = False,
    ) -> Task:  # fmt: skip
        """A new call-back whose clock runs from `since`; `is_made` by hand, else by what happened."""
        task = self._new(shop_id, "callback", call_id=call_id, client_id=client_id)
        task.created_by = task.created_by if is_made else None
        task.number, task.number_key, task.line = number, key, line
        task.subject = subject_of(client_id, key)
        await self.set_clock(task, since)
        return await self.add(task)

    def new_todo(self, shop_id: str, title: str) -> Task:
        """Something else to do, made by hand; `add` it."""
        task = self._new(shop_id, "todo", call_id=None, client_id=None)
        task.title = title
        return task

    async def add(self, task: Task) -> Task:
        """Store a new task, and tell of it."""
        self._session.add(task)
        await self._session.flush()
        await self.watch(task)
        self._uow.publish(
            TaskOpened(
                task_id=task.id, kind=task.kind, client_id=task.client_id, number=task.number,
                call_id=task.call_id, due_at=task.due_at,
            ),
            shop_id=ShopId(task.shop_id),
        )  # fmt: skip
        await self._hint(task)
        return task

    async def set_clock(
        self, task: Task, since: datetime, shop_id: str | None = None, *, only_earlier: bool = False
    ) -> None:
        """Due and escalated so many working minutes after a moment, by the hours of a shop (that where it
        began). `only_earlier`: the clock that runs stays, unless the new one is earlier."""
        known, before = task.due_at, (task.due_at, task.escalate_at, task.escalated_at)
        calendar = await self.calendar(shop_id or task.shop_id)
        task.due_at = after_working(calendar, since, self._settings.due_minutes)
        self._escalates(task, calendar)
        if only_earlier and known is not None and known <= task.due_at:
            task.due_at, task.escalate_at, task.escalated_at = before

    async def due_at_once(self, task: Task, at: datetime) -> None:
        """Not later than now; a clock that has run out already stays."""
        if task.due_at is None or task.due_at > at:
            task.due_at = at
            self._escalates(task, await self.calendar(task.shop_id))

    async def promise(self, task: Task, at: datetime | None) -> None:
        """A person says when; a superior hears of it only after the grace, in working time."""
        task.due_at, task.escalate_at, task.escalated_at = at, None, None
        if at is not None:
            self._escalates(task, await self.calendar(task.shop_id))

    async def try_later(self, task: Task, at: datetime) -> None:
        """Its clock begins anew after a try in vain, by whichever shop can try first, and nobody has it in
        hand. After the last one that the settings allow a superior is told: whether to give up is for a
        person to say."""
        calendars = [await self.calendar(shop) for shop in await self.shares.shops(task)]
        minutes = self._settings.try_again_minutes
        calendar = min(calendars, key=lambda one: next_try(one, at, minutes))
        task.due_at = next_try(calendar, at, minutes)
        self._escalates(task, calendar)
        self.let_go(task)
        if self._settings.escalate_last_try and await self._is_exhausted(task):
            await self.escalate(task)

    async def _is_exhausted(self, task: Task) -> bool:
        await self._session.flush()
        failed = select(func.count()).where(Try.task_id == task.id, Try.outcome.in_(sorted(FAILED_TRIES)))
        return (await self._session.scalars(failed)).one() >= self._settings.most_tries

    def let_go(self, task: Task) -> None:
        """Nobody has it in hand."""
        task.claimed_by, task.claimed_name, task.claimed_until = None, "", None

    def _escalates(self, task: Task, calendar: Calendar) -> None:
        assert task.due_at is not None
        grace = max(0.0, self._settings.escalate_minutes - self._settings.due_minutes)
        task.escalate_at = after_working(calendar, task.due_at, grace)
        task.escalated_at = None

    async def watch(self, task: Task) -> None:
        """Look out for calls with the number, and with every phone of the client."""
        await self._session.execute(delete(Watch).where(Watch.why == task.id))
        if task.kind != "callback" or task.state != "open":
            return
        keys = {task.number_key} if task.number_key else set()
        if task.client_id is not None:
            client = (await self._crm.clients_by_ids([task.client_id])).get(task.client_id)
            phones = client.phones if client is not None else ()
            keys |= {key for phone in phones if (key := number_key(phone.number, self._country))}
        self._session.add_all(Watch(key=key, why=task.id) for key in sorted(keys))
        await self._session.flush()

    async def close(
        self, task: Task, state: TaskState, reason: TaskReason, *, by_call: str | None = None
    ) -> None:
        """It is over; twice is once."""
        if task.state != "open":
            return
        task.state, task.reason = state, reason
        task.closed_at, task.closed_by, task.closed_call_id = self._deps.clock.now(), self._uow.actor, by_call
        self.let_go(task)
        await self._session.execute(delete(Watch).where(Watch.why == task.id))
        await self.shares.tell(task, closed_fact(task, state, reason))
        await self.touch(task)

    async def reopen(self, task: Task) -> None:
        """It is to be done after all; its clock is the old one."""
        task.state, task.reason = "open", None
        task.closed_at, task.closed_by, task.closed_call_id = None, None, None
        await self.touch(task)
        await self._session.flush()
        await self.watch(task)

    async def join(self, task: Task, into: Task) -> None:
        """What a number missed is the client's: misses and tries move, the earlier clock counts. A call that
        was a try of both stays that of the other one."""
        known = select(Try.call_id).where(Try.task_id == into.id, Try.call_id.is_not(None))
        await self._session.execute(
            delete(Try).where(Try.task_id == task.id, Try.call_id.in_(known)),
            execution_options={"synchronize_session": "fetch"},
        )
        for table in (Miss, Try, Wish):
            await self._session.execute(
                update(table).where(table.task_id == task.id).values(task_id=into.id),
                execution_options={"synchronize_session": False},
            )
        await self.shares.take_over(task, into)
        if task.due_at is not None and (into.due_at is None or task.due_at < into.due_at):
            into.due_at, into.escalate_at = task.due_at, task.escalate_at
        await self.close(task, "cancelled", "merged")
        await self.newest_call(into)
        await self.touch(into)

    async def newest_call(self, task: Task) -> None:
        """The task names its newest missed call at a shop that waits, and the line that it came by."""
        query = select(Miss).where(
            Miss.task_id == task.id, Miss.shop_id.in_(await self.shares.shops(task))
        )  # fmt: skip
        ordered = query.order_by(Miss.started_at.desc(), Miss.call_id).limit(1)
        newest = (await self._session.scalars(ordered)).first()
        if newest is not None:
            task.call_id, task.line = newest.call_id, newest.line
            # What a shop wrote by hand stays its own number, whichever phone another shop was rung from.
            if newest.shop_id == task.shop_id or task.created_by is None:
                task.number, task.number_key = newest.number, newest.number_key

    async def escalate(self, task: Task) -> None:
        """It is so late that a superior should know."""
        task.escalated_at = self._deps.clock.now()
        fact = TaskEscalated(
            task_id=task.id, kind=task.kind, client_id=task.client_id, number=task.number,
            call_id=task.call_id, due_at=task.due_at,
        )  # fmt: skip
        await self.shares.tell(task, fact)
        await self.touch(task)

    async def touch(self, task: Task) -> None:
        """Something of it has changed."""
        task.rev += 1
        await self._hint(task)

    def hint_misses(self, shop_id: str, call_id: str) -> None:
        """What stands beside the tasks has changed."""
        self._uow.hint(TOPIC, call_id, 0, shop_id=ShopId(shop_id))

    async def _hint(self, task: Task) -> None:
        for shop_id in await self.shares.shops(task):
            self._uow.hint(TOPIC, task.id, task.rev, shop_id=ShopId(shop_id))

    def _new(self, shop_id: str, kind: str, *, call_id: str | None, client_id: str | None) -> Task:
        clock = self._deps.clock
        return Task(
            id=new_id(clock), rev=1, shop_id=shop_id, kind=kind, title="", note="", state="open",
            call_id=call_id, client_id=client_id, created_by=self._uow.actor, created_at=clock.now(),
            claimed_name="",
        )  # fmt: skip


def closed_fact(task: Task, state: TaskState, reason: TaskReason) -> TaskClosed:
    """What is told when it is over."""
    return TaskClosed(
        task_id=task.id, kind=task.kind, client_id=task.client_id, number=task.number, call_id=task.call_id,
        state=state, reason=reason,
    )  # fmt: skip


async def tasks_by_ids(uow: UnitOfWork, ids: Collection[str]) -> Sequence[Task]:
    """Those that exist."""
    query = select(Task).where(Task.id.in_(sorted(set(ids)))).order_by(Task.id)
    return (await uow.session.scalars(query)).all() if ids else ()

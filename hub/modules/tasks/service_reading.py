"""Reads tasks: lists, one, what stands beside them, how many wait. Never commits."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import ColumnElement, exists, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from hub.errors import NotFound
from hub.kernel.context import Deps, UnitOfWork
from hub.modules.access.api import AccessApi
from hub.modules.calls.api import CallsApi
from hub.modules.crm.api import CrmApi, number_key
from hub.modules.tasks.models import Miss, Share, Task, Try, Watch, Wish
from hub.modules.tasks.rules_shares import Part, as_seen
from hub.modules.tasks.service_book import TaskBook
from hub.modules.tasks.service_shares import of_shops
from hub.modules.tasks.views import (
    Counts,
    MissView,
    Shops,
    TaskFilter,
    TaskPage,
    TaskView,
    TryView,
    WishView,
)
from hub.values import ShopId

Conditions = list[ColumnElement[bool]]

_MOST_OPEN = 300
_MOST_SOFT = 50
_TALKS = frozenset({"talking", "on_hold"})


class TaskReading:
    """Queries; whoever asks says which shops they may see (None: every one)."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self._uow = uow
        self._session = uow.session
        self._deps = deps
        self._clock = deps.clock
        self._country = deps.places.of(uow.shop_id).country
        self._book = TaskBook(uow, deps)
        self._calls = CallsApi(uow, deps)
        self._crm = CrmApi(uow, deps)

    async def row(self, task_id: str, shops: Shops) -> Task:
        """Raises NotFound, also for a task that only other shops wait for."""
        is_id = len(task_id) <= 26 and "\x00" not in task_id
        query = select(Task).where(Task.id == task_id, *of_shops(shops))
        row = (await self._session.scalars(query)).one_or_none() if is_id else None
        if row is None:
            raise NotFound("tasks.unknown", "There is no such task.")
        return row

    async def one(self, task_id: str, shops: Shops) -> TaskView:
        """Raises NotFound."""
        return (await self.views([await self.row(task_id, shops)], shops))[0]

    async def page(self, where: TaskFilter, *, cursor: str | None, limit: int) -> TaskPage:
        """Newest first; older than the cursor."""
        if where.client_id is not None:
            client = (await self._crm.clients_by_ids([where.client_id])).get(where.client_id)
            where = replace(where, client_id=client.id) if client is not None else where
        conditions = self._conditions(where)
        if cursor is not None:
            conditions.append(Task.id < cursor)
        query = select(Task).where(*conditions).order_by(Task.id.desc()).limit(limit + 1)
        rows = (await self._session.scalars(query)).all()
        items = await self.views(rows[:limit], where.shops)
        return TaskPage(items=items, next=items[-1].id if len(rows) > limit else None)

    async def open(self, shops: Shops) -> tuple[TaskView, ...]:
        """Every open task in the order in which it should be done: what is asked, then by its clock."""
        query = select(Task).where(Task.state == "open", *of_shops(shops))
        query = query.order_by(Task.due_at.is_(None), Task.due_at, Task.id).limit(_MOST_OPEN)
        views = await self.views((await self._session.scalars(query)).all(), shops)
        return tuple(sorted(views, key=lambda task: task.asked is None))

    async def closed_since(self, since: datetime, shops: Shops, limit: int) -> tuple[TaskView, ...]:
        """What was closed lately, the newest first."""
        query = select(Task).where(Task.closed_at >= since, *of_shops(shops))
        query = query.order_by(Task.closed_at.desc(), Task.id).limit(limit)
        return await self.views((await self._session.scalars(query)).all(), shops)

    async def soft(self, shops: Shops) -> tuple[MissView, ...]:
        """Today's single short calls that nobody has answered since, the newest first."""
        query = select(Miss).where(
            Miss.task_id.is_(None), Miss.settled_by.is_(None), Miss.number_key.is_not(None),
            Miss.started_at >= await self.today(shops), *_of_shops(Miss.shop_id, shops),
        )  # fmt: skip
        query = query.order_by(Miss.started_at.desc()).limit(_MOST_SOFT)
        return tuple(_miss(row) for row in (await self._session.scalars(query)).all())

    async def withheld(self, shops: Shops) -> int:
        """How many of today's missed callers cannot be called back."""
        query = select(func.count()).where(
            Miss.number_key.is_(None), Miss.started_at >= await self.today(shops),
            *_of_shops(Miss.shop_id, shops),
        )  # fmt: skip
        return (await self._session.scalars(query)).one()

    async def today(self, shops: Shops) -> datetime:
        """When the day began: by the clock of the asker's own shop, where it is one of these, as on the desk
        and in every list; else of the first of them."""
        own = self._uow.shop_id
        shop = own if shops is None or own in shops or not shops else min(shops)
        zone = (await self._book.calendar(shop)).zone
        local = self._clock.now().astimezone(zone)
        return local.replace(hour=0, minute=0, second=0, microsecond=0)

    async def in_talk(self, tasks: Collection[TaskView]) -> frozenset[str]:
        """The call-backs whose client is on the line with one of ours at this moment."""
        live = [call for call in await self._calls.live_calls() if call.state in _TALKS and call.answered_at]
        clients = {call.client_id for call in live if call.client_id is not None}
        numbers = {call.other_number for call in live if call.other_number and call.direction != "internal"}
        keys = {key for key in (number_key(number, self._country) for number in numbers) if key}
        if not live or not tasks:
            return frozenset()
        query = select(Watch.why).where(Watch.key.in_(sorted(keys)))
        why = set((await self._session.scalars(query)).all()) if keys else set()
        return frozenset(task.id for task in tasks if task.id in why or task.client_id in clients)

    async def counts(self, shops: Shops) -> Counts:
        """What waits, in numbers."""
        tasks = await self.open(shops)
        talking = await self.in_talk(tasks)
        now = self._clock.now()
        waiting = [task for task in tasks if task.id not in talking]
        return Counts(
            open=len(waiting),
            late=sum(task.is_late(now) for task in waiting),
            escalated=sum(task.is_escalated for task in waiting),
            asked=sum(task.asked is not None for task in waiting),
            talking=len(talking),
            soft=len(await self.soft(shops)),
            withheld=await self.withheld(shops),
            oldest_at=min((task.created_at for task in waiting), default=None),
            newest=max((task.id for task in waiting if task.kind == "callback"), default=""),
        )

    async def about(self, client_id: str | None, number: str | None, shops: Shops) -> tuple[TaskView, ...]:
        """The open tasks about a client or a number, for the card."""
        key = number_key(number, self._country) if number is not None else None
        rows = await self._book.open_about(client_id, key)
        todo = select(Task).where(Task.state == "open", Task.kind == "todo", Task.client_id == client_id)
        more = (await self._session.scalars(todo)).all() if client_id is not None else ()
        return await self.views([row for row in (*rows, *more) if await self._is_of(row, shops)], shops)

    async def _is_of(self, row: Task, shops: Shops) -> bool:
        return shops is None or any(shop in shops for shop in await self._book.shares.shops(row))

    async def views(self, rows: Sequence[Task], shops: Shops) -> tuple[TaskView, ...]:
        """Rows with their misses and tries, as whoever sees these shops sees them: a few statements for a
        list of any length."""
        ids = [row.id for row in rows]
        misses: dict[str, list[MissView]] = {}
        tries: dict[str, list[TryView]] = {}
        if ids:
            of_misses = select(Miss).where(Miss.task_id.in_(ids)).order_by(Miss.started_at, Miss.call_id)
            for miss in (await self._session.scalars(of_misses)).all():
                misses.setdefault(miss.task_id or "", []).append(_miss(miss))
            of_tries = select(Try).where(Try.task_id.in_(ids)).order_by(Try.at, Try.id)
            for one in (await self._session.scalars(of_tries)).all():
                tries.setdefault(one.task_id, []).append(_try(one))
        now = self._clock.now()
        wishes, shares = await self.wishes_of(ids, shops), await self._book.shares.of(ids)
        colleagues: frozenset[str] = frozenset()
        if shares and shops is not None:
            people = await AccessApi(self._uow, self._deps).list_people(shops)
            colleagues = frozenset(person.id for person in people)
        found = []
        for row in rows:
            view = _view(row, misses.get(row.id, []), tries.get(row.id, []), wishes.get(row.id), now)
            further = {ShopId(share.shop_id): _part(share) for share in shares.get(row.id, [])}
            parts = {view.shop_id: _part(row), **further}
            found.append(as_seen(view, parts, shops, colleagues))
        return tuple(found)

    async def wishes_of(self, task_ids: Sequence[str], shops: Shops = None) -> dict[str, WishView]:
        """The newest wish behind each task."""
        if not task_ids:
            return {}
        query = select(Wish).where(Wish.task_id.in_(task_ids), *_of_shops(Wish.shop_id, shops))
        query = query.order_by(Wish.asked_at)
        return {row.task_id or "": wish_view(row) for row in await self._session.scalars(query)}

    async def wish(self, call_id: str) -> WishView | None:
        """What the caller of this call asked for."""
        row = await self._session.get(Wish, call_id)
        return None if row is None else wish_view(row)

    def _conditions(self, where: TaskFilter) -> Conditions:
        exact = {
            Task.state: where.state, Task.kind: where.kind, Task.owner_id: where.owner_id,
            Task.client_id: where.client_id,
        }  # fmt: skip
        conditions: Conditions = [c == value for c, value in exact.items() if value is not None]
        if where.number is not None:
            key = number_key(where.number, self._country) or where.number
            rang = exists().where(Miss.task_id == Task.id, Miss.number_key == key)
            conditions.append(or_(Task.number_key == key, rang))
        return [*conditions, *of_shops(where.shops)]


def late_open(now: datetime) -> Conditions:
    """Open tasks whose superior should know by now and does not yet."""
    return [Task.state == "open", Task.escalate_at <= now, Task.escalated_at.is_(None)]


def _of_shops(column: InstrumentedAttribute[str], shops: Shops) -> Conditions:
    return [] if shops is None else [column.in_(sorted(shops))]


def _miss(row: Miss) -> MissView:
    return MissView(
        call_id=row.call_id, shop_id=ShopId(row.shop_id), task_id=row.task_id, kind=row.kind,
        reason=row.reason, number=row.number, number_key=row.number_key, line=row.line,
        started_at=row.started_at, is_settled=row.settled_by is not None,
    )  # fmt: skip


def _part(one: Task | Share) -> Part:
    at = one.at if isinstance(one, Share) else one.created_at
    return Part(title=one.title, note=one.note, number=one.number, at=at)


def _try(row: Try) -> TryView:
    return TryView(
        id=row.id, shop_id=ShopId(row.shop_id), call_id=row.call_id, at=row.at, outcome=row.outcome,
        talk_seconds=row.talk_seconds, who=row.who, note=row.note,
    )  # fmt: skip


def _view(
    row: Task, misses: list[MissView], tries: list[TryView], wish: WishView | None, now: datetime
) -> TaskView:
    until = row.claimed_until if row.claimed_until is not None and row.claimed_until > now else None
    return TaskView(
        id=row.id, rev=row.rev, shop_id=ShopId(row.shop_id), kind=row.kind, title=row.title, note=row.note,
        state=row.state, reason=row.reason, client_id=row.client_id, number=row.number,
        number_key=row.number_key, line=row.line, call_id=row.call_id, owner_id=row.owner_id,
        created_at=row.created_at, due_at=row.due_at, escalate_at=row.escalate_at,
        is_escalated=row.escalated_at is not None, claimed_by=row.claimed_by if until else None,
        claimed_name=row.claimed_name if until else "", claimed_until=until,
        closed_at=row.closed_at, closed_by=row.closed_by, misses=tuple(misses), tries=tuple(tries),
        wish=wish,
    )  # fmt: skip


def wish_view(row: Wish) -> WishView:
    """As others see it."""
    return WishView(
        call_id=row.call_id, shop_id=ShopId(row.shop_id), queue=row.queue, place=row.place,
        waiting_since=row.waiting_since, asked_at=row.asked_at, has_task=row.task_id is not None,
    )  # fmt: skip

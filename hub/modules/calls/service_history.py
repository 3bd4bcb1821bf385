"""The history: a list that stays right while new calls arrive, and totals that equal it. Every
filter that finds few calls among a million is driven by its own index."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select, union_all
from sqlalchemy.orm import InstrumentedAttribute

from hub.kernel.context import Deps, UnitOfWork
from hub.kernel.cursors import cursor_of, place_in
from hub.modules.calls.filters import Branch, CallFilters
from hub.modules.calls.models import Call
from hub.modules.calls.service import CallService
from hub.modules.calls.service_gaps import GapService
from hub.modules.calls.views import CallFilter, CallPage, CallTotals, CallView, GapView
from hub.modules.crm.api import CrmApi, number_key
from hub.values import ShopId

Condition = ColumnElement[bool]

MOST_COUNTED = 10_000


class HistoryService:
    """Lists and adds up calls. Never commits."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self._uow = uow
        self._country = deps.places.of(uow.shop_id).country
        self._calls = CallService(uow, deps)
        self._gaps = GapService(uow, deps.clock)
        self._crm = CrmApi(uow, deps)
        self._filters = CallFilters(uow, deps)

    async def page(self, where: CallFilter, *, cursor: str | None, limit: int) -> CallPage:
        """Older than the cursor, so that calls that arrive meanwhile shift nothing."""
        place = place_in(cursor) if cursor is not None else None
        conditions, branches = await self._filters.driven(where, until=place[0] if place else None)
        if place is not None:
            started_at, call_id = place
            older = and_(Call.started_at == started_at, Call.id < call_id)
            conditions += [Call.started_at <= started_at, or_(Call.started_at < started_at, older)]
        rows = await self._newest(conditions, branches, limit + 1)
        items = await self._calls.views(rows[:limit])
        more = cursor_of(items[-1].started_at, items[-1].id) if len(rows) > limit else None
        return CallPage(items=items, next=more)

    async def totals(self, where: CallFilter, *, most: int | None = MOST_COUNTED) -> CallTotals:
        """The same conditions as the list, counted in one pass over the newest `most` calls (None: all):
        nobody waits for a million of them to be counted each time a page is opened."""
        conditions, branches = await self._filters.driven(where)
        columns = (Call.state, Call.direction, Call.result, Call.talk_seconds)
        found = _chosen(columns, conditions, branches, most).subquery().c
        counted = [_count(found.state != "ended")]
        counted += [_count(found.direction == direction) for direction in _DIRECTIONS]
        counted += [_count(found.result == result) for result in _RESULTS]
        query = select(func.count(), *counted, func.coalesce(func.sum(found.talk_seconds), 0.0))
        row = (await self._uow.session.execute(query)).one()
        return CallTotals(
            count=row[0], live=row[1], inbound=row[2], outbound=row[3], internal=row[4], answered=row[5],
            missed=row[6], short_abandons=row[7], voicemail=row[8], talk_seconds=round(float(row[9]), 1),
            is_part=most is not None and row[0] >= most,
        )  # fmt: skip

    async def ids(self, where: CallFilter) -> Select[str]:
        """The ids of all that fit, for another module to ask within its own statement."""
        conditions, branches = await self._filters.conditions(where), self._filters.branches(where)
        query = select(Call.id).where(*conditions)
        return query.where(or_(*branches)) if branches else query

    async def last(
        self, client_id: str | None, number: str | None, limit: int, shops: frozenset[ShopId] | None,
        skip: str | None,
    ) -> tuple[CallView, ...]:  # fmt: skip
        """A client's calls, and those of the numbers that nobody alone owns."""
        keys = {number_key(number, self._country)} if number is not None else set()
        found_by: list[Condition] = []
        if client_id is not None:
            found = (await self._crm.clients_by_ids([client_id])).get(client_id)
            keys |= {number_key(phone.number, self._country) for phone in found.phones} if found else set()
            found_by.append(Call.client_id == (found.id if found is not None else client_id))
            found_by += [and_(Call.other_key == k, Call.client_id.is_(None)) for k in keys if k is not None]
        else:
            found_by += [Call.other_key == key for key in keys if key is not None]
        if not found_by:
            return ()
        conditions = await self._filters.conditions(CallFilter(shops=shops))
        if skip is not None:
            conditions.append(Call.id != skip)
        return await self._calls.views(
            await self._newest(conditions, [Branch(one) for one in found_by], limit)
        )

    async def gaps(self, since: datetime | None, until: datetime | None) -> tuple[GapView, ...]:
        return await self._gaps.between(since, until)

    async def queues(self) -> tuple[str, ...]:
        return await self._lately(Call.queue)

    async def dialled_lately(self) -> tuple[str, ...]:
        return await self._lately(Call.line)

    async def _lately(self, column: InstrumentedAttribute[str | None]) -> tuple[str, ...]:
        last = select(column.label("seen")).order_by(Call.started_at.desc()).limit(_LATELY).subquery()
        query = select(last.c.seen).where(last.c.seen.is_not(None)).distinct().order_by(last.c.seen)
        return tuple((await self._uow.session.scalars(query)).all())

    async def _newest(
        self, conditions: Sequence[Condition], branches: Sequence[Branch], limit: int
    ) -> Sequence[Call]:
        return (await self._uow.session.scalars(_chosen([Call], conditions, branches, limit))).all()


def _chosen(
    columns: Sequence[Any], conditions: Sequence[Condition], branches: Sequence[Branch], limit: int | None
) -> Select[Any]:
    """The newest calls. With branches (any of which may hold) the newest of each are taken by its own index,
    and the newest of those: asked as one OR, the database would sort every call of a busy line."""
    if len(branches) == 1:
        return branches[0].newest(columns, conditions, limit)
    query = select(*columns)
    if limit is not None:
        query = query.order_by(Call.started_at.desc(), Call.id.desc()).limit(limit)
    if not branches:
        return query.where(*conditions)
    parts = [branch.newest([Call.id], conditions, limit).subquery() for branch in branches]
    return query.where(Call.id.in_(union_all(*(select(part.c.id) for part in parts))))


_LATELY = 500
_DIRECTIONS = ("inbound", "outbound", "internal")
_RESULTS = ("answered", "missed", "short_abandon", "voicemail")


def _count(condition: Condition) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)

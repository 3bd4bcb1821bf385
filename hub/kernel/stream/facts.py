"""Reads the outbox for people and programs: which facts there were. It never writes."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Select, or_, select

from hub.errors import NotFound
from hub.kernel.context import UnitOfWork
from hub.kernel.stream.outbox import event_outbox
from hub.kernel.stream.pruning import first_id
from hub.values import ShopId


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFact:
    """A fact as it was stored; `data` is its payload in the form of its `version`."""

    id: str
    name: str
    version: int
    occurred_at: datetime
    shop_id: str
    key: str
    cause_id: str | None
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class FactFilter:
    """Which facts. `shops` None = of every shop; `name` is a wire name or an area (`call.*`); `since` and
    `until` are about when they were stored."""

    shops: Collection[ShopId] | None = None
    name: str | None = None
    key: str | None = None
    cause_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None


class FactLog:
    """Facts for one unit of work, newest first."""

    def __init__(self, uow: UnitOfWork) -> None:
        self._uow = uow

    async def page(self, where: FactFilter, *, before: str | None, limit: int) -> list[StoredFact]:
        """Those older than `before`."""
        query = _narrowed(where).order_by(event_outbox.c.id.desc()).limit(limit)
        if before is not None:
            query = query.where(event_outbox.c.id < before)
        rows = await self._uow.read(lambda connection: connection.execute(query).all())
        return [_fact(row) for row in rows]

    async def one(self, event_id: str, shops: Collection[ShopId] | None) -> StoredFact:
        """Raises NotFound."""
        query = _narrowed(FactFilter(shops=shops)).where(event_outbox.c.id == event_id)
        row = await self._uow.read(lambda connection: connection.execute(query).first())
        if row is None:
            raise NotFound("events.unknown", "There is no such event.", "Events are kept for 30 days.")
        return _fact(row)

    async def rows(self, where: FactFilter, *, after: str, limit: int) -> list[dict[str, Any]]:
        """Outbox rows, oldest first, younger than `after`: to tell them again."""
        query = _narrowed(where).where(event_outbox.c.id > after).order_by(event_outbox.c.id).limit(limit)
        rows = await self._uow.read(lambda connection: connection.execute(query).all())
        return [dict(row._mapping) for row in rows]


_EPOCH = datetime.fromtimestamp(0, UTC)


def _narrowed(where: FactFilter) -> Select[Any]:
    columns = event_outbox.c
    query = select(event_outbox)
    if where.shops is not None:
        query = query.where(columns.shop_id.in_(sorted(where.shops)))
    if where.name is not None and where.name.endswith(".*"):
        area = where.name.removesuffix("*")
        query = query.where(columns.name >= area, columns.name < area.removesuffix(".") + "/")
    elif where.name is not None:
        query = query.where(columns.name == where.name)
    if where.key is not None:
        query = query.where(columns.key == where.key)
    if where.cause_id is not None:
        query = query.where(or_(columns.cause_id == where.cause_id, columns.id == where.cause_id))
    if where.since is not None:
        query = query.where(columns.id >= first_id(max(where.since, _EPOCH)))
    if where.until is not None:
        query = query.where(columns.id < first_id(max(where.until, _EPOCH)))
    return query


def _fact(row: Any) -> StoredFact:
    return StoredFact(
        id=row.id, name=row.name, version=row.version, occurred_at=row.occurred_at, shop_id=row.shop_id,
        key=row.key, cause_id=row.cause_id, data=json.loads(row.payload),
    )  # fmt: skip

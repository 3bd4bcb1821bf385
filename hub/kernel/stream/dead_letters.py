"""Deliveries that were given up: found by filter, put back to work, counted for the menu."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, func, select, text, update

from hub.errors import NotFound, Unavailable
from hub.kernel.context import UnitOfWork
from hub.kernel.storage.database import Database
from hub.kernel.stream.outbox import DEAD, DONE, PENDING, event_delivery, event_outbox
from hub.ports.live import Hint
from hub.values import ShopId

TOPIC = "dead"
MOST_COUNTED = 1000
"""Beyond it nobody needs to know how many; the menu shows it as "1000+"."""
_LOOK_EVERY = 5.0
_REVIVED: Mapping[str, object] = {
    "state": PENDING, "attempts": 0, "not_before": 0.0, "claimed_until": 0.0, "token": None,
}  # fmt: skip
_NUMBER = re.compile(r"[0-9]{1,18}", re.ASCII)
_IS_DEAD = text("event_delivery.state = 'dead'")


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """A delivery that failed too often; a person decides."""

    id: str
    event_id: str
    event_name: str
    handler: str
    key: str
    shop_id: str
    occurred_at: datetime
    attempts: int
    last_error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadFilter:
    """Which of them. `shops` None: of every shop; `since` and `until` are about when the fact happened."""

    shops: Collection[ShopId] | None = None
    handler: str = ""
    event: str = ""
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class DeadGroup:
    """How many of one handler and event wait."""

    handler: str
    event: str
    count: int


class DeadLetters:
    """`changed` is told what has to be tried anew: the relay's bell; `tell` gives hints to the browsers
    of this process."""

    def __init__(self, database: Database, changed: Callable[[], None], tell: Callable[[Hint], None]) -> None:
        self._database = database
        self._changed = changed
        self._tell = tell
        self._look_now = asyncio.Event()
        self._watch: asyncio.Task[None] | None = None
        self.known: Mapping[str, int] = {}
        """By shop, as they were counted last: for the menu, which cannot wait."""

    async def page(
        self, where: DeadFilter, *, before: str | None = None, limit: int = 50
    ) -> list[DeadLetter]:
        """Newest first, those before the id `before`."""
        d, o = event_delivery.c, event_outbox.c
        query = (
            select(
                d.id, d.event_id, d.handler, d.key, d.attempts, d.last_error, o.name, o.occurred_at, o.shop_id
            )
            .join_from(event_delivery, event_outbox, o.id == d.event_id)
            .where(_IS_DEAD, *_matching(where))
            .order_by(d.id.desc())
            .limit(limit)
        )
        if before is not None:
            query = query.where(d.id < _number(before))
        return [_letter(row) for row in await self._read(query)]

    async def groups(self, shops: Collection[ShopId] | None) -> list[DeadGroup]:
        """What there is to choose from, the most frequent first."""
        d, o, count = event_delivery.c, event_outbox.c, func.count()
        query = (
            select(d.handler, o.name, count)
            .join_from(event_delivery, event_outbox, o.id == d.event_id)
            .where(_IS_DEAD, *_matching(DeadFilter(shops=shops)))
            .group_by(d.handler, o.name)
            .order_by(count.desc(), d.handler, o.name)
        )
        return [DeadGroup(*row) for row in await self._read(query)]

    async def count(self, where: DeadFilter) -> int:
        """How many match."""
        query = (
            select(func.count())
            .select_from(event_delivery)
            .join(event_outbox, event_outbox.c.id == event_delivery.c.event_id)
            .where(_IS_DEAD, *_matching(where))
        )
        [row] = await self._read(query)
        return int(row[0])

    async def retry(self, uow: UnitOfWork, delivery_id: str, shops: Collection[ShopId] | None) -> None:
        """Put it back to work. Raises NotFound."""
        await self._one(uow, delivery_id, shops, _REVIVED)

    async def give_up(self, uow: UnitOfWork, delivery_id: str, shops: Collection[ShopId] | None) -> None:
        """A person decides that it is not to be done; its last error stays. Raises NotFound."""
        await self._one(uow, delivery_id, shops, {"state": DONE})

    async def retry_all(self, uow: UnitOfWork, where: DeadFilter) -> int:
        """Put every one that matches back to work, in their order; how many there were."""
        return await self._settle(uow, _REVIVED, _chosen(where))

    async def _one(
        self, uow: UnitOfWork, delivery_id: str, shops: Collection[ShopId] | None,
        values: Mapping[str, object],
    ) -> None:  # fmt: skip
        chosen = _chosen(DeadFilter(shops=shops)).where(event_delivery.c.id == _number(delivery_id))
        if not await self._settle(uow, values, chosen):
            raise NotFound("delivery.not_found", "This failed delivery is not there any more.")

    async def _settle(self, uow: UnitOfWork, values: Mapping[str, object], chosen: Select[Any]) -> int:
        change = (
            update(event_delivery)
            .where(event_delivery.c.id.in_(chosen), event_delivery.c.state == DEAD)
            .values(**values)
        )
        done = await uow.session.run_sync(lambda session: session.connection().execute(change).rowcount)
        uow.after_commit(self._settled)
        return done

    def _settled(self) -> None:
        self._changed()
        self._look_now.set()

    async def _read(self, query: Select[Any]) -> list[Any]:
        return await self._database.read(lambda connection: list(connection.execute(query).all()))

    def start(self) -> None:
        """Begin to count for the menu."""
        self._watch = asyncio.create_task(self._keep_counting(), name="dead-letters")

    def stop(self) -> None:
        """Stop counting."""
        if self._watch is not None:
            self._watch.cancel()

    async def look(self) -> None:
        """Count now; browsers are told where it changed."""
        found = await self._database.read(_counted)
        before, self.known = self.known, found
        for shop in sorted(before.keys() | found.keys()):
            if before.get(shop, 0) != found.get(shop, 0):
                self._tell(Hint(TOPIC, "", 0, ShopId(shop)))

    async def _keep_counting(self) -> None:
        while True:
            self._look_now.clear()
            with suppress(Unavailable):  # /system says so itself
                await self.look()
            try:
                async with asyncio.timeout(_LOOK_EVERY):
                    await self._look_now.wait()
            except TimeoutError:
                continue


def _matching(where: DeadFilter) -> list[ColumnElement[bool]]:
    d, o = event_delivery.c, event_outbox.c
    found: list[ColumnElement[bool]] = []
    if where.shops is not None:
        found.append(o.shop_id.in_([str(shop) for shop in where.shops]))
    if where.handler:
        found.append(d.handler == where.handler)
    if where.event:
        found.append(o.name == where.event)
    if where.since is not None:
        found.append(o.occurred_at >= where.since)
    if where.until is not None:
        found.append(o.occurred_at < where.until)
    return found


def _chosen(where: DeadFilter) -> Select[Any]:
    return (
        select(event_delivery.c.id)
        .join_from(event_delivery, event_outbox, event_outbox.c.id == event_delivery.c.event_id)
        .where(_IS_DEAD, *_matching(where))
    )


def _number(delivery_id: str) -> int:
    return int(delivery_id) if _NUMBER.fullmatch(delivery_id) else -1


def _counted(connection: Connection) -> dict[str, int]:
    first = (
        select(event_outbox.c.shop_id)
        .join_from(event_delivery, event_outbox, event_outbox.c.id == event_delivery.c.event_id)
        .where(_IS_DEAD)
        .limit(MOST_COUNTED)
        .subquery()
    )
    query = select(first.c.shop_id, func.count()).group_by(first.c.shop_id)
    return {str(shop): int(count) for shop, count in connection.execute(query).all()}


def _letter(row: Any) -> DeadLetter:
    return DeadLetter(
        id=str(row.id), event_id=row.event_id, event_name=row.name, handler=row.handler, key=row.key,
        shop_id=row.shop_id, occurred_at=row.occurred_at, attempts=row.attempts,
        last_error=row.last_error or "",
    )  # fmt: skip

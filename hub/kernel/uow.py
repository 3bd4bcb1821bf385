"""The unit of work of pages, handlers and jobs: rows, facts and hints that hold together."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import TypeVar

from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncSession

from hub.clock import Clock
from hub.events.base import Event
from hub.kernel.storage.database import Database, ReadingSession
from hub.kernel.storage.turns import take_turn
from hub.kernel.stream.outbox import Fact, Outbox, Stored
from hub.ports.live import Hint, LiveSink
from hub.values import ShopId

R = TypeVar("R")


class SqlUnitOfWork:
    """One transaction. Facts and hints are remembered and leave with the commit."""

    def __init__(
        self,
        opened: AsyncSession | ReadingSession,
        *,
        actor: str | None,
        shop_id: ShopId,
        cause_id: str | None,
        outbox: Outbox | None,
        clock: Clock,
        database: Database,
    ) -> None:
        self._opened = opened
        self._database = database
        self._actor = actor
        self._shop_id = shop_id
        self._cause_id = cause_id
        self._outbox = outbox
        self._clock = clock
        self._facts: list[Fact] = []
        self._hints: list[Hint] = []
        self._last: list[Callable[[Connection], None]] = []
        self._calls: list[Callable[[], None]] = []

    @property
    def session(self) -> AsyncSession:
        opened = self._opened
        return opened.session if isinstance(opened, ReadingSession) else opened

    @property
    def shop_id(self) -> ShopId:
        return self._shop_id

    @property
    def actor(self) -> str | None:
        return self._actor

    def publish(
        self,
        event: Event,
        *,
        occurred_at: datetime | None = None,
        external_id: str | None = None,
        shop_id: ShopId | None = None,
    ) -> None:
        """Remember a fact; it is stored by the commit."""
        if self._outbox is None:
            raise RuntimeError("a reading unit of work has nothing to publish")
        self._facts.append(
            self._outbox.fact(
                event,
                occurred_at=occurred_at or self._clock.now(),
                shop_id=shop_id or self._shop_id,
                actor=self._actor,
                cause_id=self._cause_id,
                external_id=external_id,
            )
        )

    def hint(
        self,
        topic: str,
        row_id: str,
        rev: int,
        *,
        shop_id: ShopId | None = None,
        phones: Collection[str] = (),
    ) -> None:
        """Remember a hint; watchers get it after the commit."""
        self._hints.append(Hint(topic, row_id, rev, shop_id or self._shop_id, frozenset(phones)))

    def before_commit(self, work: Callable[[Connection], None]) -> None:
        """Remember it; it runs in order of being told, after the rows and facts are written."""
        if self._outbox is None:
            raise RuntimeError("a reading unit of work is never committed")
        self._last.append(work)

    def after_commit(self, call: Callable[[], None]) -> None:
        """Remember whom to wake."""
        self._calls.append(call)

    async def read(self, work: Callable[[Connection], R]) -> R:
        """Core queries in one visit to the database; in a reading unit of work on a connection of
        their own, since a page that asks nothing else then needs no session at all."""
        if self._outbox is None:
            return await self._database.read(work)
        await self.session.flush()
        return await self.session.run_sync(lambda session: work(session.connection()))

    async def glance(self, work: Callable[[Connection], R]) -> R:
        """As `read`, together with others that are asked for at the same moment."""
        return await (self._database.glance(work) if self._outbox is None else self.read(work))

    async def take_turn(self, what: str) -> None:
        """Nobody else is past this line for the same `what` until this transaction ends."""
        if not self._database.is_sqlite:
            await self.session.run_sync(lambda session: take_turn(session.connection(), what))

    async def store_facts(self) -> Stored:
        """Flush the rows and write the facts, still inside the transaction."""
        await self.session.flush()
        if self._outbox is None or not self._facts:
            return Stored()
        outbox, rows = self._outbox, [self._outbox.row(fact) for fact in self._facts]
        return await self.session.run_sync(lambda session: outbox.store(session.connection(), rows))

    async def finish(self) -> None:
        """What was to be done last; still inside the transaction."""
        if self._last:
            last, self._last = self._last, []
            await self.session.run_sync(lambda session: [work(session.connection()) for work in last])

    @property
    def hints(self) -> Sequence[Hint]:
        """What to tell watchers once this is committed."""
        return self._hints

    @property
    def calls(self) -> Sequence[Callable[[], None]]:
        """Whom to wake once this is committed."""
        return self._calls


class SqlTransactions:
    """Opens units of work. `stored` is told, after each commit, what work the facts have made."""

    def __init__(
        self,
        database: Database,
        outbox: Outbox,
        live: LiveSink,
        clock: Clock,
        stored: Callable[[Stored], None],
    ) -> None:
        self._database = database
        self._outbox = outbox
        self._live = live
        self._clock = clock
        self._stored = stored

    @asynccontextmanager
    async def writing(
        self, *, actor: str | None, shop_id: ShopId, cause_id: str | None = None
    ) -> AsyncIterator[SqlUnitOfWork]:
        """A writing unit of work; leaving it without an exception commits."""
        async with self._database.writing() as session:
            uow = SqlUnitOfWork(
                session,
                actor=actor,
                shop_id=shop_id,
                cause_id=cause_id,
                outbox=self._outbox,
                clock=self._clock,
                database=self._database,
            )
            yield uow
            stored = await uow.store_facts()
            await uow.finish()
            await session.commit()
            self._database.commits += 1
        if stored.new:
            self._stored(stored)
        for hint in uow.hints:
            self._live.publish(hint)
        for call in uow.calls:
            call()

    @asynccontextmanager
    async def reading(self, *, actor: str | None, shop_id: ShopId) -> AsyncIterator[SqlUnitOfWork]:
        """A reading unit of work; it sees one moment and is rolled back at the end."""
        async with self._database.looking() as opened:
            yield SqlUnitOfWork(
                opened,
                actor=actor,
                shop_id=shop_id,
                cause_id=None,
                outbox=None,
                clock=self._clock,
                database=self._database,
            )

"""Intake with group commit: what several connectors bring while a commit runs goes into the next one."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from hub.errors import Unavailable
from hub.kernel.processes.leases import Fence, refuse_stale
from hub.kernel.storage.database import Database
from hub.kernel.stream.batch import Outcome, Stumbled
from hub.kernel.stream.hotline import HotLine
from hub.kernel.stream.outbox import Fact, Outbox, Stored
from hub.kernel.stream.wakeup import Wakeup
from hub.log import get_logger
from hub.ports.errors import LinkTaken
from hub.ports.intake import Arrival
from hub.values import ShopId

R = TypeVar("R")
Mark = Callable[[Connection], None]
"""Written in the transaction that stores the facts; what it raises undoes them."""

_LARGEST = 1000
_FIRST_WAIT, _LONGEST_WAIT = 0.1, 5.0


@dataclass(frozen=True, slots=True)
class _Offer:
    facts: list[Fact]
    rows: list[dict[str, Any]]
    stored: asyncio.Future[None]
    fence: Fence | None = None
    mark: Mark | None = None


class GroupIntake:
    """Implements ports.intake.Intake. `accept` returns only when its facts are committed."""

    def __init__(
        self, database: Database, outbox: Outbox, hot: HotLine, bell: Wakeup, shop_id: ShopId
    ) -> None:
        self._database = database
        self._outbox = outbox
        self._shop_id = shop_id
        self._hot = hot
        self._bell = bell
        self._offers: deque[_Offer] = deque()
        self._flushing: asyncio.Task[None] | None = None
        self._log = get_logger("hub.intake")
        self.trouble: Unavailable | None = None
        self.accepted = 0
        self.duplicates = 0

    async def accept(
        self, arrivals: Sequence[Arrival], fence: Fence | None = None, mark: Mark | None = None
    ) -> None:
        """Store all of them, in order, and whatever `mark` writes with them. Waits and tries again while
        the database is locked or away: it returns only when they are stored, or is cancelled. Raises
        LinkTaken for an old fence."""
        if not arrivals:
            return
        facts = [self._fact(arrival) for arrival in arrivals]
        rows = [self._outbox.row(fact) for fact in facts]
        offer = _Offer(facts, rows, asyncio.get_running_loop().create_future(), fence, mark)
        self._offers.append(offer)
        if self._flushing is None:
            self._flushing = asyncio.create_task(self._flush(), name="intake")
        await offer.stored

    async def stop(self, seconds: float = 2.0) -> None:
        """Let what was taken be stored, as far as the time allows."""
        if self._flushing is not None:
            _, late = await asyncio.wait([self._flushing], timeout=seconds)
            for task in late:
                task.cancel()

    @property
    def waiting(self) -> int:
        """How many calls of `accept` wait for their commit."""
        return len(self._offers)

    def _fact(self, arrival: Arrival) -> Fact:
        return self._outbox.fact(
            arrival.event,
            occurred_at=arrival.occurred_at,
            shop_id=self._shop_id,
            source=arrival.source,
            external_id=arrival.external_id,
        )

    async def _flush(self) -> None:
        batch: list[_Offer] = []
        try:
            while self._offers:
                batch = self._take()
                await self._store_or_divide(batch)
        finally:
            self._flushing = None
            for offer in batch:
                offer.stored.cancel()  # no effect on those that are stored

    async def _store_or_divide(self, batch: Sequence[_Offer]) -> None:
        """One bad call must not take the others with it."""
        try:
            await self._store(batch)
        except (SQLAlchemyError, ValueError, TypeError, LinkTaken) as error:
            if len(batch) > 1:
                for offer in batch:
                    await self._store_or_divide([offer])
                return
            self._log.error("intake refused facts", error=str(error), facts=len(batch[0].rows))
            if not batch[0].stored.done():
                batch[0].stored.set_exception(error)

    def _take(self) -> list[_Offer]:
        batch, size = [self._offers.popleft()], 0
        while self._offers and size < _LARGEST:
            batch.append(self._offers.popleft())
            size += len(batch[-1].rows)
        return batch

    async def _store(self, batch: Sequence[_Offer]) -> None:
        facts = [fact for offer in batch for fact in offer.facts]
        rows = [row for offer in batch for row in offer.rows]
        try:
            stored, outcome = await self._persist(
                fenced(batch, lambda connection: self._write(connection, facts, rows))
            )
        except Stumbled:
            stored, outcome = await self._persist(
                fenced(batch, lambda connection: self._write_waiting(connection, rows))
            )
        self.accepted += stored.new
        self.duplicates += len(rows) - stored.new
        if outcome is None:
            self._bell.ring(stored)
        else:
            self._bell.ring(replace(stored, hot=self._hot.committed(outcome)))
        for offer in batch:
            if not offer.stored.done():
                offer.stored.set_result(None)

    def _write(
        self, connection: Connection, facts: Sequence[Fact], rows: Sequence[dict[str, Any]]
    ) -> tuple[Stored, Outcome | None]:
        """Store, and handle the hot ones in the same transaction, unless the relay is behind: then
        facts are only stored, and it catches up."""
        if self._hot.is_behind:
            return self._outbox.store(connection, rows), None
        return self._hot.take(connection, facts, rows)

    def _write_waiting(
        self, connection: Connection, rows: Sequence[dict[str, Any]]
    ) -> tuple[Stored, Outcome]:
        """The same where a handler has failed: what is stored is claimed, so that only the guilty fact
        waits for its next try."""
        return self._outbox.store(connection, rows), self._hot.run(connection)

    async def _persist(self, work: Callable[[Connection], R]) -> R:
        """Write, waiting for the database as long as it takes."""
        wait = _FIRST_WAIT
        while True:
            try:
                stored = await self._database.write(work)
            except Unavailable as fault:
                if self.trouble is None or self.trouble.code != fault.code:
                    self._log.error("intake waits for the database", code=fault.code, text=fault.text)
                self.trouble = fault
                await asyncio.sleep(wait)
                wait = min(wait * 2, _LONGEST_WAIT)
            else:
                if self.trouble is not None:
                    self._log.info("intake stores again", after=self.trouble.code)
                    self.trouble = None
                return stored


class FencedIntake:
    """Implements ports.intake.Intake for the holder of a link."""

    def __init__(self, intake: GroupIntake, fence: Fence) -> None:
        self._intake = intake
        self._fence = fence

    async def accept(self, arrivals: Sequence[Arrival]) -> None:
        """As GroupIntake's, in the holder's name. Raises LinkTaken when somebody else holds it now."""
        await self._intake.accept(arrivals, self._fence)


def fenced(batch: Sequence[_Offer], work: Callable[[Connection], R]) -> Callable[[Connection], R]:
    """The same work with the marks of the offers, refused where one of them comes from a former holder."""
    fences = {offer.fence for offer in batch if offer.fence is not None}
    marks = [offer.mark for offer in batch if offer.mark is not None]
    if not fences and not marks:
        return work

    def checked(connection: Connection) -> R:
        if fences:
            refuse_stale(connection, fences)
        for mark in marks:
            mark(connection)
        return work(connection)

    return checked

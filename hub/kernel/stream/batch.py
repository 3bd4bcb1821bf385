"""One run of batch handlers: what they are given, and what came of it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from sqlalchemy import Connection

from hub.clock import Clock
from hub.events.base import Envelope, Event
from hub.kernel.context import Deps
from hub.kernel.stream.outbox import Fact, Outbox, Stored
from hub.ports.live import Hint
from hub.values import ShopId


class Stumbled(Exception):
    """A handler failed on fresh facts: undo, store them as waiting, and let them be claimed."""


@dataclass(slots=True)
class Outcome:
    """What one transaction of the hot path did; true only once it is committed."""

    handled: int = 0
    failed: int = 0
    hints: list[Hint] = field(default_factory=list)
    stored: Stored = field(default_factory=Stored)
    is_full: bool = False
    retry_in: float | None = None


class Batch:
    """The BatchContext of one run of a handler; what it says counts only if the run succeeds."""

    def __init__(self, connection: Connection, deps: Deps, outbox: Outbox, clock: Clock) -> None:
        self._connection = connection
        self._deps = deps
        self._outbox = outbox
        self._clock = clock
        self.facts: list[Fact] = []
        self.hints: list[Hint] = []

    @property
    def connection(self) -> Connection:
        return self._connection

    @property
    def deps(self) -> Deps:
        return self._deps

    def publish(self, event: Event, *, cause: Envelope, external_id: str | None = None) -> None:
        """A fact that follows from another; stored with the batch."""
        self.facts.append(
            self._outbox.fact(
                event,
                occurred_at=self._clock.now(),
                shop_id=cause.shop_id,
                cause_id=cause.id,
                external_id=external_id,
            )
        )

    def hint(
        self,
        topic: str,
        row_id: str,
        rev: int,
        shop_id: ShopId | None = None,
        phones: Collection[str] = (),
        *,
        may_wait: bool = False,
    ) -> None:
        """Tell watchers after the commit; a moment later where it `may_wait` for a newer one."""
        self.hints.append(Hint(topic, row_id, rev, shop_id, frozenset(phones), may_wait))

"""The hot path: handlers that take batches, run in the writer's transaction that claims their work.

One transaction claims the oldest deliveries of all batch handlers, runs each handler once under a
savepoint with everything that is its, and marks them done. When a batch fails its deliveries run one
by one, so that only the guilty one backs off; the later ones of its key wait for it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, bindparam, select, text, update

from hub.clock import Clock
from hub.kernel.context import Delivered, Deps
from hub.kernel.manifest import Subscription
from hub.kernel.storage.faults import storage_fault
from hub.kernel.storage.prepared import PreparedIn
from hub.kernel.stream.batch import Batch, Outcome, Stumbled
from hub.kernel.stream.codec import Codec, Unreadable
from hub.kernel.stream.outbox import (
    DONE,
    Fact,
    Outbox,
    Stored,
    event_delivery,
    moment,
)
from hub.kernel.stream.turns import SOON, ServerTurns, Turn
from hub.kernel.stream.waiting import due, read_event, settle_failure

Failed = Callable[[str, Exception, int, bool], None]
"""Told of every failure: the handler, the error, which attempt it was, whether it was the last."""


@dataclass(frozen=True, slots=True)
class _Work:
    id: int
    attempts: int
    delivered: Delivered[Any]


class HotPath:
    """Runs the batch handlers. Synchronous: call `run` inside a writing transaction."""

    def __init__(
        self,
        subscriptions: Mapping[str, Subscription],
        *,
        outbox: Outbox,
        codec: Codec,
        deps: Deps,
        clock: Clock,
        size: int,
        backoff: Sequence[float],
        failed: Failed,
    ) -> None:
        self._subscriptions = subscriptions
        self._outbox = outbox
        self._codec = codec
        self._deps = deps
        self._clock = clock
        self._size = size
        self._backoff = tuple(backoff)
        self._failed = failed
        self._claim = due(tuple(subscriptions), size)
        self._turns = ServerTurns(tuple(subscriptions), codec, size)
        self._routes: dict[str, list[str]] = {}
        for name, subscription in subscriptions.items():
            for event in subscription.events:
                self._routes.setdefault(event.name, []).append(name)

    def take(
        self, connection: Connection, facts: Sequence[Fact], rows: Sequence[dict[str, Any]]
    ) -> tuple[Stored, Outcome]:
        """Store fresh facts (`rows` are theirs) and run the handlers on them at once, without claiming
        them; where work waits already they are claimed in their turn. Raises Stumbled when a handler
        fails: then nothing of this transaction may stay."""
        shares = connection.dialect.name == "postgresql"
        turn = self._turns.enter(connection, facts) if shares else None
        new = self._outbox.insert(connection, rows)
        if self._is_behind(connection, turn):
            return self._outbox.deliver(connection, new), self.run(connection, turn)
        stored = self._outbox.deliver(connection, new, handled=self._subscriptions)
        works, outcome = self._fresh(facts, new), Outcome()
        try:
            self._handle(
                connection, [(self._subscriptions[name], mine) for name, mine in works.items()], outcome
            )
        except Exception as error:
            if storage_fault(error) is not None:
                raise
            raise Stumbled from error
        outcome.handled = sum(map(len, works.values()))
        return stored, outcome

    def _is_behind(self, connection: Connection, turn: Turn | None) -> bool:
        if turn is not None:
            return self._turns.is_behind(connection, turn)
        return bool(self._subscriptions) and bool(_WAITING.all(connection, tuple(self._subscriptions)))

    def _fresh(self, facts: Sequence[Fact], new: Sequence[dict[str, Any]]) -> dict[str, list[_Work]]:
        """What the handlers are given of facts that stand in memory. The number of a delivery is for
        settling it, and these have none."""
        stored = {row["id"] for row in new}
        works: dict[str, list[_Work]] = {}
        for fact in facts:
            if fact.envelope.id in stored:
                work = _Work(0, 0, Delivered(fact.envelope, fact.event))
                for name in self._routes.get(fact.event.name, ()):
                    works.setdefault(name, []).append(work)
        return works

    def run(self, connection: Connection, turn: Turn | None = None) -> Outcome:
        """Claim, run and settle one batch of every handler, of what `turn` has to itself when there is
        one. Raises only for storage faults."""
        outcome = Outcome()
        if not self._subscriptions:
            return outcome
        now = moment(connection, self._clock)
        rows = self._claimed(connection, now, turn, outcome)
        works = self._read(connection, rows, now, outcome)
        done = self._run_all(connection, works, outcome)
        if done is None:
            done = []
            for name, mine in works.items():
                done += self._run_handler(connection, self._subscriptions[name], mine, now, outcome)
        if done:
            connection.execute(_DONE, [{"delivery": number} for number in done])
        outcome.handled = len(done)
        return outcome

    def _claimed(
        self, connection: Connection, now: float, turn: Turn | None, outcome: Outcome
    ) -> Sequence[Row[Any]]:
        if connection.dialect.name != "postgresql":
            rows = connection.execute(self._claim, {"now": now}).all()
            outcome.is_full = len(rows) >= self._size
            return rows
        claimed = self._turns.claim(connection, now, turn)
        outcome.is_full = claimed.is_full and (bool(claimed.rows) or not claimed.is_held_up)
        if claimed.is_held_up:
            outcome.retry_in = SOON
        return claimed.rows

    def _run_all(
        self, connection: Connection, works: Mapping[str, Sequence[_Work]], outcome: Outcome
    ) -> list[int] | None:
        """The usual case: everything succeeds, under one savepoint. None when something failed."""
        if not works:
            return []
        steps = [(self._subscriptions[name], mine) for name, mine in works.items()]
        if self._attempt(connection, steps, outcome) is not None:
            return None
        return [work.id for mine in works.values() for work in mine]

    def _read(
        self, connection: Connection, rows: Sequence[Row[Any]], now: float, outcome: Outcome
    ) -> dict[str, list[_Work]]:
        works: dict[str, list[_Work]] = {name: [] for name in self._subscriptions}
        read: dict[str, Delivered[Any] | Unreadable] = {}
        for row in rows:
            delivered = read.get(row.event_id)
            if delivered is None:
                delivered = read[row.event_id] = read_event(self._codec, row)
            if isinstance(delivered, Unreadable):
                self._fail(connection, row.handler, row.id, len(self._backoff), now, delivered, outcome)
            else:
                works[row.handler].append(_Work(row.id, row.attempts, delivered))
        return {name: mine for name, mine in works.items() if mine}

    def _run_handler(
        self,
        connection: Connection,
        subscription: Subscription,
        works: Sequence[_Work],
        now: float,
        outcome: Outcome,
    ) -> list[int]:
        if len(works) > 1 and self._attempt(connection, [(subscription, works)], outcome) is None:
            return [work.id for work in works]
        done: list[int] = []
        waiting: set[str] = set()
        for work in works:
            key = work.delivered.envelope.key
            if key in waiting:
                continue
            error = self._attempt(connection, [(subscription, [work])], outcome)
            if error is None:
                done.append(work.id)
                continue
            waiting.add(key)
            self._fail(connection, subscription.name, work.id, work.attempts, now, error, outcome)
        return done

    def _attempt(
        self,
        connection: Connection,
        steps: Sequence[tuple[Subscription, Sequence[_Work]]],
        outcome: Outcome,
    ) -> Exception | None:
        """Run handlers under one savepoint; None when all succeeded, else nothing of it stays.
        The savepoint is said in plain SQL: SQLAlchemy compiles its own anew every time."""
        connection.exec_driver_sql("SAVEPOINT hot")
        try:
            self._handle(connection, steps, outcome)
        except Exception as error:
            if storage_fault(error) is not None:
                raise
            connection.exec_driver_sql("ROLLBACK TO SAVEPOINT hot")
            return error
        connection.exec_driver_sql("RELEASE SAVEPOINT hot")
        return None

    def _handle(
        self,
        connection: Connection,
        steps: Sequence[tuple[Subscription, Sequence[_Work]]],
        outcome: Outcome,
    ) -> None:
        """Run handlers, store what they publish; the outcome has it only when all of them succeeded."""
        batch = Batch(connection, self._deps, self._outbox, self._clock)
        for subscription, works in steps:
            if subscription.handle_batch is not None:
                subscription.handle_batch(batch, [work.delivered for work in works])
        outcome.stored += self._outbox.store(connection, [self._outbox.row(fact) for fact in batch.facts])
        outcome.hints += batch.hints

    def _fail(
        self,
        connection: Connection,
        handler: str,
        delivery: int,
        attempts: int,
        now: float,
        error: Exception,
        outcome: Outcome,
    ) -> None:
        wait = settle_failure(connection, delivery, attempts, now, self._backoff, error)
        outcome.failed += 1
        if wait is not None:
            outcome.retry_in = wait if outcome.retry_in is None else min(outcome.retry_in, wait)
        self._failed(handler, error, attempts + 1, wait is None)


_DONE = (
    update(event_delivery)
    .where(event_delivery.c.id == bindparam("delivery"))
    .values(state=DONE)
)  # fmt: skip
_WAITING = PreparedIn(
    lambda handlers: (
        select(event_delivery.c.id)
        .where(text("event_delivery.state = 'pending'"), event_delivery.c.handler.in_(handlers))
        .limit(1)
    )
)

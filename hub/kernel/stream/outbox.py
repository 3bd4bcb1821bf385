"""The outbox: a fact is stored in the transaction of its effect, with a delivery per handler that has not
run by then.

`event_outbox` holds the fact (unique by source and external id: the second arrival is silence),
`event_delivery` the work it makes. Order is the delivery's number. All functions are synchronous
Core statements on a connection, so that they run in any transaction: the writer thread's on SQLite,
`run_sync` on PostgreSQL, a page's session.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    bindparam,
    insert,
    select,
    text,
)  # fmt: skip
from sqlalchemy.dialects import sqlite

from hub.clock import Clock
from hub.events.base import Envelope, Event
from hub.kernel.storage.orm import Base, UtcDateTime, ulid_text
from hub.kernel.storage.prepared import Prepared
from hub.kernel.stream.codec import Codec
from hub.values import ShopId

PENDING, DONE, DEAD = "pending", "done", "dead"
BORDER = "*"
"""The key of a border's deliveries to batch handlers: it has to do with every other."""
_NUMBER = BigInteger().with_variant(Integer(), "sqlite")  # only INTEGER counts by itself on SQLite

event_outbox = Table(
    "event_outbox",
    Base.metadata,
    Column("id", String(26), primary_key=True),
    Column("name", String(80), nullable=False),
    Column("version", Integer, nullable=False),
    Column("occurred_at", UtcDateTime, nullable=False),
    Column("shop_id", String(40), nullable=False),
    Column("key", String(200), nullable=False),
    Column("actor", String(80)),
    Column("cause_id", String(26)),
    Column("source", String(80), nullable=False),
    Column("external_id", String(300), nullable=False),
    Column("payload", Text, nullable=False),
    UniqueConstraint("source", "external_id"),
    Index(
        "ix_event_outbox_cause_id",
        "cause_id",
        sqlite_where=text("cause_id IS NOT NULL"),
        postgresql_where=text("cause_id IS NOT NULL"),
    ),
    Index("ix_event_outbox_key", "key"),
)

event_delivery = Table(
    "event_delivery",
    Base.metadata,
    Column("id", _NUMBER, primary_key=True, autoincrement=True),
    Column("event_id", String(26), ForeignKey("event_outbox.id"), nullable=False),
    Column("handler", String(120), nullable=False),
    Column("key", String(200), nullable=False),
    Column("state", String(8), nullable=False, server_default=PENDING),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("not_before", Float(53), nullable=False, server_default="0"),
    Column("claimed_until", Float(53), nullable=False, server_default="0"),
    Column("token", String(26)),
    Column("last_error", Text),
    Index("ix_event_delivery_event_id", "event_id"),
    Index(
        "ix_event_delivery_open",
        "key", "handler", "id",
        sqlite_where=text("state = 'pending'"), postgresql_where=text("state = 'pending'"),
    ),
    Index(
        "ix_event_delivery_dead",
        "id",
        sqlite_where=text("state = 'dead'"), postgresql_where=text("state = 'dead'"),
    ),
    Index(
        "ix_event_delivery_waiting",
        "handler",
        sqlite_where=text("state = 'pending'"), postgresql_where=text("state = 'pending'"),
    ),
    Index(
        "ix_event_delivery_turn",
        "id",
        sqlite_where=text("state = 'pending'"), postgresql_where=text("state = 'pending'"),
    ),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Fact:
    """An event with its envelope, ready to be stored."""

    envelope: Envelope
    event: Event


@dataclass(frozen=True, slots=True)
class Stored:
    """How many facts were new, and whose work they made."""

    new: int = 0
    hot: bool = False
    ordinary: bool = False
    told: frozenset[str] = frozenset()
    """The modules whose observers have made work of their own."""

    def __add__(self, other: Stored) -> Stored:
        return Stored(
            self.new + other.new,
            self.hot or other.hot,
            self.ordinary or other.ordinary,
            self.told | other.told,
        )


class Ids:
    """ULIDs that never step back within a process, from any thread."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._last = 0

    def next(self) -> str:
        """The next id; greater than every one before it."""
        milliseconds = int(self._clock.now().timestamp() * 1000)
        with self._lock:
            fresh = (milliseconds << 80) | int.from_bytes(os.urandom(9), "big")
            self._last = fresh if fresh > self._last else self._last + 1
            number = self._last
        return ulid_text(number)


Observer = Callable[[Connection, Sequence[Mapping[str, Any]]], bool]


class Outbox:
    """Stores facts with their deliveries. `routes`: wire name to the handlers that subscribe;
    `hot`: which of the handlers take batches; `observers` see every new fact, each by
    its module's name."""

    def __init__(
        self,
        codec: Codec,
        clock: Clock,
        routes: Mapping[str, Sequence[str]],
        hot: frozenset[str],
        observers: Mapping[str, Observer] | None = None,
    ) -> None:
        self._codec = codec
        self._observers = dict(observers or {})
        self._routes = {name: tuple(handlers) for name, handlers in routes.items()}
        self._bordered = {(name, handler) for name in codec.borders for handler in hot}
        self._hot_events = {name for name, handlers in routes.items() if hot.intersection(handlers)}
        self._ordinary_events = {name for name, handlers in routes.items() if set(handlers) - hot}
        self.ids = Ids(clock)

    def fact(
        self,
        event: Event,
        *,
        occurred_at: Any,
        shop_id: ShopId,
        actor: str | None = None,
        cause_id: str | None = None,
        source: str = "hub",
        external_id: str | None = None,
    ) -> Fact:
        """Put an event into its envelope. An event without an external id gets its own id as one."""
        event_id = self.ids.next()
        envelope = Envelope(
            id=event_id,
            occurred_at=occurred_at,
            shop_id=shop_id,
            key=_clean(event.key),
            actor=actor,
            cause_id=cause_id,
            source=source,
            external_id=_clean(external_id) if external_id else event_id,
        )
        return Fact(envelope, event)

    def row(self, fact: Fact) -> dict[str, Any]:
        """The outbox row of a fact. Raises TypeError for an event outside the catalogue."""
        envelope = fact.envelope
        return {
            "id": envelope.id,
            "name": fact.event.name,
            "version": fact.event.version,
            "occurred_at": envelope.occurred_at,
            "shop_id": envelope.shop_id,
            "key": envelope.key,
            "actor": envelope.actor,
            "cause_id": envelope.cause_id,
            "source": envelope.source,
            "external_id": envelope.external_id,
            "payload": self._codec.encode(fact.event),
        }

    def store(self, connection: Connection, rows: Sequence[dict[str, Any]]) -> Stored:
        """Write rows and their deliveries, in order; what is known already is passed over."""
        return self.deliver(connection, self.insert(connection, rows)) if rows else Stored()

    def deliver(
        self, connection: Connection, new: Sequence[dict[str, Any]], *, handled: Collection[str] = ()
    ) -> Stored:
        """Write the deliveries of rows that `insert` found to be new. The `handled` handlers need none:
        they run in this same transaction, so that the fact is there only with their work done."""
        deliveries = [
            {
                "event_id": row["id"],
                "handler": handler,
                "key": BORDER if (row["name"], handler) in self._bordered else row["key"],
                "state": PENDING,
            }
            for row in new
            for handler in self._routes.get(row["name"], ())
            if handler not in handled
        ]
        if deliveries and connection.dialect.name == "sqlite":
            _INSERT_DELIVERY.run(connection, deliveries)
        elif deliveries:
            connection.exec_driver_sql(_POSTGRES_DELIVERIES, _columns(_OF_DELIVERY, deliveries))
        observers = self._observers.items() if new else ()
        told = frozenset([name for name, observe in observers if observe(connection, new)])
        names = {row["name"] for row in new}
        return Stored(len(new), bool(names & self._hot_events), bool(names & self._ordinary_events), told)

    def insert(self, connection: Connection, rows: Sequence[dict[str, Any]]) -> Sequence[dict[str, Any]]:
        """Write rows, no work yet; those of them that were new."""
        if connection.dialect.name == "sqlite":
            if _INSERT_SQLITE.run(connection, rows) == len(rows):
                return rows
            stored = _present(connection, [row["id"] for row in rows])
        else:
            texts = [_in_text(row, connection.dialect) for row in rows]
            stored = set(connection.exec_driver_sql(_POSTGRES_FACTS, _columns(_OF_FACT, texts)).scalars())
        return [row for row in rows if row["id"] in stored]


_INSERT_SQLITE = Prepared(
    sqlite.insert(event_outbox)
    .values({column.name: bindparam(column.name) for column in event_outbox.c})
    .on_conflict_do_nothing()
)
_OF_FACT = tuple(column.name for column in event_outbox.c)
_MOMENT = UtcDateTime()
_OF_DELIVERY = ("event_id", "handler", "key", "state")
# One statement for any number of rows: executemany is a statement a row for the server, and a VALUES
# list one to be parsed anew for every length. All are lists of text, the one kind of list that asyncpg
# knows without asking the server, which costs 10 ms of its processor on every new connection.
_POSTGRES_FACTS = """
INSERT INTO event_outbox
    (id, name, version, occurred_at, shop_id, key, actor, cause_id, source, external_id, payload)
SELECT id, name, version::int, occurred_at::timestamptz, shop_id, key, actor, cause_id, source, external_id,
    payload
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
    $9::text[], $10::text[], $11::text[])
    AS fact (id, name, version, occurred_at, shop_id, key, actor, cause_id, source, external_id, payload)
ON CONFLICT (source, external_id) DO NOTHING RETURNING id
"""
_POSTGRES_DELIVERIES = """
INSERT INTO event_delivery (event_id, handler, key, state, attempts, not_before, claimed_until)
SELECT event_id, handler, key, state, 0, 0, 0
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) WITH ORDINALITY
    AS made (event_id, handler, key, state, place)
ORDER BY place
"""
_INSERT_DELIVERY = Prepared(
    insert(event_delivery).values(
        event_id=bindparam("event_id"),
        handler=bindparam("handler"),
        key=bindparam("key"),
        state=bindparam("state"),
        attempts=0,
        not_before=0.0,
        claimed_until=0.0,
    )
)


def _in_text(row: Mapping[str, Any], dialect: Dialect) -> dict[str, Any]:
    moment = _MOMENT.process_bind_param(row["occurred_at"], dialect)
    return {**row, "version": str(row["version"]), "occurred_at": moment.isoformat()}


def _columns(names: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> tuple[list[Any], ...]:
    return tuple([row[name] for row in rows] for name in names)


def _present(connection: Connection, ids: Iterable[str]) -> set[str]:
    return set(connection.scalars(select(event_outbox.c.id).where(event_outbox.c.id.in_(list(ids)))))


def _clean(text_from_outside: str) -> str:
    """What every database takes: no NUL, no half surrogates."""
    if "\x00" in text_from_outside:
        text_from_outside = text_from_outside.replace("\x00", "�")
    return text_from_outside.encode("utf-8", "replace").decode()


def moment(connection: Connection, clock: Clock) -> float:
    """Seconds for waits and leases: the server's clock where several processes share a database."""
    if connection.dialect.name == "sqlite":
        return clock.now().timestamp()
    seconds: float = connection.scalar(_SERVER_CLOCK) or 0.0
    return seconds


_SERVER_CLOCK = text("SELECT extract(epoch FROM clock_timestamp())::float8")

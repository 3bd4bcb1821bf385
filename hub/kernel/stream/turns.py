"""Whose turn it is on a server that several processes share: order is kept per key, the rest goes side
by side.

A transaction of the hot path holds the locks of its keys until its end. Fresh facts wait for theirs,
all asked for in ascending order, so nobody waits in a circle; claimed work takes only what is free. A
fact that touches everything (`Event.is_border`) has the whole to itself, after all that was stored
before it. What is read to decide anything is read after the lock was given: a statement sees what was
committed before it began.
"""

from __future__ import annotations

import zlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Row, any_, bindparam
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Text

from hub.kernel.stream.codec import Codec, Unreadable
from hub.kernel.stream.outbox import BORDER, Fact, event_delivery
from hub.kernel.stream.waiting import due, read_event

MOST_KEYS = 256
"""Locks that one transaction asks for; a greater one takes the whole: the server's table is finite."""
SOON = 0.02
"""Seconds after which work is looked at again whose key somebody held."""


@dataclass(slots=True)
class Turn:
    """What a transaction has to itself: these keys, or the whole. `is_barred`: a border waits, and
    nothing may be handled before it."""

    keys: tuple[str, ...] = ()
    has_whole: bool = False
    is_barred: bool = False


@dataclass(slots=True)
class Claimed:
    """Deliveries to be handled now, in order. `is_full`: there may be more; `is_held_up`: some wait
    for a key that somebody else has."""

    rows: Sequence[Row[Any]] = field(default_factory=list)
    is_full: bool = False
    is_held_up: bool = False


class ServerTurns:
    """The turns of the batch handlers of these names, on PostgreSQL."""

    def __init__(self, handlers: Collection[str], codec: Codec, size: int) -> None:
        self._handlers = list(handlers)
        self._codec = codec
        self._size = size
        claim = due(self._handlers, size).with_for_update(of=event_delivery, skip_locked=True)
        self._claim = claim
        self._claim_of_keys = claim.where(event_delivery.c.key == any_(bindparam("keys", type_=ARRAY(Text))))

    def enter(self, connection: Connection, facts: Sequence[Fact]) -> Turn:
        """Wait until nobody else works on what these facts touch."""
        keys = {key for fact in facts for key in (fact.envelope.key, *fact.event.also_keys)}
        if len(keys) > MOST_KEYS or any(fact.event.is_border for fact in facts):
            connection.exec_driver_sql(_LOCK_WHOLE)
            return Turn(has_whole=True)
        connection.exec_driver_sql(_LOCK_KEYS, (_numbers(keys),))
        return Turn(keys=tuple(keys))

    def is_behind(self, connection: Connection, turn: Turn) -> bool:
        """Whether older work waits that must be handled first."""
        if turn.has_whole:
            found = connection.exec_driver_sql(_ANYTHING, (self._handlers,)).scalar()
            return bool(found)
        keys = [*turn.keys, BORDER]
        waiting = connection.exec_driver_sql(_WAITING, (self._handlers, keys, BORDER)).scalars().all()
        turn.is_barred = BORDER in waiting
        return bool(waiting)

    def claim(self, connection: Connection, now: float, turn: Turn | None) -> Claimed:
        """What may be handled in this transaction: of a turn that was entered, or of all that is free."""
        if turn is None:
            turn = self._enter_free(connection)
        if turn.is_barred:
            return Claimed(is_held_up=True)
        if turn.has_whole:
            rows = connection.execute(self._claim, {"now": now}).all()
            return Claimed(rows, len(rows) >= self._size)
        if turn.keys:
            values = {"now": now, "keys": list(turn.keys)}
            rows = connection.execute(self._claim_of_keys, values).all()
            claimed = self._in_order(connection, rows, set(turn.keys))
            claimed.is_full = len(rows) >= self._size
            return claimed
        return self._free(connection, now)

    def _enter_free(self, connection: Connection) -> Turn:
        """For claimed work: the whole where a border is due, else beside the others."""
        is_due = connection.exec_driver_sql(_LOCK_FOR_CLAIMS, (self._handlers, BORDER)).scalar()
        return Turn(has_whole=bool(is_due))

    def _free(self, connection: Connection, now: float) -> Claimed:
        rows = connection.execute(self._claim, {"now": now}).all()
        if not rows:
            return Claimed()
        borders = self._codec.borders
        end = next((place for place, row in enumerate(rows) if row.name in borders), len(rows))
        before = rows[:end]
        keys = _first(MOST_KEYS, (key for row in before for key in self._keys(row)))
        tried = connection.exec_driver_sql(_TRY_KEYS, (_numbers(keys),)).all() if keys else []
        free = {number for number, is_ours in tried if is_ours}
        claimed = self._in_order(connection, before, {key for key in keys if _number(key) in free})
        claimed.is_full = len(rows) >= self._size or end < len(rows)
        return claimed

    def _in_order(self, connection: Connection, rows: Sequence[Row[Any]], keys: set[str]) -> Claimed:
        """Those of the rows whose keys are ours and before which nothing waits that is not among them."""
        if not rows:
            return Claimed()
        ours = {row.id for row in rows}
        first: dict[tuple[str, str], int] = {}
        given = (self._handlers, sorted(keys), rows[-1].id)
        for number, handler, key in connection.exec_driver_sql(_OLDER, given):
            if number not in ours:
                first.setdefault((handler, key), number)
        taken = []
        for row in rows:
            mine = self._keys(row)
            if keys.issuperset(mine) and all(first.get((row.handler, key), row.id) >= row.id for key in mine):
                taken.append(row)
            else:
                for key in mine:
                    first.setdefault((row.handler, key), row.id)
        return Claimed(taken, is_held_up=len(taken) < len(rows))

    def _keys(self, row: Row[Any]) -> tuple[str, ...]:
        if row.name not in self._codec.linking:
            return (row.event_key,)
        found = read_event(self._codec, row)
        more = () if isinstance(found, Unreadable) else found.event.also_keys
        return (row.event_key, *more)


def _number(key: str) -> int:
    """A lock's number: two keys that share one only wait for each other."""
    return zlib.crc32(key.encode()) - (1 << 31)


def _numbers(keys: Iterable[str]) -> list[str]:
    """In ascending order; as text, since asyncpg asks the server what a list of anything else is."""
    return [str(number) for number in sorted({_number(key) for key in keys})]


def _first(count: int, keys: Iterable[str]) -> list[str]:
    found: dict[str, None] = {}
    for key in keys:
        if len(found) == count:
            break
        found[key] = None
    return list(found)


_LOCK_WHOLE = "SELECT pg_advisory_xact_lock(7465001)"
_LOCK_KEYS = """
SELECT pg_advisory_xact_lock_shared(7465001) UNION ALL
SELECT pg_advisory_xact_lock(7465001, number::int) FROM unnest($1::text[]) AS number
"""
_LOCK_FOR_CLAIMS = """
SELECT is_due, CASE WHEN is_due THEN pg_advisory_xact_lock(7465001)
                    ELSE pg_advisory_xact_lock_shared(7465001) END
FROM (SELECT EXISTS (
    SELECT FROM event_delivery
    WHERE state = 'pending' AND handler = ANY($1::text[]) AND key = $2
      AND not_before <= extract(epoch FROM statement_timestamp())
) AS is_due) AS borders
"""
_TRY_KEYS = """
SELECT number::int, pg_try_advisory_xact_lock(7465001, number::int) FROM unnest($1::text[]) AS number
"""
_ANYTHING = "SELECT 1 FROM event_delivery WHERE state = 'pending' AND handler = ANY($1::text[]) LIMIT 1"
_WAITING = """
SELECT DISTINCT key FROM event_delivery
WHERE state = 'pending' AND handler = ANY($1::text[]) AND key = ANY($2::text[])
  AND (key <> $3 OR not_before <= extract(epoch FROM statement_timestamp()))
"""
_OLDER = """
SELECT id, handler, key FROM event_delivery
WHERE state = 'pending' AND handler = ANY($1::text[]) AND key = ANY($2::text[]) AND id <= $3
ORDER BY id
"""

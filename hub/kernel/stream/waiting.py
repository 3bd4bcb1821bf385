"""Deliveries that wait: read with their events, and put off or given up when a handler failed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Exists, Row, Select, bindparam, select, text, update

from hub.events.base import Envelope
from hub.kernel.context import Delivered
from hub.kernel.stream.codec import Codec, Unreadable
from hub.kernel.stream.outbox import DEAD, PENDING, event_delivery, event_outbox
from hub.values import ShopId


def read_event(codec: Codec, row: Row[Any]) -> Delivered[Any] | Unreadable:
    """The event of a joined delivery row, or why it cannot be read."""
    try:
        event = codec.decode(row.name, row.version, row.payload)
    except Unreadable as error:
        return error
    envelope = Envelope(
        id=row.event_id,
        occurred_at=row.occurred_at,
        shop_id=ShopId(row.shop_id),
        key=row.event_key,
        actor=row.actor,
        cause_id=row.cause_id,
        source=row.source,
        external_id=row.external_id,
    )
    return Delivered(envelope, event)


def joined(handlers: Iterable[str]) -> Select[Any]:
    """Pending deliveries of these handlers with their events, oldest first."""
    d, o = event_delivery.c, event_outbox.c
    return (
        select(
            d.id, d.handler, d.attempts, d.claimed_until, d.event_id,
            o.name, o.version, o.occurred_at, o.shop_id, o.key.label("event_key"),
            o.actor, o.cause_id, o.source, o.external_id, o.payload,
        )
        .join_from(event_delivery, event_outbox, o.id == d.event_id)
        .where(text("event_delivery.state = 'pending'"), d.handler.in_(list(handlers)))
        .order_by(d.id)
    )  # fmt: skip


def behind(*, that_backs_off: bool = False) -> Exists:
    """Whether older work of its handler and key waits (or only: waits for its next try)."""
    d, older = event_delivery.c, event_delivery.alias("older")
    of_its_key = (older.c.handler == d.handler, older.c.key == d.key, older.c.id < d.id)
    waits = select(older.c.id).where(text("older.state = 'pending'"), *of_its_key)
    return (waits.where(older.c.not_before > bindparam("now")) if that_backs_off else waits).exists()


def due(handlers: Iterable[str], size: int) -> Select[Any]:
    """So many of them, oldest first, that are due and behind nothing of their key that backs off."""
    is_due = event_delivery.c.not_before <= bindparam("now")
    return joined(handlers).where(is_due, ~behind(that_backs_off=True)).limit(size)


def settle_failure(
    connection: Connection,
    delivery: int,
    attempts: int,
    now: float,
    backoff: Sequence[float],
    error: Exception,
) -> float | None:
    """Write a failed attempt: the next try later, or dead when the list of waits is used up.
    Returns the wait, None for dead."""
    wait = backoff[attempts] if attempts < len(backoff) else None
    connection.execute(
        _FAILED,
        {
            "delivery": delivery,
            "state": DEAD if wait is None else PENDING,
            "attempts": attempts + 1,
            "not_before": now + (wait or 0.0),
            "last_error": describe(error),
        },
    )
    return wait


def describe(error: Exception) -> str:
    """One line for a person who has to decide."""
    line = f"{type(error).__name__}: {error}".replace("\x00", "�").splitlines()[0]
    return line.encode("utf-8", "replace").decode()[:1000]


_FAILED = (
    update(event_delivery)
    .where(event_delivery.c.id == bindparam("delivery"))
    .values(
        state=bindparam("state"),
        attempts=bindparam("attempts"),
        not_before=bindparam("not_before"),
        last_error=bindparam("last_error"),
        claimed_until=0.0,
        token=None,
    )
)

"""Drops deliveries that are done and old, and then the facts that nothing refers to any more."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, select

from hub.kernel.stream.outbox import DONE, event_delivery, event_outbox

_PORTION = 2000

_deliveries = (
    select(event_delivery.c.id)
    .join_from(event_delivery, event_outbox, event_outbox.c.id == event_delivery.c.event_id)
    .where(event_outbox.c.id < bindparam("limit_id"), event_delivery.c.state == DONE)
    .limit(_PORTION)
)
_facts = (
    select(event_outbox.c.id)
    .where(
        event_outbox.c.id < bindparam("limit_id"),
        ~select(event_delivery.c.id).where(event_delivery.c.event_id == event_outbox.c.id).exists(),
    )
    .limit(_PORTION)
)


def prune(connection: Connection, before: datetime) -> bool:
    """Drop one portion of what is older than `before` (by the ids, which begin with their time).
    True when there is more to do."""
    limit_id = first_id(before)
    numbers = list(connection.scalars(_deliveries, {"limit_id": limit_id}))
    if numbers:
        connection.execute(delete(event_delivery).where(event_delivery.c.id.in_(numbers)))
    ids = list(connection.scalars(_facts, {"limit_id": limit_id}))
    if ids:
        connection.execute(delete(event_outbox).where(event_outbox.c.id.in_(ids)))
    return len(numbers) == _PORTION or len(ids) == _PORTION


def first_id(at: datetime) -> str:
    """The smallest id that can be made at this moment."""
    alphabet = "0123456789abcdefghjkmnpqrstvwxyz"
    number = int(at.timestamp() * 1000) << 80
    return "".join([alphabet[(number >> shift) & 31] for shift in range(125, -1, -5)])

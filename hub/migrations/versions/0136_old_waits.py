"""Calls of an older PBX that were taken in before: when their first phone rang stands with their people, so
that how long they waited is known. What was added up of their days is added up anew."""

from __future__ import annotations

import json
from datetime import datetime

import sqlalchemy as sa
from alembic import op

from hub.kernel.storage.orm import UtcDateTime

revision = "0136_old_waits"
down_revision = "0135_shared_tasks"
branch_labels = None
depends_on = None

_BATCH = 1000
_OLD = "cdr:"
_CALLS = sa.table(
    "calls_calls", sa.column("id"), sa.column("direction"), sa.column("parties"),
    sa.column("offered_at", UtcDateTime()),
)  # fmt: skip
_SUMS = ("calls_days", "calls_tallies", "calls_months", "calls_month_tallies")


def upgrade() -> None:
    """In batches by the id, which is the key. The text of an id is compared as it is: between which others it
    stands is different in each language of a PostgreSQL."""
    connection, last, mended = op.get_bind(), "", 0
    while True:
        query = sa.select(_CALLS.c.id, _CALLS.c.parties).where(
            _CALLS.c.id > last, sa.func.substr(_CALLS.c.id, 1, len(_OLD)) == _OLD,
            _CALLS.c.direction == "inbound", _CALLS.c.offered_at.is_(None),
        )  # fmt: skip
        rows = connection.execute(query.order_by(_CALLS.c.id).limit(_BATCH)).all()
        found = [{"call": row.id, "at": at} for row in rows if (at := _rang_at(row.parties)) is not None]
        if found:
            change = _CALLS.update().where(_CALLS.c.id == sa.bindparam("call"))
            connection.execute(change.values(offered_at=sa.bindparam("at")), found)
        mended += len(found)
        if len(rows) < _BATCH:
            break
        last = rows[-1].id
    for name in _SUMS if mended else ():
        connection.execute(sa.table(name).delete())


def _rang_at(parties: str) -> datetime | None:
    moments = [party.get("rang_at") for party in json.loads(parties or "[]")]
    return min((datetime.fromisoformat(one) for one in moments if one), default=None)

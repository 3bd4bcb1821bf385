"""The chain in the database: the next entry is linked under a lock of the head, and the whole is examined."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from hub.log import get_logger
from hub.modules.access.models import AuditEntry, AuditHead
from hub.modules.access.rules_audit import BEGINNING, FIELDS, Anchor, Verdict, examine, linked

HEAD = 1
HEAD_LOST = "audit.head_lost"
_STRETCH = 1000
_TABLE = AuditEntry.__table__


def append(connection: Connection, entry: Mapping[str, Any]) -> None:
    """Link an entry (FIELDS without `seq` and `previous`) to the end. The head stays locked until the
    commit, so this comes last in its transaction; on SQLite there is one writer anyway."""
    head = connection.execute(
        select(AuditHead.seq, AuditHead.hash).where(AuditHead.id == HEAD).with_for_update()
    ).first()
    furthest = connection.scalar(select(func.max(AuditEntry.seq))) or 0
    if head is None:
        # Somebody took it away. The shop goes on; that it happened is written down for good.
        get_logger("access.audit").error("the head of the audit log was taken away")
        last = connection.scalar(select(AuditEntry.hash).where(AuditEntry.seq == furthest))
        connection.execute(insert(AuditHead).values(id=HEAD, seq=furthest, hash=last or BEGINNING))
        lost = {
            **entry,
            "id": entry["id"][:-1] + "~",
            "action": HEAD_LOST,
            "outcome": "failed",
            "details": "",
        }
        _link(connection, lost, Anchor(furthest, last or BEGINNING), furthest)
        append(connection, entry)
        return
    _link(connection, entry, Anchor(head.seq, head.hash), furthest)


def _link(connection: Connection, entry: Mapping[str, Any], head: Anchor, furthest: int) -> None:
    made = linked(entry, max(head.seq, furthest) + 1, head.hash)
    connection.execute(insert(AuditEntry).values(made))
    connection.execute(
        update(AuditHead).where(AuditHead.id == HEAD).values(seq=made["seq"], hash=made["hash"])
    )


def head_of(connection: Connection) -> Anchor | None:
    """The end of the chain as it is kept apart."""
    row = connection.execute(select(AuditHead.seq, AuditHead.hash).where(AuditHead.id == HEAD)).first()
    return None if row is None else Anchor(int(row.seq), str(row.hash))


def verify(connection: Connection, anchors: Sequence[Anchor] = ()) -> Verdict:
    """Examine every entry, a stretch at a time; in one transaction, so that nothing moves meanwhile."""
    head = head_of(connection)
    found = examine(_entries(connection), head, anchors)
    if found.fault is not None:
        return found
    lost = connection.execute(
        select(AuditEntry.seq, AuditEntry.at).where(AuditEntry.action == HEAD_LOST).order_by(AuditEntry.seq)
    ).first()
    if lost is None:
        return found
    fault = f"The head of the log was taken away before entry {lost.seq} ({lost.at:%Y-%m-%d %H:%M:%S} UTC)."
    return Verdict(found.count, found.last, fault)


def _entries(connection: Connection) -> Iterator[Mapping[str, Any]]:
    columns = [_TABLE.c[name] for name in (*FIELDS, "hash")]
    after: int | None = None
    while True:
        query = select(*columns).order_by(_TABLE.c.seq).limit(_STRETCH)
        if after is not None:
            query = query.where(_TABLE.c.seq > after)
        rows = [dict(row) for row in connection.execute(query).mappings()]
        yield from rows
        if len(rows) < _STRETCH:
            return
        after = int(rows[-1]["seq"])

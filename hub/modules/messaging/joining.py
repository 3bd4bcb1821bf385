"""One thread of two, by Core: the hot path and the services do it alike."""

from __future__ import annotations

from sqlalchemy import Connection, select, update

from hub.modules.messaging.models import Address, Conversation, Message, Note

_MOVED = (Message, Address, Note)


def join_threads(connection: Connection, row_id: str, into_id: str) -> None:
    """Everything of the one stands in the other, and its id leads there. Both are locked; whoever asks says
    so to watchers (each has the next revision)."""
    for table in _MOVED:
        whose = table.conversation_id == row_id
        connection.execute(update(table).where(whose).values(conversation_id=into_id))
    both = select(Conversation.__table__).where(Conversation.id.in_((row_id, into_id)))
    found = {one.id: one for one in connection.execute(both)}
    row, into = found[row_id], found[into_id]
    waits = [one.waiting_since for one in (row, into) if one.waiting_since is not None]
    newest = select(Message.n).where(Message.conversation_id == into_id)
    newest = newest.order_by(Message.created_at.desc(), Message.n.desc()).limit(1)
    joined = {
        "unread": into.unread + row.unread, "waiting_since": min(waits, default=None),
        "state": "open" if row.state == "open" else into.state, "last_at": max(row.last_at, into.last_at),
        "last_n": connection.execute(newest).scalar(), "owner_id": into.owner_id or row.owner_id,
        "rev": into.rev + 1,
    }  # fmt: skip
    left = {
        "merged_into": into_id, "state": "closed", "unread": 0, "waiting_since": None, "rev": row.rev + 1,
    }  # fmt: skip
    for one_id, values in ((row_id, left), (into_id, joined)):
        connection.execute(update(Conversation).where(Conversation.id == one_id).values(values))

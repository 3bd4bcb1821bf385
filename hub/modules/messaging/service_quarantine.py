"""What waits while a restored system is in quarantine; dropped, it is never sent, and its thread says so."""

from __future__ import annotations

from sqlalchemy import Connection, func, select, update

from hub.kernel.context import Held, Waiting
from hub.modules.messaging.conditions import is_state
from hub.modules.messaging.models import Message
from hub.modules.messaging.service_sending import DROPPED


def _waiting(connection: Connection) -> list[Waiting]:
    query = select(func.count(), func.min(Message.created_at)).where(is_state("queued"))
    count, oldest = connection.execute(query).one()
    return [Waiting("messages", count, oldest)] if count else []


def _drop(connection: Connection) -> int:
    values = {"state": "failed", "error": DROPPED, "rev": Message.rev + 1}
    return connection.execute(update(Message).where(is_state("queued")).values(values)).rowcount


HELD = Held(waiting=_waiting, drop=_drop)

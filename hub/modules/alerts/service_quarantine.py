"""What waits while a restored system is in quarantine; dropped, the group is never told of it."""

from __future__ import annotations

from sqlalchemy import Connection, func, select, update

from hub.kernel.context import Held, Waiting
from hub.modules.alerts.models import Post


def _waiting(connection: Connection) -> list[Waiting]:
    query = select(func.count(), func.min(Post.created_at)).where(Post.shown < Post.wanted)
    count, oldest = connection.execute(query).one()
    return [Waiting("alerts", count, oldest)] if count else []


def _drop(connection: Connection) -> int:
    values = {"shown": Post.wanted, "claim": None, "rev": Post.rev + 1}
    return connection.execute(update(Post).where(Post.shown < Post.wanted).values(values)).rowcount


HELD = Held(waiting=_waiting, drop=_drop)

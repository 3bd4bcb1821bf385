"""What waits while a restored system is in quarantine; dropped, it can be sent again by hand."""

from __future__ import annotations

from sqlalchemy import Connection, func, select, update

from hub.kernel.context import Held, Waiting
from hub.modules.webhooks.models import PARKED, PENDING, Delivery


def _waiting(connection: Connection) -> list[Waiting]:
    query = select(func.count(), func.min(Delivery.queued_at)).where(Delivery.state == PENDING)
    count, oldest = connection.execute(query).one()
    return [Waiting("webhooks", count, oldest)] if count else []


def _drop(connection: Connection) -> int:
    """Parked, as if the other side had never answered: the log of the endpoint shows them."""
    values = {"state": PARKED, "last_error": "Dropped at the end of a quarantine.", "rev": Delivery.rev + 1}
    return connection.execute(update(Delivery).where(Delivery.state == PENDING).values(values)).rowcount


HELD = Held(waiting=_waiting, drop=_drop)

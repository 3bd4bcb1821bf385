"""The secrets that sign what is sent: sealed in the database, known again only while a request is signed."""

from __future__ import annotations

from sqlalchemy import Connection, func, select, update

from hub.clock import Clock
from hub.kernel.sealing.seal import Seal, place_of
from hub.kernel.sealing.upkeep import SealedColumn
from hub.kernel.storage.orm import Base
from hub.modules.webhooks.models import Endpoint
from hub.modules.webhooks.rules import new_secret

_PRESENT, _FORMER = "sealed_secret", "sealed_old_secret"
_TABLE = Base.metadata.tables[Endpoint.__tablename__]


def closed(seal: Seal, endpoint_id: str, secret: str) -> str:
    """Sealed for `Endpoint.secret`."""
    return seal.close(secret, place_of(Endpoint.__tablename__, _PRESENT, endpoint_id))


def opened(seal: Seal, endpoint_id: str, sealed: str) -> str:
    """The secret behind `Endpoint.secret`. Raises Unavailable where it cannot be opened."""
    return seal.open(sealed, place_of(Endpoint.__tablename__, _PRESENT, endpoint_id))


def closed_former(seal: Seal, endpoint_id: str, secret: str) -> str:
    """Sealed for `Endpoint.old_secret`."""
    return seal.close(secret, place_of(Endpoint.__tablename__, _FORMER, endpoint_id))


def opened_former(seal: Seal, endpoint_id: str, sealed: str) -> str:
    """The secret behind `Endpoint.old_secret`. Raises Unavailable where it cannot be opened."""
    return seal.open(sealed, place_of(Endpoint.__tablename__, _FORMER, endpoint_id))


def _lost(connection: Connection, seal: Seal, _clock: Clock) -> list[str]:
    """Each gets one that nobody knows yet: what is told meanwhile is refused by the receiver and waits."""
    rows = connection.execute(select(Endpoint.id, Endpoint.name, Endpoint.url).order_by(Endpoint.id)).all()
    for row in rows:
        values = {
            _PRESENT: closed(seal, row.id, new_secret()), _FORMER: None, "old_secret_until": None,
            "rev": _TABLE.c.rev + 1,
        }  # fmt: skip
        connection.execute(update(_TABLE).where(_TABLE.c.id == row.id).values(values))
    names = ", ".join(row.name or row.url for row in rows)
    return [f"Press New secret on /settings/webhooks, and give it to the receiver: {names}."] if rows else []


def _lost_former(connection: Connection, _seal: Seal, _clock: Clock) -> list[str]:
    """Gone already with the present ones."""
    left = select(func.count()).where(Endpoint.old_secret.is_not(None))
    return [f"{count} former secrets of webhooks are left."] if (count := connection.scalar(left)) else []


SEALED = (
    SealedColumn(table=Endpoint.__tablename__, column=_PRESENT, lost=_lost),
    SealedColumn(table=Endpoint.__tablename__, column=_FORMER, lost=_lost_former),
)

"""Mailings of a restored system: what waits, and how it is dropped for good."""

from __future__ import annotations

from sqlalchemy import Connection, func, select, update

from hub.kernel.context import Held, Waiting
from hub.modules.mailings.models import Mailing, Recipient

_OPEN = ("scheduled", "running")


def _waiting(connection: Connection) -> list[Waiting]:
    query = (
        select(func.count(), func.min(Mailing.approved_at))
        .select_from(Recipient)
        .join(Mailing, Mailing.id == Recipient.mailing_id)
        .where(Mailing.state.in_(_OPEN), Recipient.state == "waiting")
    )
    count, oldest = connection.execute(query).one()
    return [Waiting("mailings", count, oldest)] if count and oldest is not None else []


def _drop(connection: Connection) -> int:
    going = select(Mailing.id).where(Mailing.state.in_(_OPEN))
    rest = (Recipient.mailing_id.in_(going), Recipient.state.in_(("waiting", "queued")))
    dropped = connection.execute(update(Recipient).where(*rest).values(state="stopped")).rowcount
    connection.execute(
        update(Mailing)
        .where(Mailing.state.in_(_OPEN))
        .values(state="stopped", next_at=None, rev=Mailing.rev + 1)
    )
    return dropped


HELD = Held(waiting=_waiting, drop=_drop)

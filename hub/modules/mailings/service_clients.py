"""Lists when clients become one, become two again, or are erased (hub.kernel.clients). Never commits."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, delete, func, select, update

from hub.kernel.backup.tombstones import Burial, Tombstones
from hub.kernel.clients import ClientRecords, Erasure, Move, Moved, erase_again
from hub.kernel.context import Deps, UnitOfWork
from hub.modules.mailings.models import List, Mailing, Recipient


async def move(uow: UnitOfWork, _deps: Deps, what: Move) -> Moved:
    """Places on lists become the other's."""
    query = select(Recipient).where(Recipient.client_id == what.from_id)
    rows = (await uow.session.scalars(query)).all()
    for row in rows:
        row.client_id = what.into_id
    return {"places": [f"{row.mailing_id}:{row.position}" for row in rows]}


async def put_back(uow: UnitOfWork, _deps: Deps, what: Move, moved: Moved) -> None:
    """As they were."""
    for place in moved.get("places", []):
        mailing_id, _, position = place.partition(":")
        row = await uow.session.get(Recipient, (mailing_id, int(position)))
        if row is not None and row.client_id == what.into_id:
            row.client_id = what.from_id


def erase(connection: Connection, who: Erasure) -> int:
    """What remains is that there was somebody. Who was still to get it gets nothing; a file with their
    number is gone."""
    clients, numbers = sorted(who.client_ids), sorted(who.numbers)
    before = select(Mailing.id).where(func.coalesce(Mailing.counted_at, Mailing.created_at) <= who.until)
    is_old = Recipient.mailing_id.in_(before) & (func.coalesce(Recipient.handed_at, who.until) <= who.until)
    whose = Recipient.client_id.in_(clients) | (Recipient.address.in_(numbers) & is_old)
    connection.execute(
        update(Recipient)
        .where(whose, Recipient.state == "waiting")
        .values(state="skipped", reason="erased", parts=0)
    )
    # Nobody will know what became of it: its message is not known here any more.
    connection.execute(update(Recipient).where(whose, Recipient.state == "queued").values(state="unknown"))
    blank = {"client_id": None, "line": "", "address": "", "error": "", "message_id": None}
    touched = connection.execute(update(Recipient).where(whose).values(**blank)).rowcount
    files = select(List.mailing_id, List.lines).where(List.created_at <= who.until)
    for mailing_id, lines in connection.execute(files).all():
        if any(key in who.numbers for _, _, key in lines):
            connection.execute(delete(List).where(List.mailing_id == mailing_id))
    return touched


def _numbers(connection: Connection, among: Collection[str] | None) -> Collection[str]:
    known = set(connection.execute(select(Recipient.address).where(Recipient.address.like("+%"))).scalars())
    for (lines,) in connection.execute(select(List.lines)):
        known |= {key for _, kind, key in lines if kind == "phone"}
    return known if among is None else known & set(among)


def _bury(connection: Connection, burial: Burial) -> None:
    erase_again(RECORDS, connection, burial)


RECORDS = ClientRecords(move=move, put_back=put_back, erase=erase, numbers_in=_numbers)
TOMBSTONES = Tombstones(bury=_bury)

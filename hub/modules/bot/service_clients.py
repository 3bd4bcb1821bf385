"""What the bot keeps of clients: the links that were made for them."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, delete, or_, select, update

from hub.kernel.backup.tombstones import Burial, Tombstones
from hub.kernel.clients import ClientRecords, Erasure, Move, Moved, erase_again
from hub.kernel.context import Deps, UnitOfWork
from hub.modules.bot.models import Start


async def move(uow: UnitOfWork, _deps: Deps, what: Move) -> Moved:
    """Links of the one are the other's."""
    query = select(Start.word_hash).where(Start.client_id == what.from_id)
    moved = list((await uow.session.scalars(query)).all())
    await uow.session.execute(
        update(Start).where(Start.client_id == what.from_id).values(client_id=what.into_id)
    )
    return {"links": moved} if moved else {}


async def put_back(uow: UnitOfWork, _deps: Deps, what: Move, moved: Moved) -> None:
    """As they were."""
    for word_hash in moved.get("links", []):
        row = await uow.session.get(Start, word_hash)
        if row is not None:
            row.client_id = what.from_id


def erase(connection: Connection, who: Erasure) -> int:
    """The links go."""
    whose = or_(Start.client_id.in_(sorted(who.client_ids)), Start.number_key.in_(sorted(who.numbers)))
    return connection.execute(delete(Start).where(whose, Start.created_at <= who.until)).rowcount


def _numbers(connection: Connection, among: Collection[str] | None) -> Collection[str]:
    query = select(Start.number_key).where(Start.number_key.is_not(None)).distinct()
    if among is not None:
        query = query.where(Start.number_key.in_(sorted(among)))
    return [key for key in connection.execute(query).scalars() if key is not None]


def _bury(connection: Connection, burial: Burial) -> None:
    erase_again(RECORDS, connection, burial)


RECORDS = ClientRecords(move=move, put_back=put_back, erase=erase, numbers_in=_numbers)
TOMBSTONES = Tombstones(bury=_bury)

"""Merged and erased clients: links lead to the record that lives on, or nowhere."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, Select, delete, or_, select, update

from hub.kernel.backup.tombstones import Burial, Tombstones
from hub.kernel.clients import ClientRecords, Erasure, Move, Moved, erase_again
from hub.kernel.context import Deps, UnitOfWork
from hub.modules.links.models import Link


async def move(uow: UnitOfWork, _: Deps, what: Move) -> Moved:
    """Links of the one are the other's."""
    ids = list((await uow.session.scalars(select(Link.id).where(Link.client_id == what.from_id))).all())
    await _give(uow, ids, what.into_id)
    return {"links": ids} if ids else {}


async def put_back(uow: UnitOfWork, _: Deps, what: Move, moved: Moved) -> None:
    """As they were."""
    await _give(uow, moved.get("links", []), what.from_id)


async def _give(uow: UnitOfWork, ids: list[str], client_id: str) -> None:
    for begin in range(0, len(ids), 900):
        part = update(Link).where(Link.id.in_(ids[begin : begin + 900])).values(client_id=client_id)
        await uow.session.execute(part.execution_options(synchronize_session=False))


def erase(connection: Connection, who: Erasure) -> int:
    """They open nothing any more."""
    whose = or_(Link.client_id.in_(sorted(who.client_ids)), Link.address.in_(sorted(who.numbers)))
    return connection.execute(delete(Link).where(whose, Link.created_at <= who.until)).rowcount


def forget_objects(connection: Connection, kind: str, objects: Select[str]) -> int:
    """Links to these things go, whoever they were made for; how many there were."""
    whose = (Link.kind == kind, Link.object.in_(objects))
    return connection.execute(delete(Link).where(*whose)).rowcount


def _numbers(connection: Connection, among: Collection[str] | None) -> Collection[str]:
    query = select(Link.address).where(Link.address.startswith("+")).distinct()
    if among is not None:
        query = query.where(Link.address.in_(sorted(among)))
    return list(connection.execute(query).scalars())


def _bury(connection: Connection, burial: Burial) -> None:
    erase_again(RECORDS, connection, burial)


RECORDS = ClientRecords(move=move, put_back=put_back, erase=erase, numbers_in=_numbers)
TOMBSTONES = Tombstones(bury=_bury)

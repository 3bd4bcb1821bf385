"""Orders to call somebody whose data are erased: what stays is that there was one (hub.kernel.clients)."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, select, update

from hub.kernel.backup.tombstones import Burial, Tombstones
from hub.kernel.clients import ClientRecords, Erasure, Move, Moved, erase_again
from hub.kernel.context import Deps, UnitOfWork
from hub.modules.dialling.models import Command


async def _move(_uow: UnitOfWork, _deps: Deps, _what: Move) -> Moved:
    """Orders name numbers, never clients."""
    return {}


async def _put_back(_uow: UnitOfWork, _deps: Deps, _what: Move, _moved: Moved) -> None:
    return None


def erase(connection: Connection, who: Erasure) -> int:
    """Settled orders to the numbers."""
    numbers = sorted(who.numbers)
    gone = connection.execute(
        update(Command)
        .where(Command.number.in_(numbers), Command.wanted_at <= who.until, Command.is_open.is_(False))
        .values(number=None, digits=None, arguments="{}", said="", rev=Command.rev + 1)
    )
    return gone.rowcount


def _numbers(connection: Connection, among: Collection[str] | None) -> Collection[str]:
    query = select(Command.number).where(Command.number.is_not(None)).distinct()
    if among is not None:
        query = query.where(Command.number.in_(sorted(among)))
    return [number for number in connection.execute(query).scalars() if number is not None]


def _bury(connection: Connection, burial: Burial) -> None:
    erase_again(RECORDS, connection, burial)


RECORDS = ClientRecords(move=_move, put_back=_put_back, erase=erase, numbers_in=_numbers)
TOMBSTONES = Tombstones(bury=_bury)

"""What alerts keeps of clients: posts about them."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, case, or_, select, update

from hub.kernel.backup.tombstones import Burial, Tombstones
from hub.kernel.clients import ClientRecords, Erasure, Move, Moved, erase_again
from hub.kernel.context import Deps, UnitOfWork
from hub.modules.alerts.models import Post


async def move(uow: UnitOfWork, _deps: Deps, what: Move) -> Moved:
    """Posts about the one are about the other."""
    query = select(Post.id).where(Post.client_id == what.from_id)
    moved = list((await uow.session.scalars(query)).all())
    await uow.session.execute(
        update(Post).where(Post.client_id == what.from_id).values(client_id=what.into_id)
    )
    return {"posts": moved} if moved else {}


async def put_back(uow: UnitOfWork, _deps: Deps, what: Move, moved: Moved) -> None:
    """As they were."""
    for post_id in moved.get("posts", []):
        row = await uow.session.get(Post, post_id)
        if row is not None:
            row.client_id = what.from_id


def erase(connection: Connection, who: Erasure) -> int:
    """What remains is that there was an alert; the group's message loses its words too, by the sender."""
    whose = or_(Post.client_id.in_(sorted(who.client_ids)), Post.number_key.in_(sorted(who.numbers)))
    query = update(Post).where(whose, Post.created_at <= who.until)
    return connection.execute(
        query.values(
            about={}, number=None, number_key=None, client_id=None, state="closed", reason="erased",
            wanted=Post.wanted + case((Post.provider_id.is_(None), 0), else_=1), rev=Post.rev + 1,
        )
    ).rowcount  # fmt: skip


def _numbers(connection: Connection, among: Collection[str] | None) -> Collection[str]:
    query = select(Post.number_key).where(Post.number_key.is_not(None)).distinct()
    if among is not None:
        query = query.where(Post.number_key.in_(sorted(among)))
    return [key for key in connection.execute(query).scalars() if key is not None]


def _bury(connection: Connection, burial: Burial) -> None:
    erase_again(RECORDS, connection, burial)


RECORDS = ClientRecords(move=move, put_back=put_back, erase=erase, numbers_in=_numbers)
TOMBSTONES = Tombstones(bury=_bury)

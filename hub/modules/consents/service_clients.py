"""Merged and erased clients: the ledger goes along; a no to advertising outlives its speaker's data."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, delete, insert, or_, select, update

from hub.kernel.backup.tombstones import Burial, Tombstones
from hub.kernel.clients import ClientRecords, Erasure, Move, Moved, erase_again
from hub.kernel.context import Deps, UnitOfWork
from hub.modules.consents.models import Entry, Touch
from hub.modules.consents.rules import Fact, mark_of, state_of
from hub.modules.consents.service_subjects import DIALLED
from hub.modules.consents.views import Act, Topic

_MOST = 900
"""Ids in one statement."""


async def move(uow: UnitOfWork, _: Deps, what: Move) -> Moved:
    """What the one has said, the other has said."""
    moved: dict[str, list[str]] = {}
    for name, table, key in (("entries", Entry, Entry.id), ("touches", Touch, Touch.message_id)):
        ids = (await uow.session.scalars(select(key).where(table.client_id == what.from_id))).all()
        moved[name] = list(ids)
        await uow.session.execute(
            update(table)
            .where(table.client_id == what.from_id)
            .values(client_id=what.into_id)
            .execution_options(synchronize_session=False)
        )
    return {name: ids for name, ids in moved.items() if ids}


async def put_back(uow: UnitOfWork, _: Deps, what: Move, moved: Moved) -> None:
    """As they were: what came since stays where it is."""
    for name, table, key in (("entries", Entry, Entry.id), ("touches", Touch, Touch.message_id)):
        ids = moved.get(name, [])
        for begin in range(0, len(ids), _MOST):
            await uow.session.execute(
                update(table)
                .where(key.in_(ids[begin : begin + _MOST]), table.client_id == what.into_id)
                .values(client_id=what.from_id)
                .execution_options(synchronize_session=False)
            )


def erase(connection: Connection, who: Erasure) -> int:
    """No word, no name, no address, no history stays; of a no to advertising, or to everything, the hash of
    each address does: whoever is taken in again from a list is not written to."""
    marks = [mark_of(f"tel:{number}") for number in sorted(who.numbers)]
    nobodys = or_(Entry.client_id.is_(None), Entry.client_id.in_(sorted(who.client_ids)))
    whose = or_(Entry.client_id.in_(sorted(who.client_ids)), and_(Entry.mark.in_(marks), nobodys))
    before = (whose, Entry.created_at <= who.until)
    rows = connection.execute(select(*_DECIDING).where(*before).order_by(Entry.at, Entry.n)).all()
    connection.execute(
        update(Touch)
        .where(or_(Touch.client_id.in_(sorted(who.client_ids)), Touch.mark.in_(marks)))
        .values(client_id=None)
    )
    if not rows:
        return 0
    state = state_of([_fact(row) for row in rows])
    connection.execute(delete(Entry).where(*before))
    kept = sorted({*marks, *(mark for row in rows for mark in (row.mark, *row.marks) if mark)})
    ends: list[tuple[Topic, Act]] = []
    if state.said.get("marketing:") is False:
        ends.append(("marketing", "withdrawn"))
    if state.is_blocked:
        ends.append(("all", "blocked"))
    for topic, act in ends:
        for mark in kept:
            _keep(connection, _hashed(rows[-1], mark, topic, act, who.until))
    return len(rows)


def _keep(connection: Connection, row: dict[str, Any]) -> None:
    """What remained of an earlier erasure, or of another client at the same address, is the same row: the
    later word stands in it."""
    connection.execute(delete(Entry).where(Entry.id == row["id"], Entry.at <= row["at"]))
    if connection.execute(select(Entry.n).where(Entry.id == row["id"])).first() is None:
        connection.execute(insert(Entry).values(**row))


def _hashed(row: Any, mark: str, topic: Topic, act: Act, until: datetime) -> dict[str, Any]:
    """What remains of a no; the same however often it is erased."""
    digest = hashlib.sha256(f"{mark}:{topic}".encode()).hexdigest()
    return {
        "id": digest[:26], "shop_id": row.shop_id, "client_id": None, "channel": "", "via": "",
        "address": "", "mark": mark, "marks": [], "topic": topic, "act": act, "form": "import",
        "source": "erasure", "evidence": "", "took": [], "cause": "", "actor": None, "author": "",
        "at": min(row.at, until), "created_at": until,
    }  # fmt: skip


def _fact(row: Any) -> Fact:
    return Fact(
        n=row.n, at=row.at, topic=row.topic, act=row.act, form=row.form, channel=row.channel,
        took=tuple(row.took), mark=row.mark,
    )  # fmt: skip


def _numbers(connection: Connection, among: Collection[str] | None) -> Collection[str]:
    query = select(Entry.address).where(Entry.via.in_(sorted(DIALLED)), Entry.address != "").distinct()
    if among is not None:
        query = query.where(Entry.address.in_(sorted(among)))
    return list(connection.execute(query).scalars())


def _bury(connection: Connection, burial: Burial) -> None:
    erase_again(RECORDS, connection, burial)


_DECIDING = (
    Entry.n, Entry.at, Entry.topic, Entry.act, Entry.form, Entry.channel, Entry.took, Entry.mark, Entry.marks,
    Entry.shop_id,
)  # fmt: skip
RECORDS = ClientRecords(move=move, put_back=put_back, erase=erase, numbers_in=_numbers)
TOMBSTONES = Tombstones(bury=_bury)

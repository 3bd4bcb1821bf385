"""A record that was merged into another one leads to it: by how many steps ever."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from hub.modules.crm.models import Client, Phone

_MOST_STEPS = 50


async def living(session: AsyncSession, client_ids: Collection[str]) -> dict[str, Client]:
    """Each id that there is -> the record that lives on under it. One statement where nothing was merged."""
    known: dict[str, Client] = {}
    wanted = {client_id for client_id in client_ids if "\x00" not in client_id}
    asked = set(wanted)
    for _ in range(_MOST_STEPS):
        if not asked:
            break
        query = select(Client).where(Client.id.in_(sorted(asked)))
        known |= {row.id: row for row in (await session.scalars(query)).all()}
        asked = {row.merged_into for row in known.values() if row.merged_into} - set(known)
    return {one: end for one in wanted if (end := _end(known, one)) is not None}


def owner_ids(key: str) -> Select[str]:
    """Of the records that have a number, those that live: also archived ones, but none that was merged away
    and whose living record has let go of it."""
    mine = select(Client.id).join(Phone, Phone.client_id == Client.id)
    return mine.where(Phone.key == key, Client.merged_into.is_(None)).distinct().order_by(Client.id)


def merged_ids(client_id: str) -> Select[str]:
    """The record and all that were merged into it, also by way of others."""
    them = select(Client.id).where(Client.id == client_id).cte("them", recursive=True)
    return select(them.union(select(Client.id).where(Client.merged_into == them.c.id)).c.id)


def own_numbers(ids: Select[str]) -> Select[str | None]:
    """The keys of these records' phones that nobody else has who lives."""
    other, one = aliased(Phone), aliased(Client)
    shared = select(other.id).join(one, one.id == other.client_id)
    is_shared = shared.where(other.key == Phone.key, one.merged_into.is_(None), one.id.not_in(ids)).exists()
    return select(Phone.key).where(Phone.client_id.in_(ids), Phone.key.is_not(None), ~is_shared).distinct()


def _end(known: dict[str, Client], client_id: str) -> Client | None:
    row = known.get(client_id)
    for _ in range(_MOST_STEPS):
        if row is None or row.merged_into is None:
            return row
        row = known.get(row.merged_into)
    return None

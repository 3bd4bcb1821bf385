"""A record that was merged into another one leads to it: by how many steps ever."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from hub.modules.crm.models import Client

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


def _end(known: dict[str, Client], client_id: str) -> Client | None:
    row = known.get(client_id)
    for _ in range(_MOST_STEPS):
        if row is None or row.merged_into is None:
            return row
        row = known.get(row.merged_into)
    return None

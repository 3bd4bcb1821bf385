"""Clients by their e-mail addresses, many at once. Never commits."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, String, cast, select

from hub.kernel.context import Deps, UnitOfWork
from hub.modules.crm.models import Client


class EmailService:
    """Looks through everybody once: no index knows what stands in a list."""

    def __init__(self, uow: UnitOfWork, _deps: Deps) -> None:
        self._uow = uow

    async def owners(self, emails: Collection[str]) -> dict[str, tuple[str, ...]]:
        """Each address that somebody has -> the ids of those whose it is, archived ones too. Written large
        or small is the same."""
        wanted = frozenset(one.casefold() for one in emails)
        if not wanted:
            return {}

        def look(connection: Connection) -> dict[str, tuple[str, ...]]:
            query = select(Client.id, Client.emails).where(
                cast(Client.emails, String) != "[]", Client.merged_into.is_(None)
            )
            found: dict[str, tuple[str, ...]] = {}
            for client_id, addresses in connection.execute(query.order_by(Client.id)):
                for address in {one.casefold() for one in addresses} & wanted:
                    found[address] = (*found.get(address, ()), client_id)
            return found

        return await self._uow.read(look)

"""What clients are to each other and to cars: drivers, payers, contacts. Never commits."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from sqlalchemy import ColumnElement, delete, or_, select

from hub.errors import Conflict, Invalid, NotFound
from hub.kernel.context import Deps, UnitOfWork
from hub.kernel.storage.orm import new_id
from hub.modules.crm.living import living
from hub.modules.crm.models import Client, Role, Vehicle
from hub.modules.crm.service_history import HistoryService
from hub.modules.crm.views import ROLES, RoleEntry, RoleView

MOST_ROLES = 200


class RoleService:
    """Roles between people, companies and vehicles. Who owns a car is told by its ownerships."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self._uow = uow
        self._clock = deps.clock
        self._history = HistoryService(uow, deps)

    async def of_clients(self, client_ids: Collection[str]) -> tuple[RoleView, ...]:
        """Those that they have, and those that others have for them."""
        ids = sorted(set(client_ids))
        return await self._where(or_(Role.client_id.in_(ids), Role.of_client_id.in_(ids)))

    async def of_vehicle(self, vehicle_id: str) -> tuple[RoleView, ...]:
        """Who drives it, who pays for it, whom to ask."""
        return await self._where(Role.vehicle_id == vehicle_id)

    async def add(self, entry: RoleEntry) -> RoleView:
        """The same role again is the one that is there. Raises Invalid, Conflict."""
        named = [one for one in (entry.client_id, entry.of_client_id) if one]
        ends = {asked: row.id for asked, row in (await living(self._uow.session, named)).items()}
        other = ends.get(entry.of_client_id or "", entry.of_client_id)
        entry = replace(entry, client_id=ends.get(entry.client_id, entry.client_id), of_client_id=other)
        await self._check(entry)
        same = await self._where(
            (Role.role == entry.role) & (Role.client_id == entry.client_id)
            & Role.of_client_id.is_not_distinct_from(entry.of_client_id)
            & Role.vehicle_id.is_not_distinct_from(entry.vehicle_id)
        )  # fmt: skip
        if same:
            return same[0]
        row = Role(
            id=new_id(self._clock), role=entry.role, client_id=entry.client_id,
            of_client_id=entry.of_client_id, vehicle_id=entry.vehicle_id, note=entry.note.strip(),
            created_at=self._clock.now(),
        )  # fmt: skip
        self._uow.session.add(row)
        await self._uow.session.flush()
        await self._tell(row, is_new=True)
        return _view(row)

    async def remove(self, role_id: str) -> None:
        """Raises NotFound."""
        row = await self._uow.session.get(Role, role_id) if "\x00" not in role_id else None
        if row is None:
            raise NotFound("crm.role_unknown", "There is no such connection.")
        await self._tell(row, is_new=False)
        await self._uow.session.execute(delete(Role).where(Role.id == role_id))

    async def one(self, role_id: str) -> RoleView:
        """Raises NotFound."""
        found = await self._where(Role.id == role_id) if "\x00" not in role_id else ()
        if not found:
            raise NotFound("crm.role_unknown", "There is no such connection.")
        return found[0]

    async def _where(self, where: ColumnElement[bool]) -> tuple[RoleView, ...]:
        query = select(Role).where(where).order_by(Role.id).limit(MOST_ROLES)
        return tuple(_view(row) for row in (await self._uow.session.scalars(query)).all())

    async def _check(self, entry: RoleEntry) -> None:
        if entry.role not in ROLES:
            raise _invalid("role", "Choose what they are.")
        if (entry.of_client_id is None) == (entry.vehicle_id is None):
            raise _invalid("of_client_id", "Name one client or one car that this is about.")
        if len(entry.note) > 200 or "\x00" in entry.note:
            raise _invalid("note", "This is too long.")
        if entry.of_client_id == entry.client_id:
            raise _invalid("of_client_id", "Somebody else has to be named here.")
        if entry.role == "owner" and entry.vehicle_id is not None:
            raise Conflict(
                "crm.owner_is_dated", "The owner of a car is changed on the car's page, with the day.",
                "Open the car and choose another owner there.",
            )  # fmt: skip
        for field, table, value in (
            ("client_id", Client, entry.client_id), ("of_client_id", Client, entry.of_client_id),
            ("vehicle_id", Vehicle, entry.vehicle_id),
        ):  # fmt: skip
            if value is not None and await self._uow.session.get(table, value) is None:
                raise _invalid(field, "There is no such record.")

    async def _tell(self, row: Role, *, is_new: bool) -> None:
        """Each side's history names the other one by its id, so that it is read under today's name."""

        def pair(other: str) -> dict[str, list[str]]:
            return {row.role: ["", other] if is_new else [other, ""]}

        about = f"client:{row.of_client_id}" if row.of_client_id else f"vehicle:{row.vehicle_id}"
        await self._history.note("client", row.client_id, "changed", pair(about))
        if row.of_client_id is not None:
            await self._history.note("client", row.of_client_id, "changed", pair(f"client:{row.client_id}"))
        if row.vehicle_id is not None:
            await self._history.note("vehicle", row.vehicle_id, "changed", pair(f"client:{row.client_id}"))
            self._uow.hint("vehicle", row.vehicle_id, 0)
        for client_id in filter(None, (row.client_id, row.of_client_id)):
            self._uow.hint("client", client_id, 0)


def _invalid(field: str, text: str) -> Invalid:
    return Invalid("crm.invalid", "Some fields need another look.", fields={field: text})


def _view(row: Role) -> RoleView:
    return RoleView(
        id=row.id, role=row.role, client_id=row.client_id, of_client_id=row.of_client_id,
        vehicle_id=row.vehicle_id, note=row.note,
    )  # fmt: skip

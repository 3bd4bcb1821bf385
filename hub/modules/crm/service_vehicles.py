"""Cars and who owned them when: commands and queries. Never commits."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import date

from sqlalchemy import ColumnElement, and_, delete, false, or_, select, update

from hub.errors import Conflict, Invalid, NotFound
from hub.kernel.context import Deps, UnitOfWork
from hub.kernel.masking import unmasked
from hub.kernel.storage.orm import new_id
from hub.modules.crm.entries import ready_vehicle
from hub.modules.crm.living import living
from hub.modules.crm.models import Ownership, Vehicle
from hub.modules.crm.rules import Span, overlap
from hub.modules.crm.service_history import HistoryService, differences
from hub.modules.crm.service_mileage import MileageService
from hub.modules.crm.views import OwnershipView, VehicleEntry, VehicleView
from hub.values import Plate


def owned_on(day: date) -> ColumnElement[bool]:
    """Ownerships that hold on that day."""
    return and_(
        or_(Ownership.since.is_(None), Ownership.since <= day),
        or_(Ownership.until.is_(None), Ownership.until > day),
    )


class VehicleService:
    """What can be done with cars."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self._uow = uow
        self._clock = deps.clock
        self._zone = deps.places.of(uow.shop_id).zone
        self._history = HistoryService(uow, deps)
        self._mileage = MileageService(uow, deps)

    def today(self) -> date:
        """The shop's day: ownerships change at its midnight."""
        return self._clock.now().astimezone(self._zone).date()

    async def one(self, vehicle_id: str) -> VehicleView:
        row = await self._uow.session.get(Vehicle, vehicle_id) if "\x00" not in vehicle_id else None
        if row is None:
            raise NotFound("crm.vehicle_unknown", "There is no such car.")
        return (await self.views([row]))[0]

    async def by_ids(self, vehicle_ids: Collection[str]) -> dict[str, VehicleView]:
        """Two statements, whatever the number of cars."""
        wanted = sorted({vehicle_id for vehicle_id in vehicle_ids if "\x00" not in vehicle_id})
        query = select(Vehicle).where(Vehicle.id.in_(wanted))
        rows = (await self._uow.session.scalars(query)).all() if wanted else ()
        return {view.id: view for view in await self.views(rows)}

    async def views(self, rows: Sequence[Vehicle]) -> tuple[VehicleView, ...]:
        """Rows with their present owners, in the rows' order."""
        ids = [row.id for row in rows]
        query = select(Ownership.vehicle_id, Ownership.client_id).where(
            Ownership.vehicle_id.in_(ids), owned_on(self.today())
        )
        rows_of_owners = await self._uow.session.execute(query) if ids else ()
        owners = {row.vehicle_id: row.client_id for row in rows_of_owners}
        return tuple(_view(row, owners.get(row.id)) for row in rows)

    async def with_plate(self, plate: str) -> tuple[VehicleView, ...]:
        query = select(Vehicle).where(Vehicle.plate_key == Plate(plate).key, Vehicle.is_archived == false())
        return await self.views((await self._uow.session.scalars(query.limit(10))).all())

    async def of_clients(self, client_ids: Collection[str]) -> dict[str, tuple[VehicleView, ...]]:
        if not client_ids:
            return {}
        query = (
            select(Ownership.client_id, Vehicle)
            .join_from(Ownership, Vehicle, Ownership.vehicle_id == Vehicle.id)
            .where(
                Ownership.client_id.in_(sorted(set(client_ids))),
                owned_on(self.today()),
                Vehicle.is_archived == false(),
            )
            .order_by(Vehicle.id.desc())
        )
        found: dict[str, tuple[VehicleView, ...]] = {}
        for client_id, row in await self._uow.session.execute(query):
            found[client_id] = (*found.get(client_id, ()), _view(row, client_id))
        return found

    async def owners(self, vehicle_id: str) -> tuple[OwnershipView, ...]:
        await self.one(vehicle_id)
        rows = await self._owner_rows(vehicle_id)
        return tuple(_ownership(row) for row in rows)

    async def create(self, entry: VehicleEntry) -> VehicleView:
        columns = ready_vehicle(entry, self.today().year)
        await self._check_vin(columns["vin"], None)
        entry = await self._with_living_owner(entry)
        now = self._clock.now()
        row = Vehicle(id=new_id(self._clock), rev=1, created_at=now, updated_at=now, **columns)
        self._uow.session.add(row)
        await self._uow.session.flush()
        if entry.client_id is not None:
            self._own(row.id, entry.client_id, entry.owner_since)
            await self._uow.session.flush()
        self._uow.hint("vehicle", row.id, 1)
        made = await self.one(row.id)
        if made.mileage_km is not None:
            await self._mileage.log(row.id, made.mileage_km, self.today())
        await self._history.note("vehicle", row.id, "added", differences(None, vehicle_entry_of(made)))
        return made

    async def change(self, vehicle_id: str, rev: int, entry: VehicleEntry) -> VehicleView:
        """Everything is checked before anything is written."""
        current = await self.one(vehicle_id)
        entry = replace(entry, note=unmasked(entry.note, [current.note]))
        columns = ready_vehicle(entry, self.today().year)
        await self._check_vin(columns["vin"], vehicle_id)
        entry = await self._with_living_owner(entry)
        owners = await self._owner_rows(vehicle_id)
        present = next((row for row in owners if _span(row).holds(self.today())), None)
        is_sold = entry.client_id != current.client_id
        since = entry.owner_since or self.today()
        if is_sold and entry.client_id is not None and overlap(_after_sale(owners, present, since)):
            raise _invalid("owner_since", "The car had another owner then.")
        values = {**columns, "rev": rev + 1, "updated_at": self._clock.now()}
        where = (Vehicle.id == vehicle_id, Vehicle.rev == rev)
        query = update(Vehicle).where(*where).values(values).returning(Vehicle.id)
        if (await self._uow.session.execute(query)).first() is None:
            raise Conflict(
                "crm.vehicle_changed",
                "Somebody else has changed this car meanwhile.",
                "Look at the present state and enter your change again.",
                data={"rev": current.rev},
            )
        if is_sold:
            await self._sell(vehicle_id, present, entry.client_id, since)
        self._uow.session.expire_all()
        self._uow.hint("vehicle", vehicle_id, rev + 1)
        changed = await self.one(vehicle_id)
        if changed.mileage_km is not None and changed.mileage_km != current.mileage_km:
            await self._mileage.log(vehicle_id, changed.mileage_km, self.today())
        told = differences(vehicle_entry_of(current), vehicle_entry_of(changed))
        await self._history.note("vehicle", vehicle_id, "changed", told)
        return changed

    async def _sell(
        self, vehicle_id: str, present: Ownership | None, client_id: str | None, since: date
    ) -> None:
        """The old owner's time ends where the new one's begins; the past stays as it was."""
        if present is not None and present.since is not None and present.since >= since:
            await self._uow.session.execute(delete(Ownership).where(Ownership.id == present.id))
        elif present is not None:
            present.until = since
        if client_id is not None:
            self._own(vehicle_id, client_id, since)
        await self._uow.session.flush()

    async def _owner_rows(self, vehicle_id: str) -> Sequence[Ownership]:
        query = select(Ownership).where(Ownership.vehicle_id == vehicle_id)
        rows = (await self._uow.session.scalars(query)).all()
        return sorted(rows, key=lambda r: (r.until is None, r.since or date.min, r.id), reverse=True)

    def _own(self, vehicle_id: str, client_id: str, since: date | None) -> None:
        self._uow.session.add(
            Ownership(id=new_id(self._clock), client_id=client_id, vehicle_id=vehicle_id, since=since)
        )

    async def _with_living_owner(self, entry: VehicleEntry) -> VehicleEntry:
        """Checked; a record that was merged owns nothing any more."""
        if entry.client_id is None:
            return entry
        owner = (await living(self._uow.session, [entry.client_id])).get(entry.client_id)
        if owner is None:
            raise _invalid("client_id", "There is no such client.")
        if entry.owner_since is not None and entry.owner_since > self.today():
            raise _invalid("owner_since", "This day has not come yet.")
        return replace(entry, client_id=owner.id)

    async def _check_vin(self, vin: str | None, vehicle_id: str | None) -> None:
        if vin is None:
            return
        other = await self._uow.session.scalar(select(Vehicle.id).where(Vehicle.vin == vin))
        if other is not None and other != vehicle_id:
            raise Conflict(
                "crm.vin_known",
                "A car with this VIN is already known.",
                "Open that car instead.",
                data={"vehicle_id": other},
            )


def _invalid(field: str, text: str) -> Invalid:
    return Invalid("crm.invalid", "Some fields need another look.", fields={field: text})


def _span(row: Ownership) -> Span:
    return Span(row.since, row.until)


def _after_sale(owners: Sequence[Ownership], present: Ownership | None, since: date) -> list[Span]:
    """Who would own the car when, sold on that day."""
    spans = [_span(row) for row in owners if row is not present]
    if present is not None and (present.since is None or present.since < since):
        spans.append(Span(present.since, since))
    return [*spans, Span(since, None)]


def _ownership(row: Ownership) -> OwnershipView:
    return OwnershipView(
        id=row.id, client_id=row.client_id, vehicle_id=row.vehicle_id, since=row.since, until=row.until
    )


def vehicle_entry_of(car: VehicleView) -> VehicleEntry:
    """A car as it stands, to be changed and saved again."""
    return VehicleEntry(
        plate=car.plate or "", vin=car.vin or "", make=car.make, model=car.model, year=car.year,
        mileage_km=car.mileage_km, client_id=car.client_id, note=car.note, is_archived=car.is_archived,
    )  # fmt: skip


def _view(row: Vehicle, client_id: str | None) -> VehicleView:
    return VehicleView(
        id=row.id, rev=row.rev, plate=row.plate, vin=row.vin, make=row.make, model=row.model, year=row.year,
        mileage_km=row.mileage_km, client_id=client_id, note=row.note, is_archived=row.is_archived,
        created_at=row.created_at,
    )  # fmt: skip

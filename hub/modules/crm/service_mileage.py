"""The log of a car's counter. Never commits."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

from sqlalchemy import select, update

from hub.errors import Conflict, Invalid, NotFound
from hub.kernel.context import Deps, UnitOfWork
from hub.kernel.storage.orm import new_id
from hub.modules.crm.models import Mileage, Vehicle
from hub.modules.crm.service_history import HistoryService
from hub.modules.crm.views import MileageView

MOST_KM = 9_999_999
_MOST_SHOWN = 200


class MileageService:
    """Readings by day; the newest is the car's mileage."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self._uow = uow
        self._clock = deps.clock
        self._zone = deps.places.of(uow.shop_id).zone
        self._history = HistoryService(uow, deps)

    async def of(self, vehicle_id: str) -> tuple[MileageView, ...]:
        """Newest first."""
        rows = await self._rows(vehicle_id)
        before = {row.id: row.km - older.km for row, older in pairwise(rows)}
        return tuple(
            MileageView(
                id=row.id, read_on=row.read_on, km=row.km, note=row.note, actor=row.actor,
                since_last=before.get(row.id),
            )
            for row in rows
        )  # fmt: skip

    async def add(
        self, vehicle_id: str, km: int, *, read_on: date | None = None, note: str = "",
        may_be_lower: bool = False,
    ) -> tuple[MileageView, ...]:  # fmt: skip
        """A reading. Raises Invalid, NotFound, Conflict `crm.mileage_lower` for one that does not fit
        between those before and after it, unless that was confirmed (another counter was built in)."""
        vehicle = await self._uow.session.get(Vehicle, vehicle_id) if "\x00" not in vehicle_id else None
        if vehicle is None:
            raise NotFound("crm.vehicle_unknown", "There is no such car.")
        rev, known = vehicle.rev, vehicle.mileage_km
        today = self._clock.now().astimezone(self._zone).date()
        day = read_on or today
        self._check(km, day, today, note)
        rows = await self._rows(vehicle_id)
        if not may_be_lower:
            _fits(rows, km, day)
        if any(row.read_on == day and row.km == km for row in rows):
            return await self.of(vehicle_id)
        await self.log(vehicle_id, km, day, note.strip())
        newest = (await self._rows(vehicle_id))[0]
        if newest.km != known:
            told = {"mileage_km": [known if known is not None else "", newest.km]}
            await self._uow.session.execute(
                update(Vehicle).where(Vehicle.id == vehicle_id)
                .values(mileage_km=newest.km, rev=Vehicle.rev + 1, updated_at=self._clock.now())
            )  # fmt: skip
            await self._history.note("vehicle", vehicle_id, "changed", told)
            self._uow.session.expire_all()
        self._uow.hint("vehicle", vehicle_id, rev + 1)
        return await self.of(vehicle_id)

    async def log(self, vehicle_id: str, km: int, day: date, note: str = "") -> None:
        """Write a reading down as it is."""
        self._uow.session.add(
            Mileage(
                id=new_id(self._clock), vehicle_id=vehicle_id, read_on=day, km=km, note=note,
                actor=self._uow.actor, created_at=self._clock.now(),
            )
        )  # fmt: skip
        await self._uow.session.flush()

    async def _rows(self, vehicle_id: str) -> list[Mileage]:
        query = select(Mileage).where(Mileage.vehicle_id == vehicle_id)
        query = query.order_by(Mileage.read_on.desc(), Mileage.id.desc()).limit(_MOST_SHOWN)
        return list((await self._uow.session.scalars(query)).all())

    def _check(self, km: int, day: date, today: date, note: str) -> None:
        faults: dict[str, str] = {}
        if not 0 <= km <= MOST_KM:
            faults["km"] = "This is not a mileage."
        if day > today + timedelta(days=1):
            faults["read_on"] = "This day has not come yet."
        if day.year < 1950:
            faults["read_on"] = "Write a day like 2026-12-31."
        if len(note) > 200 or "\x00" in note:
            faults["note"] = "This is too long."
        if faults:
            raise Invalid("crm.invalid", "Some fields need another look.", fields=faults)


def _fits(rows: list[Mileage], km: int, day: date) -> None:
    before = max((row.km for row in rows if row.read_on <= day), default=0)
    after = min((row.km for row in rows if row.read_on > day), default=MOST_KM)
    if before <= km <= after:
        return
    raise Conflict(
        "crm.mileage_lower",
        "This does not fit to the other readings of the car.",
        "Look at the number again; if the counter was changed, confirm it.",
        data={"before": before, "after": after if after < MOST_KM else None},
    )

"""Many clients and cars at once, from somebody's file: matched with those that are there, so that the same
file twice adds nothing. Core statements, a batch each. Never commits."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from sqlalchemy import Connection, insert, select

from hub.errors import HubError, Invalid
from hub.events.crm import ClientPhoneAdded
from hub.kernel.backup.tables import backup_tombstones
from hub.kernel.clients import NUMBER_STONE, ClientRecords
from hub.kernel.context import Deps, UnitOfWork
from hub.kernel.storage.orm import Base, new_id
from hub.modules.crm.entries import ReadyClient, ready_client, ready_vehicle
from hub.modules.crm.models import Client, Ownership, Phone, Vehicle
from hub.modules.crm.rules_birthday import birthday_in
from hub.modules.crm.service import ClientService, entry_of
from hub.modules.crm.service_history import differences
from hub.modules.crm.service_vehicles import VehicleService, owned_on
from hub.modules.crm.views import ClientEntry, ImportedRow, ImportOutcome, PhoneEntry, VehicleEntry

_TABLES = (
    "crm_clients", "crm_words", "crm_segments", "crm_phones", "crm_vehicles", "crm_ownerships",
    "crm_mileages", "crm_changes",
)  # fmt: skip


_ERASED = "Whoever has this number wanted to be forgotten: it is not taken in."
_NO_DAY = "The birthday was left out: write the day, 14.03.1980, or 14.03 without the year."


@dataclass(slots=True)
class _Known:
    """Who is there already, as far as the rows name them; rows of this batch are added as they come."""

    by_key: dict[str, dict[str, str]] = field(default_factory=dict)
    by_name: dict[str, set[str]] = field(default_factory=dict)
    with_phones: set[str] = field(default_factory=set)
    vins: dict[str, str] = field(default_factory=dict)
    plates: set[tuple[str, str]] = field(default_factory=set)
    made: set[str] = field(default_factory=set)


class BulkService:
    """Takes rows in, many at a time."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self._uow = uow
        self._deps = deps
        self._clock = deps.clock
        self._country = deps.places.of(uow.shop_id).country
        self._clients = ClientService(uow, deps)
        self._vehicles = VehicleService(uow, deps)
        self._rows: dict[str, list[dict[str, Any]]] = {table: [] for table in _TABLES}
        self._keys: list[tuple[str, str]] = []
        self._cars_of: dict[int, dict[str, Any] | str] = {}
        self._base, self._count = new_id(deps.clock)[:20], 0

    def _id(self) -> str:
        """Ids that sort in the order of the file; 26 characters as all are, chance once a batch."""
        self._count += 1
        return f"{self._base}{self._count:06x}"

    async def take(self, rows: Sequence[ImportedRow]) -> list[ImportOutcome]:
        """What became of each row, in their order. A birthday that nobody can read is left out and told."""
        days = [birthday_in(row.entry.birthday[:40]) for row in rows]
        rows = [
            row if day is not None else replace(row, entry=replace(row.entry, birthday=""))
            for row, day in zip(rows, days, strict=True)
        ]
        ready = [self._ready(row) for row in rows]
        self._cars_of = {id(car): self._car_ready(car) for row in rows for car in row.cars}
        erased = await self._uow.read(_erased)
        ready = [_ERASED if _is_erased(one, erased) else one for one in ready]
        known = await self._uow.read(lambda connection: self._known(connection, ready))
        await self._read_cars(known)
        outcomes: list[ImportOutcome] = []
        for row, one in zip(rows, ready, strict=True):
            if isinstance(one, str):
                outcomes.append(ImportOutcome("failed", text=one))
                continue
            found = _who(known, one)
            if found is None:
                outcomes.append(self._add(known, row, one))
            elif found in known.made:
                outcomes.append(ImportOutcome("same", client_id=found))
                self._cars(known, found, row, outcomes)
            else:
                outcomes.append(await self._fill(found, row.entry))
                self._cars(known, found, row, outcomes)
        await self._write()
        return [
            one if day is not None or one.text else replace(one, text=_NO_DAY)
            for one, day in zip(outcomes, days, strict=True)
        ]

    def _ready(self, row: ImportedRow) -> ReadyClient | str:
        try:
            return ready_client(row.entry, self._country)
        except Invalid as error:
            return next(iter(error.fields.values()), error.text)

    def _known(self, connection: Connection, ready: Sequence[ReadyClient | str]) -> _Known:
        known = _Known()
        good = [one for one in ready if isinstance(one, ReadyClient)]
        keys = {phone.key for one in good for phone in one.phones if phone.key is not None}
        query = select(Phone.key, Client.id, Client.name_key).join(Client, Client.id == Phone.client_id)
        for key, client_id, name in connection.execute(
            query.where(Phone.key.in_(sorted(keys)), Client.merged_into.is_(None))
        ):
            known.by_key.setdefault(key or "", {})[client_id] = name
        names = {one.columns["name_key"] for one in good if not one.phones}
        found = connection.execute(
            select(Client.name_key, Client.id).where(
                Client.name_key.in_(sorted(names)), Client.merged_into.is_(None)
            )
        ).all()
        for name, client_id in found:
            known.by_name.setdefault(name, set()).add(client_id)
        ids = sorted(client_id for _, client_id in found)
        having = select(Phone.client_id).where(Phone.client_id.in_(ids)).distinct()
        known.with_phones = set(connection.execute(having).scalars())
        return known

    async def _read_cars(self, known: _Known) -> None:
        """The cars that the rows name, and whose they are."""
        cars = [car for car in self._cars_of.values() if isinstance(car, dict)]
        vins = {car["vin"] for car in cars if car["vin"]}
        plates = {car["plate_key"] for car in cars if car["plate_key"]}
        query = select(Vehicle.vin, Vehicle.id).where(Vehicle.vin.in_(sorted(vins)))
        known.vins = {vin or "": car for vin, car in (await self._uow.session.execute(query)).all()}
        owned = select(Vehicle.plate_key, Ownership.client_id).join(
            Ownership, Ownership.vehicle_id == Vehicle.id
        )
        holds = owned_on(self._vehicles.today())
        rows_of = await self._uow.session.execute(owned.where(Vehicle.plate_key.in_(sorted(plates)), holds))
        known.plates = {(plate or "", client_id) for plate, client_id in rows_of.all()}

    def _car_ready(self, car: VehicleEntry) -> dict[str, Any] | str:
        try:
            return ready_vehicle(car, self._vehicles.today().year)
        except Invalid as error:
            return next(iter(error.fields.values()), error.text)

    def _add(self, known: _Known, row: ImportedRow, ready: ReadyClient) -> ImportOutcome:
        now, client_id = self._clock.now(), self._id()
        columns = {**ready.columns, "merged_into": None}
        self._rows["crm_clients"].append(
            {"id": client_id, "rev": 1, "created_at": now, "updated_at": now, **columns}
        )
        self._rows["crm_words"] += [{"client_id": client_id, "word": word} for word in ready.words]
        self._rows["crm_segments"] += [{"client_id": client_id, "segment": one} for one in ready.segments]
        for position, phone in enumerate(ready.phones):
            self._rows["crm_phones"].append(
                {"id": self._id(), "client_id": client_id, "position": position, **phone.columns}
            )
            if phone.key is not None:
                self._keys.append((client_id, phone.key))
                known.by_key.setdefault(phone.key, {})[client_id] = columns["name_key"]
        if not ready.phones:
            known.by_name.setdefault(columns["name_key"], set()).add(client_id)
        known.made.add(client_id)
        self._told("client", client_id, {"name": [None, ready.columns["name"]]})
        outcomes = [ImportOutcome("added", client_id=client_id)]
        self._cars(known, client_id, row, outcomes)
        return outcomes[-1]

    def _cars(self, known: _Known, client_id: str, row: ImportedRow, outcomes: list[ImportOutcome]) -> None:
        """New cars of theirs; what is wrong with one is told of the row, and the client stays."""
        for entry in row.cars:
            columns = self._cars_of[id(entry)]
            if isinstance(columns, str):
                outcomes[-1] = replace(outcomes[-1], text=columns)
                continue
            plate, vin = columns["plate_key"], columns["vin"]
            if (plate, client_id) in known.plates or (vin is not None and vin in known.vins):
                continue
            self._car(columns, client_id)
            known.plates.add((plate or "", client_id))
            if vin is not None:
                known.vins[vin] = client_id
            if outcomes[-1].what == "same":
                outcomes[-1] = replace(outcomes[-1], what="filled")

    def _car(self, columns: dict[str, Any], client_id: str) -> None:
        now, car_id = self._clock.now(), self._id()
        self._rows["crm_vehicles"].append(
            {"id": car_id, "rev": 1, "created_at": now, "updated_at": now, **columns}
        )
        self._rows["crm_ownerships"].append(
            {"id": self._id(), "client_id": client_id, "vehicle_id": car_id, "since": None,
             "until": None}
        )  # fmt: skip
        if columns["mileage_km"] is not None:
            self._rows["crm_mileages"].append(
                {"id": self._id(), "vehicle_id": car_id, "read_on": self._vehicles.today(),
                 "km": columns["mileage_km"], "note": "", "actor": self._uow.actor, "created_at": now}
            )  # fmt: skip
        self._told("vehicle", car_id, {"plate": [None, columns["plate"]]} if columns["plate"] else {})

    async def _fill(self, client_id: str, entry: ClientEntry) -> ImportOutcome:
        """What is there stays; what is missing comes from the file."""
        client = await self._clients.one(client_id)
        before = entry_of(client)
        numbers = {phone.number for phone in client.phones}
        more = [p for p in ready_client(entry, self._country).phones if p.columns["number"] not in numbers]
        phones = tuple(PhoneEntry(number=p.columns["raw"], label=p.columns["label"]) for p in more)
        after = replace(
            before, phones=(*before.phones, *phones), name=before.name or entry.name,
            emails=tuple(dict.fromkeys((*before.emails, *entry.emails))),
            tags=tuple(dict.fromkeys((*before.tags, *entry.tags))),
            segments=tuple(dict.fromkeys((*before.segments, *entry.segments))),
            language=before.language or entry.language, source=before.source or entry.source,
            note=before.note or entry.note, blocked_reason=before.blocked_reason or entry.blocked_reason,
            birthday=before.birthday or entry.birthday,
        )  # fmt: skip
        if not differences(before, after):
            return ImportOutcome("same", client_id=client_id)
        try:
            await self._clients.change(client_id, client.rev, after, what="imported")
        except HubError as error:
            said = next(iter(getattr(error, "fields", {}).values()), error.text)
            return ImportOutcome("failed", client_id=client_id, text=said)
        return ImportOutcome("filled", client_id=client_id)

    def _told(self, subject: str, subject_id: str, fields: dict[str, Any]) -> None:
        self._rows["crm_changes"].append(
            {"id": self._id(), "subject": subject, "subject_id": subject_id, "what": "imported",
             "at": self._clock.now(), "actor": self._uow.actor, "fields": fields}
        )  # fmt: skip

    async def _write(self) -> None:
        """A statement for each table; calls hear only of numbers that they know."""
        for name, rows in self._rows.items():
            if rows:
                await self._uow.session.execute(insert(Base.metadata.tables[name]), rows)
                rows.clear()
        keys, self._keys = self._keys, []
        among = {key for _, key in keys}
        heard: set[str] = set()
        for records in self._deps.clients.values():
            heard |= set(await self._uow.read(partial(_heard, records, among)))
        for client_id, key in keys:
            if key in heard:
                self._uow.publish(ClientPhoneAdded(client_id=client_id, number=key))


def _heard(records: ClientRecords, among: Collection[str], connection: Connection) -> Collection[str]:
    return records.numbers_in(connection, among)


def _erased(connection: Connection) -> frozenset[str]:
    """The hashes of numbers whose people wanted to be forgotten."""
    query = select(backup_tombstones.c.ref).where(backup_tombstones.c.kind == NUMBER_STONE)
    return frozenset(ref.partition("@")[0] for ref in connection.execute(query).scalars())


def _is_erased(ready: ReadyClient | str, erased: frozenset[str]) -> bool:
    if not erased or isinstance(ready, str):
        return False
    return any(hashlib.sha256(p.key.encode()).hexdigest() in erased for p in ready.phones if p.key)


def _who(known: _Known, ready: ReadyClient) -> str | None:
    """Whose row it is: somebody with one of the phones and a word of the name in common (or one of the two
    has no name); without a phone, somebody of exactly this name without one."""
    name = ready.columns["name_key"]
    if not ready.phones:
        same = sorted(known.by_name.get(name, set()) - known.with_phones)
        return same[0] if same and name else None
    for phone in ready.phones:
        for client_id, other in sorted(known.by_key.get(phone.key or "", {}).items()):
            if not name or not other or set(name.split()) & set(other.split()):
                return client_id
    return None

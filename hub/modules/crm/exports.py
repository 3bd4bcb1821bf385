"""Clients and cars as files: the columns of both, which an import takes in again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TypeVar

from hub.kernel.context import Deps, UnitOfWork
from hub.kernel.exporting import STRETCH, Export, ExportRow, Stretch
from hub.modules.crm.api import ClientFilter, ClientView, CrmApi, VehicleFilter, VehicleView
from hub.modules.crm.operations import ClientOut
from hub.modules.crm.operations_vehicles import VehicleOut

_PHONES, _CARS = 3, 2
_OF_CARS = ("Plate", "VIN", "Make", "Model", "Year", "Mileage")
CLIENT_COLUMNS = (
    "Name", "Kind", "Relation", *(f"Phone {n}" for n in range(1, _PHONES + 1)), "E-mail", "Messengers",
    "Source", "Segments", "Tags", "Language", "Birthday", "Black list", "Notes",
    *_OF_CARS, *(f"{what} 2" for what in _OF_CARS), "Archived", "Id",
)  # fmt: skip
"""English on purpose: so the file can be taken in again by any installation."""
V = TypeVar("V", ClientView, VehicleView)


def client_cells(client: ClientView, cars: Sequence[VehicleView]) -> list[object]:
    """A client with phones and cars in one line."""
    phones = [phone.number for phone in client.phones]
    more = phones[_PHONES - 1 :]
    shown = [*phones[: _PHONES - 1], ", ".join(more)] if len(phones) >= _PHONES else phones
    told: list[object] = [client.name, client.kind, client.relation, *shown, *[""] * (_PHONES - len(shown))]
    told += [
        ", ".join(client.emails), ", ".join(f"{one.kind} {one.address}" for one in client.messengers),
        client.source, ", ".join(client.segments), ", ".join(client.tags), client.language or "",
        client.birthday,         client.blocked_reason or "", client.note,
    ]  # fmt: skip
    for place in range(_CARS):
        car = cars[place] if place < len(cars) else None
        told += [car.plate, car.vin, car.make, car.model, car.year, car.mileage_km] if car else [""] * 6
    return [*told, "1" if client.is_archived else "", client.id]


async def _clients(uow: UnitOfWork, deps: Deps, since: datetime | None, cursor: str | None) -> Stretch:
    crm = CrmApi(uow, deps)
    page = await crm.clients(ClientFilter(is_archived=None), cursor=cursor, limit=STRETCH)
    clients = _young(page.items, since)
    cars = await crm.vehicles_of([one.id for one in clients])
    rows = [
        ExportRow(cells=client_cells(one, cars.get(one.id, ())), whole=ClientOut.model_validate(one))
        for one in clients
    ]
    return Stretch(rows=rows, next=page.next if len(clients) == len(page.items) else None)


async def _vehicles(uow: UnitOfWork, deps: Deps, since: datetime | None, cursor: str | None) -> Stretch:
    crm = CrmApi(uow, deps)
    page = await crm.vehicles(VehicleFilter(is_archived=None), cursor=cursor, limit=STRETCH)
    cars = _young(page.items, since)
    owners = await crm.clients_by_ids({one.client_id for one in cars if one.client_id is not None})
    rows = [
        ExportRow(
            cells=_vehicle_cells(one, owners.get(one.client_id or "")), whole=VehicleOut.model_validate(one)
        )
        for one in cars
    ]
    return Stretch(rows=rows, next=page.next if len(cars) == len(page.items) else None)


def _vehicle_cells(car: VehicleView, owner: ClientView | None) -> list[object]:
    return [
        car.plate, car.vin, car.make, car.model, car.year, car.mileage_km,
        owner.title if owner is not None else "",
        owner.phones[0].number if owner is not None and owner.phones else "",
        car.note, "1" if car.is_archived else "", car.created_at, car.id, car.client_id,
    ]  # fmt: skip


def _young(items: Sequence[V], since: datetime | None) -> list[V]:
    """Lists go by the time that things were made: the first older one is the end."""
    return [one for one in items if since is None or one.created_at >= since]


exports = (
    Export(
        kind="clients", about="clients with their phones and cars", columns=CLIENT_COLUMNS, read=_clients,
        feature="2.9",
    ),
    Export(
        kind="vehicles", about="cars with their owners",
        columns=(*_OF_CARS, "Owner", "Phone", "Notes", "Archived", "Added", "Id", "Owner id"),
        read=_vehicles, feature="2.9",
    ),
)  # fmt: skip

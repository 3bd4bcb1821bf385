"""Clients as a table, for those with the right: CSV and XLSX, nothing in it is ever a formula."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from aiohttp import web

from hub.errors import Invalid
from hub.kernel.spreadsheet import as_csv, as_xlsx
from hub.kernel.web import PageRequest, Route
from hub.modules.crm.api import ClientView, CrmApi, VehicleView
from hub.modules.crm.web import filter_of

RIGHT = "clients.export"
MOST = 200_000
_PAGE = 500
_PHONES, _CARS = 3, 2
_OF_CARS = ("Plate", "VIN", "Make", "Model", "Year", "Mileage")
HEAD = (
    "Name", "Kind", "Relation", *(f"Phone {n}" for n in range(1, _PHONES + 1)), "E-mail", "Messengers",
    "Source", "Segments", "Tags", "Language", "Black list", "Notes",
    *_OF_CARS, *(f"{what} 2" for what in _OF_CARS), "Archived", "Id",
)  # fmt: skip
"""English on purpose: so the file can be taken in again by any installation."""


async def export(request: PageRequest) -> web.StreamResponse:
    """Those whom the same filter shows in the list. It is audited with its filter."""
    kind = request.query.get("format", "csv")
    if kind not in ("csv", "xlsx"):
        raise Invalid("crm.export", "Choose CSV or XLSX.", "Go back to the list of clients.")
    crm, rows = request.apis.of(CrmApi), list[list[object]]()
    where, cursor = filter_of(request), None
    while len(rows) < MOST:
        page = await crm.clients(where, cursor=cursor, limit=_PAGE)
        cars = await crm.vehicles_of([client.id for client in page.items])
        rows += [_row(request.seen(client), cars.get(client.id, ())) for client in page.items]
        cursor = page.next
        if cursor is None:
            break
    body = await asyncio.to_thread(as_csv if kind == "csv" else as_xlsx, HEAD, rows)
    name = f"clients-{request.deps.clock.now():%Y-%m-%d}.{kind}"
    xlsx = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    return web.Response(
        body=body, content_type="text/csv" if kind == "csv" else xlsx,
        charset="utf-8" if kind == "csv" else None,
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )  # fmt: skip


def _row(client: ClientView, cars: Sequence[VehicleView]) -> list[object]:
    phones = [phone.number for phone in client.phones]
    more = phones[_PHONES - 1 :]
    shown = [*phones[: _PHONES - 1], ", ".join(more)] if len(phones) >= _PHONES else phones
    told: list[object] = [client.name, client.kind, client.relation, *shown, *[""] * (_PHONES - len(shown))]
    told += [
        ", ".join(client.emails), ", ".join(f"{one.kind} {one.address}" for one in client.messengers),
        client.source, ", ".join(client.segments), ", ".join(client.tags), client.language or "",
        client.blocked_reason or "", client.note,
    ]  # fmt: skip
    for place in range(_CARS):
        car = cars[place] if place < len(cars) else None
        told += [car.plate, car.vin, car.make, car.model, car.year, car.mileage_km] if car else [""] * 6
    return [*told, "1" if client.is_archived else "", client.id]


routes = (
    Route(
        method="GET", path="/clients/export", handler=export, right=RIGHT, name="crm.export", is_noted=True,
        feature="2.9",
    ),
)  # fmt: skip

"""Pages of cars. Thin: parse, call the api, render."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from aiohttp import web

from hub.errors import Conflict, Invalid
from hub.kernel.web import Method, PageRequest, Route
from hub.modules.crm.api import (
    ClientFilter,
    ClientView,
    CrmApi,
    VehicleEntry,
    VehicleFilter,
    VehicleView,
    vehicle_entry_of,
)
from hub.modules.crm.web_history import actor_names, recent
from hub.modules.crm.web_ties import named

Handler = Callable[[PageRequest], Awaitable[web.StreamResponse]]

_PAGE = 50
_LONGEST_TEXT = 200
_MOST_OWNERS = 10


async def show_list(request: PageRequest) -> web.StreamResponse:
    """The cars, narrowed by one search box; `part=rows` is the list alone, for the script."""
    query = request.query
    where = VehicleFilter(
        text=query.get("q", "")[:_LONGEST_TEXT],
        is_archived=query.get("archived") == "1",
        whole_numbers=not request.viewer.sees_numbers,
    )
    crm = request.apis.of(CrmApi)
    page = await crm.vehicles(where, cursor=query.get("cursor") or None, limit=_PAGE)
    owners = await crm.clients_by_ids([car.client_id for car in page.items if car.client_id])
    values: dict[str, Any] = {"where": where, "cars": page.items, "owners": owners, "next": page.next}
    if query.get("part") == "rows":
        return request.fragment("crm/vehicle_rows.html", **values)
    return request.page("crm/vehicles.html", **values)


async def show(request: PageRequest) -> web.StreamResponse:
    """A car and who owned it when."""
    crm = request.apis.of(CrmApi)
    car = await crm.vehicle(request.path["id"])
    owners = await crm.owners_of(car.id)
    people = await crm.clients_by_ids([owner.client_id for owner in owners])
    history = await recent(request, car.id)
    return request.page(
        "crm/vehicle.html", car=car, owners=owners, people=people, mileage=await crm.mileage.of(car.id),
        history=history, names=await actor_names(request) if history.items else {},
        **await named(request, await crm.roles.of_vehicle(car.id)),
    )  # fmt: skip


async def new(request: PageRequest) -> web.StreamResponse:
    """An empty form, with the owner where the address names one."""
    client_id = request.query.get("client_id", "")[:26] or None
    owner = (await request.apis.of(CrmApi).clients_by_ids([client_id])).get(client_id) if client_id else None
    return await _form(request, None, VehicleEntry(client_id=owner.id if owner else None))


async def create(request: PageRequest) -> web.StreamResponse:
    """Take the form in; a plate that is known offers the car that has it."""
    return await _save(request, None)


async def edit(request: PageRequest) -> web.StreamResponse:
    """The form filled in."""
    car = await request.apis.of(CrmApi).vehicle(request.path["id"])
    return await _form(request, car, vehicle_entry_of(car))


async def change(request: PageRequest) -> web.StreamResponse:
    """Take the form in, if nobody was faster."""
    return await _save(request, await request.apis.of(CrmApi).vehicle(request.path["id"]))


async def _save(request: PageRequest, car: VehicleView | None) -> web.StreamResponse:
    crm = request.apis.of(CrmApi)
    entry, faults = _entry(request)
    if faults:
        return await _form(request, car, entry, faults=faults)
    try:
        if (text := request.form.get("owner", "").strip()) != "":
            meant = ClientFilter(text=text, whole_numbers=not request.viewer.sees_numbers)
            found = (await crm.clients(meant, cursor=None, limit=_MOST_OWNERS)).items
            if len(found) != 1:
                return await _form(request, car, entry, owners=found, owner_text=text)
            entry = replace(entry, client_id=found[0].id)
        same = await _same_plate(request, entry, car)
        if same and request.form.get("allow_same") != "1":
            return await _form(request, car, entry, same=same)
        saved = (
            await crm.create_vehicle(entry)
            if car is None
            else await crm.change_vehicle(car.id, _whole(request, "rev", faults) or 0, entry)
        )
    except Invalid as error:
        return await _form(request, car, entry, faults=error.fields)
    except Conflict as error:
        field = "vin" if error.code == "crm.vin_known" else "form"
        return await _form(request, car, entry, faults={field: error.text})
    return request.redirect(f"/vehicles/{saved.id}", notice=request.t("Saved."))


async def _same_plate(
    request: PageRequest, entry: VehicleEntry, car: VehicleView | None
) -> list[VehicleView]:
    """Other cars with this plate: a plate may be re-issued, but mostly it is the same car."""
    if not entry.plate.strip() or (car is not None and car.plate == entry.plate.strip()):
        return []
    hits = await request.apis.of(CrmApi).same_plate(entry.plate)
    return [hit for hit in hits if car is None or hit.id != car.id]


async def _form(
    request: PageRequest,
    car: VehicleView | None,
    entry: VehicleEntry,
    *,
    faults: Mapping[str, str] | None = None,
    owners: Sequence[ClientView] | None = None,
    owner_text: str = "",
    same: Sequence[VehicleView] = (),
) -> web.StreamResponse:
    ids = [entry.client_id] if entry.client_id else []
    owner = (await request.apis.of(CrmApi).clients_by_ids(ids)).get(entry.client_id or "")
    was_sent = bool(faults) or owners is not None or bool(same)
    faults = dict(faults or {})
    if owners is not None and not owners:
        faults["owner"] = "Nobody was found."
    typed = {name: request.form.get(name, "") for name in ("year", "mileage_km", "owner_since", "rev")}
    if not was_sent:
        typed = {
            "year": str(entry.year or ""),
            "mileage_km": "" if entry.mileage_km is None else str(entry.mileage_km),
            "owner_since": "",
            "rev": str(car.rev) if car is not None else "",
        }
    values: dict[str, Any] = {
        "car": car, "entry": entry, "owner": owner, "owners": owners or (), "owner_text": owner_text,
        "same": same, "faults": faults, "typed": typed,
    }  # fmt: skip
    status = 422 if faults else 409 if owners or same else 200
    return request.page("crm/vehicle_form.html", status=status, **values)


def _entry(request: PageRequest) -> tuple[VehicleEntry, dict[str, str]]:
    """What was typed, and what of it cannot be read."""
    form = request.form
    faults: dict[str, str] = {}
    since = form.get("owner_since", "").strip()
    try:
        owner_since = date.fromisoformat(since) if since else None
    except ValueError:
        owner_since, faults["owner_since"] = None, "Write a day like 2026-12-31."
    entry = VehicleEntry(
        plate=form.get("plate", ""),
        vin=form.get("vin", ""),
        make=form.get("make", ""),
        model=form.get("model", ""),
        year=_whole(request, "year", faults),
        mileage_km=_whole(request, "mileage_km", faults),
        client_id=form.get("client_id", "") or None,
        owner_since=owner_since,
        note=form.get("note", ""),
        is_archived=form.get("is_archived") == "1",
    )
    return entry, faults


def _whole(request: PageRequest, field: str, faults: dict[str, str]) -> int | None:
    text = "".join(request.form.get(field, "").split())
    if text and not (text.isascii() and text.isdigit() and len(text) < 10):
        faults[field] = "Write a whole number."
        return None
    return int(text) if text else None


def _page(
    method: Method, path: str, handler: Handler, right: str, name: str, feature: str = "",
    *, is_heavy: bool = False,
) -> Route:  # fmt: skip
    return Route(
        method=method, path=path, handler=handler, right=right, name=f"crm.{name}", feature=feature,
        is_heavy=is_heavy,
    )  # fmt: skip


routes = (
    _page("GET", "/vehicles", show_list, "clients.view", "vehicles", "3.2", is_heavy=True),
    _page("GET", "/vehicles/new", new, "clients.edit", "new_vehicle"),
    _page("POST", "/vehicles/new", create, "clients.edit", "create_vehicle"),
    _page("GET", "/vehicles/{id}", show, "clients.view", "vehicle"),
    _page("GET", "/vehicles/{id}/edit", edit, "clients.edit", "edit_vehicle"),
    _page("POST", "/vehicles/{id}/edit", change, "clients.edit", "change_vehicle"),
)

"""Pages of what people, companies and cars are to each other, of readings of the counter, of the archive."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import date
from typing import Any, cast

from aiohttp import web

from hub.errors import Conflict, Invalid
from hub.kernel.web import Method, PageRequest, Route
from hub.modules.crm.api import (
    ROLES,
    ClientView,
    CrmApi,
    RoleEntry,
    RoleName,
    RoleView,
    VehicleView,
    entry_of,
)

Handler = Callable[[PageRequest], Awaitable[web.StreamResponse]]
_HITS = 10
_LONGEST_TEXT = 200


async def named(request: PageRequest, roles: Sequence[RoleView]) -> dict[str, Any]:
    """The roles with the people and cars that they name, for a template."""
    crm = request.apis.of(CrmApi)
    ids = {one.client_id for one in roles} | {one.of_client_id for one in roles if one.of_client_id}
    cars = await crm.vehicles_by_ids([one.vehicle_id for one in roles if one.vehicle_id])
    return {"roles": roles, "tied": await crm.clients_by_ids(ids), "tied_cars": cars}


async def choose_for_client(request: PageRequest) -> web.StreamResponse:
    """What is this client to whom? The search box finds the other one."""
    client = await request.apis.of(CrmApi).client(request.path["id"])
    return await _choice(request, client=client)


async def choose_for_vehicle(request: PageRequest) -> web.StreamResponse:
    """Who drives this car, who pays for it?"""
    car = await request.apis.of(CrmApi).vehicle(request.path["id"])
    return await _choice(request, car=car)


async def _choice(
    request: PageRequest, *, client: ClientView | None = None, car: VehicleView | None = None, fault: str = ""
) -> web.StreamResponse:
    text = (request.query.get("q", "") or request.form.get("q", ""))[:_LONGEST_TEXT].strip()
    crm, is_whole = request.apis.of(CrmApi), not request.viewer.sees_numbers
    hits = await crm.search(text, _HITS, whole_numbers=is_whole) if text else []
    people = {hit.client.id: hit.client for hit in hits if hit.client is not None}
    people.pop(client.id if client is not None else "", None)
    cars = {hit.vehicle.id: hit.vehicle for hit in hits if hit.vehicle is not None and car is None}
    return request.page(
        "crm/role_form.html", status=422 if fault else 200, client=client, car=car, text=text, fault=fault,
        people=tuple(people.values()), cars=tuple(cars.values()), role_names=ROLES,
    )  # fmt: skip


async def add_to_client(request: PageRequest) -> web.StreamResponse:
    """Take the choice in: `about` is `client:<id>` or `vehicle:<id>`."""
    client = await request.apis.of(CrmApi).client(request.path["id"])
    kind, _, other = request.form.get("about", "").partition(":")
    entry = RoleEntry(
        role=cast("RoleName", request.form.get("role", "")), client_id=client.id,
        of_client_id=other if kind == "client" else None, vehicle_id=other if kind == "vehicle" else None,
        note=request.form.get("note", ""),
    )  # fmt: skip
    try:
        await request.apis.of(CrmApi).roles.add(entry)
    except (Invalid, Conflict) as error:
        said = next(iter(error.fields.values()), error.text) if isinstance(error, Invalid) else error.text
        return await _choice(request, client=client, fault=said)
    return request.redirect(f"/clients/{client.id}", notice=request.t("Saved."))


async def add_to_vehicle(request: PageRequest) -> web.StreamResponse:
    """Take the choice in: `about` is `client:<id>`."""
    car = await request.apis.of(CrmApi).vehicle(request.path["id"])
    _, _, other = request.form.get("about", "").partition(":")
    entry = RoleEntry(
        role=cast("RoleName", request.form.get("role", "")), client_id=other, vehicle_id=car.id,
        note=request.form.get("note", ""),
    )  # fmt: skip
    try:
        await request.apis.of(CrmApi).roles.add(entry)
    except (Invalid, Conflict) as error:
        said = next(iter(error.fields.values()), error.text) if isinstance(error, Invalid) else error.text
        return await _choice(request, car=car, fault=said)
    return request.redirect(f"/vehicles/{car.id}", notice=request.t("Saved."))


async def remove(request: PageRequest) -> web.StreamResponse:
    """Take a role away, and go back to whose page it was removed on."""
    crm = request.apis.of(CrmApi)
    role = await crm.roles.one(request.path["id"])
    await crm.roles.remove(role.id)
    back = f"/clients/{role.client_id}"
    if request.form.get("back") == "vehicle" and role.vehicle_id:
        back = f"/vehicles/{role.vehicle_id}"
    if request.form.get("back") == "other" and role.of_client_id:
        back = f"/clients/{role.of_client_id}"
    return request.redirect(back, notice=request.t("Taken away."))


async def read_counter(request: PageRequest) -> web.StreamResponse:
    """A reading of the counter; one that does not fit is asked about."""
    crm, form = request.apis.of(CrmApi), request.form
    car = await crm.vehicle(request.path["id"])
    km, day = "".join(form.get("km", "").split()), form.get("read_on", "").strip()
    if not (km.isascii() and km.isdigit() and len(km) < 10):
        raise Invalid("crm.invalid", "Some fields need another look.", fields={"km": "Write a whole number."})
    try:
        read_on = date.fromisoformat(day) if day else None
    except ValueError as error:
        raise Invalid(
            "crm.invalid", "Some fields need another look.",
            fields={"read_on": "Write a day like 2026-12-31."},
        ) from error  # fmt: skip
    try:
        may = form.get("may_be_lower") == "1"
        await crm.mileage.add(car.id, int(km), read_on=read_on, note=form.get("note", ""), may_be_lower=may)
    except Conflict as error:
        typed = {"km": km, "read_on": day, "note": form.get("note", "")}
        return request.page("crm/mileage_asked.html", status=409, car=car, typed=typed, between=error.data)
    return request.redirect(f"/vehicles/{car.id}", notice=request.t("Saved."))


async def archive(request: PageRequest) -> web.StreamResponse:
    """Out of the lists, or back into them: nothing is ever deleted by hand."""
    crm = request.apis.of(CrmApi)
    client = await crm.client(request.path["id"])
    away = request.form.get("away") == "1"
    if client.is_archived != away:
        await crm.change_client(client.id, client.rev, replace(entry_of(client), is_archived=away))
    said = request.t("It is in the archive now.") if away else request.t("It is back from the archive.")
    return request.redirect(f"/clients/{client.id}", notice=said)


def _page(method: Method, path: str, handler: Handler, right: str, name: str) -> Route:
    return Route(method=method, path=path, handler=handler, right=right, name=f"crm.{name}")


routes = (
    _page("GET", "/clients/{id}/roles", choose_for_client, "clients.edit", "choose_role"),
    _page("POST", "/clients/{id}/roles", add_to_client, "clients.edit", "add_client_role"),
    _page("POST", "/clients/{id}/archive", archive, "clients.edit", "archive_client"),
    _page("GET", "/vehicles/{id}/roles", choose_for_vehicle, "clients.edit", "choose_vehicle_role"),
    _page("POST", "/vehicles/{id}/roles", add_to_vehicle, "clients.edit", "add_vehicle_role"),
    _page("POST", "/vehicles/{id}/mileage", read_counter, "clients.edit", "read_mileage"),
    _page("POST", "/roles/{id}/remove", remove, "clients.edit", "take_role"),
)

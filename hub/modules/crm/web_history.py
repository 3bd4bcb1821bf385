"""Who changed what: the pages of a client's and a vehicle's history, and the names that stand there."""

from __future__ import annotations

import re
from dataclasses import replace

from aiohttp import web

from hub.kernel.masking import without_stored_numbers
from hub.kernel.web import PageRequest, Route
from hub.modules.access.api import AccessApi
from hub.modules.crm.api import CrmApi, HistoryPage

_PAGE = 50
_NAMED = re.compile(r"(client|vehicle):[0-9a-z]{26}")
_SHORT = 5


async def recent(request: PageRequest, subject_id: str) -> HistoryPage:
    """The newest changes, for the page of their subject."""
    page = await request.apis.of(CrmApi).history.of(subject_id, cursor=None, limit=_SHORT)
    return await _spoken(request, page)


async def _spoken(request: PageRequest, page: HistoryPage) -> HistoryPage:
    """Who and which cars are named by their ids is called as it is called today."""
    crm = request.apis.of(CrmApi)
    told = [value for one in page.items for pair in one.fields.values() for value in pair]
    named = {value for value in told if isinstance(value, str) and _NAMED.fullmatch(value)}
    people = await crm.clients_by_ids([n.partition(":")[2] for n in named if n.startswith("client:")])
    cars = await crm.vehicles_by_ids([n.partition(":")[2] for n in named if n.startswith("vehicle:")])
    titles = {f"client:{one.id}": one.title for one in people.values()}
    titles |= {f"vehicle:{one.id}": one.title for one in cars.values()}
    items = tuple(
        replace(
            one,
            fields={name: [titles.get(str(v), v) for v in pair] for name, pair in one.fields.items()},
        )
        for one in page.items
    )
    return replace(page, items=items)


async def actor_names(request: PageRequest) -> dict[str | None, str]:
    """Who stands behind an actor, of everybody who was ever there."""
    access = request.apis.of(AccessApi)
    people: dict[str | None, str] = {f"person:{one.id}": one.name for one in await access.list_people()}
    tokens: dict[str | None, str] = {f"token:{one.id}": one.name for one in await access.tokens.all()}
    return {None: "Pitline", **people, **tokens}


async def client_history(request: PageRequest) -> web.StreamResponse:
    """Everything that was changed of a client."""
    client = await request.apis.of(CrmApi).client(request.path["id"])
    return await _show(request, client.id, f"/clients/{client.id}", client.title)


async def vehicle_history(request: PageRequest) -> web.StreamResponse:
    """Everything that was changed of a vehicle."""
    car = await request.apis.of(CrmApi).vehicle(request.path["id"])
    return await _show(request, car.id, f"/vehicles/{car.id}", car.title)


async def _show(request: PageRequest, subject_id: str, back: str, title: str) -> web.StreamResponse:
    history = request.apis.of(CrmApi).history
    page = await history.of(subject_id, cursor=request.query.get("cursor") or None, limit=_PAGE)
    page, names = await _spoken(request, page), await actor_names(request)
    title = title if request.viewer.sees_numbers else without_stored_numbers(title)
    return request.page("crm/history.html", history=page, names=names, back=back, title=title)


routes = (
    Route(
        method="GET", path="/clients/{id}/history", handler=client_history, right="clients.view",
        name="crm.client_history",
    ),
    Route(
        method="GET", path="/vehicles/{id}/history", handler=vehicle_history, right="clients.view",
        name="crm.vehicle_history",
    ),
)  # fmt: skip

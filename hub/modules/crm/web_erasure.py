"""The page of erasing a person's data, and the list of what was erased."""

from __future__ import annotations

from collections.abc import Iterable
from zoneinfo import ZoneInfo

from aiohttp import web

from hub.errors import Invalid
from hub.kernel.web import PageRequest, Route
from hub.modules.crm.api import CrmApi, ErasureRequestView
from hub.modules.crm.web_history import actor_names
from hub.values import ShopId

RIGHT = "clients.erase"


async def ask(request: PageRequest) -> web.StreamResponse:
    """What goes and what stays."""
    client = await request.apis.of(CrmApi).client(request.path["id"])
    return request.page("crm/erase.html", client=client, reason="", fault="")


async def erase(request: PageRequest) -> web.StreamResponse:
    """Signed by a second person."""
    crm, reason = request.apis.of(CrmApi), request.form.get("reason", "")
    client = await crm.client(request.path["id"])
    try:
        await crm.erasing.erase(client.id, reason, request.second)
    except Invalid as error:
        fault = next(iter(error.fields.values()), error.text)
        return request.page("crm/erase.html", status=422, client=client, reason=reason, fault=fault)
    return request.redirect("/clients/erasures", notice=request.t("The data are gone."))


async def log(request: PageRequest) -> web.StreamResponse:
    """Who waits for it; who asked for what, when it was done, and who signed."""
    crm, shops = request.apis.of(CrmApi), shops_of(request)
    waiting = await crm.asked.all("open", shops)
    refused = await crm.asked.all("refused", shops)
    ids = [one.client_id for one in (*waiting, *refused) if one.client_id is not None]
    return request.page(
        "crm/erasures.html", erasures=await crm.erasing.recent(), names=await actor_names(request),
        waiting=waiting, refused=refused, clients=await crm.clients_by_ids(ids), now=request.deps.clock.now(),
        zones=zones_of(request, waiting),
    )  # fmt: skip


def shops_of(request: PageRequest) -> frozenset[ShopId] | None:
    """Whose requests one decides on, whatever the page; None: all."""
    viewer = request.viewer.reaching(RIGHT)
    return None if viewer.rights.get(RIGHT) == "all" else viewer.shop_ids


def zones_of(request: PageRequest, asked: Iterable[ErasureRequestView]) -> dict[ShopId, ZoneInfo]:
    """By which clock each request's days are reckoned: that of its shop."""
    return {one.shop_id: request.deps.places.of(one.shop_id).zone for one in asked}


routes = (
    Route(method="GET", path="/clients/erasures", handler=log, right=RIGHT, name="crm.erasures"),
    Route(method="GET", path="/clients/{id}/erase", handler=ask, right=RIGHT, name="crm.ask_erase"),
    Route(
        method="POST", path="/clients/{id}/erase", handler=erase, right=RIGHT, name="crm.erase", second=RIGHT
    ),
)

"""Calls by a click: what the script and the forms of pages ask for. Thin: parse, ask the service, render."""

from __future__ import annotations

from aiohttp import web

from hub.kernel.web import PageRequest, Route
from hub.modules.dialling.api import CallOrder, CommandView, DiallingApi
from hub.modules.dialling.scope import CALL, SETTINGS, asker_of, hears_only, shops_of

_LONGEST = 400


async def call(request: PageRequest) -> web.StreamResponse:
    """A click on a number. The script is told the order's name, and asks how it stands from then on."""
    order = await request.apis.of(DiallingApi).call(_order(request), asker_of(request))
    return answer(request, order)


async def call_above(request: PageRequest) -> web.StreamResponse:
    """The same above the limit; a second person has confirmed it."""
    order = _order(request, is_confirmed=request.second is not None)
    await request.apis.of(DiallingApi).call(order, asker_of(request))
    return request.redirect("/desk", notice=request.t("Your phone rings."))


async def show(request: PageRequest) -> web.StreamResponse:
    """How an order stands, in words."""
    order = await request.apis.of(DiallingApi).one(request.path["id"], shops_of(request), hears_only(request))
    return _shown(request, order)


async def latest(request: PageRequest) -> web.StreamResponse:
    """One's newest order, for a page that was opened meanwhile; 204 where there is none."""
    order = await request.apis.of(DiallingApi).latest(asker_of(request))
    if order is None or not order.is_open:
        return web.Response(status=204)
    return _shown(request, order)


def _shown(request: PageRequest, order: CommandView) -> web.StreamResponse:
    response = request.fragment("dialling/order.html", order=order)
    response.headers["Cache-Control"] = "no-store"
    return response


def answer(request: PageRequest, order: CommandView) -> web.StreamResponse:
    """To a script the order's name; to a form the desk."""
    if "application/json" in request.http.headers.get("Accept", ""):
        return web.json_response({"id": order.id, "notice": ""})
    return request.redirect("/desk", notice=request.t("It is ordered."))


def _order(request: PageRequest, *, is_confirmed: bool = False) -> CallOrder:
    form = request.form
    return CallOrder(
        number=form.get("number", "")[:_LONGEST], key=form.get("key", "")[:_LONGEST],
        call_id=form.get("call_id", "")[:_LONGEST] or None,
        extension=form.get("extension", "")[:_LONGEST] or None, is_confirmed=is_confirmed,
    )  # fmt: skip


routes = (
    Route(method="POST", path="/dialling/call", handler=call, right=CALL, name="dialling.call"),
    Route(
        method="POST", path="/dialling/above", handler=call_above, right=CALL, name="dialling.above",
        second=SETTINGS,
    ),
    Route(method="GET", path="/dialling/latest", handler=latest, right=CALL, name="dialling.latest"),
    Route(method="GET", path="/dialling/orders/{id}", handler=show, right=CALL, name="dialling.order"),
)  # fmt: skip

"""When the board alarms, shop by shop, and the screens on the wall. Thin."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields

from aiohttp import web

from hub.errors import Invalid, NotFound
from hub.kernel.web import PageRequest, Route
from hub.modules.access.api import AccessApi
from hub.modules.queues.api import Limits, QueuesApi
from hub.modules.queues.scope import SETTINGS, shops_of
from hub.values import ShopId

PATH = "/settings/queues"


async def show(request: PageRequest) -> web.StreamResponse:
    """The limits and the screens."""
    return await _page(request)


async def save(request: PageRequest) -> web.StreamResponse:
    """Take one shop's limits in; what was typed stays when something of it is wrong."""
    shop = await _shop(request)
    typed = {one.name: request.form.get(one.name, "")[:10].strip() for one in fields(Limits)}
    numbers = {name: int(text) if text.isascii() and text.isdigit() else -1 for name, text in typed.items()}
    try:
        await request.apis.of(QueuesApi).limits.save(shop, Limits(**numbers))
    except Invalid as error:
        return await _page(request, shop=shop, typed=typed, faults=error.fields)
    return request.redirect(PATH, notice=request.t("Saved."))


async def make_screen(request: PageRequest) -> web.StreamResponse:
    """A new screen: its address is shown once."""
    shop, name = await _shop(request), request.form.get("name", "")[:200]
    shows = request.form.get("shows_callers") == "1"
    try:
        screen, key = await request.apis.of(QueuesApi).screens.make(name, shop, shows_callers=shows)
    except Invalid as error:
        return await _page(request, shop=shop, typed={"name": name}, faults=error.fields)
    server = request.deps.settings.server
    base = server.public_url.rstrip("/") or f"{request.http.scheme}://{request.http.host}"
    return await _page(request, made=(screen.name, f"{base}/wall/{key}"))


async def take_screen_away(request: PageRequest) -> web.StreamResponse:
    """Its address shows nothing from now on."""
    screens = request.apis.of(QueuesApi).screens
    await screens.take_away(request.path["id"], shops_of(request, SETTINGS))
    return request.redirect(PATH, notice=request.t("Its address shows nothing now."))


async def _shop(request: PageRequest) -> ShopId:
    """Which shop a form speaks of: one of those that the right reaches."""
    if not request.form.get("shop"):
        raise Invalid("queues.form", "The form came broken.", "Reload the page and try again.")
    shop, shops = ShopId(request.form.get("shop", "")[:40]), shops_of(request, SETTINGS)
    known = {one.id for one in await request.apis.of(AccessApi).list_shops()}
    if shop not in known or (shops is not None and shop not in shops):
        raise NotFound("queues.no_shop", "There is no such shop.")
    return shop


async def _page(
    request: PageRequest, *, shop: ShopId | None = None, typed: Mapping[str, str] | None = None,
    faults: Mapping[str, str] | None = None, made: tuple[str, str] | None = None,
) -> web.StreamResponse:  # fmt: skip
    api, shops = request.apis.of(QueuesApi), shops_of(request, SETTINGS)
    known = await api.limits.all()
    everywhere = await request.apis.of(AccessApi).list_shops()
    mine = [one for one in everywhere if shops is None or one.id in shops]
    response = request.page(
        "queues/settings.html", status=422 if faults else 200, shops=mine,
        limits={one.id: known.get(one.id, Limits()) for one in mine}, screens=await api.screens.all(shops),
        names={one.id: one.name for one in everywhere},
        choices=[(one.id, one.name) for one in mine], shop=shop, typed=typed or {}, faults=faults or {},
        made=made,
    )  # fmt: skip
    response.headers["Cache-Control"] = "no-store"
    return response


routes = (
    Route(method="GET", path=PATH, handler=show, right=SETTINGS, name="queues.settings"),
    Route(method="POST", path=PATH, handler=save, right=SETTINGS, name="queues.save_limits"),
    Route(
        method="POST", path=f"{PATH}/screens", handler=make_screen, right=SETTINGS, name="queues.make_screen"
    ),
    Route(
        method="POST", path=f"{PATH}/screens/{{id}}/take-away", handler=take_screen_away, right=SETTINGS,
        name="queues.take_screen_away",
    ),
)  # fmt: skip

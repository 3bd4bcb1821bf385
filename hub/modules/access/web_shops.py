"""Pages of shops: name, address, country, zone, currency, language."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from aiohttp import web

from hub.errors import Conflict, Invalid, NotAllowed, NotFound
from hub.kernel.web import Method, PageRequest, Route
from hub.modules.access.api import AccessApi
from hub.modules.access.rules_hours import open_state
from hub.modules.access.rules_map import map_fault, map_link, point_in, show_point
from hub.modules.access.rules_shops import country_names, currency_names, zone_names
from hub.modules.access.views import ShopEntry, ShopView
from hub.modules.access.zones import zone_of
from hub.values import ShopId

Handler = Callable[[PageRequest], Awaitable[web.StreamResponse]]

SHOP, NETWORK = "0.5", "6.1"
"""Functions of the price matrix: the shop's parameters, and more than one shop."""
_FIELDS = ("name", "address", "country", "timezone", "currency", "language", "requisites")


def own_shop(request: PageRequest, shop_id: str) -> ShopId:
    """One of the viewer's shops. Raises NotFound."""
    if shop_id not in request.viewer.shop_ids:
        raise NotFound("access.shop_unknown", "There is no such shop.")
    return ShopId(shop_id)


def may_add(request: PageRequest) -> bool:
    """A further shop is the business of whoever sees them all."""
    return request.viewer.rights.get("settings.edit") == "all"


def seen_rev(request: PageRequest) -> int | None:
    """The revision that the person saw; None when the form tells none."""
    text = request.form.get("rev", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


async def list_shops(request: PageRequest) -> web.StreamResponse:
    """The viewer's shops, and whether each is open now."""
    shops = await request.apis.of(AccessApi).list_shops()
    now = request.deps.clock.now()
    rows = [
        (shop, open_state(shop.hours, shop.holidays, now, zone_of(shop.timezone)), zone_of(shop.timezone))
        for shop in shops
        if shop.id in request.viewer.shop_ids
    ]
    return request.page("access/shops.html", rows=rows, may_add=may_add(request))


async def new_shop(request: PageRequest) -> web.StreamResponse:
    """An empty form, filled in like the shop of the viewer."""
    mine = await request.apis.of(AccessApi).shop(request.viewer.shop_id)
    return _page(request, None, {**_typed(mine), "name": "", "address": "", "map": "", "requisites": ""}, {})


async def add_shop(request: PageRequest) -> web.StreamResponse:
    """Take the form in."""
    if not may_add(request):
        raise NotAllowed("access.no_right", "You have no right to do this.", "Ask the owner for it.")
    try:
        shop = await request.apis.of(AccessApi).shops.create(_entry(request), like=request.viewer.shop_id)
    except Invalid as error:
        return _page(request, None, dict(request.form), error.fields)
    return request.redirect(f"/settings/hours/{shop.id}", notice=request.t("Saved. Now its opening hours."))


async def edit_shop(request: PageRequest) -> web.StreamResponse:
    """The form as the shop is."""
    shop = await request.apis.of(AccessApi).shop(own_shop(request, request.path["id"]))
    return _page(request, shop, _typed(shop), {})


async def change_shop(request: PageRequest) -> web.StreamResponse:
    """Take the form in; what was typed stays when something of it is wrong."""
    access = request.apis.of(AccessApi)
    shop_id = own_shop(request, request.path["id"])
    try:
        await access.shops.change(shop_id, _entry(request), seen_rev(request))
    except (Invalid, Conflict) as error:
        faults = error.fields if isinstance(error, Invalid) else {"form": error.text}
        return _page(request, await access.shop(shop_id), dict(request.form), faults)
    return request.redirect(f"/settings/shops/{shop_id}", notice=request.t("Saved."))


def _page(
    request: PageRequest, shop: ShopView | None, typed: Mapping[str, str], faults: Mapping[str, str]
) -> web.Response:
    language = request.viewer.language
    return request.page(
        "access/shop.html", status=422 if faults else 200, shop=shop, typed=typed, faults=faults,
        countries=country_names(language), currencies=currency_names(language), zones=zone_names(),
        may_edit=request.viewer.can("settings.edit") and (shop is not None or may_add(request)),
        map_link=map_link(shop.latitude, shop.longitude) if shop is not None else "",
    )  # fmt: skip


def _typed(shop: ShopView) -> dict[str, str]:
    point = show_point(shop.latitude, shop.longitude)
    return {**{name: str(getattr(shop, name)) for name in _FIELDS}, "map": point, "rev": str(shop.rev)}


def _entry(request: PageRequest) -> ShopEntry:
    pasted = request.form.get("map", "").strip()
    latitude, longitude = placed(pasted)
    texts = {name: request.form.get(name, "") for name in _FIELDS}
    return ShopEntry(**texts, latitude=latitude, longitude=longitude)


def placed(pasted: str) -> tuple[float | None, float | None]:
    """The point of what was pasted; nothing pasted is no point. Raises Invalid (`map`)."""
    if not pasted.strip():
        return None, None
    found = point_in(pasted)
    if found is None:
        fields = {"map": map_fault(pasted)}
        raise Invalid("access.shop_invalid", "Some fields need a look.", fields=fields)
    return found


def _route(method: Method, path: str, handler: Handler, right: str, name: str, feature: str) -> Route:
    return Route(
        method=method, path=path, handler=handler, right=right, name=f"access.{name}", feature=feature
    )


routes = (
    _route("GET", "/settings/shops", list_shops, "settings.view", "shops", SHOP),
    _route("GET", "/settings/shops/new", new_shop, "settings.edit", "new_shop", NETWORK),
    _route("POST", "/settings/shops/new", add_shop, "settings.edit", "add_shop", NETWORK),
    _route("GET", "/settings/shops/{id}", edit_shop, "settings.view", "shop", SHOP),
    _route("POST", "/settings/shops/{id}", change_shop, "settings.edit", "change_shop", SHOP),
)

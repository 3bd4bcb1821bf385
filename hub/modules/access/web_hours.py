"""The page of opening hours: the week with breaks, days that differ, what holds now."""

from __future__ import annotations

from datetime import date

from aiohttp import web

from hub.errors import Conflict, Invalid
from hub.kernel.web import Method, PageRequest, Route
from hub.modules.access import hours_form
from hub.modules.access.api import AccessApi
from hub.modules.access.hours_form import HoursForm
from hub.modules.access.rules_hours import HolidaySuggestion, open_state, suggested
from hub.modules.access.views import ShopView
from hub.modules.access.web_shops import Handler, own_shop, seen_rev
from hub.modules.access.zones import zone_of


async def show(request: PageRequest) -> web.StreamResponse:
    """The hours of a shop; of the viewer's own without an id."""
    shop_id = own_shop(request, request.path.get("id", request.viewer.shop_id))
    shop = await request.apis.of(AccessApi).shop(shop_id)
    return await _page(request, shop, hours_form.shown(shop), "", shop.rev)


async def change(request: PageRequest) -> web.StreamResponse:
    """Take the form in; what was typed stays when something of it is wrong."""
    access = request.apis.of(AccessApi)
    shop = await access.shop(own_shop(request, request.path["id"]))
    form = hours_form.read(
        request.form, {one.day.isoformat(): one.title for one in _suggestions(request, shop)}
    )
    if form.has_faults:
        return await _page(request, shop, form, "Some hours need a look.", seen_rev(request))
    try:
        await access.shops.set_hours(shop.id, form.hours, form.special, seen_rev(request))
    except (Invalid, Conflict) as error:
        return await _page(request, shop, form, error.text, seen_rev(request))
    return request.redirect(f"/settings/hours/{shop.id}", notice=request.t("Saved. It counts from now on."))


async def _page(
    request: PageRequest, shop: ShopView, form: HoursForm, fault: str, rev: int | None
) -> web.Response:
    zone, now = zone_of(shop.timezone), request.deps.clock.now()
    today = now.astimezone(zone).date()
    shops = [s for s in await request.apis.of(AccessApi).list_shops() if s.id in request.viewer.shop_ids]
    rows = [(row, hours_form.is_past(row, today)) for row in form.holidays]
    return request.page(
        "access/hours.html", status=422 if fault else 200, shop=shop, shops=shops, form=form, fault=fault,
        rev=rev,
        state=open_state(shop.hours, shop.holidays, now, zone), shop_zone=zone,
        coming=[row for row, is_past in rows if not is_past], past=[row for row, is_past in rows if is_past],
        suggestions=_suggestions(request, shop), is_unset=not shop.hours,
    )  # fmt: skip


def _suggestions(request: PageRequest, shop: ShopView) -> list[HolidaySuggestion]:
    today: date = request.deps.clock.now().astimezone(zone_of(shop.timezone)).date()
    known = [one.day for one in shop.holidays]
    return suggested(shop.country, request.viewer.language, today, known=known)


def _route(method: Method, path: str, handler: Handler, right: str, name: str) -> Route:
    return Route(method=method, path=path, handler=handler, right=right, name=f"access.{name}", feature="0.5")


routes = (
    _route("GET", "/settings/hours", show, "settings.view", "own_hours"),
    _route("GET", "/settings/hours/{id}", show, "settings.view", "hours"),
    _route("POST", "/settings/hours/{id}", change, "settings.edit", "change_hours"),
)

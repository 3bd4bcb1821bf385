"""Quiet hours and how often advertising goes out, of each shop; the ledger as a file."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from aiohttp import web

from hub.errors import Invalid, NotFound
from hub.kernel.spreadsheet import as_csv
from hub.kernel.web import PageRequest, Route
from hub.modules.access.api import AccessApi
from hub.modules.consents.api import ConsentsApi, ContactRules, Quiet
from hub.modules.consents.exports import COLUMNS, cells
from hub.modules.consents.scope import EXPORT, SETTINGS
from hub.values import ShopId

PAGE = "/settings/quiet-hours"
MOST = 200_000
_STRETCH = 1000


async def show(request: PageRequest) -> web.StreamResponse:
    """The form of one shop as things stand."""
    shop = await _shop(request)
    return await _page(request, shop, await request.apis.of(ConsentsApi).gate.rules(shop), {})


async def save(request: PageRequest) -> web.StreamResponse:
    """Take the form in; what was typed stays when something of it is wrong."""
    form, shop = request.form, await _shop(request)
    days = form.get("marketing_days", "").strip()
    rules = ContactRules(
        service=Quiet(begins=form.get("service_begins", "")[:5], ends=form.get("service_ends", "")[:5]),
        marketing=Quiet(begins=form.get("marketing_begins", "")[:5], ends=form.get("marketing_ends", "")[:5]),
        marketing_days=int(days) if days.isascii() and days.isdigit() and len(days) < 5 else -1,
        rests_on_sunday=form.get("rests_on_sunday") == "1",
    )
    try:
        await request.apis.of(ConsentsApi).gate.set_rules(rules, shop)
    except Invalid as error:
        return await _page(request, shop, rules, error.fields)
    return request.redirect(f"{PAGE}?shop={shop}", notice=request.t("Saved."))


async def export(request: PageRequest) -> web.StreamResponse:
    """The whole ledger, the oldest row first. It is audited."""
    ledger, rows = request.apis.of(ConsentsApi).ledger, list[list[object]]()
    after = 0
    while len(rows) < MOST:
        stretch = await ledger.stretch(after, _STRETCH)
        rows += [cells(request.seen(one)) for one in stretch]
        if len(stretch) < _STRETCH:
            break
        after = stretch[-1].n
    name = f"consents-{request.deps.clock.now():%Y-%m-%d}.csv"
    return web.Response(
        body=await asyncio.to_thread(as_csv, COLUMNS, rows), content_type="text/csv", charset="utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )  # fmt: skip


async def _shop(request: PageRequest) -> ShopId:
    asked = request.query.get("shop", "") or request.form.get("shop", "")
    found = next((one for one in await _shops(request) if one == asked), None)
    if asked and found is None:
        raise NotFound("consents.unknown_shop", "There is no such shop.")
    return found or request.viewer.shop_id


async def _shops(request: PageRequest) -> dict[ShopId, str]:
    """Those that the right reaches, with their names."""
    viewer, names = request.viewer.reaching(SETTINGS), await request.apis.of(AccessApi).shops.names()
    is_all = viewer.rights.get(SETTINGS) == "all"
    return {shop: name for shop, name in names.items() if is_all or shop in viewer.shop_ids}


async def _page(
    request: PageRequest, shop: ShopId, rules: ContactRules, faults: Mapping[str, str]
) -> web.StreamResponse:
    return request.page(
        "consents/settings.html", status=422 if faults else 200, shop=shop, rules=rules, faults=faults,
        shops=await _shops(request), zone_of=request.deps.places.of(shop).zone.key,
    )  # fmt: skip


routes = (
    Route(method="GET", path=PAGE, handler=show, right=SETTINGS, name="consents.settings"),
    Route(method="POST", path=PAGE, handler=save, right=SETTINGS, name="consents.save_settings"),
    Route(
        method="GET", path="/consents/export", handler=export, right=EXPORT, name="consents.export",
        is_noted=True, is_heavy=True,
    ),
)  # fmt: skip

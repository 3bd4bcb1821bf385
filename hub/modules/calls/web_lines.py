"""The page of our lines: which number the world dials, its name, the advertisement that carries it."""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import web

from hub.errors import Conflict, Invalid
from hub.kernel.web import PageRequest, Route
from hub.modules.access.api import AccessApi
from hub.modules.calls.api import CallsApi
from hub.values import ShopId

_FIELDS = ("number", "name", "source", "rev")


async def show(request: PageRequest) -> web.StreamResponse:
    """Every line, those without a name that were dialled lately too."""
    return await _page(request, {})


async def save(request: PageRequest) -> web.StreamResponse:
    """Name a line, new or known."""
    form = request.form
    rev = form.get("rev", "")
    shop_id = ShopId(form.get("shop_id", "") or request.viewer.shop_id)
    shops = {shop.id for shop in await request.apis.of(AccessApi).list_shops()}
    is_known = shop_id in shops
    is_allowed = request.viewer.rights.get("calls.lines") == "all" or shop_id in request.viewer.shop_ids
    try:
        if not (is_known and is_allowed):
            raise Invalid("calls.line", "Choose a shop of yours.", fields={"form": "Choose a shop of yours."})
        await request.apis.of(CallsApi).save_line(
            form.get("number", ""), form.get("name", ""), form.get("source", ""), shop_id,
            rev=int(rev) if rev.isascii() and rev.isdigit() and len(rev) < 10 else None,
        )  # fmt: skip
    except Invalid as error:
        return await _page(request, error.fields)
    except Conflict as error:
        return await _page(request, {"form": error.text})
    return request.redirect("/calls/lines", notice=request.t("Saved."))


async def _page(request: PageRequest, faults: Mapping[str, str]) -> web.StreamResponse:
    calls = request.apis.of(CallsApi)
    lines = await calls.lines()
    known = {line.number for line in lines}
    unnamed = [number for number in await calls.dialled_lately() if number not in known]
    typed = {name: request.form.get(name, "") for name in _FIELDS} if faults else {}
    shops = await request.apis.of(AccessApi).list_shops()
    return request.page(
        "calls/lines.html", status=422 if faults else 200, lines=lines, unnamed=unnamed, faults=faults,
        typed=typed, shops=shops,
    )  # fmt: skip


routes = (
    Route(method="GET", path="/calls/lines", handler=show, right="calls.lines", name="calls.lines"),
    Route(method="POST", path="/calls/lines", handler=save, right="calls.lines", name="calls.save_line"),
)

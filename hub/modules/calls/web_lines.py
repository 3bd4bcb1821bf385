"""Pages of our lines: which number the world dials, its name, the advertisement that carries it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import fields

from aiohttp import web

from hub.errors import Conflict, Invalid
from hub.kernel.web import Method, PageRequest, Route
from hub.modules.access.api import AccessApi, ShopView
from hub.modules.calls.api import CallsApi, LineEntry, LineView
from hub.modules.calls.scope import shops_of
from hub.values import ShopId

Handler = Callable[[PageRequest], Awaitable[web.StreamResponse]]

_FIELDS = tuple(one.name for one in fields(LineEntry))
_NO_SHOP = {"shop_id": "Choose a shop of yours."}


async def show(request: PageRequest) -> web.StreamResponse:
    """Every line of the viewer's shops, and the numbers without a name that were dialled lately."""
    calls = request.apis.of(CallsApi)
    lines = await calls.lines()
    known = {line.number for line in lines}
    unnamed = [number for number in await calls.dialled_lately() if number not in known]
    shops = await _shops(request)
    return request.page(
        "calls/lines.html", lines=[line for line in lines if line.shop_id in shops], unnamed=unnamed,
        shops=shops,
    )  # fmt: skip


async def new(request: PageRequest) -> web.StreamResponse:
    """An empty form; a number that was dialled may stand in it."""
    number = request.query.get("number", "")[:64].replace("\x00", "")
    return await _page(request, None, {"number": number, "shop_id": request.viewer.shop_id}, {})


async def add(request: PageRequest) -> web.StreamResponse:
    """Take the form in."""
    try:
        await request.apis.of(CallsApi).numbers.save(await _entry(request), None)
    except (Invalid, Conflict) as error:
        return await _page(request, None, dict(request.form), _faults(error))
    return request.redirect("/settings/lines", notice=request.t("Saved."))


async def edit(request: PageRequest) -> web.StreamResponse:
    """The form as the line is."""
    line = await _line(request)
    return await _page(request, line, _typed(line), {})


async def change(request: PageRequest) -> web.StreamResponse:
    """Take the form in; what was typed stays when something of it is wrong."""
    line = await _line(request)
    rev = request.form.get("rev", "")
    seen = int(rev) if rev.isascii() and rev.isdigit() and len(rev) < 10 else None
    try:
        await request.apis.of(CallsApi).numbers.change(line.id, await _entry(request), seen)
    except (Invalid, Conflict) as error:
        return await _page(request, line, dict(request.form), _faults(error))
    return request.redirect("/settings/lines", notice=request.t("Saved."))


async def remove(request: PageRequest) -> web.StreamResponse:
    """The number loses its name; its calls stay."""
    line = await _line(request)
    await request.apis.of(CallsApi).numbers.remove(line.id)
    return request.redirect("/settings/lines", notice=request.t("The line is taken away; its calls stay."))


async def moved(request: PageRequest) -> web.StreamResponse:
    """The page's old address."""
    return request.redirect("/settings/lines")


async def _shops(request: PageRequest) -> dict[ShopId, ShopView]:
    allowed = shops_of(request, "calls.lines")
    return {
        shop.id: shop
        for shop in await request.apis.of(AccessApi).list_shops()
        if allowed is None or shop.id in allowed
    }


async def _line(request: PageRequest) -> LineView:
    return await request.apis.of(CallsApi).numbers.one(request.path["id"], shops_of(request, "calls.lines"))


async def _entry(request: PageRequest) -> LineEntry:
    form = request.form
    shop_id = ShopId(form.get("shop_id", "") or request.viewer.shop_id)
    if shop_id not in await _shops(request):
        raise Invalid("calls.line", "Some fields need another look.", fields=_NO_SHOP)
    typed = form.get("capacity", "").strip()
    is_number = typed.isascii() and typed.isdigit() and len(typed) < 6
    return LineEntry(
        number=form.get("number", ""), name=form.get("name", ""), shop_id=shop_id,
        source=form.get("source", ""), trunk=form.get("trunk", ""),
        callback_number=form.get("callback_number", ""),
        capacity=int(typed) if is_number else 0 if typed else None,
    )  # fmt: skip


def _faults(error: Invalid | Conflict) -> Mapping[str, str]:
    return error.fields if isinstance(error, Invalid) else {"form": error.text}


def _typed(line: LineView) -> dict[str, str]:
    shown = {name: getattr(line, name) for name in (*_FIELDS, "rev")}
    return {name: "" if value is None else str(value) for name, value in shown.items()}


async def _page(
    request: PageRequest, line: LineView | None, typed: Mapping[str, str], faults: Mapping[str, str]
) -> web.StreamResponse:
    return request.page(
        "calls/line.html", status=422 if faults else 200, line=line, typed=typed, faults=faults,
        shops=[(shop.id, shop.name) for shop in (await _shops(request)).values()],
    )  # fmt: skip


def _route(method: Method, path: str, handler: Handler, name: str) -> Route:
    return Route(
        method=method, path=path, handler=handler, right="calls.lines", name=f"calls.{name}", feature="3.8"
    )


routes = (
    _route("GET", "/settings/lines", show, "lines"),
    _route("GET", "/settings/lines/new", new, "new_line"),
    _route("POST", "/settings/lines/new", add, "add_line"),
    _route("GET", "/settings/lines/{id}", edit, "line"),
    _route("POST", "/settings/lines/{id}", change, "change_line"),
    _route("POST", "/settings/lines/{id}/remove", remove, "remove_line"),
    _route("GET", "/calls/lines", moved, "moved_lines"),
)

"""The desk's page and what can be done on it. Thin: parse, ask the service, render."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial
from typing import Any, get_args

from aiohttp import web

from hub.errors import Invalid
from hub.kernel.web import CardSubject, PageRequest, Route
from hub.modules.calls.api import CallsApi, CallView
from hub.modules.crm.api import CrmApi, Relation, reason_in_words
from hub.modules.desk.rules import Stage
from hub.modules.desk.service import DeskService
from hub.modules.desk.views import DeskPage, OpenCard, Row, Sight
from hub.values import CallId, ShopId

_LONGEST_QUERY = 100
_HITS = 8
_NOT_CLIENTS: tuple[Relation, ...] = ("supplier", "staff", "spam", "other")


async def show(request: PageRequest) -> web.StreamResponse:
    """The page; its scripts ask for `state` from then on."""
    strips = [strip for strip in request.deps.strips if request.viewer.can(strip.right)]
    return request.page("desk/index.html", strips=strips, **await _values(request))


async def state(request: PageRequest) -> web.StreamResponse:
    """The part of the page that changes. 304 while nothing did."""
    values = await _values(request)
    return _tagged(request, request.html("desk/state.html", **values))


async def pop(request: PageRequest) -> web.StreamResponse:
    """Who rings or talks, in a corner of every page that is not the desk. 304 while nothing changed."""
    pops = await DeskService(request.uow, request.deps).pops(request.viewer)
    ringing = next((shown.row for shown in pops if shown.pop.stage == "ring"), None)
    return _tagged(request, request.html("desk/pop.html", pops=pops, ringing=ringing))


def _tagged(request: PageRequest, html: str) -> web.Response:
    tag = '"' + hashlib.sha256(html.encode()).hexdigest()[:24] + '"'
    headers = {"ETag": tag, "Cache-Control": "no-store", "Server-Time": request.deps.clock.now().isoformat()}
    if request.http.headers.get("If-None-Match") == tag:
        return web.Response(status=304, headers=headers)
    return web.Response(text=html, content_type="text/html", headers=headers)


async def search(request: PageRequest) -> web.StreamResponse:
    """What the search box shows below itself."""
    text = request.query.get("q", "")[:_LONGEST_QUERY].strip()
    crm, is_whole = request.apis.of(CrmApi), not request.viewer.sees_numbers
    hits = await crm.search(text, _HITS, whole_numbers=is_whole) if text else []
    call = request.query.get("call", "")
    return request.fragment("desk/results.html", hits=hits, text=text, call_id=call)


async def dismiss(request: PageRequest) -> web.StreamResponse:
    """Put the card away; twice is once."""
    stage = _choice(request, "stage", get_args(Stage))
    transfers = request.form.get("transfers", "0")
    if not (transfers.isascii() and transfers.isdigit() and len(transfers) < 5):
        raise Invalid("desk.form", "The form came broken.", "Reload the page and try again.")
    service = DeskService(request.uow, request.deps)
    await service.dismiss(request.viewer, request.path["id"], stage, int(transfers))
    return request.redirect("/desk")


async def note(request: PageRequest) -> web.StreamResponse:
    """Add a note to the call. The same words by the same person again are one note."""
    call = await _call(request)
    calls = request.apis.of(CallsApi)
    text = request.form.get("text", "").strip()
    written = (await calls.notes([call.id])).get(call.id, ())
    if not any(n.text == text and n.author_id == request.viewer.actor for n in written[-1:]):
        await calls.add_note(call.id, text, author_name=request.viewer.name)
    return request.redirect("/desk")


async def choose(request: PageRequest) -> web.StreamResponse:
    """Say which of the candidates it is; an empty choice takes it back."""
    call = await _call(request)
    client_id = request.form.get("client_id", "") or None
    await request.apis.of(CallsApi).set_client(call.id, client_id)
    return request.redirect("/desk")


async def create(request: PageRequest) -> web.StreamResponse:
    """A new client from the card, the number filled in. A call that has its client keeps it, so that
    a second click makes no second client."""
    call = await _call(request)
    if call.client_id is not None:
        return request.redirect("/desk")
    client = await request.apis.of(CrmApi).quick_create(
        call.other_number,
        request.form.get("name", "").strip(),
        plate=request.form.get("plate", "").strip().upper(),
        model=request.form.get("model", "").strip(),
        allow_shared=call.candidate_count > 0,
    )
    await request.apis.of(CallsApi).set_client(call.id, client.id)
    return request.redirect("/desk", notice=request.t("{name} is a client now.", name=client.title))


async def not_client(request: PageRequest) -> web.StreamResponse:
    """Remember for ever what this number is instead."""
    call = await _call(request)
    relation = _choice(request, "relation", _NOT_CLIENTS)
    crm = request.apis.of(CrmApi)
    match = await crm.caller(call.other_number)
    if match.relation != relation:
        name = request.form.get("name", "").strip()
        await crm.mark_not_client(call.other_number or "", relation, name)
    return request.redirect("/desk")


async def _values(request: PageRequest) -> dict[str, Any]:
    viewer, query = request.viewer, request.query
    service = DeskService(request.uow, request.deps)
    sight = Sight(shop=ShopId(query["shop"]) if query.get("shop") else None, mine=query.get("mine") == "yes")
    page = await service.page(viewer, query.get("open"), frozenset(query.getall("keep", [])), sight)
    if page.card is not None:
        page = replace(page, card=replace(page.card, parts=await _parts(request, page.card)))
    return {"desk": page, "ringing": _ringing(page), "reason": partial(reason_in_words, request.t)}


async def _parts(request: PageRequest, card: OpenCard) -> tuple[tuple[str, str], ...]:
    """What the modules have to say about the caller, in their manifests' order."""
    caller = card.row.caller
    subject = CardSubject(
        call_id=CallId(card.row.call.id),
        client_id=caller.client.id if caller.client else None,
        candidate_ids=tuple(c.client_id for c in caller.candidates),
        number=card.row.call.other_number,
        direction=card.row.call.direction,
        line=card.row.call.line,
    )
    allowed = [part for part in request.deps.card if request.viewer.can(part.right)]
    rendered = [(part.name, await part.render(request, subject)) for part in allowed]
    return tuple((name, html) for name, html in rendered if html.strip())


def _ringing(page: DeskPage) -> Row | None:
    """Whose call the tab's title and the screen reader tell of."""
    if page.card is not None and page.card.pop.stage == "ring":
        return page.card.row
    return next((other.row for other in page.others if other.pop.stage == "ring"), None)


async def _call(request: PageRequest) -> CallView:
    return await DeskService(request.uow, request.deps).mine(request.viewer, request.path["id"])


def _choice(request: PageRequest, name: str, allowed: tuple[Any, ...]) -> Any:
    value = request.form.get(name, "")
    if value not in allowed:
        raise Invalid("desk.form", "The form came broken.", "Reload the page and try again.")
    return value


def _post(action: str, handler: Callable[[PageRequest], Awaitable[web.StreamResponse]], right: str) -> Route:
    path = "/desk/calls/{id}/" + action
    return Route(method="POST", path=path, handler=handler, right=right, name=f"desk.{handler.__name__}")


routes = (
    Route(method="GET", path="/desk", handler=show, right="desk.use", name="desk.show"),
    Route(method="GET", path="/desk/state", handler=state, right="desk.use", name="desk.state"),
    Route(method="GET", path="/desk/pop", handler=pop, right="desk.use", name="desk.pop"),
    Route(method="GET", path="/desk/search", handler=search, right="clients.view", name="desk.search"),
    _post("dismiss", dismiss, "desk.use"),
    _post("notes", note, "calls.note"),
    _post("client", choose, "clients.edit"),
    _post("create", create, "clients.edit"),
    _post("not-client", not_client, "clients.edit"),
)

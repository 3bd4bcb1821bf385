"""Pages of the history. Thin: parse, call the api, render."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, get_args
from urllib.parse import quote, urlencode

from aiohttp import web

from hub.errors import Invalid
from hub.events.calls import CallResult, CallStateName, Direction, MissedReason
from hub.kernel.list_filters import given as given_more
from hub.kernel.list_filters import names, offered
from hub.kernel.web import CardSubject, Method, PageRequest, Route
from hub.modules.access.api import AccessApi
from hub.modules.calls.api import (
    MOST_COUNTED,
    CallerKind,
    CallFilter,
    CallsApi,
    CallView,
    FullView,
    OutcomeGroup,
)
from hub.modules.calls.periods import PERIODS, days_of, own_days, within
from hub.modules.calls.rows import call_rows, with_gaps
from hub.modules.calls.scope import extensions_of, shops_of
from hub.modules.calls.timeline import bars
from hub.modules.crm.api import CrmApi
from hub.values import CallId, ShopId

Handler = Callable[[PageRequest], Awaitable[web.StreamResponse]]

_PAGE = 50
_OTHERS = 10
_NAMES = (
    "period", "from", "to", "direction", "result", "state", "person", "line", "queue", "number",
    "client_id", "complete", "hours", "reason", "outcome", "answered_by", "caller", "source", "weekday",
    "hour", "shop",
)  # fmt: skip
_ALLOWED: Mapping[str, Collection[str]] = {
    "hours": ("in", "out"), "reason": get_args(MissedReason), "outcome": get_args(OutcomeGroup),
    "caller": get_args(CallerKind), "weekday": tuple(map(str, range(7))), "hour": tuple(map(str, range(24))),
}  # fmt: skip
_COUNTED = _NAMES[12:]
_LONGEST = 128


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The filter as it stands in the address: for the form and for links that change one thing."""

    given: Mapping[str, str]
    where: CallFilter

    def link(self, **changes: str) -> str:
        """The list with some filters changed; the page begins anew."""
        merged = {**self.given, **changes}
        return "/calls?" + urlencode({name: value for name, value in merged.items() if value})

    @property
    def counted(self) -> tuple[str, ...]:
        """What the address of a number in a report asks for, and the form has no field for."""
        return tuple(name for name in _COUNTED if self.given[name])

    @property
    def is_narrow(self) -> bool:
        """Whether anything but the period is asked for."""
        return any(value for name, value in self.given.items() if name not in _NAMES[:3])


async def show_list(request: PageRequest) -> web.StreamResponse:
    """Calls by filter, with totals by the same filter; `part=list` is what changes, for the script."""
    asked = await _asked(request)
    calls = request.apis.of(CallsApi)
    cursor = request.query.get("cursor") or None
    page = await calls.history(asked.where, cursor=cursor, limit=_PAGE)
    gaps = () if asked.is_narrow else await calls.gaps(asked.where.since, asked.where.until)
    rows = await call_rows(request, page.items)
    values: dict[str, Any] = {
        "asked": asked,
        "rows": with_gaps(rows, gaps, is_first=cursor is None, is_last=page.next is None),
        "totals": await calls.totals(asked.where, most=None if request.query.get("count") else MOST_COUNTED),
        "next": page.next,
        "full": await _full(request, asked) if cursor is None else (),
        "is_first": cursor is None,
    }
    if request.query.get("part") == "list":
        return request.fragment("calls/list_rows.html", **values)
    return request.page("calls/list.html", **values, **await _choices(request, asked))


async def _full(request: PageRequest, asked: Asked) -> tuple[FullView, ...]:
    """When no further call got through: whoever rang then is in no list."""
    if asked.is_narrow:
        return ()
    capacity = request.apis.of(CallsApi).capacity
    return await capacity.between(asked.where.since, asked.where.until, asked.where.shops)


async def show(request: PageRequest) -> web.StreamResponse:
    """A call: who, by which line, its people, legs and notes; `part=call` is what changes."""
    calls = request.apis.of(CallsApi)
    call = await calls.call(request.path["id"], shops=shops_of(request))
    if call.id != request.path["id"]:
        return request.redirect(_address(call.id))
    outside = call.other_number if call.direction != "internal" else None
    shops = shops_of(request)
    last = await calls.last_calls(
        client_id=call.client_id, number=outside, limit=_OTHERS, shops=shops, skip=call.id
    )
    match = await request.apis.of(CrmApi).caller(outside)
    here, there = (request.deps.places.of(shop) for shop in (request.viewer.shop_id, call.shop_id))
    values: dict[str, Any] = {
        "row": (await call_rows(request, [call]))[0],
        "call": call,
        "match": match,
        "bars": () if call.is_erased else bars(call, request.deps.clock.now()),
        "others": await call_rows(request, last),
        "fault": "",
        "recordings": await calls.old.recordings(call.id) if call.is_imported else (),
        "typed": "",
        "zone": there.zone,
        "elsewhere": there.zone.key if there.zone != here.zone else "",
        "parts": await _parts(request, call),
    }
    if request.query.get("part") == "call":
        return request.fragment("calls/call_body.html", **values)
    return request.page("calls/call.html", **values)


async def _parts(request: PageRequest, call: CallView) -> list[str]:
    """What other modules have to say about the call itself."""
    subject = CardSubject(
        call_id=CallId(call.id), client_id=call.client_id, candidate_ids=(), number=call.other_number,
        direction=call.direction, line=call.line,
    )  # fmt: skip
    parts = [part for part in request.deps.card if part.is_about_call and request.viewer.can(part.right)]
    rendered = [await part.render(request, subject) for part in parts]
    return [html for html in rendered if html.strip()]


async def add_note(request: PageRequest) -> web.StreamResponse:
    """Add a note, back to the call."""
    call_id = request.path["id"]
    text = request.form.get("text", "")
    note = await request.apis.of(CallsApi).add_note(
        call_id, text, author_name=request.viewer.name, shops=shops_of(request)
    )
    return request.redirect(_address(note.call_id) + "#notes", notice=request.t("Noted."))


async def choose_client(request: PageRequest) -> web.StreamResponse:
    """Say which of the candidates it was; an empty choice takes it back."""
    client_id = request.form.get("client_id", "") or None
    call = await request.apis.of(CallsApi).set_client(request.path["id"], client_id, shops=shops_of(request))
    return request.redirect(_address(call.id), notice=request.t("Saved."))


async def _asked(request: PageRequest) -> Asked:
    query = request.query
    known = (*_NAMES, *names(request.deps, "calls"))
    given = {name: query.get(name, "")[:_LONGEST].strip().replace("\x00", "") for name in known}
    if given["period"] not in PERIODS:
        given["period"] = (
            "custom" if given["from"] or given["to"] else "all" if given["client_id"] else "today"
        )
    given.update({name: "" for name, allowed in _ALLOWED.items() if given[name] not in allowed})
    zone = request.deps.places.of(request.viewer.shop_id).zone
    days = (_day(given["from"]), _day(given["to"]))
    days = days_of(given["period"], *days, request.deps.clock.now(), zone)
    where = CallFilter(
        shops=_shops(request, given["shop"]), direction=_one_of(given["direction"], get_args(Direction)),
        result=_one_of(given["result"], get_args(CallResult)),
        state=_one_of(given["state"], get_args(CallStateName)),
        person=await extensions_of(request, given["person"]) if given["person"] else None,
        line=given["line"] or None, queue=given["queue"] or None, number=given["number"] or None,
        client_id=given["client_id"] or None,
        is_complete={"yes": True, "no": False}.get(given["complete"]),
        in_hours={"in": True, "out": False}.get(given["hours"]),
        missed_reason=_one_of(given["reason"], get_args(MissedReason)),
        outcome=_one_of(given["outcome"], get_args(OutcomeGroup)),
        answered_by=await extensions_of(request, given["answered_by"]) if given["answered_by"] else None,
        caller=_one_of(given["caller"], get_args(CallerKind)), source=given["source"] or None,
        weekday=int(given["weekday"]) if given["weekday"] else None,
        hour=int(given["hour"]) if given["hour"] else None, more=given_more(request.deps, "calls", given),
    )  # fmt: skip
    shops = [shop.id for shop in await request.apis.of(AccessApi).list_shops()]
    stretches = own_days(*days, shops, request.deps.places, where, zone)
    return Asked(given=given, where=within(where, stretches))


async def _choices(request: PageRequest, asked: Asked) -> dict[str, Any]:
    """What the form's lists offer."""
    people = await request.apis.of(AccessApi).list_people(shops_of(request))
    calls = request.apis.of(CallsApi)
    client_id = asked.where.client_id
    client = (await request.apis.of(CrmApi).clients_by_ids([client_id])).get(client_id) if client_id else None
    return {
        "periods": PERIODS, "people": [one for one in people if one.extensions or one.mobile],
        "lines": await calls.lines(), "queues": await calls.queues(), "client": client,
        "directions": get_args(Direction), "results": get_args(CallResult),
        "more": await offered(request, "calls"),
    }  # fmt: skip


def _shops(request: PageRequest, chosen: str) -> frozenset[ShopId] | None:
    """One of those that the viewer may see, or all of them."""
    mine = shops_of(request)
    if not chosen:
        return mine
    return frozenset({ShopId(chosen)}) & (mine if mine is not None else {ShopId(chosen)})


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise Invalid(
            "calls.day", "This is not a day.", "Write it like 2026-12-31.", fields={"from": "Not a day."}
        ) from error


def _address(call_id: str) -> str:
    return f"/calls/{quote(call_id, safe='')}"


def _one_of(text: str, allowed: tuple[Any, ...]) -> Any:
    return text if text in allowed else None


def _page(
    method: Method, path: str, handler: Handler, right: str, name: str, *, is_heavy: bool = False
) -> Route:
    return Route(
        method=method, path=path, handler=handler, right=right, name=f"calls.{name}", is_heavy=is_heavy
    )


routes = (
    _page("GET", "/calls", show_list, "calls.view", "list", is_heavy=True),
    _page("GET", "/calls/{id}", show, "calls.view", "call"),
    _page("POST", "/calls/{id}/notes", add_note, "calls.note", "add_note"),
    _page("POST", "/calls/{id}/client", choose_client, "calls.note", "choose_client"),
)

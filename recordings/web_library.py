"""The library: the list with its filters and kept views, and a recording's own page."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, get_args
from urllib.parse import parse_qsl, urlencode

from aiohttp import web

from hub.events.calls import CallResult, Direction
from hub.kernel.list_filters import names, offered
from hub.kernel.web import PageRequest, Route
from hub.modules.access.api import AccessApi
from hub.modules.calls.api import CallsApi
from hub.modules.crm.api import CrmApi
from recordings.api import RecordingsApi
from recordings.asking import NAMES, PERIODS, Asked, asked_of
from recordings.entries import entries_of
from recordings.rights import EXPORT, EXPORT_ALONE, HOLD, LOG, REVIEW
from recordings.scope import LISTEN, reach_of, recording_of
from recordings.service_library import MOST_COUNTED
from recordings.service_reviews import ReviewFilter
from recordings.service_transcripts import first_of
from recordings.views_basis import BasisView
from recordings.web_player import players

_PAGE = 50
_LONGEST = 200


async def show_list(request: PageRequest) -> web.StreamResponse:
    """Recordings by filter, with totals by the same filter; `part=list` is what changes, for the script."""
    asked = await asked_of(request)
    library = request.apis.of(RecordingsApi).library
    cursor = request.query.get("cursor") or None
    page = await library.page(asked.where, cursor=cursor, limit=_PAGE)
    most = None if request.query.get("count") else MOST_COUNTED
    values: dict[str, Any] = {
        "asked": asked, "next": page.next, "is_first": cursor is None,
        "entries": await entries_of(request, page.items, asked.given["q"] or asked.given["mark"]),
        "totals": await library.totals(asked.where, most=most),
        "proposed": await _proposed(request),
    }  # fmt: skip
    if request.query.get("part") == "list":
        return request.fragment("recordings/list_rows.html", **values)
    return request.page("recordings/list.html", **values, **await _choices(request, asked))


async def show(request: PageRequest) -> web.StreamResponse:
    """One recording: its player, whose call it is, reviews, who listened, who outside may."""
    recording = await recording_of(request)
    api = request.apis.of(RecordingsApi)
    rows = await api.library.by_ids([recording.id])
    viewer = request.viewer
    entries = await entries_of(request, list(rows.values()))
    may_export = viewer.can(EXPORT) or viewer.can(EXPORT_ALONE)
    may_review = viewer.can(REVIEW)
    people = await request.apis.of(AccessApi).people_by_extension()
    call = entries[0].call if entries else None
    talked = [people[one.who] for one in call.parties if one.who in people] if call is not None else []
    reviews = await api.reviews.of(recording.id) if may_review else await _own_reviews(request, recording.id)
    words = await api.transcripts.of(recording)
    player = (await players(request, [recording], linked=recording.id))[0]
    looked_for = request.query.get("q", "")[:_LONGEST]
    player = replace(player, words=words, start=first_of(words, looked_for) if looked_for else None)
    return request.page(
        "recordings/recording.html", recording=recording, entry=entries[0] if entries else None,
        player=player, reviews=reviews,
        cards=await api.cards.all() if may_review else (), pick=await api.queue.of(recording.id),
        listens=await api.listens.of(recording.id) if viewer.can(LOG) else None,
        shares=await api.sharing.of(recording.id) if may_export else (), may_export=may_export,
        basis=await _basis(request, recording.call_id),
        erased=(await api.erasing.why([recording.id])).get(recording.id),
        holds=await api.holds.of(recording), keeps=await api.keeps.of(recording),
        clips=await api.clips.of(recording.id) if may_export else (),
        people=list({one.id: one for one in talked}.values()), faults={}, sent={},
    )  # fmt: skip


async def _proposed(request: PageRequest) -> int:
    """How many legal holds wait for this owner."""
    if not request.viewer.can(HOLD) or request.query.get("part") == "list":
        return 0
    holds = request.apis.of(RecordingsApi).holds
    return len(await holds.proposed(reach_of(request, HOLD).shops))


async def _basis(request: PageRequest, call_id: str | None) -> BasisView:
    """What its call was recorded on."""
    known = await request.apis.of(RecordingsApi).basis.of([call_id] if call_id is not None else [])
    return known.get(call_id or "") or BasisView(call_id=call_id or "")


async def _own_reviews(request: PageRequest, recording_id: str) -> tuple[Any, ...]:
    """What an employee may read: finished reviews of the own talk."""
    where = ReviewFilter(recording_id=recording_id, person_id=request.viewer.id, is_done=True)
    return (await request.apis.of(RecordingsApi).reviews.page(where))[0]


async def keep_view(request: PageRequest) -> web.StreamResponse:
    """Keep the filter under a name."""
    known = {*NAMES, *names(request.deps, "calls")}
    fields = [(name, value) for name, value in parse_qsl(request.form.get("query", "")) if name in known]
    view = await request.apis.of(RecordingsApi).saved.keep(
        request.form.get("name", ""), urlencode(fields), is_shared=request.form.get("shared") == "1"
    )
    return request.redirect(f"/recordings?{view.query}", notice=request.t("The view is kept."))


async def drop_view(request: PageRequest) -> web.StreamResponse:
    """A view of one's own is gone."""
    await request.apis.of(RecordingsApi).saved.drop(request.path["view"])
    return request.redirect("/recordings", notice=request.t("The view is gone."))


async def _choices(request: PageRequest, asked: Asked) -> dict[str, Any]:
    """What the form's lists offer."""
    people = await request.apis.of(AccessApi).list_people(asked.where.shops)
    calls, crm = request.apis.of(CallsApi), request.apis.of(CrmApi)
    client_id = asked.where.client_id
    client = (await crm.clients_by_ids([client_id])).get(client_id) if client_id else None
    return {
        "periods": PERIODS, "people": [one for one in people if one.extensions or one.mobile],
        "lines": await calls.lines(), "queues": await calls.queues(), "client": client,
        "more": await offered(request, "calls"),
        "views": await request.apis.of(RecordingsApi).saved.all(),
        "directions": get_args(Direction), "results": get_args(CallResult),
    }  # fmt: skip


def _route(method: Any, path: str, handler: Any, name: str) -> Route:
    return Route(method=method, path=path, handler=handler, right=LISTEN, name=f"recordings.{name}")


routes = (
    _route("GET", "/recordings", show_list, "library"),
    _route("POST", "/recordings/views", keep_view, "keep_view"),
    _route("POST", "/recordings/views/{view}/drop", drop_view, "drop_view"),
    _route("GET", "/recordings/{id}", show, "recording"),
)

"""Colleagues on the screen: a strip for the desk and the boards, a page of them all, and one's own state."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, cast, get_args

from aiohttp import web

from hub.errors import Invalid, NotAllowed
from hub.events.presence import ChosenPresence
from hub.kernel.web import PageRequest, Route
from hub.modules.access.api import AccessApi
from hub.modules.presence.api import REASONS, PresenceApi, by_readiness
from hub.modules.presence.scope import CHOOSE, VIEW, may_speak_for, shops_of

HOME = "/presence"
_MINUTES = (15, 30, 60, 120)
_DAY = 24 * 60


async def show(request: PageRequest) -> web.StreamResponse:
    """Everybody, with what their state is made of; `part=people` is what changes."""
    values = await _values(request)
    if request.query.get("part") == "people":
        return request.fragment("presence/people.html", **values)
    return request.page("presence/index.html", **values)


async def strip(request: PageRequest) -> web.StreamResponse:
    """One line of colleagues, oneself in front."""
    response = request.fragment("presence/strip.html", **await _values(request))
    response.headers["Cache-Control"] = "no-store"
    return response


async def choose(request: PageRequest) -> web.StreamResponse:
    """Away, not to be disturbed, or back: for oneself, or with the right for a colleague."""
    form = request.form
    kind = form.get("kind", "")
    person_id = form.get("person_id", "") or request.viewer.id
    if kind not in get_args(ChosenPresence):
        raise Invalid("presence.form", "The form came broken.", "Reload the page and try again.")
    if not may_speak_for(request, person_id):
        raise NotAllowed("presence.not_self", "You can say this only for yourself.")
    person = await request.apis.of(AccessApi).person(person_id, shops_of(request, CHOOSE))
    reason = form.get("reason", "")
    reason = request.t(reason) if reason in REASONS else reason
    await request.apis.of(PresenceApi).people.choose(
        person, cast("ChosenPresence", kind), reason=reason, until=_until(request)
    )
    said = {"away": "You are away.", "do_not_disturb": "You are not disturbed.", "here": "You are back."}
    notice = request.t(said[kind]) if person_id == request.viewer.id else request.t("Saved.")
    return request.redirect(HOME, notice=notice)


def _until(request: PageRequest) -> datetime | None:
    text = request.form.get("minutes", "")
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:6]) <= _DAY):
        said = "Enter minutes, up to a day."
        raise Invalid("presence.until", said, fields={"minutes": said})
    return request.deps.clock.now() + timedelta(minutes=int(text))


async def _values(request: PageRequest) -> dict[str, Any]:
    api, viewer = request.apis.of(PresenceApi), request.viewer
    everybody = await api.everybody(shops_of(request))
    own = viewer.id if viewer.kind == "person" else None
    return {
        "people": sorted(
            (
                one
                for one in everybody
                if one.extensions or one.has_mobile or one.is_gone
            ),
            key=by_readiness,
        ),
        "me": next((one for one in everybody if one.person_id == own), None),
        "knowledge": await api.knowledge(),
        "reasons": REASONS,
        "minutes": _MINUTES,
        "may_speak": viewer.rights.get(CHOOSE) in ("all", "shop"),
    }  # fmt: skip


routes = (
    Route(method="GET", path=HOME, handler=show, right=VIEW, name="presence.show"),
    Route(method="GET", path=f"{HOME}/strip", handler=strip, right=VIEW, name="presence.strip"),
    Route(method="POST", path=f"{HOME}/choose", handler=choose, right=CHOOSE, name="presence.choose"),
)

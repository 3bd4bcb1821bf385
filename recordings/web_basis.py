"""The recording of a call that goes on, on the desk and on the call's page: what it is recorded on, the pause
for card data, stop and erase. Thin."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import web

from hub.kernel.web import CardPart, CardSubject, PageRequest, Route
from hub.modules.calls.api import CallsApi, CallView
from recordings.api import RecordingsApi
from recordings.rights import CONTROL, STOP_ERASE
from recordings.scope import VIEW, call_to_erase, calls_of
from recordings.service_guard import GuardService


async def pause(request: PageRequest) -> web.StreamResponse:
    """Leave out what is said from now on."""
    call = await _call(request)
    await _guard(request).pause(call, name=request.viewer.name)
    return _back(request)


async def resume(request: PageRequest) -> web.StreamResponse:
    """Record again."""
    call = await _call(request)
    await _guard(request).resume(call, name=request.viewer.name)
    return _back(request)


async def erase(request: PageRequest) -> web.StreamResponse:
    """Stop, and nothing of it stays."""
    is_withdrawn = request.form.get("why") == "withdrawn"
    call = await call_to_erase(request, is_withdrawn=is_withdrawn)
    await _guard(request).stop_and_erase(call, name=request.viewer.name, is_withdrawn=is_withdrawn)
    return _back(request)


async def note(request: PageRequest) -> web.StreamResponse:
    """They were told, and where it is asked, said yes."""
    call = await _call(request)
    basis = request.apis.of(RecordingsApi).basis
    await basis.spoken(call, name=request.viewer.name, agreed=request.form.get("agreed") == "1")
    return _back(request)


async def now(request: PageRequest, subject: CardSubject) -> str:
    """On the card and the page of a call with the outside that goes on; of one that is over what there is to
    know of its recording, unless that is nothing."""
    if subject.call_id is None:
        return ""
    call = await request.apis.of(CallsApi).call(str(subject.call_id))
    if call.direction == "internal" or call.answered_at is None:
        return ""
    found = await _guard(request).of(call)
    if not call.is_live and not found.pauses and found.basis.stop_rule is None and found.basis.rev == 0:
        return ""
    return request.html(
        "recordings/part_live.html", call=call, live=found, may_steer=request.viewer.can(CONTROL),
        may_erase=request.viewer.can(STOP_ERASE),
    )  # fmt: skip


async def _call(request: PageRequest) -> CallView:
    return await calls_of(request, request.apis.of(CallsApi), request.path["id"], CONTROL)


def _guard(request: PageRequest) -> GuardService:
    return request.apis.of(RecordingsApi).guard


def _back(request: PageRequest) -> web.StreamResponse:
    return request.redirect(f"/calls/{request.http.match_info['id'].replace('/', '%2F')}")


def _post(
    path: str, handler: Callable[[PageRequest], Awaitable[web.StreamResponse]], name: str
) -> Route:  # fmt: skip
    return Route(
        method="POST", path=f"/recordings/live/{{id}}/{path}", handler=handler, right=CONTROL,
        name=f"recordings.{name}",
    )  # fmt: skip


parts = (CardPart(name="recordings.live", order=8, right=VIEW, render=now, is_about_call=True),)
routes = (
    _post("pause", pause, "pause"),
    _post("resume", resume, "resume"),
    _post("erase", erase, "stop_and_erase"),
    _post("notice", note, "note_notice"),
)

"""Steering calls from the card on the desk and the live board: forms that a script posts. Thin."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Literal, cast, get_args

from aiohttp import web

from hub.errors import Invalid
from hub.kernel.web import CardPart, CardSubject, PageRequest, Route
from hub.modules.calls.api import CallsApi
from hub.modules.dialling.api import CommandView, DiallingApi
from hub.modules.dialling.scope import CALL, LISTEN, STEER, asker_of, calls_of
from hub.modules.dialling.service_state import control_of
from hub.modules.dialling.service_steering import SteeringService
from hub.modules.dialling.web import answer
from hub.modules.presence.api import PresenceApi, PresenceView, by_readiness
from hub.ports.commands import CommandKind, Hearing

Press = Callable[[PageRequest, SteeringService, str], Awaitable[CommandView]]
_COLLEAGUES = web.RequestKey("dialling.colleagues", tuple[PresenceView, ...])


def _steering(request: PageRequest) -> SteeringService:
    return request.apis.of(DiallingApi).steering


def _key(request: PageRequest) -> str:
    """The press's own name; a form without one is told apart by the call and the second."""
    return request.form.get("key", "")[:200] or f"press:{secrets.token_hex(16)}"


async def hang_up(request: PageRequest) -> web.StreamResponse:
    """End the call."""
    asker, shops = asker_of(request), calls_of(request, STEER)
    order = await _steering(request).hang_up(request.path["id"], asker, _key(request), shops)
    return answer(request, order)


async def take(request: PageRequest) -> web.StreamResponse:
    """A caller who waits comes to one's own phone."""
    asker, shops = asker_of(request), calls_of(request, STEER)
    return answer(request, await _steering(request).take(request.path["id"], asker, _key(request), shops))


async def give(request: PageRequest) -> web.StreamResponse:
    """A caller who waits or is parked goes to a colleague's phone."""
    asker, shops, to = asker_of(request), calls_of(request, STEER), request.form.get("to", "")[:100]
    return answer(request, await _steering(request).give(request.path["id"], to, asker, _key(request), shops))


async def transfer(request: PageRequest) -> web.StreamResponse:
    """Put through at once, or ask there first."""
    form, shops = request.form, calls_of(request, STEER)
    kind: Literal["blind", "attended"] = "attended" if form.get("kind") == "attended" else "blind"
    number = form.get("to", "")[:100]
    order = await _steering(request).transfer(
        request.path["id"], number, kind, asker_of(request), _key(request), shops
    )  # fmt: skip
    return answer(request, order)


async def consultation(request: PageRequest) -> web.StreamResponse:
    """The colleague was asked: hand over, or take back."""
    decision, shops = request.form.get("decision", ""), calls_of(request, STEER)
    if decision not in ("hand_over", "take_back"):
        raise Invalid("dial.form", "The form came broken.", "Reload the page and try again.")
    order = await _steering(request).end_consultation(
        request.path["id"], decision == "hand_over", asker_of(request), _key(request), shops
    )  # fmt: skip
    return answer(request, order)


async def park(request: PageRequest) -> web.StreamResponse:
    """Into the car park of calls."""
    asker, shops = asker_of(request), calls_of(request, STEER)
    return answer(request, await _steering(request).park(request.path["id"], asker, _key(request), shops))


async def listen(request: PageRequest) -> web.StreamResponse:
    """Hear the call on one's own phone; `whisper`: and be heard by the colleague; `barge`: by everybody."""
    how, shops = request.form.get("how", "listen"), calls_of(request, LISTEN)
    if how not in get_args(Hearing):
        raise Invalid("dial.form", "The form came broken.", "Reload the page and try again.")
    order = await _steering(request).listen(
        request.path["id"], cast("Hearing", how), asker_of(request), _key(request), shops
    )  # fmt: skip
    return answer(request, order)


async def pause(request: PageRequest) -> web.StreamResponse:
    """Out of the queues for a while, for a reason; or back."""
    is_paused, reason = request.form.get("pause") == "yes", request.form.get("reason", "")[:100]
    order = await _steering(request).pause(is_paused, reason, asker_of(request), _key(request))
    return answer(request, order)


async def phone(request: PageRequest) -> web.StreamResponse:
    """What one may do with one's own phone: the pause, for the desk. 204 where there is no phone."""
    asker = asker_of(request)
    if not asker.extensions or _lacks(request, "pause"):
        return web.Response(status=204)
    dialling = request.apis.of(DiallingApi)
    response = request.fragment(
        "dialling/phone.html", pause=await dialling.steering.own_pause(asker),
        reasons=(await dialling.settings.read()).reasons,
    )  # fmt: skip
    response.headers["Cache-Control"] = "no-store"
    return response


async def steer(request: PageRequest, subject: CardSubject) -> str:
    """On the card of a call that goes on: what can be done with it."""
    if subject.call_id is None or control_of(request.deps) is None:
        return ""
    call = await request.apis.of(CallsApi).call(str(subject.call_id))
    if not call.is_live:
        return ""
    asker, colleagues = asker_of(request), await colleagues_of(request)
    return request.html(
        "dialling/steer.html", call=call, colleagues=colleagues, by_name=sorted(colleagues, key=by_name),
        lacks=_lacking(request), consulting=await _steering(request).consulting(call),
        is_mine=bool(set(asker.extensions) & {one.extension for one in call.parties}),
    )  # fmt: skip


async def colleagues_of(request: PageRequest) -> Sequence[PresenceView]:
    """Those with a phone, whoever is free in front; read once for all the calls of a page."""
    known = request.http.get(_COLLEAGUES)
    if known is None:
        own = set(asker_of(request).extensions)
        everybody = await request.apis.of(PresenceApi).everybody()
        found = (one for one in everybody if one.extensions and not set(one.extensions) & own)
        known = request.http[_COLLEAGUES] = tuple(sorted(found, key=by_readiness))
    return known


def by_name(one: PresenceView) -> tuple[str, str]:
    """The order of a menu whose lines have digits: by readiness a digit would change its meaning under the
    finger."""
    return one.name.casefold(), one.extensions[0]


def _lacking(request: PageRequest) -> Mapping[CommandKind, str]:
    control = control_of(request.deps)
    return control.lacks() if control is not None else {}


def _lacks(request: PageRequest, kind: str) -> bool:
    return control_of(request.deps) is None or kind in _lacking(request)


def _post(
    action: str,
    handler: Callable[[PageRequest], Awaitable[web.StreamResponse]],
    name: str,
    right: str = STEER,
) -> Route:
    return Route(
        method="POST", path=f"/dialling/live/{{id}}/{action}", handler=handler, right=right,
        name=f"dialling.{name}",
    )  # fmt: skip


routes = (
    _post("hang-up", hang_up, "hang_up"),
    _post("take", take, "take"),
    _post("give", give, "give"),
    _post("transfer", transfer, "transfer"),
    _post("consultation", consultation, "consultation"),
    _post("park", park, "park"),
    _post("listen", listen, "listen", LISTEN),
    Route(method="POST", path="/dialling/pause", handler=pause, right=STEER, name="dialling.pause"),
    Route(method="GET", path="/dialling/phone", handler=phone, right=CALL, name="dialling.phone"),
)

parts = (CardPart(name="dialling.steer", order=5, right=STEER, render=steer),)

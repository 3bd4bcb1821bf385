"""The keys at each call of a board, those that would work now, for whoever may press them; and for the desk
the calls that may be heard."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import get_args

from aiohttp import web

from hub.kernel.masking import Words
from hub.kernel.web import SIGNED_IN, CardPart, CardSubject, PageRequest, Route
from hub.modules.access.api import AccessApi
from hub.modules.calls.api import CallsApi, CallView
from hub.modules.crm.api import CrmApi
from hub.modules.dialling.rules_keys import keys_for
from hub.modules.dialling.scope import LISTEN, STEER, asker_of, calls_of
from hub.modules.dialling.service_state import works_now
from hub.modules.dialling.web_steering import by_name, colleagues_of
from hub.ports.commands import Hearing


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """A call that can be heard: who of ours talks, and with whom (empty: not a client)."""

    call: CallView
    colleague: str
    client: Words


async def keys(request: PageRequest, subject: CardSubject) -> str:
    """Nothing where nothing can be done."""
    if subject.call_id is None or not (request.viewer.can(STEER) or request.viewer.can(LISTEN)):
        return ""
    works = works_now(request.deps)
    if not works:
        return ""
    call = await request.apis.of(CallsApi).call(str(subject.call_id))
    found = keys_for(
        call, asker_of(request).extensions, works, may_steer=_reaches(request, call, STEER),
        may_listen=_reaches(request, call, LISTEN),
    )  # fmt: skip
    if not found:
        return ""
    colleagues = sorted(await colleagues_of(request), key=by_name) if "give" in found else ()
    return request.html("dialling/board_keys.html", call=call, keys=found, colleagues=colleagues)


async def hearing(request: PageRequest) -> web.StreamResponse:
    """The calls that can be heard from one's own phone, for the desk. 204 where none can be."""
    own, works = asker_of(request).extensions, works_now(request.deps) & frozenset(get_args(Hearing))
    if not own or not works:
        return web.Response(status=204)
    found = [
        call
        for call in await request.apis.of(CallsApi).live_calls(shops=calls_of(request, LISTEN))
        if keys_for(call, own, works, may_steer=False, may_listen=True)
    ]
    response = request.fragment("dialling/hearing.html", calls=await _heard(request, found), works=works)
    response.headers["Cache-Control"] = "no-store"
    return response


async def _heard(request: PageRequest, calls: Sequence[CallView]) -> list[Heard]:
    clients = await request.apis.of(CrmApi).clients_by_ids({one.client_id for one in calls if one.client_id})
    people = await request.apis.of(AccessApi).people_by_extension() if calls else {}
    found = []
    for call in calls:
        client, phone = clients.get(call.client_id or ""), call.last_extension or ""
        name = people[phone].name if phone in people else ""
        found.append(
            Heard(call=call, colleague=f"{name} {phone}".strip(), client=client.title if client else "")
        )
    return found


def _reaches(request: PageRequest, call: CallView, right: str) -> bool:
    if not request.viewer.can(right):
        return False
    shops = calls_of(request, right)
    return shops is None or call.shop_id in shops


routes = (
    Route(method="GET", path="/dialling/hearing", handler=hearing, right=LISTEN, name="dialling.hearing"),
)

parts = (CardPart(name="dialling.board", order=10, right=SIGNED_IN, render=keys),)

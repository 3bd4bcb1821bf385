"""The keys at each call of the live board: those that would work now, for whoever may press them."""

from __future__ import annotations

from hub.kernel.web import SIGNED_IN, CardPart, CardSubject, PageRequest
from hub.modules.calls.api import CallsApi, CallView
from hub.modules.dialling.rules_keys import keys_for
from hub.modules.dialling.scope import LISTEN, STEER, asker_of, calls_of
from hub.modules.dialling.service_state import works_now
from hub.modules.dialling.web_steering import colleagues_of


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
    colleagues = await colleagues_of(request) if "give" in found else ()
    return request.html("dialling/board_keys.html", call=call, keys=found, colleagues=colleagues)


def _reaches(request: PageRequest, call: CallView, right: str) -> bool:
    if not request.viewer.can(right):
        return False
    shops = calls_of(request, right)
    return shops is None or call.shop_id in shops


parts = (CardPart(name="dialling.board", order=10, right=SIGNED_IN, render=keys),)

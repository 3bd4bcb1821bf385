"""How far a viewer's right to recordings reaches."""

from __future__ import annotations

from datetime import timedelta

from hub.errors import NotAllowed, NotFound
from hub.kernel.web import PageRequest
from hub.modules.calls.api import CallsApi, CallView
from recordings.api import RecordingFilter, RecordingsApi, RecordingView
from recordings.rights import CONTROL, STOP_ERASE

LISTEN = "recordings.listen"
VIEW = "calls.view"
"""How it stands with a call's recording is seen by whoever sees the call."""
OWN_DAYS = timedelta(days=7)
"""Whose right reaches the own calls alone hears those of so many days."""


def reach_of(request: PageRequest, right: str = LISTEN) -> RecordingFilter:
    """Every shop, the own shops, or the own calls of the last days only."""
    viewer = request.viewer
    scope = viewer.rights.get(right)
    shops = None if scope == "all" else viewer.shop_ids
    phones = (*viewer.extensions, *((viewer.mobile,) if viewer.mobile else ()))
    if scope != "own":
        return RecordingFilter(shops=shops)
    return RecordingFilter(shops=shops, phones=phones, since=request.deps.clock.now() - OWN_DAYS)


async def recording_of(request: PageRequest, right: str = LISTEN) -> RecordingView:
    """The recording of the address. Raises NotFound, also for what the right does not reach."""
    return await request.apis.of(RecordingsApi).one(request.path["id"], reach_of(request, right))


async def calls_of(request: PageRequest, calls: CallsApi, call_id: str, right: str) -> CallView:
    """A call whose recording the viewer may hear or steer: of every shop, the own shops, or the own phones.
    Raises NotFound."""
    reach = reach_of(request, right)
    call = await calls.call(call_id, shops=reach.shops)
    heard = {one.who for one in call.parties}
    if reach.phones is not None and not heard & set(reach.phones):
        raise NotFound("calls.unknown", "There is no such call.")
    return call


async def call_to_erase(request: PageRequest, *, is_withdrawn: bool) -> CallView:
    """The call of the address, whose recording the viewer may stop and erase. Without a right of its own for
    that: while the call goes on, because the caller does not want it. Raises NotFound, NotAllowed."""
    calls, call_id = request.apis.of(CallsApi), request.path["id"]
    if request.viewer.can(STOP_ERASE):
        return await calls_of(request, calls, call_id, STOP_ERASE)
    call = await calls_of(request, calls, call_id, CONTROL)
    if not is_withdrawn or not call.is_live:
        raise NotAllowed(
            "recordings.no_right_to_erase", "You may erase it only when the caller does not want it.",
            "Say during the call that the caller does not want it, or ask a manager.",
        )  # fmt: skip
    return call

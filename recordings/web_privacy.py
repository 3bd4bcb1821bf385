"""What must stay and what must go, on a recording's page: legal holds; erasing, with a second person."""

from __future__ import annotations

from aiohttp import web

from hub.kernel.web import PageRequest, Route
from recordings.api import RecordingsApi
from recordings.rights import ERASE, HOLD
from recordings.scope import recording_of


async def hold(request: PageRequest) -> web.StreamResponse:
    """Nothing erases it from now on, nor, where that is wanted, any recording of its call."""
    recording = await recording_of(request, HOLD)
    await request.apis.of(RecordingsApi).holds.lay(
        recording, request.form.get("reason", ""), whole_call=request.form.get("call") == "1",
        made_name=request.viewer.name,
    )  # fmt: skip
    return request.redirect(f"/recordings/{recording.id}#keeping", notice=request.t("The hold is laid."))


async def lift(request: PageRequest) -> web.StreamResponse:
    """It keeps nothing any more."""
    recording = await recording_of(request, HOLD)
    holds = request.apis.of(RecordingsApi).holds
    await holds.lift(recording, request.path["hold"], name=request.viewer.name)
    return request.redirect(f"/recordings/{recording.id}#keeping", notice=request.t("The hold is lifted."))


async def erase(request: PageRequest) -> web.StreamResponse:
    """For good, signed by a second person."""
    recording = await recording_of(request, ERASE)
    await request.apis.of(RecordingsApi).erasing.erase(
        recording, request.form.get("reason", ""), name=request.viewer.name, second=request.second
    )
    return request.redirect(f"/recordings/{recording.id}", notice=request.t("The recording is erased."))


routes = (
    Route(
        method="POST", path="/recordings/{id}/erase", handler=erase, right=ERASE, name="recordings.erase",
        second=HOLD,
    ),
    Route(
        method="POST", path="/recordings/{id}/holds", handler=hold, right=HOLD, name="recordings.lay_hold"
    ),
    Route(
        method="POST", path="/recordings/{id}/holds/{hold}/lift", handler=lift, right=HOLD,
        name="recordings.lift_hold",
    ),
)  # fmt: skip

"""Legal holds in the API."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from hub.kernel.listing import Moment, Strict
from hub.kernel.masking import Words
from hub.kernel.web import ApiOperation, PageRequest
from recordings.api import RecordingsApi
from recordings.rights import HOLD
from recordings.scope import recording_of

_READ = (401, 403, 404, 422, 429)
_WRITE = (401, 403, 404, 409, 422, 429)


class HoldIn(Strict):
    """Why it must stay."""

    reason: str = Field(min_length=5, max_length=500)
    whole_call: bool = Field(False, description="Keep every recording of its call")


class HoldOut(BaseModel):
    """A legal hold on a recording, or on all of a call."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    recording_id: str | None
    call_id: str | None
    reason: Words
    made_name: Words
    created_at: Moment


class HoldPageOut(BaseModel):
    """What keeps a recording, oldest first; it comes whole."""

    items: list[HoldOut]
    next: None = None


async def list_holds(request: PageRequest) -> HoldPageOut:
    """Its own, and those of its call."""
    recording = await recording_of(request, HOLD)
    found = await request.apis.of(RecordingsApi).holds.of(recording)
    return HoldPageOut(items=[HoldOut.model_validate(one) for one in found])


async def create_hold(request: PageRequest, body: HoldIn) -> HoldOut:
    """Nothing erases it from now on."""
    recording = await recording_of(request, HOLD)
    made = await request.apis.of(RecordingsApi).holds.lay(
        recording, body.reason, whole_call=body.whole_call, made_name=request.viewer.name
    )
    return HoldOut.model_validate(made)


async def lift_hold(request: PageRequest) -> None:
    """It keeps nothing any more."""
    recording = await recording_of(request, HOLD)
    holds = request.apis.of(RecordingsApi).holds
    await holds.lift(recording, request.path["hold"], name=request.viewer.name)


operations = (
    ApiOperation(
        method="GET", path="/recordings/{id}/holds", handler=list_holds, right=HOLD,
        name="recordings.list_holds", summary="The legal holds that keep a recording", result=HoldPageOut,
        errors=_READ,
    ),
    ApiOperation(
        method="POST", path="/recordings/{id}/holds", handler=create_hold, right=HOLD,
        name="recordings.post_hold", summary="Put a recording, or all of its call, under a legal hold",
        body=HoldIn, result=HoldOut, status=201, errors=_WRITE,
    ),
    ApiOperation(
        method="DELETE", path="/recordings/{id}/holds/{hold}", handler=lift_hold, right=HOLD,
        name="recordings.delete_hold", summary="Lift a legal hold", errors=_READ,
    ),
)  # fmt: skip

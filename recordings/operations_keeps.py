"""What keeps a recording, in the API: until a day; legal holds that are proposed and confirmed."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from hub.kernel.listing import Asked, Moment, Strict
from hub.kernel.masking import Words
from hub.kernel.web import ApiOperation, PageRequest
from recordings.api import RecordingsApi
from recordings.operations_privacy import HoldIn, HoldOut
from recordings.rights import HOLD, KEEP, PROPOSE
from recordings.scope import recording_of

_READ = (401, 403, 404, 429)
_WRITE = (401, 403, 404, 409, 415, 422, 429)


class KeepIn(Strict):
    """Until when, and why: the number of an order says it best."""

    until: Annotated[Asked, Field(description="10 years away at most")]
    reason: str = Field(min_length=5, max_length=500)
    whole_call: bool = Field(False, description="Keep every recording of its call")


class KeepOut(BaseModel):
    """A recording, or all of a call, is not erased by age before `until`."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    recording_id: str | None
    call_id: str | None
    until: Moment
    reason: Words
    source: str = Field(description="The module that says so; empty: a person")
    made_name: Words
    created_at: Moment


class KeepPageOut(BaseModel):
    """What keeps a recording by age, the longest first; it comes whole."""

    items: list[KeepOut]
    next: None = None


async def list_keeps(request: PageRequest) -> KeepPageOut:
    """Its own, and those of its call."""
    recording = await recording_of(request, KEEP)
    found = await request.apis.of(RecordingsApi).keeps.of(recording)
    return KeepPageOut(items=[KeepOut.model_validate(one) for one in found])


async def create_keep(request: PageRequest, body: KeepIn) -> KeepOut:
    """Age does not erase it before."""
    recording = await recording_of(request, KEEP)
    made = await request.apis.of(RecordingsApi).keeps.keep(
        recording, body.until, body.reason, whole_call=body.whole_call, made_name=request.viewer.name
    )
    return KeepOut.model_validate(made)


async def end_keep(request: PageRequest) -> None:
    """It counts no more."""
    recording = await recording_of(request, KEEP)
    keeps = request.apis.of(RecordingsApi).keeps
    await keeps.end(recording, request.path["keep"], name=request.viewer.name)


async def propose_hold(request: PageRequest, body: HoldIn) -> HoldOut:
    """It holds at once, for two weeks, within which an owner decides."""
    recording = await recording_of(request, PROPOSE)
    made = await request.apis.of(RecordingsApi).holds.lay(
        recording, body.reason, whole_call=body.whole_call, made_name=request.viewer.name, is_proposal=True
    )
    return HoldOut.model_validate(made)


async def confirm_hold(request: PageRequest) -> HoldOut:
    """What was proposed is a hold. To decline it, lift it."""
    recording = await recording_of(request, HOLD)
    holds = request.apis.of(RecordingsApi).holds
    made = await holds.confirm(recording, request.path["hold"], name=request.viewer.name)
    return HoldOut.model_validate(made)


operations = (
    ApiOperation(
        method="GET", path="/recordings/{id}/keeps", handler=list_keeps, right=KEEP,
        name="recordings.list_keeps", summary="Until when a recording is kept", result=KeepPageOut,
        errors=_READ,
    ),
    ApiOperation(
        method="POST", path="/recordings/{id}/keeps", handler=create_keep, right=KEEP,
        name="recordings.post_keep", summary="Keep a recording, or all of its call, until a day",
        body=KeepIn, result=KeepOut, status=201, errors=_WRITE,
    ),
    ApiOperation(
        method="DELETE", path="/recordings/{id}/keeps/{keep}", handler=end_keep, right=KEEP,
        name="recordings.delete_keep", summary="Keep a recording as long as the others", status=204,
        errors=(401, 403, 404, 409, 429),
    ),
    ApiOperation(
        method="POST", path="/recordings/{id}/hold-proposals", handler=propose_hold, right=PROPOSE,
        name="recordings.post_hold_proposal", summary="Propose a legal hold; an owner decides",
        body=HoldIn, result=HoldOut, status=201, errors=_WRITE,
    ),
    ApiOperation(
        method="POST", path="/recordings/{id}/holds/{hold}/confirm", handler=confirm_hold, right=HOLD,
        name="recordings.post_hold_confirm", summary="Confirm a legal hold that was proposed",
        result=HoldOut, errors=(401, 403, 404, 409, 429),
    ),
)  # fmt: skip

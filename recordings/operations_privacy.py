"""Legal holds, and erasing on request, in the API."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from hub.errors import NotFound
from hub.kernel.listing import Moment, Strict
from hub.kernel.masking import Words
from hub.kernel.web import ApiOperation, PageRequest
from recordings.api import RecordingsApi
from recordings.rights import ERASE, HOLD, PROPOSE
from recordings.scope import LISTEN, recording_of
from recordings.service_sharing import clean_reason

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
    is_proposal: bool = Field(description="An owner has not decided yet")
    decided_by: Moment | None = Field(description="So long a proposal holds by itself")


class RecordingErasureIn(Strict):
    """Why; it is kept for good, so no name stands in it."""

    reason: str = Field(min_length=5, max_length=500)


class RecordingErasureOut(BaseModel):
    """That a recording was erased."""

    model_config = ConfigDict(from_attributes=True)

    recording_id: str
    at: Moment
    rule: str = Field(description="`retention`, `request`, `client` (with its client), `restored`")
    reason: Words
    actor: str | None
    second: str | None = Field(description="Who signed for it")


class HoldPageOut(BaseModel):
    """What keeps a recording, oldest first; it comes whole."""

    items: list[HoldOut]
    next: None = None


async def list_holds(request: PageRequest) -> HoldPageOut:
    """Its own, and those of its call."""
    recording = await recording_of(request, PROPOSE)
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


async def can_be_erased(request: PageRequest, body: RecordingErasureIn) -> None:
    """Raises NotFound, Invalid, Conflict before anybody is asked to approve."""
    recording = await recording_of(request, ERASE)
    clean_reason(body.reason)
    await request.apis.of(RecordingsApi).erasing.ensure_free(recording)


async def erase(request: PageRequest, body: RecordingErasureIn) -> RecordingErasureOut:
    """For good; a restored backup does it again."""
    recording = await recording_of(request, ERASE)
    made = await request.apis.of(RecordingsApi).erasing.erase(
        recording, body.reason, name=request.viewer.name, second=request.second
    )
    return RecordingErasureOut.model_validate(made)


async def get_erasure(request: PageRequest) -> RecordingErasureOut:
    """When and why it went."""
    recording = await recording_of(request)
    found = (await request.apis.of(RecordingsApi).erasing.why([recording.id])).get(recording.id)
    if found is None:
        raise NotFound("recordings.not_erased", "This recording is not erased.")
    return RecordingErasureOut.model_validate(found)


operations = (
    ApiOperation(
        method="GET", path="/recordings/{id}/erasure", handler=get_erasure, right=LISTEN,
        name="recordings.get_erasure", summary="When and why a recording was erased",
        result=RecordingErasureOut, errors=(401, 403, 404, 429),
    ),
    ApiOperation(
        method="POST", path="/recordings/{id}/erase", handler=erase, right=ERASE,
        name="recordings.post_erase", summary="Erase a recording on request", body=RecordingErasureIn,
        result=RecordingErasureOut, second=HOLD, check=can_be_erased, errors=_WRITE,
    ),
    ApiOperation(
        method="GET", path="/recordings/{id}/holds", handler=list_holds, right=PROPOSE,
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

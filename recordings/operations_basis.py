"""The recording of a call that goes on, in the API: what it is recorded on; pause, resume, stop and erase."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from hub.kernel.listing import Moment, Strict
from hub.kernel.masking import Words
from hub.kernel.web import ApiOperation, PageRequest
from hub.modules.calls.api import CallsApi, CallView
from recordings.api import RecordingsApi
from recordings.models_basis import PauseState
from recordings.rights import CONTROL
from recordings.rules_basis import Consent, Notice, Profile
from recordings.scope import VIEW, call_to_erase, calls_of
from recordings.views_basis import CallRecordingState, CallRecordingView

_READ = (401, 403, 404, 429)
_WRITE = (401, 403, 404, 409, 422, 429, 503)


class PauseOut(BaseModel):
    """A stretch that is not in the recording."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    state: PauseState = Field(description="`paused` only once the PBX has said so; `failed`: it has not")
    name: Words
    wanted_at: Moment
    until_at: Moment = Field(description="It is recorded again by itself then")
    from_at: Moment | None = Field(description="From then on the PBX wrote silence")
    to_at: Moment | None = Field(description="Until then")
    ended_by: str = Field(description="`resumed`, `time`, `call_ended`, `stopped`, `restarted`; empty")


class CallRecordingOut(BaseModel):
    """How it stands with the recording of one call."""

    call_id: str
    state: CallRecordingState
    profile: Profile = Field(description="What the shop does: tells the caller, or asks for a key")
    notice: Notice = Field(description="What this caller was told, and how")
    consent: Consent | None
    stop_rule: str | None = Field(
        description="`stopped`, `withdrawn`, `no_consent`, or `pause_failed` (stopped, not erased)"
    )
    is_erased: bool = Field(description="Nothing of its sound stays, whenever the file comes")
    stop_reason: Words
    stopped_at: Moment | None = Field(description="When the PBX was seen to stop; null: not (yet)")
    pauses: list[PauseOut]
    is_line_up: bool = Field(description="Whether the PBX can be told something now")


class NoticeIn(Strict):
    """Somebody has told the other side that the call is recorded."""

    notice: Literal["spoken"] = "spoken"
    consent: Literal["given"] | None = Field(None, description="And they said yes")


class StopIn(Strict):
    """Why; it is kept for good, so no name stands in it. A press of a key gives none."""

    reason: str = Field("", max_length=500)
    is_withdrawn: bool = Field(False, description="The caller does not want to be recorded (any more)")


async def get_recording(request: PageRequest) -> CallRecordingOut:
    """Also of a call that is over."""
    return await _out(request, await call_of(request, VIEW))


async def note(request: PageRequest, body: NoticeIn) -> CallRecordingOut:
    """On an outbound call nobody plays a notice: it is said."""
    call = await call_of(request)
    basis = request.apis.of(RecordingsApi).basis
    await basis.spoken(call, name=request.viewer.name, agreed=body.consent == "given")
    return await _out(request, call)


async def pause(request: PageRequest) -> CallRecordingOut:
    """Leave out what is said; `paused` it is once the PBX has said so."""
    call = await call_of(request)
    await request.apis.of(RecordingsApi).guard.pause(call, name=request.viewer.name)
    return await _out(request, call)


async def resume(request: PageRequest) -> CallRecordingOut:
    """Record again."""
    call = await call_of(request)
    await request.apis.of(RecordingsApi).guard.resume(call, name=request.viewer.name)
    return await _out(request, call)


async def erase(request: PageRequest, body: StopIn) -> CallRecordingOut:
    """Stop, and erase whatever there is and comes of it."""
    call = await call_to_erase(request, is_withdrawn=body.is_withdrawn)
    await request.apis.of(RecordingsApi).guard.stop_and_erase(
        call, name=request.viewer.name, reason=body.reason, is_withdrawn=body.is_withdrawn
    )
    return await _out(request, call)


async def call_of(request: PageRequest, right: str = CONTROL) -> CallView:
    """The call of the address. Raises NotFound, also for what the right does not reach."""
    return await calls_of(request, request.apis.of(CallsApi), request.path["id"], right)


async def _out(request: PageRequest, call: CallView) -> CallRecordingOut:
    return out(await request.apis.of(RecordingsApi).guard.of(call))


def out(found: CallRecordingView) -> CallRecordingOut:
    """As programs get it."""
    basis = found.basis
    return CallRecordingOut(
        call_id=found.call_id, state=found.state, profile=found.profile, notice=basis.notice,
        consent=basis.consent, stop_rule=basis.stop_rule, is_erased=basis.stop_erases,
        stop_reason=basis.stop_reason, stopped_at=basis.stop_done_at,
        pauses=[PauseOut.model_validate(one) for one in found.pauses], is_line_up=found.is_line_up,
    )  # fmt: skip


operations = (
    ApiOperation(
        method="GET", path="/calls/{id}/recording", handler=get_recording, right=VIEW,
        name="recordings.get_call_recording", summary="What a call is recorded on, its pauses, its stop",
        result=CallRecordingOut, errors=_READ,
    ),
    ApiOperation(
        method="POST", path="/calls/{id}/recording/notice", handler=note, right=CONTROL,
        name="recordings.post_notice", summary="The other side was told that the call is recorded",
        body=NoticeIn, result=CallRecordingOut, errors=_WRITE,
    ),
    ApiOperation(
        method="POST", path="/calls/{id}/recording/pause", handler=pause, right=CONTROL,
        name="recordings.post_pause", summary="Leave out what is said from now on, as card data",
        result=CallRecordingOut, status=202, errors=_WRITE,
    ),
    ApiOperation(
        method="POST", path="/calls/{id}/recording/resume", handler=resume, right=CONTROL,
        name="recordings.post_resume", summary="Record again", result=CallRecordingOut, status=202,
        errors=_WRITE,
    ),
    ApiOperation(
        method="POST", path="/calls/{id}/recording/erase", handler=erase, right=CONTROL,
        name="recordings.post_stop_and_erase", summary="Stop the recording of a call and erase all of it",
        body=StopIn, result=CallRecordingOut, status=202, errors=_WRITE,
    ),
)  # fmt: skip

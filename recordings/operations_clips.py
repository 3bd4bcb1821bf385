"""Parts of recordings in the API."""

from __future__ import annotations

from typing import Annotated

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from hub.kernel.listing import Moment, Strict
from hub.kernel.masking import Words
from hub.kernel.web import ApiOperation, PageRequest
from recordings.api import RecordingsApi
from recordings.cutting import JOB
from recordings.rights import EXPORT
from recordings.scope import recording_of
from recordings.service_sharing import clean_reason
from recordings.views_library import ClipView
from recordings.web_clips import clip_of, fetch, note_fetched

_READ = (401, 403, 404, 429)
_Seconds = Annotated[float, Field(ge=0, le=86_400, allow_inf_nan=False)]


class ClipIn(Strict):
    """A part of a recording, in seconds from its beginning; 10 minutes at most."""

    from_seconds: _Seconds
    to_seconds: _Seconds
    reason: str = Field(min_length=5, max_length=500, description="What it is needed for")


class ClipOut(BaseModel):
    """A part of a recording. `is_ready`: its sound is at `/media` below it."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    rev: int
    recording_id: str
    from_seconds: float = Field(validation_alias="begin_seconds")
    to_seconds: float = Field(validation_alias="end_seconds")
    reason: Words
    made_name: Words
    created_at: Moment
    is_ready: bool
    size: int
    sha256: str


class ClipPageOut(BaseModel):
    """The parts of a recording, as they follow one another; they come whole."""

    items: list[ClipOut]
    next: None = None


async def list_clips(request: PageRequest) -> ClipPageOut:
    """All of them."""
    recording = await recording_of(request, EXPORT)
    found = await request.apis.of(RecordingsApi).clips.of(recording.id)
    return ClipPageOut(items=[_out(one) for one in found])


async def get_clip(request: PageRequest) -> ClipOut:
    """Whether it is cut yet."""
    return _out((await clip_of(request))[1])


async def can_be_cut(request: PageRequest, body: ClipIn) -> None:
    """Raises NotFound, Invalid, Conflict before anybody is asked to approve."""
    recording = await recording_of(request, EXPORT)
    clean_reason(body.reason)
    clips = request.apis.of(RecordingsApi).clips
    clips.ensure_part(recording, body.from_seconds, body.to_seconds)


async def create_clip(request: PageRequest, body: ClipIn) -> ClipOut:
    """It is cut in the background, once a second person has approved it."""
    recording = await recording_of(request, EXPORT)
    clip = await request.apis.of(RecordingsApi).clips.order(
        recording, body.from_seconds, body.to_seconds, reason=body.reason, made_name=request.viewer.name,
        second=request.second,
    )  # fmt: skip
    await request.deps.jobs.enqueue(request.uow, JOB, {"clip_id": clip.id}, key=clip.id)
    return _out(clip)


async def get_clip_media(request: PageRequest) -> web.StreamResponse:
    """The sound of the part, as an MP3."""
    return await fetch(request)


async def remove_clip(request: PageRequest) -> None:
    """It is gone, and its links open nothing."""
    _, clip = await clip_of(request)
    await request.apis.of(RecordingsApi).clips.remove(clip)


def _out(view: ClipView) -> ClipOut:
    return ClipOut.model_validate(view)


operations = (
    ApiOperation(
        method="GET", path="/recordings/{id}/clips", handler=list_clips, right=EXPORT,
        name="recordings.list_clips", summary="The parts that were cut out of a recording",
        result=ClipPageOut, errors=_READ,
    ),
    ApiOperation(
        method="POST", path="/recordings/{id}/clips", handler=create_clip, right=EXPORT,
        name="recordings.post_clip", summary="Cut a part out of a recording", body=ClipIn, result=ClipOut,
        status=202, second=EXPORT, check=can_be_cut, errors=(401, 403, 404, 409, 415, 422, 429),
    ),
    ApiOperation(
        method="GET", path="/recordings/{id}/clips/{clip}", handler=get_clip, right=EXPORT,
        name="recordings.get_clip", summary="One part of a recording", result=ClipOut, errors=_READ,
    ),
    ApiOperation(
        method="GET", path="/recordings/{id}/clips/{clip}/media", handler=get_clip_media, right=EXPORT,
        name="recordings.clip_media", summary="The sound of a part of a recording", media="audio/*",
        is_noted=True, noting=note_fetched, errors=(401, 403, 404, 416, 429, 503),
    ),
    ApiOperation(
        method="DELETE", path="/recordings/{id}/clips/{clip}", handler=remove_clip, right=EXPORT,
        name="recordings.delete_clip", summary="Remove a part of a recording", status=204, errors=_READ,
    ),
)  # fmt: skip

"""Recordings in the API."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from hub.kernel.listing import NEXT, Moment, Strict
from hub.kernel.masking import Words
from hub.kernel.web import ApiOperation, PageRequest
from recordings import sound
from recordings.api import RecordingsApi, RecordingView
from recordings.rules_basis import Notice
from recordings.scope import LISTEN, recording_of
from recordings.views import RecordingState


def _no_nul(text: str) -> str:
    if "\x00" in text:
        raise ValueError("NUL is no character")
    return text


class RecordingOut(BaseModel):
    """A piece of sound; `size` and `sha256` are the original's."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    rev: int
    call_id: str | None
    state: RecordingState
    started_at: Moment
    offset_seconds: float | None = Field(description="Its start against the call's")
    duration_seconds: float
    channels: int
    channel_map: list[str] = Field(description="Who is on which channel: `mixed`, or `outside` and `ours`")
    codec: str
    sample_rate: int
    is_repaired: bool
    is_truncated: bool
    fault: str
    sha256: str
    size: int
    loudness: float | None = Field(description="Mean level in dBFS; null: silence")
    source_name: Words
    notice: Notice = Field(description="What the other side of the call was told, and how")
    forms: list[str] = Field(description="Which files there are: `original`, `opus`, `mp3`")


class RecordingPageOut(BaseModel):
    """A stretch of the list, newest first."""

    items: list[RecordingOut]
    next: str | None = Field(description=NEXT)


class MediaQuery(Strict):
    """Which of its files; without it the best there is."""

    form: Literal["original", "opus", "mp3"] | None = None


class PeaksQuery(Strict):
    """How fine."""

    points: int = Field(2000, ge=10, le=20_000, description="How many values per channel at most")


class PeaksOut(BaseModel):
    """A waveform, 0 to 1: for each channel the loudest value of each stretch."""

    model_config = ConfigDict(from_attributes=True)

    per_second: float
    channels: list[list[float]]


async def get_recording(request: PageRequest) -> RecordingOut:
    """One recording."""
    return (await outs(request, [await recording_of(request)]))[0]


async def get_media(request: PageRequest, query: MediaQuery) -> web.StreamResponse:
    """The sound: whole, or one range of bytes. Who listens is written down."""
    return await sound.answer(request, query.form or "")


async def get_peaks(request: PageRequest, query: PeaksQuery) -> PeaksOut:
    """The waveform."""
    recording = await recording_of(request)
    peaks = await request.apis.of(RecordingsApi).peaks(recording, query.points)
    return PeaksOut.model_validate(peaks)


async def outs(request: PageRequest, views: Sequence[RecordingView]) -> list[RecordingOut]:
    """Recordings as programs get them."""
    ids = {one.call_id for one in views if one.call_id is not None}
    known = await request.apis.of(RecordingsApi).basis.of(ids)
    return [_out(one, known[one.call_id].notice if one.call_id in known else "none") for one in views]


def _out(view: RecordingView, notice: Notice) -> RecordingOut:
    forms = [kind for kind in ("original", "opus", "mp3") if kind in view.renditions]
    own = set(RecordingOut.model_fields) - {"forms", "notice"}
    fields = {name: getattr(view, name) for name in own}
    return RecordingOut(**{**fields, "channel_map": list(view.channel_map)}, forms=forms, notice=notice)


operations = (
    ApiOperation(
        method="GET", path="/recordings/{id}", handler=get_recording, right=LISTEN, name="recordings.get",
        summary="One recording", result=RecordingOut, errors=(401, 403, 404, 429),
    ),
    ApiOperation(
        method="GET", path="/recordings/{id}/media", handler=get_media, right=LISTEN,
        name="recordings.media", summary="Listen to a recording", query=MediaQuery, media="audio/*",
        is_noted=True, noting=sound.noting, errors=(401, 403, 404, 416, 422, 429, 503),
    ),
    ApiOperation(
        method="GET", path="/recordings/{id}/peaks", handler=get_peaks, right=LISTEN,
        name="recordings.peaks", summary="The waveform of a recording", query=PeaksQuery, result=PeaksOut,
        errors=(401, 403, 404, 422, 429, 503),
    ),
)  # fmt: skip

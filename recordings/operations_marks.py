"""Marks, the log of listening and links of one recording in the API."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from hub.kernel.listing import NEXT, ListQuery, Moment, Strict
from hub.kernel.masking import Words
from hub.kernel.web import ApiOperation, PageRequest
from hub.modules.calls.api import CallsApi
from recordings.api import RecordingsApi
from recordings.rights import EXPORT, LOG, MARK
from recordings.scope import LISTEN, recording_of
from recordings.service_clips import as_recording
from recordings.service_sharing import LONGEST_REASON, MOST_DAYS, SHORTEST_REASON, clean_reason
from recordings.views_library import MarkView, ShareView
from recordings.web_player import ensure_own
from recordings.web_sharing import address_of


def _no_nul(text: str) -> str:
    if "\x00" in text:
        raise ValueError("NUL is no character")
    return text


Text = Annotated[str, AfterValidator(_no_nul)]


class MarkIn(Strict):
    """A remark at a moment, in seconds from the recording's beginning."""

    at_seconds: float = Field(ge=0, le=86_400)
    text: Annotated[Text, Field(min_length=1, max_length=1000)]


class MarkChange(Strict):
    """Another text."""

    rev: int | None = None
    text: Annotated[Text, Field(min_length=1, max_length=1000)]


class MarkOut(BaseModel):
    """A remark at a moment."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    rev: int
    recording_id: str
    at_seconds: float
    text: Words
    author_name: Words
    created_at: Moment


class MarkPageOut(BaseModel):
    """The marks of a recording from its beginning on; they come whole."""

    items: list[MarkOut]
    next: None = None


class EventOut(BaseModel):
    """What the exchange told while it was recorded: hold, transfer, answered, left."""

    model_config = ConfigDict(from_attributes=True)

    kind: str
    at: float = Field(description="Seconds from the recording's beginning")
    until: float | None
    who: Words


class EventPageOut(BaseModel):
    """In order; they come whole."""

    items: list[EventOut]
    next: None = None


class WordOut(BaseModel):
    """A word: from when to when in seconds, on which channel."""

    model_config = ConfigDict(from_attributes=True)

    text: Words
    begin: float
    end: float
    channel: int


class WordPageOut(BaseModel):
    """In the order of their beginning; they come whole, and there are none without an engine."""

    items: list[WordOut]
    next: None = None


class ListenOut(BaseModel):
    """Somebody listened: stretches in seconds that were sent, and those that a player played."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    actor: str
    name: Words
    began_at: Moment
    last_at: Moment
    parts: list[tuple[float, float]]
    played: list[tuple[float, float]]


class ListenPageOut(BaseModel):
    """The last ones, newest first."""

    items: list[ListenOut]
    next: str | None = Field(description=NEXT)


class ShareIn(Strict):
    """A link for somebody outside."""

    days: int = Field(7, ge=1, le=MOST_DAYS)
    clip_id: Text | None = Field(None, description="A part of it instead of all")
    reason: Annotated[Text, Field(min_length=SHORTEST_REASON, max_length=LONGEST_REASON)]


class ShareOut(BaseModel):
    """A link; `state` is open, expired or revoked."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    rev: int
    recording_id: str
    clip_id: str | None
    reason: Words
    made_name: Words
    created_at: Moment
    expires_at: Moment
    revoked_at: Moment | None
    opened: int
    last_opened_at: Moment | None
    state: str


class NewShareOut(ShareOut):
    """With its address, which is told only now."""

    address: str


class SharePageOut(BaseModel):
    """The links of a recording, newest first; they come whole."""

    items: list[ShareOut]
    next: None = None


async def list_marks(request: PageRequest) -> MarkPageOut:
    """From the beginning on."""
    recording = await recording_of(request)
    marks = await request.apis.of(RecordingsApi).marks.of([recording.id])
    return MarkPageOut(items=[mark_out(one) for one in marks.get(recording.id, ())])


async def create_mark(request: PageRequest, body: MarkIn) -> MarkOut:
    """Mark a moment."""
    recording = await recording_of(request, MARK)
    marks = request.apis.of(RecordingsApi).marks
    return mark_out(await marks.add(recording, body.at_seconds, body.text, author_name=request.viewer.name))


async def change_mark(request: PageRequest, body: MarkChange) -> MarkOut:
    """Another text."""
    mark = await _mark(request)
    return mark_out(await request.apis.of(RecordingsApi).marks.change(mark, body.text, rev=body.rev))


async def remove_mark(request: PageRequest) -> None:
    """It is gone."""
    await request.apis.of(RecordingsApi).marks.remove(await _mark(request))


async def _mark(request: PageRequest) -> MarkView:
    recording = await recording_of(request, MARK)
    mark = await request.apis.of(RecordingsApi).marks.one(recording.id, request.path["mark"])
    ensure_own(request, mark)
    return mark


async def list_events(request: PageRequest) -> EventPageOut:
    """Holds, transfers, who came and went."""
    recording = await recording_of(request)
    ids = [recording.call_id] if recording.call_id is not None else []
    calls = await request.apis.of(CallsApi).calls_by_ids(ids)
    found = await request.apis.of(RecordingsApi).marks.moments(recording, calls.get(recording.call_id or ""))
    return EventPageOut(items=[EventOut.model_validate(one) for one in found])


async def list_words(request: PageRequest) -> WordPageOut:
    """What was said, as a machine understood it."""
    recording = await recording_of(request)
    words = await request.apis.of(RecordingsApi).transcripts.of(recording)
    return WordPageOut(items=[WordOut.model_validate(one) for one in words])


async def list_listens(request: PageRequest, query: ListQuery) -> ListenPageOut:
    """Who listened."""
    recording = await recording_of(request, LOG)
    found = await request.apis.of(RecordingsApi).listens.of(recording.id, 1000)
    older = sorted((one for one in found), key=lambda one: one.id, reverse=True)
    older = [one for one in older if query.cursor is None or one.id < query.cursor]
    items = [ListenOut.model_validate(one) for one in older[: query.limit]]
    return ListenPageOut(items=items, next=items[-1].id if len(older) > query.limit else None)


async def list_shares(request: PageRequest) -> SharePageOut:
    """The links of a recording."""
    recording = await recording_of(request, EXPORT)
    found = await request.apis.of(RecordingsApi).sharing.of(recording.id)
    return SharePageOut(items=[ShareOut.model_validate(one) for one in found])


async def can_be_shared(request: PageRequest, body: ShareIn) -> None:
    """Raises NotFound, Invalid before anybody is asked to approve."""
    recording = await recording_of(request, EXPORT)
    clean_reason(body.reason)
    if body.clip_id is not None:
        clip = await request.apis.of(RecordingsApi).clips.one(recording.id, body.clip_id)
        as_recording(recording, clip)


async def create_share(request: PageRequest, body: ShareIn) -> NewShareOut:
    """Make a link, once a second person has approved it."""
    recording = await recording_of(request, EXPORT)
    share, secret = await request.apis.of(RecordingsApi).sharing.share(
        recording, days=body.days, reason=body.reason, made_name=request.viewer.name, second=request.second,
        clip_id=body.clip_id,
    )  # fmt: skip
    return NewShareOut(**_share(share).model_dump(), address=address_of(request, secret))


async def revoke_share(request: PageRequest) -> ShareOut:
    """It opens nothing from now on."""
    recording = await recording_of(request, EXPORT)
    return _share(await request.apis.of(RecordingsApi).sharing.revoke(recording.id, request.path["share"]))


def mark_out(view: MarkView) -> MarkOut:
    """A mark as programs get it."""
    return MarkOut.model_validate(view)


def _share(view: ShareView) -> ShareOut:
    return ShareOut.model_validate(view)


_READ = (401, 403, 404, 429)
_WRITE = (401, 403, 404, 409, 415, 422, 429)

operations = (
    ApiOperation(
        method="GET", path="/recordings/{id}/transcript", handler=list_words, right=LISTEN,
        name="recordings.list_words", summary="What was said in a recording, word by word",
        result=WordPageOut, errors=(401, 403, 404, 429, 503),
    ),
    ApiOperation(
        method="GET", path="/recordings/{id}/marks", handler=list_marks, right=LISTEN,
        name="recordings.list_marks", summary="The marks of a recording", result=MarkPageOut, errors=_READ,
    ),
    ApiOperation(
        method="POST", path="/recordings/{id}/marks", handler=create_mark, right=MARK,
        name="recordings.post_mark", summary="Mark a moment of a recording", body=MarkIn, result=MarkOut,
        status=201, errors=(401, 403, 404, 415, 422, 429),
    ),
    ApiOperation(
        method="PATCH", path="/recordings/{id}/marks/{mark}", handler=change_mark, right=MARK,
        name="recordings.patch_mark", summary="Change a mark", body=MarkChange, result=MarkOut,
        errors=_WRITE,
    ),
    ApiOperation(
        method="DELETE", path="/recordings/{id}/marks/{mark}", handler=remove_mark, right=MARK,
        name="recordings.delete_mark", summary="Take a mark away", status=204, errors=_READ,
    ),
    ApiOperation(
        method="GET", path="/recordings/{id}/events", handler=list_events, right=LISTEN,
        name="recordings.list_events", summary="What happened in the call while it was recorded",
        result=EventPageOut, errors=_READ,
    ),
    ApiOperation(
        method="GET", path="/recordings/{id}/listens", handler=list_listens, right=LOG,
        name="recordings.list_listens", summary="Who listened to a recording", query=ListQuery,
        result=ListenPageOut, errors=(401, 403, 404, 422, 429),
    ),
    ApiOperation(
        method="GET", path="/recordings/{id}/shares", handler=list_shares, right=EXPORT,
        name="recordings.list_shares", summary="The links to a recording", result=SharePageOut, errors=_READ,
    ),
    ApiOperation(
        method="POST", path="/recordings/{id}/shares", handler=create_share, right=EXPORT,
        name="recordings.post_share", summary="Make a link to a recording for somebody outside",
        body=ShareIn, result=NewShareOut, status=201, second=EXPORT, check=can_be_shared, errors=_WRITE,
    ),
    ApiOperation(
        method="DELETE", path="/recordings/{id}/shares/{share}", handler=revoke_share, right=EXPORT,
        name="recordings.delete_share", summary="Take a link back", result=ShareOut, errors=_READ,
    ),
)  # fmt: skip

"""The list of recordings in the API: by all that the library finds them by."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from pydantic import AfterValidator, BaseModel, Field

from hub.events.calls import CallResult, Direction
from hub.kernel.list_filters import given
from hub.kernel.listing import NEXT, Asked, ListQuery
from hub.kernel.web import ApiOperation, PageRequest
from recordings.api import RecordingsApi
from recordings.asking import extensions_of, reach
from recordings.operations import RecordingOut, outs
from recordings.rules_basis import Notice
from recordings.scope import LISTEN, reach_of
from recordings.views import RecordingState


def _no_nul(text: str) -> str:
    if "\x00" in text:
        raise ValueError("NUL is no character")
    return text


Text = Annotated[str, Field(max_length=200), AfterValidator(_no_nul)]


class RecordingPageOut(BaseModel):
    """A stretch of the list, newest first."""

    items: list[RecordingOut]
    next: str | None = Field(description=NEXT)


class RecordingQuery(ListQuery):
    """Which recordings. `state` goes with `call_id` and the period alone."""

    call_id: Annotated[str, Field(max_length=128), AfterValidator(_no_nul)] | None = None
    state: RecordingState | None = None
    since: Asked | None = Field(None, description="Begun at this moment or later")
    until: Asked | None = Field(None, description="Begun before this moment")
    person: Text | None = Field(None, description="Extension, mobile or employee id of one who is heard")
    direction: Direction | None = None
    result: CallResult | None = Field(None, description="Of the call")
    line: Text | None = None
    queue: Text | None = None
    client_id: Text | None = None
    vehicle_id: Text | None = None
    number: Text | None = Field(None, description="Of either side, in any writing")
    min_seconds: float | None = Field(None, ge=0, le=86_400)
    max_seconds: float | None = Field(None, ge=0, le=86_400)
    min_percent: int | None = Field(None, ge=0, le=100, description="Of the newest finished review")
    max_percent: int | None = Field(None, ge=0, le=100)
    is_reviewed: bool | None = None
    notice: Notice | None = Field(None, description="What the other side of the call was told, and how")
    mark: Text | None = Field(None, description="Words of a mark")
    text: Text | None = Field(None, description="Words of notes, marks, reviews and transcripts")


_PLAIN = frozenset({"limit", "cursor", "call_id", "state", "since", "until"})


async def list_recordings(request: PageRequest, query: RecordingQuery) -> RecordingPageOut:
    """Newest first."""
    api = request.apis.of(RecordingsApi)
    asked = {name for name, value in query.__dict__.items() if value is not None}
    since = max((at for at in (reach_of(request).since, query.since) if at is not None), default=None)
    if asked <= _PLAIN:
        where = replace(
            reach_of(request), call_id=query.call_id, state=query.state, since=since, until=query.until
        )
        page = await api.page(where, cursor=query.cursor, limit=query.limit)
        return RecordingPageOut(items=await outs(request, page.items), next=page.next)
    found = await api.library.page(
        replace(
            reach(request), call_id=query.call_id, since=since, until=query.until,
            person=await extensions_of(request, query.person) if query.person else None,
            direction=query.direction, result=query.result, line=query.line, queue=query.queue,
            client_id=query.client_id, vehicle_id=query.vehicle_id, number=query.number,
            min_seconds=query.min_seconds, max_seconds=query.max_seconds, min_percent=query.min_percent,
            max_percent=query.max_percent, is_reviewed=query.is_reviewed, notice=query.notice,
            mark=query.mark or "",
            text=query.text or "", more=given(request.deps, "calls", query.__dict__),
        ),
        cursor=query.cursor, limit=query.limit,
    )  # fmt: skip
    views = await api.many([row.id for row in found.items])
    return RecordingPageOut(items=await outs(request, views), next=found.next)


operations = (
    ApiOperation(
        method="GET", path="/recordings", handler=list_recordings, right=LISTEN, name="recordings.list",
        summary="List the recordings", query=RecordingQuery, result=RecordingPageOut, narrows="calls",
        errors=(401, 403, 422, 429),
    ),
)  # fmt: skip

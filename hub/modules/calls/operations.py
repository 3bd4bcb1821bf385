"""Calls in the API."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from hub.events.calls import (
    CallResult,
    CallStateName,
    Direction,
    MissedReason,
    PartyOutcome,
    TransferKind,
)
from hub.kernel.list_filters import given
from hub.kernel.listing import NEXT, Asked, ListQuery, Moment, Strict
from hub.kernel.masking import Dialable, Words
from hub.kernel.web import ApiOperation, PageRequest
from hub.modules.calls.api import CallerKind, CallFilter, CallsApi, CallView, NoteView, OutcomeGroup
from hub.modules.calls.scope import extensions_of, shops_of


def _no_nul(text: str) -> str:
    if "\x00" in text:
        raise ValueError("NUL is no character")
    return text


Text = Annotated[str, Field(max_length=128), AfterValidator(_no_nul)]


class PartyOut(BaseModel):
    """A person of ours in the call; outcome is null while it rings."""

    model_config = ConfigDict(from_attributes=True)

    extension: Dialable | None
    number: Dialable | None
    via: Literal["phone", "mobile"]
    name: Words | None
    rang_at: Moment | None
    answered_at: Moment | None
    left_at: Moment | None
    outcome: PartyOutcome | None


class TransferOut(BaseModel):
    """The call went on to somebody else, or to a parking space."""

    model_config = ConfigDict(from_attributes=True)

    at: Moment
    kind: TransferKind
    from_extension: Dialable | None
    to: Dialable


class CallOut(BaseModel):
    """One conversation, whatever legs the PBX made of it."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    rev: int
    direction: Direction
    from_number: Dialable | None
    to_number: Dialable | None
    line: str | None
    queue: str | None
    state: CallStateName
    result: CallResult | None
    missed_reason: MissedReason | None
    in_hours: bool
    started_at: Moment
    queued_at: Moment | None
    offered_at: Moment | None
    answered_at: Moment | None
    ended_at: Moment | None
    wait_seconds: float | None
    talk_seconds: float
    hold_seconds: float
    answered_by: Dialable | None
    last_extension: Dialable | None
    parties: list[PartyOut]
    transfers: list[TransferOut]
    recording_ids: list[str]
    client_id: str | None
    vehicle_id: str | None
    is_complete: bool


class CallPageOut(BaseModel):
    """A stretch of the list, newest first."""

    items: list[CallOut]
    next: str | None = Field(description=NEXT)


class CallQuery(ListQuery):
    """Which calls."""

    model_config = ConfigDict(populate_by_name=True)

    since: Asked | None = Field(None, alias="from", description="Started at or after")
    until: Asked | None = Field(None, alias="to", description="Started before")
    direction: Direction | None = None
    result: CallResult | None = None
    state: CallStateName | None = None
    person: Text | None = Field(None, description="Extension, mobile or employee id of one who took part")
    line: Text | None = None
    queue: Text | None = None
    number: Text | None = Field(None, description="Of either side, in any writing")
    client_id: Text | None = None
    is_complete: bool | None = None
    in_hours: bool | None = None
    missed_reason: MissedReason | None = None
    outcome: OutcomeGroup | None = Field(None, description="How it went, as the reports count it")
    answered_by: Text | None = Field(None, description="Extension, mobile or employee id of the first one")
    caller: CallerKind | None = None
    source: Text | None = Field(None, description="Of the line; `-`: none")


class CallChange(Strict):
    """Who it was, when the number does not say; null takes it back. With `rev` only if nothing of the
    call changed meanwhile."""

    rev: int | None = None
    client_id: Text | None
    vehicle_id: Text | None = None


class NoteIn(Strict):
    """A note to a call."""

    text: Annotated[str, Field(min_length=1, max_length=4000), AfterValidator(_no_nul)]


class NoteOut(BaseModel):
    """What somebody wrote to a call."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    rev: int
    call_id: str
    text: Words
    author_name: Words
    created_at: Moment


class NotePageOut(BaseModel):
    """A stretch of a call's notes, newest first."""

    items: list[NoteOut]
    next: str | None = Field(description=NEXT)


class LiveCalls(BaseModel):
    """Every call that goes on, the one that began first first; they come whole."""

    items: list[CallOut]
    next: None = None


async def list_calls(request: PageRequest, query: CallQuery) -> CallPageOut:
    """Newest first."""
    person = await extensions_of(request, query.person) if query.person is not None else None
    where = CallFilter(
        shops=shops_of(request), since=query.since, until=query.until, direction=query.direction,
        result=query.result, state=query.state, person=person, line=query.line, queue=query.queue,
        number=query.number, client_id=query.client_id, is_complete=query.is_complete,
        in_hours=query.in_hours, missed_reason=query.missed_reason, outcome=query.outcome,
        answered_by=await extensions_of(request, query.answered_by) if query.answered_by else None,
        caller=query.caller, source=query.source, more=given(request.deps, "calls", query.__dict__),
    )  # fmt: skip
    page = await request.apis.of(CallsApi).history(where, cursor=query.cursor, limit=query.limit)
    return CallPageOut(items=[_call(one) for one in page.items], next=page.next)


async def get_call(request: PageRequest) -> CallOut:
    """One call; of one that became a part of another, that other."""
    return _call(await request.apis.of(CallsApi).call(request.path["id"], shops=shops_of(request)))


async def change_call(request: PageRequest, body: CallChange) -> CallOut:
    """Say whose call it was."""
    calls = request.apis.of(CallsApi)
    return _call(
        await calls.set_client(
            request.path["id"],
            body.client_id,
            vehicle_id=body.vehicle_id,
            shops=shops_of(request),
            rev=body.rev,
        )
    )


async def list_live(request: PageRequest) -> LiveCalls:
    """The live board: who rings, waits, talks, is parked. `/live` says when to ask again."""
    found = await request.apis.of(CallsApi).live_calls(shops=shops_of(request))
    return LiveCalls(items=[_call(one) for one in found])


async def list_notes(request: PageRequest, query: ListQuery) -> NotePageOut:
    """Newest first."""
    calls = request.apis.of(CallsApi)
    call = await calls.call(request.path["id"], shops=shops_of(request))
    notes = sorted((await calls.notes([call.id])).get(call.id, ()), key=lambda note: note.id, reverse=True)
    older = [note for note in notes if query.cursor is None or note.id < query.cursor]
    items = [_note(note) for note in older[: query.limit]]
    return NotePageOut(items=items, next=items[-1].id if len(older) > query.limit else None)


async def create_note(request: PageRequest, body: NoteIn) -> NoteOut:
    """A new one, in the caller's name."""
    calls = request.apis.of(CallsApi)
    name = request.viewer.name
    return _note(
        await calls.add_note(request.path["id"], body.text, author_name=name, shops=shops_of(request))
    )


def _call(view: CallView) -> CallOut:
    return CallOut.model_validate(view)


def _note(view: NoteView) -> NoteOut:
    return NoteOut.model_validate(view)


operations = (
    ApiOperation(
        method="GET", path="/calls", handler=list_calls, right="calls.view", name="calls.list_calls",
        is_heavy=True, summary="List the calls",
        query=CallQuery, result=CallPageOut, errors=(401, 403, 422, 429),
        narrows="calls",
    ),
    ApiOperation(
        method="GET", path="/calls/live", handler=list_live, right="calls.view", name="calls.list_live",
        summary="The calls that go on", result=LiveCalls,
    ),
    ApiOperation(
        method="GET", path="/calls/{id}", handler=get_call, right="calls.view", name="calls.get_call",
        summary="One call", result=CallOut, errors=(401, 403, 404, 429),
    ),
    ApiOperation(
        method="PATCH", path="/calls/{id}", handler=change_call, right="calls.note",
        name="calls.change_call", summary="Say whose call it was", body=CallChange, result=CallOut,
        errors=(401, 403, 404, 415, 422, 429),
    ),
    ApiOperation(
        method="GET", path="/calls/{id}/notes", handler=list_notes, right="calls.view",
        name="calls.list_notes", summary="The notes of a call", query=ListQuery, result=NotePageOut,
        errors=(401, 403, 404, 429),
    ),
    ApiOperation(
        method="POST", path="/calls/{id}/notes", handler=create_note, right="calls.note",
        name="calls.create_note", summary="Add a note to a call", body=NoteIn, result=NoteOut, status=201,
        errors=(401, 403, 404, 415, 422, 429),
    ),
)  # fmt: skip

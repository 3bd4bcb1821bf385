"""Events in the API: every fact that was stored, for programs that would rather ask than be told."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from hub.kernel.listing import NEXT, Asked, ListQuery, Moment
from hub.kernel.masking import Facts, Named
from hub.kernel.stream.facts import FactFilter, StoredFact
from hub.kernel.web import ApiOperation, PageRequest
from hub.modules.webhooks.api import WebhooksApi
from hub.modules.webhooks.scope import EVENTS, shops_of


def _no_nul(text: str) -> str:
    if "\x00" in text:
        raise ValueError("NUL is no character")
    return text


Text = Annotated[str, Field(max_length=200), AfterValidator(_no_nul)]


class EventOut(BaseModel):
    """Something that happened. It never changes, so `rev` is always 1."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    rev: int = 1
    name: str = Field(description="`area.fact`", examples=["call.ended"])
    version: int = Field(description="Of the form of `data`")
    occurred_at: Moment
    shop_id: str
    key: Named = Field(description="What it is about; events with the same key are in order")
    cause_id: str | None = Field(description="The event that led to it")
    data: Facts


class EventPageOut(BaseModel):
    """A stretch of the list, newest first."""

    items: list[EventOut]
    next: str | None = Field(description=NEXT)


class EventQuery(ListQuery):
    """Which events."""

    model_config = ConfigDict(populate_by_name=True)

    name: Text | None = Field(None, description="A wire name or an area", examples=["call.ended", "call.*"])
    key: Text | None = Field(None, description="What it is about", examples=["call:01kb4c0q2v6n"])
    cause_id: Text | None = Field(None, description="This event and those that it led to")
    since: Asked | None = Field(None, alias="from", description="Stored at or after")
    until: Asked | None = Field(None, alias="to", description="Stored before")


async def list_events(request: PageRequest, query: EventQuery) -> EventPageOut:
    """Newest first. Several processes may store at once: who asks for what is new asks again from a few
    seconds before the last one, and knows by `id` what he has."""
    where = FactFilter(
        shops=shops_of(request, EVENTS), name=query.name, key=query.key, cause_id=query.cause_id,
        since=query.since, until=query.until,
    )  # fmt: skip
    facts = request.apis.of(WebhooksApi).facts
    found = await facts.page(where, before=query.cursor, limit=query.limit + 1)
    items = [_out(one) for one in found[: query.limit]]
    return EventPageOut(items=items, next=items[-1].id if len(found) > query.limit else None)


async def get_event(request: PageRequest) -> EventOut:
    """One of them."""
    facts = request.apis.of(WebhooksApi).facts
    return _out(await facts.one(request.path["id"], shops_of(request, EVENTS)))


def _out(fact: StoredFact) -> EventOut:
    return EventOut.model_validate(fact)


operations = (
    ApiOperation(
        method="GET", path="/events", handler=list_events, right=EVENTS, name="webhooks.list_events",
        summary="List the events", query=EventQuery, result=EventPageOut,
    ),
    ApiOperation(
        method="GET", path="/events/{id}", handler=get_event, right=EVENTS, name="webhooks.get_event",
        summary="One event", result=EventOut,
    ),
)  # fmt: skip

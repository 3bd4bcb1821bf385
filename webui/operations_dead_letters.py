"""Failed deliveries in the API: found by filter, tried again."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from hub.errors import Unavailable
from hub.kernel.listing import NEXT, Asked, ListQuery, Moment, Strict
from hub.kernel.masking import without_numbers
from hub.kernel.stream.dead_letters import DeadFilter, DeadLetter, DeadLetters
from hub.kernel.web import ApiOperation, PageRequest
from webui.system.dead_letters import reach_of

VIEW, MANAGE = "system.view", "system.manage"


class DeadLetterOut(BaseModel):
    """A delivery that failed too often and was given up."""

    id: str
    rev: int = 1
    event_id: str
    event_name: str
    handler: str
    key: str = Field(description="What the event is about")
    shop_id: str
    occurred_at: Moment
    attempts: int
    last_error: str = Field(description="Numbers in it are masked")


class DeadLetterPage(BaseModel):
    """A stretch of the list, newest first."""

    items: list[DeadLetterOut]
    next: str | None = Field(description=NEXT)


class DeadLetterQuery(ListQuery):
    """Which of them."""

    model_config = ConfigDict(populate_by_name=True)

    handler: str = Field("", max_length=120)
    event: str = Field("", max_length=80, description="A wire name")
    since: Asked | None = Field(None, alias="from", description="The event happened at or after")
    until: Asked | None = Field(None, alias="to", description="It happened before")


class RetryAll(Strict):
    """Which of them; an empty filter is all."""

    handler: str = Field("", max_length=120)
    event: str = Field("", max_length=80)


class Retried(BaseModel):
    """How many are being tried again."""

    count: int


async def list_dead_letters(request: PageRequest, query: DeadLetterQuery) -> DeadLetterPage:
    """Newest first; they stay until somebody retries them or gives them up."""
    where = DeadFilter(
        shops=reach_of(request.viewer, VIEW), handler=query.handler, event=query.event, since=query.since,
        until=query.until,
    )  # fmt: skip
    found = await _letters(request).page(where, before=query.cursor, limit=query.limit + 1)
    items = found[: query.limit]
    following = items[-1].id if len(found) > query.limit else None
    return DeadLetterPage(items=[_out(one) for one in items], next=following)


async def retry(request: PageRequest) -> None:
    """Put one back to work."""
    await _letters(request).retry(request.uow, request.path["id"], reach_of(request.viewer, MANAGE))


async def retry_all(request: PageRequest, body: RetryAll) -> Retried:
    """Put every one that matches back to work, in their order."""
    where = DeadFilter(shops=reach_of(request.viewer, MANAGE), handler=body.handler, event=body.event)
    return Retried(count=await _letters(request).retry_all(request.uow, where))


def _letters(request: PageRequest) -> DeadLetters:
    if request.deps.system is None:
        raise Unavailable("system.off", "This part is not there.")
    return request.deps.system.letters


def _out(letter: DeadLetter) -> DeadLetterOut:
    return DeadLetterOut(
        id=letter.id, event_id=letter.event_id, event_name=letter.event_name, handler=letter.handler,
        key=letter.key, shop_id=letter.shop_id, occurred_at=letter.occurred_at, attempts=letter.attempts,
        last_error=without_numbers(letter.last_error),
    )  # fmt: skip


operations = (
    ApiOperation(
        method="GET", path="/dead-letters", handler=list_dead_letters, right=VIEW,
        name="system.list_dead_letters", summary="List the failed deliveries", query=DeadLetterQuery,
        result=DeadLetterPage, errors=(401, 403, 422, 429),
    ),
    ApiOperation(
        method="POST", path="/dead-letters/retry", handler=retry_all, right=MANAGE,
        name="system.retry_dead_letters", summary="Retry failed deliveries", body=RetryAll, result=Retried,
        errors=(401, 403, 415, 422, 429),
    ),
    ApiOperation(
        method="POST", path="/dead-letters/{id}/retry", handler=retry, right=MANAGE,
        name="system.retry_dead_letter", summary="Retry a failed delivery", status=204,
        errors=(401, 403, 404, 422, 429),
    ),
)  # fmt: skip

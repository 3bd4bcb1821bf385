"""Calls on private mobiles in the API."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from hub.kernel.listing import NEXT, ListQuery, Moment, Strict
from hub.kernel.masking import Dialable, Words
from hub.kernel.web import ApiOperation, PageRequest
from hub.modules.tasks.api import TasksApi
from hub.modules.tasks.operations import no_nul
from hub.modules.tasks.rules import LONGEST_LINE
from hub.modules.tasks.scope import DO, VIEW, holder_of, shops_of


class MobileCallOut(BaseModel):
    """A call on a private mobile, logged by hand."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    rev: int
    at: Moment
    number: Dialable
    client_id: str | None
    is_reached: bool
    text: Words
    author_name: str


class MobileCallPageOut(BaseModel):
    """A stretch of the list, newest first."""

    items: list[MobileCallOut]
    next: str | None = Field(description=NEXT)


class MobileCallIn(Strict):
    """One line: a number in any writing and what was said; a dash in front of it: not reached."""

    line: Annotated[str, Field(min_length=1, max_length=LONGEST_LINE), AfterValidator(no_nul)]


async def list_mobile_calls(request: PageRequest, query: ListQuery) -> MobileCallPageOut:
    """Newest first."""
    found = await request.apis.of(TasksApi).mobile.page(
        shops_of(request), cursor=query.cursor, limit=query.limit + 1
    )
    items = [MobileCallOut.model_validate(one) for one in found[: query.limit]]
    return MobileCallPageOut(items=items, next=items[-1].id if len(found) > query.limit else None)


async def log_mobile_call(request: PageRequest, body: MobileCallIn) -> MobileCallOut:
    """The client's call-back is done by it, or was tried."""
    mobile = request.apis.of(TasksApi).mobile
    return MobileCallOut.model_validate(
        await mobile.log(body.line, holder_of(request), request.viewer.shop_id)
    )


operations = (
    ApiOperation(
        method="GET", path="/tasks/mobile-calls", handler=list_mobile_calls, right=VIEW,
        name="tasks.list_mobile_calls", summary="List the calls on private mobiles", query=ListQuery,
        result=MobileCallPageOut, errors=(401, 403, 422, 429),
    ),
    ApiOperation(
        method="POST", path="/tasks/mobile-calls", handler=log_mobile_call, right=DO,
        name="tasks.log_mobile_call", summary="Log a call on a private mobile", body=MobileCallIn,
        result=MobileCallOut, status=201, errors=(401, 403, 415, 422, 429),
    ),
)  # fmt: skip

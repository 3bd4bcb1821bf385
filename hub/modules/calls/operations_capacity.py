"""How full the outside lines are, in the API."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from hub.kernel.listing import Asked, Moment, Strict
from hub.kernel.web import ApiOperation, PageRequest
from hub.modules.calls.api import CallsApi
from hub.modules.calls.scope import shops_of


class LineUse(BaseModel):
    """An outside line as it is used now."""

    model_config = ConfigDict(from_attributes=True)

    trunk: str = Field(description="Pattern of the PBX's endpoints, as the line's settings name it")
    shop_id: str
    lines: list[str] = Field(description="Names of the numbers that come by it")
    channels: int = Field(description="Calls that live on it now")
    capacity: int
    full_since: Moment | None


class LineUsePage(BaseModel):
    """Every line whose trunk and capacity are known; there is no further page."""

    items: list[LineUse]
    next: Literal[None] = None


class FullTime(BaseModel):
    """A time in which no further call got through. Whoever rang then heard busy, and the PBX never learnt of
    it: how many were lost is unknown."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    shop_id: str
    trunk: str = Field(description="Empty: all lines of the shop")
    lines: list[str]
    capacity: int
    is_all: bool = Field(description="Every line of the shop was full")
    began_at: Moment
    ended_at: Moment | None = Field(description="null: it goes on")


class FullPage(BaseModel):
    """The newest 200, newest first."""

    items: list[FullTime]
    next: Literal[None] = None


class FullQuery(Strict):
    """Of which time."""

    since: Asked | None = None
    until: Asked | None = None


async def line_use(request: PageRequest) -> LineUsePage:
    """As it is now."""
    found = await request.apis.of(CallsApi).capacity.now(shops_of(request))
    return LineUsePage(items=[LineUse.model_validate(one) for one in found])


async def full_times(request: PageRequest, query: FullQuery) -> FullPage:
    """When lines were full."""
    capacity = request.apis.of(CallsApi).capacity
    found = await capacity.between(query.since, query.until, shops_of(request))
    return FullPage(items=[FullTime.model_validate(one) for one in found])


operations = (
    ApiOperation(
        method="GET", path="/line-use", handler=line_use, right="calls.view", name="calls.line_use",
        summary="How many calls each outside line carries now", result=LineUsePage,
    ),
    ApiOperation(
        method="GET", path="/line-full", handler=full_times, right="calls.view", name="calls.line_full",
        summary="When outside lines were full, and no further call got through", query=FullQuery,
        result=FullPage,
    ),
)  # fmt: skip

"""The API's answer to a PBX that asks whom to ring."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from hub.kernel.listing import Strict
from hub.kernel.web import ApiOperation, PageRequest
from hub.modules.calls.api import CallsApi
from hub.modules.calls.operations import Text
from hub.modules.calls.scope import shops_of
from hub.modules.calls.views import RouteReason


class RouteQuery(Strict):
    """Who calls."""

    number: Text | None = Field(None, description="The caller's, in any writing; none: withheld")


class Route(BaseModel):
    """Whom to ring first."""

    model_config = ConfigDict(from_attributes=True)

    extension: str | None = Field(description="A phone of the PBX; null: nobody in particular, so the queue")
    person: str = Field(description="Whose it is; empty without one")
    reason: RouteReason
    call_id: str | None = Field(description="The call that says so; null without one")
    client_id: str | None


async def get_route(request: PageRequest, query: RouteQuery) -> Route:
    """Whoever works on the caller's car now, else who talked with the caller last, else the queue. Nobody who
    is away, not to be disturbed or pausing is named."""
    found = await request.apis.of(CallsApi).route(query.number, shops=shops_of(request))
    return Route.model_validate(found)


operations = (
    ApiOperation(
        method="GET", path="/route", handler=get_route, right="calls.view", name="calls.get_route",
        summary="Who should get this caller", query=RouteQuery, result=Route, errors=(401, 403, 422, 429),
    ),
)  # fmt: skip

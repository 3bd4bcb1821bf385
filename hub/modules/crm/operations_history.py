"""Who changed what of clients and vehicles, in the API."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from hub.kernel.listing import NEXT, ListQuery, Moment
from hub.kernel.masking import Facts
from hub.kernel.web import ApiOperation, PageRequest
from hub.modules.crm.api import ChangeKind, CrmApi
from hub.modules.crm.operations import READ


class ChangeOut(BaseModel):
    """A change; `actor` null: the program itself."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    what: ChangeKind
    at: Moment
    actor: str | None
    fields: Facts = Field(description="Field to [before, after]")


class HistoryOut(BaseModel):
    """A stretch of the history, newest first."""

    items: list[ChangeOut]
    next: str | None = Field(description=NEXT)


class HistoryQuery(ListQuery):
    """Which stretch."""


async def client_history(request: PageRequest, query: HistoryQuery) -> HistoryOut:
    """Of a client."""
    client = await request.apis.of(CrmApi).client(request.path["id"])
    return await _history(request, client.id, query)


async def vehicle_history(request: PageRequest, query: HistoryQuery) -> HistoryOut:
    """Of a vehicle."""
    car = await request.apis.of(CrmApi).vehicle(request.path["id"])
    return await _history(request, car.id, query)


async def _history(request: PageRequest, subject_id: str, query: HistoryQuery) -> HistoryOut:
    page = await request.apis.of(CrmApi).history.of(subject_id, cursor=query.cursor, limit=query.limit)
    return HistoryOut(items=[ChangeOut.model_validate(one) for one in page.items], next=page.next)


operations = (
    ApiOperation(
        method="GET", path="/clients/{id}/history", handler=client_history, right="clients.view",
        name="crm.client_history", summary="Who changed what of a client", query=HistoryQuery,
        result=HistoryOut, errors=READ,
    ),
    ApiOperation(
        method="GET", path="/vehicles/{id}/history", handler=vehicle_history, right="clients.view",
        name="crm.vehicle_history", summary="Who changed what of a vehicle", query=HistoryQuery,
        result=HistoryOut, errors=READ,
    ),
)  # fmt: skip

"""Duplicates and mergings in the API."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from hub.kernel.listing import NEXT, ListQuery, Moment, Strict
from hub.kernel.masking import Words
from hub.kernel.web import ApiOperation, PageRequest
from hub.modules.crm.api import CrmApi, DuplicateReason
from hub.modules.crm.operations import READ, WRITE, ClientOut

RIGHT = "clients.merge"


class DuplicateOut(BaseModel):
    """Two records that may be one client."""

    model_config = ConfigDict(from_attributes=True)

    one: ClientOut
    other: ClientOut
    reasons: list[DuplicateReason]
    shown: list[Words] = Field(description="The phone or plate that they share")


class DuplicatesOut(BaseModel):
    """The surest first; 50 at most, merge or part them and ask again."""

    items: list[DuplicateOut]


class MergeIn(Strict):
    """Whom the client of the address swallows: that one's id leads to it from now on."""

    client_id: str = Field(max_length=26)
    reason: str = Field("", max_length=200)


class OtherIn(Strict):
    """The other record."""

    client_id: str = Field(max_length=26)


class MergeOut(BaseModel):
    """Two records that were merged."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    from_id: str
    into_id: str
    reason: Words
    at: Moment
    actor: str | None
    undone_at: Moment | None
    undone_by: str | None


class MergesOut(BaseModel):
    """A stretch of the list, newest first."""

    items: list[MergeOut]
    next: str | None = Field(description=NEXT)


class MergesQuery(ListQuery):
    """Which stretch."""


async def duplicates(request: PageRequest) -> DuplicatesOut:
    """Proposed, never done by itself."""
    found = await request.apis.of(CrmApi).duplicates.all(50)
    return DuplicatesOut(items=[DuplicateOut.model_validate(one) for one in found])


async def merge(request: PageRequest, body: MergeIn) -> ClientOut:
    """The record that lives on."""
    crm = request.apis.of(CrmApi)
    kept = await crm.merging.merge(body.client_id, request.path["id"], body.reason.strip())
    return ClientOut.model_validate(kept)


async def are_two(request: PageRequest, body: OtherIn) -> None:
    """Not proposed again."""
    await request.apis.of(CrmApi).duplicates.are_two(request.path["id"], body.client_id)


async def merges(request: PageRequest, query: MergesQuery) -> MergesOut:
    """Undone ones too."""
    page = await request.apis.of(CrmApi).merging.recent(cursor=query.cursor, limit=query.limit)
    return MergesOut(items=[MergeOut.model_validate(one) for one in page.items], next=page.next)


async def undo(request: PageRequest) -> ClientOut:
    """The record that came back."""
    return ClientOut.model_validate(await request.apis.of(CrmApi).merging.undo(request.path["id"]))


operations = (
    ApiOperation(
        method="GET", path="/duplicates", handler=duplicates, right=RIGHT, name="crm.list_duplicates",
        summary="Who may be one client in two records", result=DuplicatesOut, errors=READ,
    ),
    ApiOperation(
        method="POST", path="/clients/{id}/merge", handler=merge, right=RIGHT, name="crm.merge_client",
        summary="Merge another record into this client", body=MergeIn, result=ClientOut, errors=WRITE,
    ),
    ApiOperation(
        method="POST", path="/clients/{id}/two", handler=are_two, right=RIGHT, name="crm.part_clients",
        summary="Two records look alike and are two", body=OtherIn, status=204, errors=WRITE,
    ),
    ApiOperation(
        method="GET", path="/merges", handler=merges, right=RIGHT, name="crm.list_merges",
        summary="What was merged", query=MergesQuery, result=MergesOut, errors=READ,
    ),
    ApiOperation(
        method="POST", path="/merges/{id}/undo", handler=undo, right=RIGHT, name="crm.unmerge",
        summary="Two records again", result=ClientOut, errors=WRITE,
    ),
)  # fmt: skip

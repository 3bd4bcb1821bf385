"""Erasing a person's data in the API."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from hub.kernel.listing import Moment, Strict
from hub.kernel.masking import Words
from hub.kernel.web import ApiOperation, PageRequest
from hub.modules.crm.api import CrmApi
from hub.modules.crm.operations import READ, WRITE

RIGHT = "clients.erase"


class ErasureIn(Strict):
    """Why; it is kept for good, so no name stands in it."""

    reason: str = Field(min_length=1, max_length=300)


class ErasureOut(BaseModel):
    """That a person's data were erased."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    client_id: str | None = Field(description="null: of a caller who was no client")
    at: Moment
    actor: str | None
    second: str | None = Field(description="Who signed for it")
    reason: Words


class ErasuresOut(BaseModel):
    """The newest first, 100 at most."""

    items: list[ErasureOut]


async def erase(request: PageRequest, body: ErasureIn) -> ErasureOut:
    """For good, in every module; a restored backup does it again."""
    crm = request.apis.of(CrmApi)
    client = await crm.client(request.path["id"])
    return ErasureOut.model_validate(await crm.erasing.erase(client.id, body.reason, request.second))


async def erasures(request: PageRequest) -> ErasuresOut:
    """What the law demands to be kept."""
    found = await request.apis.of(CrmApi).erasing.recent()
    return ErasuresOut(items=[ErasureOut.model_validate(one) for one in found])


operations = (
    ApiOperation(
        method="POST", path="/clients/{id}/erase", handler=erase, right=RIGHT, name="crm.erase_client",
        summary="Erase a person's data on request", body=ErasureIn, result=ErasureOut, errors=WRITE,
        second=RIGHT,
    ),
    ApiOperation(
        method="GET", path="/erasures", handler=erasures, right=RIGHT, name="crm.list_erasures",
        summary="Whose data were erased, when and why", result=ErasuresOut, errors=READ,
    ),
)  # fmt: skip

"""Requests to be forgotten, in the API."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from hub.kernel.listing import Moment, Strict
from hub.kernel.masking import Dialable, Words
from hub.kernel.web import ApiOperation, PageRequest
from hub.modules.crm.api import CrmApi
from hub.modules.crm.operations import READ, WRITE
from hub.modules.crm.operations_erasure import RIGHT as ERASE
from hub.modules.crm.operations_erasure import ErasureIn, ErasureOut
from hub.modules.crm.web_asked import RIGHT
from hub.modules.crm.web_erasure import shops_of


class ErasureRequestIn(Strict):
    """Who asks: a client, or a caller known by the number alone."""

    client_id: str | None = Field(None, max_length=26)
    number: str | None = Field(None, max_length=64)
    words: str = Field("", max_length=300, description="How they asked; no name")


class RefusalIn(Strict):
    """Why; the person is told so."""

    answer: str = Field(min_length=1, max_length=300)


class ErasureRequestOut(BaseModel):
    """Somebody asked to be forgotten. When it is done, number and words are gone."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    rev: int
    client_id: str | None
    number: Dialable | None
    words: Words
    state: Literal["open", "done", "refused"]
    asked_at: Moment
    asked_by: str | None
    due_at: Moment = Field(description="Until then the law wants an answer")
    decided_at: Moment | None
    decided_by: str | None
    answer: Words


class ErasureRequestsOut(BaseModel):
    """100 at most: the open ones by their deadline, the others newest first."""

    items: list[ErasureRequestOut]


class ErasureRequestsQuery(Strict):
    """Which of them."""

    state: Literal["open", "done", "refused"] = "open"


async def ask(request: PageRequest, body: ErasureRequestIn) -> ErasureRequestOut:
    """Asked again it is the same request, with its first deadline; another shop's words stay there."""
    made = await request.apis.of(CrmApi).asked.ask(
        client_id=body.client_id, number=body.number, words=body.words
    )
    shops = None if request.viewer.rights.get(RIGHT) == "all" else request.viewer.shop_ids
    is_ours = shops is None or made.shop_id in shops
    return ErasureRequestOut.model_validate(made if is_ours else replace(made, words="", asked_by=None))


async def all_of(request: PageRequest, query: ErasureRequestsQuery) -> ErasureRequestsOut:
    """Those that one may decide on."""
    found = await request.apis.of(CrmApi).asked.all(query.state, shops_of(request))
    return ErasureRequestsOut(items=[ErasureRequestOut.model_validate(one) for one in found])


async def refuse(request: PageRequest, body: RefusalIn) -> ErasureRequestOut:
    """The reason is kept, and told."""
    asked = request.apis.of(CrmApi).asked
    done = await asked.refuse(request.path["id"], body.answer, shops_of(request))
    return ErasureRequestOut.model_validate(done)


async def fulfil(request: PageRequest, body: ErasureIn) -> ErasureOut:
    """For good, in every module; a restored backup does it again."""
    asked = request.apis.of(CrmApi).asked
    done = await asked.fulfil(request.path["id"], body.reason, shops_of(request), request.second)
    return ErasureOut.model_validate(done)


operations = (
    ApiOperation(
        method="POST", path="/erasure-requests", handler=ask, right=RIGHT, name="crm.post_erasure_request",
        summary="Write down that somebody asks to be forgotten", body=ErasureRequestIn,
        result=ErasureRequestOut, status=201, errors=WRITE,
    ),
    ApiOperation(
        method="GET", path="/erasure-requests", handler=all_of, right=ERASE, name="crm.list_erasure_requests",
        summary="Who asked to be forgotten, and until when it must be answered", query=ErasureRequestsQuery,
        result=ErasureRequestsOut, errors=READ,
    ),
    ApiOperation(
        method="POST", path="/erasure-requests/{id}/refuse", handler=refuse, right=ERASE,
        name="crm.refuse_erasure_request", summary="Refuse a request to be forgotten, with the reason",
        body=RefusalIn, result=ErasureRequestOut, errors=WRITE,
    ),
    ApiOperation(
        method="POST", path="/erasure-requests/{id}/erase", handler=fulfil, right=ERASE,
        name="crm.fulfil_erasure_request", summary="Erase the data of whoever asked", body=ErasureIn,
        result=ErasureOut, errors=WRITE, second=ERASE,
    ),
)  # fmt: skip

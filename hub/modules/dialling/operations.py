"""Calling out in the API."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from hub.kernel.listing import NEXT, ListQuery, Moment, Strict
from hub.kernel.masking import Dialable, Words
from hub.kernel.web import ApiOperation, PageRequest
from hub.modules.dialling.api import CallOrder, CommandPage, CommandView, DiallingApi
from hub.modules.dialling.scope import CALL, SETTINGS, asker_of, click_of, hears_only, shops_of
from hub.modules.dialling.views import CommandReason, CommandState
from hub.ports.commands import CommandKind


def _no_nul(text: str) -> str:
    if "\x00" in text:
        raise ValueError("NUL is no character")
    return text


Text = Annotated[str, Field(max_length=128), AfterValidator(_no_nul)]


class OrderOut(BaseModel):
    """An order to the PBX. It is sent once; while its answer was not seen it is `unknown`, and what the PBX
    shows decides."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    rev: int
    shop_id: str
    kind: CommandKind
    state: CommandState
    reason: CommandReason | None = Field(description="Why it failed")
    said: Words = Field(description="The PBX's own words, where it said no")
    is_open: bool = Field(description="More may become of it")
    extension: str = Field(description="The phone that it is given for")
    number: Dialable | None = Field(description="E.164, or an extension")
    line: Dialable | None = Field(description="The line of ours that is presented")
    call_id: str | None
    wanted_at: Moment
    sent_at: Moment | None
    connected_at: Moment | None
    settled_at: Moment | None


class OrderPageOut(BaseModel):
    """A stretch of the list, newest first."""

    model_config = ConfigDict(from_attributes=True)

    items: list[OrderOut]
    next: str | None = Field(description=NEXT)


class CallIn(Strict):
    """Whom to ring. With `Idempotency-Key` one call, however often it is sent."""

    number: Text = Field(description="In any writing; a colleague's extension")
    extension: Text | None = Field(
        None, description="The phone that rings first; of a person one of their own, and may be left out"
    )
    call_id: Text | None = Field(None, description="The call that is answered: its line is presented")


def _order(request: PageRequest, body: CallIn, *, is_confirmed: bool = False) -> CallOrder:
    return CallOrder(
        number=body.number,
        key=click_of(request),
        call_id=body.call_id,
        extension=body.extension,
        is_confirmed=is_confirmed,
    )


async def call(request: PageRequest, body: CallIn) -> CommandView:
    """Ring one's phone, then the number."""
    return await request.apis.of(DiallingApi).call(_order(request, body), asker_of(request))


async def call_above(request: PageRequest, body: CallIn) -> CommandView:
    """The same above the limit of the hour or the day."""
    order = _order(request, body, is_confirmed=request.second is not None)
    return await request.apis.of(DiallingApi).call(order, asker_of(request))


async def list_orders(request: PageRequest, query: ListQuery) -> CommandPage:
    """Newest first."""
    api = request.apis.of(DiallingApi)
    return await api.page(
        shops_of(request), cursor=query.cursor, limit=query.limit, hears_only=hears_only(request)
    )


async def get_order(request: PageRequest) -> CommandView:
    """As it stands."""
    return await request.apis.of(DiallingApi).one(request.path["id"], shops_of(request), hears_only(request))


ERRORS = (401, 403, 404, 409, 415, 422, 429, 503)

operations = (
    ApiOperation(
        method="GET",
        path="/dialling",
        handler=list_orders,
        right=CALL,
        name="dialling.list_orders",
        summary="Orders to the PBX",
        query=ListQuery,
        result=OrderPageOut,
        errors=(401, 403, 422, 429),
    ),
    ApiOperation(
        method="GET",
        path="/dialling/{id}",
        handler=get_order,
        right=CALL,
        name="dialling.get_order",
        summary="What became of an order to the PBX",
        result=OrderOut,
    ),
    ApiOperation(
        method="POST",
        path="/dialling/calls",
        handler=call,
        right=CALL,
        name="dialling.call_out",
        summary="Call somebody: one's own phone rings first, then the number",
        body=CallIn,
        result=OrderOut,
        status=202,
        errors=ERRORS,
    ),
    ApiOperation(
        method="POST",
        path="/dialling/calls/above",
        handler=call_above,
        right=CALL,
        name="dialling.call_above",
        summary="Call somebody above the limit, confirmed by a second person",
        body=CallIn,
        result=OrderOut,
        status=202,
        errors=ERRORS,
        second=SETTINGS,
    ),
)

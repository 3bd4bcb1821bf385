"""Lines in the API."""

from __future__ import annotations

from dataclasses import fields

from pydantic import BaseModel, ConfigDict, Field

from hub.errors import Invalid
from hub.kernel.listing import NEXT, ListQuery, Strict
from hub.kernel.web import ApiOperation, PageRequest
from hub.modules.access.api import AccessApi
from hub.modules.calls.api import CallsApi, LineEntry, LineView
from hub.modules.calls.scope import shops_of
from hub.values import ShopId

RIGHT = "calls.lines"


class Line(BaseModel):
    """A number of ours that the world dials."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    rev: int
    number: str = Field(description="E.164 where it can be")
    name: str
    source: str = Field(description="The advertisement that carries it")
    shop_id: str
    capacity: int | None = Field(description="Calls at once; null where nobody knows")
    trunk: str = Field(description="Pattern of the PBX's endpoints that it comes by")
    callback_number: str = Field(description="What people see when we call back; empty = the number")


class LinePage(BaseModel):
    """A stretch of the list, newest first."""

    items: list[Line]
    next: str | None = Field(description=NEXT)


class NewLine(Strict):
    """What is said about a new line."""

    number: str = Field(min_length=1, max_length=64)
    name: str = Field(min_length=1, max_length=64)
    source: str = Field("", max_length=64)
    shop_id: str | None = Field(None, max_length=40, description="The token's own shop when left out")
    capacity: int | None = Field(None, ge=1, le=1000)
    trunk: str = Field("", max_length=100)
    callback_number: str = Field("", max_length=64)


class LineChange(Strict):
    """What to change; with `rev` only if nobody was faster."""

    rev: int | None = None
    number: str | None = Field(None, min_length=1, max_length=64)
    name: str | None = Field(None, min_length=1, max_length=64)
    source: str | None = Field(None, max_length=64)
    shop_id: str | None = Field(None, max_length=40)
    capacity: int | None = Field(None, ge=1, le=1000)
    trunk: str | None = Field(None, max_length=100)
    callback_number: str | None = Field(None, max_length=64)


async def list_lines(request: PageRequest, query: ListQuery) -> LinePage:
    """Newest first."""
    shops = shops_of(request, RIGHT)
    lines = sorted(await request.apis.of(CallsApi).lines(), key=lambda line: line.id, reverse=True)
    found = [
        line
        for line in lines
        if (shops is None or line.shop_id in shops) and (query.cursor is None or line.id < query.cursor)
    ]
    items = found[: query.limit]
    following = items[-1].id if len(found) > query.limit else None
    return LinePage(items=[Line.model_validate(line) for line in items], next=following)


async def get_line(request: PageRequest) -> LineView:
    """One of them."""
    return await request.apis.of(CallsApi).numbers.one(request.path["id"], shops_of(request, RIGHT))


async def create_line(request: PageRequest, body: NewLine) -> LineView:
    """A new one; a number that has a name already is a conflict."""
    given = body.model_dump()
    given["shop_id"] = await _shop(request, body.shop_id or request.viewer.shop_id)
    return await request.apis.of(CallsApi).numbers.save(LineEntry(**given), None)


async def change_line(request: PageRequest, body: LineChange) -> LineView:
    """Only what is given is changed; `capacity: null` takes it away."""
    old = await get_line(request)
    values = {one.name: getattr(old, one.name) for one in fields(LineEntry)}
    for name in body.model_fields_set - {"rev"}:
        value = getattr(body, name)
        if value is not None or name == "capacity":
            values[name] = value
    values["shop_id"] = await _shop(request, values["shop_id"])
    return await request.apis.of(CallsApi).numbers.change(old.id, LineEntry(**values), body.rev)


async def remove_line(request: PageRequest) -> None:
    """The number loses its name; its calls stay."""
    line = await get_line(request)
    await request.apis.of(CallsApi).numbers.remove(line.id)


async def _shop(request: PageRequest, shop_id: str) -> ShopId:
    allowed = shops_of(request, RIGHT)
    known = {shop.id for shop in await request.apis.of(AccessApi).list_shops()}
    if shop_id not in known or (allowed is not None and shop_id not in allowed):
        wrong = {"shop_id": "Choose a shop of yours."}
        raise Invalid("calls.line", "Some fields need another look.", fields=wrong)
    return ShopId(shop_id)


operations = (
    ApiOperation(
        method="GET", path="/lines", handler=list_lines, right=RIGHT, name="calls.list_lines",
        feature="3.8",
        summary="List the lines", query=ListQuery, result=LinePage, errors=(401, 403, 422, 429),
    ),
    ApiOperation(
        method="POST", path="/lines", handler=create_line, right=RIGHT, name="calls.create_line",
        feature="3.8",
        summary="Add a line", body=NewLine, result=Line, status=201, errors=(401, 403, 409, 415, 422, 429),
    ),
    ApiOperation(
        method="GET", path="/lines/{id}", handler=get_line, right=RIGHT, name="calls.get_line",
        feature="3.8",
        summary="One line", result=Line, errors=(401, 403, 404, 429),
    ),
    ApiOperation(
        method="PATCH", path="/lines/{id}", handler=change_line, right=RIGHT, name="calls.update_line",
        feature="3.8",
        summary="Change a line", body=LineChange, result=Line, errors=(401, 403, 404, 409, 415, 422, 429),
    ),
    ApiOperation(
        method="DELETE", path="/lines/{id}", handler=remove_line, right=RIGHT, name="calls.delete_line",
        feature="3.8",
        summary="Take a line away", status=204, errors=(401, 403, 404, 429),
    ),
)  # fmt: skip

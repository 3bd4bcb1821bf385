"""Vehicles in the API."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from pydantic import BaseModel, ConfigDict, Field

from hub.kernel.listing import NEXT, ListQuery, Moment, Strict
from hub.kernel.masking import Words
from hub.kernel.web import ApiOperation, PageRequest
from hub.modules.crm.api import CrmApi, VehicleEntry, VehicleFilter, VehicleView, vehicle_entry_of
from hub.modules.crm.operations import READ, WRITE


class VehicleOut(BaseModel):
    """A car; `client_id` is the owner now."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    rev: int
    plate: str | None
    vin: str | None
    make: str
    model: str
    year: int | None
    mileage_km: int | None
    client_id: str | None
    note: Words
    is_archived: bool
    created_at: Moment


class VehiclePageOut(BaseModel):
    """A stretch of the list, newest first."""

    items: list[VehicleOut]
    next: str | None = Field(description=NEXT)


class VehicleIn(Strict):
    """A new car; a plate, a VIN or a model is needed."""

    plate: str | None = Field(None, max_length=20)
    vin: str | None = Field(None, max_length=40)
    make: str = Field("", max_length=60)
    model: str = Field("", max_length=100)
    year: int | None = Field(None, ge=1886, le=9999)
    mileage_km: int | None = Field(None, ge=0, le=9_999_999)
    client_id: str | None = Field(None, max_length=26)
    owner_since: date | None = None
    note: str = Field("", max_length=10_000)
    is_archived: bool = False


class VehicleChange(Strict):
    """What to change; with `rev` only if nobody was faster. Another `client_id` is a change of owner,
    dated `owner_since` (today where it is not given)."""

    rev: int | None = None
    plate: str | None = Field(None, max_length=20)
    vin: str | None = Field(None, max_length=40)
    make: str | None = Field(None, max_length=60)
    model: str | None = Field(None, max_length=100)
    year: int | None = Field(None, ge=1886, le=9999)
    mileage_km: int | None = Field(None, ge=0, le=9_999_999)
    client_id: str | None = Field(None, max_length=26)
    owner_since: date | None = None
    note: str | None = Field(None, max_length=10_000)
    is_archived: bool | None = None


class VehicleQuery(ListQuery):
    """Which cars."""

    q: str = Field("", max_length=200, description="A plate, a VIN, a model, an owner's name or phone")
    client_id: str | None = Field(None, max_length=26)
    is_archived: bool = False


async def list_vehicles(request: PageRequest, query: VehicleQuery) -> VehiclePageOut:
    """Newest first."""
    where = VehicleFilter(
        text=query.q, client_id=query.client_id, is_archived=query.is_archived,
        whole_numbers=not request.viewer.sees_numbers,
    )  # fmt: skip
    page = await request.apis.of(CrmApi).vehicles(where, cursor=query.cursor, limit=query.limit)
    return VehiclePageOut(items=[_vehicle(one) for one in page.items], next=page.next)


async def get_vehicle(request: PageRequest) -> VehicleOut:
    """One of them."""
    return _vehicle(await request.apis.of(CrmApi).vehicle(request.path["id"]))


async def create_vehicle(request: PageRequest, body: VehicleIn) -> VehicleOut:
    """A new one; a VIN that is known already is a conflict."""
    given = body.model_dump(exclude_none=True)
    return _vehicle(await request.apis.of(CrmApi).create_vehicle(VehicleEntry(**given)))


async def change_vehicle(request: PageRequest, body: VehicleChange) -> VehicleOut:
    """Only what is given is changed; null takes plate, VIN, year, mileage or owner away."""
    crm = request.apis.of(CrmApi)
    old = await crm.vehicle(request.path["id"])
    entry = vehicle_entry_of(old)
    given = {name: getattr(body, name) for name in body.model_fields_set if name != "rev"}
    texts = ("plate", "vin", "make", "model", "note")
    given.update({name: given[name] or "" for name in texts if name in given})
    if given.get("is_archived", False) is None:
        del given["is_archived"]
    rev = body.rev if body.rev is not None else old.rev
    return _vehicle(await crm.change_vehicle(old.id, rev, replace(entry, **given)))


def _vehicle(view: VehicleView) -> VehicleOut:
    return VehicleOut.model_validate(view)


operations = (
    ApiOperation(
        method="GET", path="/vehicles", handler=list_vehicles, right="clients.view",
        name="crm.list_vehicles", is_heavy=True,
        feature="3.2",
        summary="List or search the vehicles", query=VehicleQuery,
        result=VehiclePageOut, errors=READ,
    ),
    ApiOperation(
        method="POST", path="/vehicles", handler=create_vehicle, right="clients.edit",
        name="crm.create_vehicle", summary="Add a vehicle", body=VehicleIn, result=VehicleOut, status=201,
        errors=WRITE,
    ),
    ApiOperation(
        method="GET", path="/vehicles/{id}", handler=get_vehicle, right="clients.view",
        name="crm.get_vehicle", summary="One vehicle", result=VehicleOut, errors=READ,
    ),
    ApiOperation(
        method="PATCH", path="/vehicles/{id}", handler=change_vehicle, right="clients.edit",
        name="crm.change_vehicle", summary="Change a vehicle", body=VehicleChange, result=VehicleOut,
        errors=WRITE,
    ),
)  # fmt: skip

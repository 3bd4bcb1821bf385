"""Roles between clients and vehicles, and the mileage log, in the API."""

from __future__ import annotations

from datetime import date

from pydantic import BaseModel, ConfigDict, Field

from hub.kernel.listing import Strict
from hub.kernel.masking import Words
from hub.kernel.web import ApiOperation, PageRequest
from hub.modules.crm.api import CrmApi, MileageView, RoleEntry, RoleName, RoleView
from hub.modules.crm.operations import READ, WRITE


class RoleOut(BaseModel):
    """What a client is to another client or to a vehicle: exactly one of the two is named."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    role: RoleName
    client_id: str = Field(description="Who has the role")
    of_client_id: str | None
    vehicle_id: str | None
    note: Words


class RolesOut(BaseModel):
    """All of them, oldest first."""

    items: list[RoleOut]


class RoleIn(Strict):
    """A role of the client of the address towards one client or one vehicle."""

    role: RoleName
    of_client_id: str | None = Field(None, max_length=26)
    vehicle_id: str | None = Field(None, max_length=26)
    note: str = Field("", max_length=200)


class MileageOut(BaseModel):
    """A reading of the counter."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    read_on: date
    km: int
    note: Words
    actor: str | None
    since_last: int | None = Field(description="Kilometres since the reading before it")


class MileagesOut(BaseModel):
    """The log, newest first."""

    items: list[MileageOut]


class MileageIn(Strict):
    """A reading; one that does not fit to the others is refused with 409 `crm.mileage_lower` unless
    `may_be_lower` says that the counter was changed."""

    km: int = Field(ge=0, le=9_999_999)
    read_on: date | None = Field(None, description="Today where it is not given")
    note: str = Field("", max_length=200)
    may_be_lower: bool = False


async def client_roles(request: PageRequest) -> RolesOut:
    """Those that the client has, and those that others have for it."""
    crm = request.apis.of(CrmApi)
    client = await crm.client(request.path["id"])
    return _roles(await crm.roles.of_clients([client.id]))


async def vehicle_roles(request: PageRequest) -> RolesOut:
    """Drivers, payers and contacts of a vehicle."""
    crm = request.apis.of(CrmApi)
    car = await crm.vehicle(request.path["id"])
    return _roles(await crm.roles.of_vehicle(car.id))


async def add_role(request: PageRequest, body: RoleIn) -> RoleOut:
    """A new one; one that is there already is answered as it is."""
    crm = request.apis.of(CrmApi)
    client = await crm.client(request.path["id"])
    entry = RoleEntry(
        role=body.role, client_id=client.id, of_client_id=body.of_client_id, vehicle_id=body.vehicle_id,
        note=body.note,
    )  # fmt: skip
    return RoleOut.model_validate(await crm.roles.add(entry))


async def remove_role(request: PageRequest) -> None:
    """Gone; the history remembers it."""
    await request.apis.of(CrmApi).roles.remove(request.path["id"])


async def mileage(request: PageRequest) -> MileagesOut:
    """The log."""
    crm = request.apis.of(CrmApi)
    car = await crm.vehicle(request.path["id"])
    return _mileages(await crm.mileage.of(car.id))


async def add_mileage(request: PageRequest, body: MileageIn) -> MileagesOut:
    """A reading; the same one again is one."""
    crm = request.apis.of(CrmApi)
    car = await crm.vehicle(request.path["id"])
    return _mileages(
        await crm.mileage.add(
            car.id, body.km, read_on=body.read_on, note=body.note, may_be_lower=body.may_be_lower
        )
    )


def _roles(views: tuple[RoleView, ...]) -> RolesOut:
    return RolesOut(items=[RoleOut.model_validate(one) for one in views])


def _mileages(views: tuple[MileageView, ...]) -> MileagesOut:
    return MileagesOut(items=[MileageOut.model_validate(one) for one in views])


operations = (
    ApiOperation(
        method="GET", path="/clients/{id}/roles", handler=client_roles, right="clients.view",
        name="crm.list_client_roles", summary="Roles of a client", result=RolesOut, errors=READ,
    ),
    ApiOperation(
        method="POST", path="/clients/{id}/roles", handler=add_role, right="clients.edit",
        name="crm.add_role", summary="Say what a client is to another one or to a vehicle", body=RoleIn,
        result=RoleOut, status=201, errors=WRITE,
    ),
    ApiOperation(
        method="GET", path="/vehicles/{id}/roles", handler=vehicle_roles, right="clients.view",
        name="crm.list_vehicle_roles", summary="Drivers, payers and contacts of a vehicle",
        result=RolesOut, errors=READ,
    ),
    ApiOperation(
        method="DELETE", path="/roles/{id}", handler=remove_role, right="clients.edit",
        name="crm.remove_role", summary="Take a role away", status=204, errors=WRITE,
    ),
    ApiOperation(
        method="GET", path="/vehicles/{id}/mileage", handler=mileage, right="clients.view",
        name="crm.list_mileage", summary="The mileage log of a vehicle", result=MileagesOut, errors=READ,
    ),
    ApiOperation(
        method="POST", path="/vehicles/{id}/mileage", handler=add_mileage, right="clients.edit",
        name="crm.add_mileage", summary="Add a reading of the counter", body=MileageIn,
        result=MileagesOut, status=201, errors=WRITE,
    ),
)  # fmt: skip

"""Employees in the API."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from hub.kernel.listing import NEXT, ListQuery, Strict
from hub.kernel.masking import Dialable
from hub.kernel.web import ApiOperation, PageRequest
from hub.modules.access.api import AccessApi
from hub.modules.access.service_people import PeopleService
from hub.modules.access.views import PersonEntry, PersonView


class Employee(BaseModel):
    """A person who works here."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    rev: int
    name: str
    role: str
    extensions: list[str] = Field(description="Names of this person's phones on the PBX")
    mobile: Dialable | None = Field(description="E.164")
    is_active: bool


class EmployeePage(BaseModel):
    """A stretch of the list, newest first."""

    items: list[Employee]
    next: str | None = Field(description=NEXT)


class NewEmployee(Strict):
    """What is said about a new person."""

    name: str = Field(min_length=1, max_length=200)
    role: str = Field(max_length=32)
    extensions: list[str] = Field(default_factory=list, max_length=20)
    mobile: str | None = Field(None, max_length=40)
    is_active: bool = True


class EmployeeChange(Strict):
    """What to change; with `rev` only if nobody was faster."""

    rev: int | None = None
    name: str | None = Field(None, min_length=1, max_length=200)
    role: str | None = Field(None, max_length=32)
    extensions: list[str] | None = Field(None, max_length=20)
    mobile: str | None = Field(None, max_length=40)
    is_active: bool | None = None


async def list_employees(request: PageRequest, query: ListQuery) -> EmployeePage:
    """Newest first."""
    people = PeopleService(request.uow, request.deps)
    found = await people.page(request.viewer.shop_ids, before=query.cursor, limit=query.limit + 1)
    items = found[: query.limit]
    following = items[-1].id if len(found) > query.limit else None
    return EmployeePage(items=[_out(one) for one in items], next=following)


async def get_employee(request: PageRequest) -> Employee:
    """One of them."""
    people = PeopleService(request.uow, request.deps)
    return _out(await people.one(request.path["id"], request.viewer.shop_ids))


async def create_employee(request: PageRequest, body: NewEmployee) -> Employee:
    """A new one; an extension that somebody has is a conflict."""
    entry = PersonEntry(
        name=body.name, role=body.role, extensions=tuple(body.extensions), mobile=body.mobile,
        is_active=body.is_active,
    )  # fmt: skip
    return _out(await PeopleService(request.uow, request.deps).create(entry, request.viewer))


async def change_employee(request: PageRequest, body: EmployeeChange) -> Employee:
    """Only what is given is changed; `mobile: null` takes the mobile away."""
    people = PeopleService(request.uow, request.deps)
    old = await people.one(request.path["id"], request.viewer.shop_ids)
    entry = PersonEntry(
        name=body.name if body.name is not None else old.name,
        role=body.role if body.role is not None else old.role,
        extensions=tuple(body.extensions) if body.extensions is not None else old.extensions,
        mobile=body.mobile if "mobile" in body.model_fields_set else old.mobile,
        is_active=body.is_active if body.is_active is not None else old.is_active,
        language=old.language,
        shop_id=old.shop_id,
    )
    return _out(await people.change(old.id, body.rev, entry, request.viewer))


async def reset_factor(request: PageRequest) -> None:
    """For whoever lost phone and recovery codes: the second factor is off, every session is ended."""
    access, person = AccessApi(request.uow, request.deps), await who_is_reset(request)
    await access.factors.remove(person.id)
    await access.sessions.end_others(person.id)


async def who_is_reset(request: PageRequest) -> PersonView:
    """Raises NotFound, NotAllowed for somebody of a higher role."""
    access = AccessApi(request.uow, request.deps)
    person = await access.person(request.path["id"], request.viewer.shop_ids)
    await access.roles.check_appoint(person.role, request.viewer)
    return person


def _out(person: PersonView) -> Employee:
    return Employee(
        id=person.id, rev=person.rev, name=person.name, role=person.role, mobile=person.mobile,
        extensions=list(person.extensions), is_active=person.is_active,
    )  # fmt: skip


operations = (
    ApiOperation(
        method="POST", path="/employees/{id}/second-factor/reset", handler=reset_factor,
        right="people.secure", name="access.reset_employee_factor", summary="Reset a second factor",
        second="people.secure", check=who_is_reset, status=204, errors=(401, 403, 404, 409, 422, 429),
    ),
    ApiOperation(
        method="GET", path="/employees", handler=list_employees, right="people.view",
        name="access.list_employees", summary="List the employees", query=ListQuery, result=EmployeePage,
        errors=(401, 403, 422, 429),
    ),
    ApiOperation(
        method="POST", path="/employees", handler=create_employee, right="people.edit",
        name="access.create_employee", summary="Add an employee", body=NewEmployee, result=Employee,
        status=201, errors=(401, 403, 404, 409, 415, 422, 429),
    ),
    ApiOperation(
        method="GET", path="/employees/{id}", handler=get_employee, right="people.view",
        name="access.get_employee", summary="One employee", result=Employee, errors=(401, 403, 404, 429),
    ),
    ApiOperation(
        method="PATCH", path="/employees/{id}", handler=change_employee, right="people.edit",
        name="access.change_employee", summary="Change an employee", body=EmployeeChange, result=Employee,
        errors=(401, 403, 404, 409, 415, 422, 429),
    ),
)  # fmt: skip

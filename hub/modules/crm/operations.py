"""Clients in the API."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from hub.kernel.listing import NEXT, ListQuery, Moment, Strict
from hub.kernel.masking import Dialable, Words
from hub.kernel.web import ApiOperation, PageRequest
from hub.modules.crm.api import (
    ClientEntry,
    ClientFilter,
    ClientView,
    CrmApi,
    Kind,
    Messenger,
    MessengerKind,
    PhoneEntry,
    Relation,
    entry_of,
)

_BIRTHDAY = "`1980-03-14`, or `--03-14` without the year."
READ = (401, 403, 404, 422, 429)
WRITE = (401, 403, 404, 409, 415, 422, 429)


class PhoneOut(BaseModel):
    """A phone of a client."""

    model_config = ConfigDict(from_attributes=True)

    number: Dialable = Field(description="E.164 where it can be, else as given")
    label: Words
    is_main: bool


class MessengerOut(BaseModel):
    """Where a client writes."""

    model_config = ConfigDict(from_attributes=True)

    kind: MessengerKind
    address: Dialable


class ClientOut(BaseModel):
    """A person or company that we serve, or know otherwise."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    rev: int
    kind: Kind
    relation: Relation = Field(description="Only a client makes deals, tasks and texts")
    name: Words
    phones: list[PhoneOut]
    emails: list[str]
    language: str | None
    tags: list[Words]
    note: Words
    messengers: list[MessengerOut]
    source: str = Field(description="What brought them: advertising, a friend")
    segments: list[Words]
    blocked_reason: Words | None = Field(description="Why they stand on the black list; null: they do not")
    birthday: str = Field(description=_BIRTHDAY + " Empty: not known")
    is_archived: bool
    created_at: Moment
    updated_at: Moment


class ClientPageOut(BaseModel):
    """A stretch of the list, newest first."""

    items: list[ClientOut]
    next: str | None = Field(description=NEXT)


class PhoneIn(Strict):
    """A phone, in any writing."""

    number: str = Field(max_length=64)
    label: str = Field("", max_length=50)
    is_main: bool = False


class MessengerIn(Strict):
    """Where a client writes: a number, a name or an id there."""

    kind: MessengerKind
    address: str = Field(max_length=100)


class ClientIn(Strict):
    """A new client; a name or a phone is needed. A phone may be shared by several clients."""

    kind: Kind = "person"
    relation: Relation = "client"
    name: str = Field("", max_length=200)
    phones: list[PhoneIn] = Field(default_factory=list, max_length=20)
    emails: list[str] = Field(default_factory=list, max_length=10)
    language: str | None = Field(None, max_length=8)
    tags: list[str] = Field(default_factory=list, max_length=30)
    note: str = Field("", max_length=10_000)
    messengers: list[MessengerIn] = Field(default_factory=list, max_length=10)
    source: str = Field("", max_length=100)
    segments: list[str] = Field(default_factory=list, max_length=30)
    blocked_reason: str | None = Field(None, max_length=500)
    birthday: str = Field("", max_length=40, description=_BIRTHDAY)
    is_archived: bool = False


class ClientChange(Strict):
    """What to change; with `rev` only if nobody was faster. `phones` replaces all phones."""

    rev: int | None = None
    kind: Kind | None = None
    relation: Relation | None = None
    name: str | None = Field(None, max_length=200)
    phones: list[PhoneIn] | None = Field(None, max_length=20)
    emails: list[str] | None = Field(None, max_length=10)
    language: str | None = Field(None, max_length=8)
    tags: list[str] | None = Field(None, max_length=30)
    note: str | None = Field(None, max_length=10_000)
    messengers: list[MessengerIn] | None = Field(None, max_length=10)
    source: str | None = Field(None, max_length=100)
    segments: list[str] | None = Field(None, max_length=30)
    blocked_reason: str | None = Field(None, max_length=500, description="null takes it off the black list")
    birthday: str | None = Field(None, max_length=40, description=_BIRTHDAY + " Empty takes it away")
    is_archived: bool | None = None


class ClientQuery(ListQuery):
    """Which clients. Archived ones only when asked for."""

    q: str = Field("", max_length=200, description="A name, a phone or its last digits, a plate, a VIN")
    phone: str = Field("", max_length=64, description="Exactly this number, in any writing")
    relation: Relation | None = None
    source: str = Field("", max_length=100)
    segment: str = Field("", max_length=50)
    is_blocked: bool = Field(False, description="Only those on the black list")
    is_archived: bool = False


async def list_clients(request: PageRequest, query: ClientQuery) -> ClientPageOut:
    """Newest first."""
    where = ClientFilter(
        text=query.q, phone=query.phone, relation=query.relation, is_archived=query.is_archived,
        source=query.source, segment=query.segment, is_blocked=query.is_blocked,
        whole_numbers=not request.viewer.sees_numbers,
    )  # fmt: skip
    page = await request.apis.of(CrmApi).clients(where, cursor=query.cursor, limit=query.limit)
    return ClientPageOut(items=[_client(one) for one in page.items], next=page.next)


async def get_client(request: PageRequest) -> ClientOut:
    """One of them."""
    return _client(await request.apis.of(CrmApi).client(request.path["id"]))


async def create_client(request: PageRequest, body: ClientIn) -> ClientOut:
    """A new one."""
    entry = _with(ClientEntry(), body)
    return _client(await request.apis.of(CrmApi).create_client(entry))


async def change_client(request: PageRequest, body: ClientChange) -> ClientOut:
    """Only what is given is changed."""
    crm = request.apis.of(CrmApi)
    old = await crm.client(request.path["id"])
    rev = body.rev if body.rev is not None else old.rev
    return _client(await crm.change_client(old.id, rev, _with(entry_of(old), body)))


def _with(entry: ClientEntry, body: ClientIn | ClientChange) -> ClientEntry:
    """The entry with what the body gives; null means "not given", but for what may be taken away."""
    given: dict[str, Any] = {}
    for name in body.model_fields_set - {"rev"}:
        value = getattr(body, name)
        if name == "phones" and value is not None:
            value = tuple(PhoneEntry(**phone.model_dump()) for phone in value)
        if name == "messengers" and value is not None:
            value = tuple(Messenger(kind=one.kind, address=one.address) for one in value)
        if value is not None or name in ("language", "blocked_reason"):
            given[name] = tuple(value) if isinstance(value, list) else value
    return replace(entry, **given)


def _client(view: ClientView) -> ClientOut:
    return ClientOut.model_validate(view)


operations = (
    ApiOperation(
        method="GET", path="/clients", handler=list_clients, right="clients.view", name="crm.list_clients",
        is_heavy=True, summary="List or search the clients",
        query=ClientQuery, result=ClientPageOut, errors=READ,
    ),
    ApiOperation(
        method="POST", path="/clients", handler=create_client, right="clients.edit", name="crm.create_client",
        summary="Add a client", body=ClientIn, result=ClientOut, status=201, errors=WRITE,
    ),
    ApiOperation(
        method="GET", path="/clients/{id}", handler=get_client, right="clients.view", name="crm.get_client",
        summary="One client", result=ClientOut, errors=READ,
    ),
    ApiOperation(
        method="PATCH", path="/clients/{id}", handler=change_client, right="clients.edit",
        name="crm.change_client", summary="Change a client", body=ClientChange, result=ClientOut,
        errors=WRITE,
    ),
)  # fmt: skip

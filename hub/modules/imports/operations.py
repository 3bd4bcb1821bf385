"""Imports in the API: small tables as text; big files go over the page."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from hub.kernel.listing import Moment, Strict
from hub.kernel.masking import Words
from hub.kernel.web import ApiOperation, PageRequest
from hub.modules.imports import jobs
from hub.modules.imports.api import ImportsApi
from hub.modules.imports.opening import opened
from hub.modules.imports.views import FileState
from hub.modules.imports.web import RIGHT, shops_of

READ = (401, 403, 404, 422, 429)
WRITE = (401, 403, 404, 409, 415, 422, 429)


class ImportOut(BaseModel):
    """A file, and how far it is."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    rev: int
    name: Words
    state: FileState
    is_dry: bool
    position: int = Field(description="How many rows are done")
    counts: Mapping[str, int] = Field(description="Rows by what became of them: added, filled, same, failed")
    mapping: list[str] = Field(description="What each column means; empty: it is left out")
    created_at: Moment


class FaultOut(BaseModel):
    """What was wrong with a line."""

    model_config = ConfigDict(from_attributes=True)

    line: int
    text: Words


class FaultsOut(BaseModel):
    """In the order of the file, 1000 at most."""

    items: list[FaultOut]


class ImportsOut(BaseModel):
    """The newest first, 30 at most."""

    items: list[ImportOut]


class ImportIn(Strict):
    """A table as text: CSV with a head, or vCards. Bigger files are uploaded on the page /imports."""

    name: str = Field("api.csv", max_length=200)
    content: str = Field(min_length=1, max_length=900_000)
    mapping: list[str] | None = Field(
        None, max_length=200, description="What each column means; by its name where it is not given"
    )
    is_dry: bool = Field(False, description="Only say what would happen")


async def look_into(_request: PageRequest, body: ImportIn) -> Any:
    """Outside of the unit of work."""
    return await asyncio.to_thread(opened, body.content.encode("utf-8", "replace"), body.name, "utf-8")


async def create(request: PageRequest, body: ImportIn) -> ImportOut:
    """It is taken in at once; ask for it again to see how far it is."""
    imports = request.apis.of(ImportsApi)
    file = await imports.store(request.prepared, "clients")
    mapping = body.mapping if body.mapping is not None else file.mapping
    await imports.begin(file.id, mapping, "utf-8", is_dry=body.is_dry)
    run_id = await request.deps.jobs.enqueue(request.uow, jobs.take_in, {"file_id": file.id}, key=file.id)
    await imports.runs(file.id, run_id)
    return ImportOut.model_validate(await imports.one(file.id))


async def get_list(request: PageRequest) -> ImportsOut:
    """Uploaded and sent ones."""
    files = await request.apis.of(ImportsApi).recent(shops_of(request))
    return ImportsOut(items=[ImportOut.model_validate(one) for one in files])


async def get_one(request: PageRequest) -> ImportOut:
    """How far it is."""
    file = await request.apis.of(ImportsApi).one(request.path["id"], shops_of(request))
    return ImportOut.model_validate(file)


async def get_faults(request: PageRequest) -> FaultsOut:
    """Line by line."""
    imports = request.apis.of(ImportsApi)
    file = await imports.one(request.path["id"], shops_of(request))
    return FaultsOut(items=[FaultOut.model_validate(one) for one in await imports.faults(file.id, 1000)])


operations = (
    ApiOperation(
        method="GET", path="/imports", handler=get_list, right=RIGHT, name="imports.list_files",
        summary="Files that were taken in", result=ImportsOut, errors=READ,
    ),
    ApiOperation(
        method="POST", path="/imports", handler=create, right=RIGHT, name="imports.create_file",
        summary="Take a table of clients in", body=ImportIn, result=ImportOut, status=201, errors=WRITE,
        before=look_into,
    ),
    ApiOperation(
        method="GET", path="/imports/{id}", handler=get_one, right=RIGHT, name="imports.get_file",
        summary="How far a file is", result=ImportOut, errors=READ,
    ),
    ApiOperation(
        method="GET", path="/imports/{id}/faults", handler=get_faults, right=RIGHT,
        name="imports.list_faults", summary="What was wrong with which line", result=FaultsOut, errors=READ,
    ),
)  # fmt: skip

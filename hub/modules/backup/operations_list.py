"""Backups in the API: which there are, one more, and the way out of the house for one."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from aiohttp import web
from pydantic import BaseModel, Field

from hub.kernel.backup.keeping import BackupRun
from hub.kernel.listing import NEXT, ListQuery, Moment
from hub.kernel.web import ApiOperation, PageRequest
from hub.modules.backup import jobs
from hub.modules.backup.web import backups_of, download


class BackupOut(BaseModel):
    """A backup as it was written down. Sizes in bytes."""

    id: str
    name: str = Field(description="The name of its file; empty while there is none")
    kind: str = Field(description="What it was made for: scheduled, manual, command")
    state: Literal["running", "done", "failed"]
    started_at: Moment
    finished_at: Moment | None
    size: int
    files: int = Field(description="How many files besides the database are in it")
    seconds: int
    is_encrypted: bool
    is_proved: bool = Field(description="It was put back on trial, and everything was there")
    is_kept: bool = Field(description="Its file is still there and can be downloaded")
    trouble: str = Field(description="Why it or its trial failed")


class BackupPage(BaseModel):
    """A stretch of the list, newest first."""

    items: list[BackupOut]
    next: str | None = Field(description=NEXT)


class Begun(BaseModel):
    """The run that makes it; `/jobs/{job_id}` shows how far it is."""

    job_id: str


async def list_backups(request: PageRequest, query: ListQuery) -> BackupPage:
    """Newest first, also those whose files are not kept any more."""
    found = await backups_of(request).last(query.limit + 1, before=query.cursor)
    items = await _out(request, found[: query.limit])
    return BackupPage(items=items, next=items[-1].id if len(found) > query.limit else None)


async def get_backup(request: PageRequest) -> BackupOut:
    """One of them."""
    run = await backups_of(request).one(request.path["id"])
    return (await _out(request, [run]))[0]


async def make_backup(request: PageRequest) -> Begun:
    """One more; while one is being made, that one."""
    backups_of(request)
    return Begun(job_id=await request.deps.jobs.enqueue(request.uow, jobs.make_backup, key="manual"))


async def download_backup(request: PageRequest) -> web.StreamResponse:
    """The archive as it lies on the disk. Everything that Pitline knows leaves the house with it, so a
    second person approves each."""
    return await download(request)


async def is_kept(request: PageRequest) -> None:
    """Raises NotFound where there is nothing to download."""
    await backups_of(request).kept(request.path["id"])


async def _out(request: PageRequest, runs: list[BackupRun]) -> list[BackupOut]:
    present = await backups_of(request).present(runs)
    return [
        BackupOut(
            id=run.id, name=Path(run.path).name, kind=run.kind, state=_state(run), started_at=run.started_at,
            finished_at=run.finished_at, size=run.bytes, files=run.files, seconds=run.seconds,
            is_encrypted=run.is_encrypted, is_proved=run.is_proved, is_kept=run.id in present,
            trouble=run.trouble,
        )
        for run in runs
    ]  # fmt: skip


def _state(run: BackupRun) -> Literal["running", "done", "failed"]:
    return "running" if run.state == "running" else "done" if run.state == "done" else "failed"


operations = (
    ApiOperation(
        method="GET", path="/backups", handler=list_backups, right="system.view", name="backup.list_backups",
        summary="List the backups", query=ListQuery, result=BackupPage, errors=(401, 403, 422, 429),
    ),
    ApiOperation(
        method="POST", path="/backups", handler=make_backup, right="backup.make", name="backup.make_backup",
        summary="Make a backup now", result=Begun, status=202, errors=(401, 403, 422, 429),
    ),
    ApiOperation(
        method="GET", path="/backups/{id}", handler=get_backup, right="system.view",
        name="backup.get_backup", summary="One backup", result=BackupOut, errors=(401, 403, 404, 429),
    ),
    ApiOperation(
        method="POST", path="/backups/{id}/download", handler=download_backup, right="backup.download",
        name="backup.download_backup", summary="Download a backup", second="backup.download", check=is_kept,
        media="application/octet-stream", errors=(401, 403, 404, 429),
    ),
)  # fmt: skip

"""The list of backups and the way out of the house for one; back up now, release what waits."""

from __future__ import annotations

import re
from pathlib import Path

from aiohttp import web

from hub.errors import Unavailable
from hub.kernel.backup.keeping import Backups
from hub.kernel.web import PageRequest, Route
from hub.modules.backup import jobs

MOST_SHOWN = 200
CHUNK = 256 * 1024


async def make(request: PageRequest) -> web.StreamResponse:
    """One more backup; the page shows how far it is."""
    if request.deps.jobs is None:
        raise Unavailable("backup.off", "There are no backups here.")
    await request.deps.jobs.enqueue(request.uow, jobs.make_backup, key="manual")
    return request.redirect("/system#part-backup", notice=request.t("The backup is being made."))


async def show(request: PageRequest) -> web.StreamResponse:
    """Every backup that was written down, newest first."""
    kept = backups_of(request)
    runs = await kept.last(MOST_SHOWN)
    return request.page("backup/list.html", runs=runs, present=await kept.present(runs), folder=kept.folder)


async def download(request: PageRequest) -> web.StreamResponse:
    """The archive as it lies on the disk: everything that Pitline knows leaves the house."""
    run = await backups_of(request).kept(request.path["id"])
    name = re.sub(r"[^A-Za-z0-9._-]", "_", Path(run.path).name)
    return web.FileResponse(
        run.path, chunk_size=CHUNK,
        headers={
            "Content-Type": "application/octet-stream",
            "Content-Disposition": f'attachment; filename="{name}"',
            "Cache-Control": "no-store",
        },
    )  # fmt: skip


def backups_of(request: PageRequest) -> Backups:
    """Raises Unavailable where none are made."""
    if request.deps.backups is None:
        raise Unavailable("backup.off", "There are no backups here.")
    return request.deps.backups


async def release(request: PageRequest) -> web.StreamResponse:
    """From now on everything is sent again: with what waits, or without."""
    quarantine = request.deps.quarantine
    if quarantine is None or await quarantine.state() is None:
        return request.redirect("/system", notice=request.t("Nothing is held back."))
    is_dropped = request.form.get("waiting") == "drop"
    actor = request.viewer.actor
    session = request.uow.session
    await session.run_sync(lambda sync: quarantine.release(sync.connection(), actor, discard=is_dropped))
    return request.redirect("/system", notice=request.t("Released: from now on everything is sent again."))


routes = (
    Route(method="GET", path="/system/backups", handler=show, right="system.view", name="backup.list"),
    Route(
        method="POST",
        path="/system/backups/{id}/download",
        handler=download,
        right="backup.download",
        name="backup.download",
        second="backup.download",
    ),
    Route(method="POST", path="/system/backups", handler=make, right="backup.make", name="backup.make"),
    Route(
        method="POST",
        path="/system/quarantine/release",
        handler=release,
        right="backup.release",
        name="backup.release",
        second="backup.release",
    ),
)

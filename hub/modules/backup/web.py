"""Buttons of /system: back up now, release what waits."""

from __future__ import annotations

from aiohttp import web

from hub.errors import Unavailable
from hub.kernel.web import PageRequest, Route
from hub.modules.backup import jobs


async def make(request: PageRequest) -> web.StreamResponse:
    """One more backup; the page shows how far it is."""
    if request.deps.jobs is None:
        raise Unavailable("backup.off", "There are no backups here.")
    await request.deps.jobs.enqueue(request.uow, jobs.make_backup, key="manual")
    return request.redirect("/system#part-backup", notice=request.t("The backup is being made."))


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

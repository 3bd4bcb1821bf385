"""A run of a job, live: how far it is, how it ended; cancel, and run now."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from hub.errors import NotAllowed, NotFound
from hub.kernel.jobs.definition import JobRun
from hub.kernel.web import SIGNED_IN
from webui.pipeline import FreeRoute
from webui.request import Request, own_path


async def show(request: Request) -> web.StreamResponse:
    """For whoever asked for it and whoever may run it; `part=body` is what changes."""
    async with request.reading() as uow:
        run = _seen(request, await request.deps.jobs.find(uow, request.path["id"]))
    values: dict[str, Any] = {"run": run, "link": own_path(run.result.link) if run.result.link else ""}
    if request.query.get("part") == "body":
        return request.fragment("job_body.html", **values)
    return request.page("job.html", **values)


async def cancel(request: Request) -> web.StreamResponse:
    """End it: at once if it waits, at its next step if it works."""
    async with request.writing() as uow:
        run = _seen(request, await request.deps.jobs.find(uow, request.path["id"]))
        await request.deps.jobs.cancel(uow, run.id)
        request.audit(uow, "system.cancel_job", subject=f"{run.job} {run.id}")
    return request.redirect(f"/jobs/{run.id}", notice=request.t("It is being ended."))


async def run_now(request: Request) -> web.StreamResponse:
    """Work by the clock, now."""
    name = request.path["name"]
    job = request.deps.jobs.job(name)
    if job is None or job.schedule is None:
        raise NotFound("job.not_found", "There is no such job.")
    if not request.viewer.can(job.right):
        raise NotAllowed("access.no_right", "You have no right to do this.", "Ask the owner for it.")
    async with request.writing() as uow:
        await request.deps.jobs.run_now(uow, name)
        request.audit(uow, "system.run_job", subject=name)
    return request.redirect("/system", notice=request.t("It starts now."))


def _seen(request: Request, run: JobRun) -> JobRun:
    """Whose it is not, and who may not run it, is not told that it exists."""
    viewer, job = request.viewer, request.deps.jobs.job(run.job)
    may_run = job is not None and viewer.can(job.right) and run.shop_id in viewer.shop_ids
    if run.actor != viewer.actor and not may_run:
        raise NotFound("job.not_found", "This work is not there any more.")
    return run


routes = (
    FreeRoute(method="GET", path="/jobs/{id}", handler=show, right=SIGNED_IN, name="web.job"),
    FreeRoute(
        method="POST", path="/jobs/{id}/cancel", handler=cancel, right=SIGNED_IN, name="system.cancel_job"
    ),
    FreeRoute(
        method="POST",
        path="/jobs/by-name/{name}/run",
        handler=run_now,
        right="system.manage",
        name="system.run_job",
    ),
)

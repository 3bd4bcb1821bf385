"""How the machinery is, in plain words with the next step."""

from __future__ import annotations

import contextlib

from aiohttp import web

from hub.errors import HubError, NotFound, Unavailable
from hub.kernel.context import DeadLetter
from webui.pipeline import FreeRoute
from webui.request import Request


async def show(request: Request) -> web.StreamResponse:
    """Connectors, database, relay, failed deliveries, journal, disk."""
    system, practice = request.site.installation.system, request.deps.practice
    dead: list[DeadLetter] = []
    with contextlib.suppress(HubError):
        dead = await system.dead_letters()
    return request.page(
        "system.html", report=await system.report(), connectors=system.connectors(), dead=dead,
        sockets=len(request.site.sockets), rehearsals=practice.rehearsals() if practice is not None else (),
    )  # fmt: skip


async def retry(request: Request) -> web.StreamResponse:
    """Put a failed delivery back to work."""
    await request.site.installation.system.retry(request.path["id"])
    await _note(request, "system.retry", request.path["id"])
    return request.redirect("/system", notice=request.t("It is being tried again."))


async def play(request: Request) -> web.StreamResponse:
    """Make the practice exchange ring."""
    if request.deps.practice is None:
        raise Unavailable(
            "practice.off", "There is no practice exchange here.", "Start it with: pitline demo"
        )
    name = request.path["name"]
    try:
        await request.deps.practice.play(name)
    except KeyError as error:
        raise NotFound("practice.unknown", "There is no such practice call.") from error
    await _note(request, "system.practice", name)
    return request.redirect("/system", notice=request.t("It rings."))


async def _note(request: Request, action: str, subject: str) -> None:
    async with request.writing() as uow:
        request.audit(uow, action, subject=subject)


routes = (
    FreeRoute(method="GET", path="/system", handler=show, right="system.view", name="web.system"),
    FreeRoute(
        method="POST",
        path="/system/dead/{id}/retry",
        handler=retry,
        right="system.manage",
        name="system.retry",
    ),
    FreeRoute(
        method="POST",
        path="/system/practice/{name}",
        handler=play,
        right="system.manage",
        name="system.practice",
    ),
)

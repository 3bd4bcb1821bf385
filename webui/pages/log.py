"""The last lines of this process's log, and the support bundle."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from webui.pipeline import FreeRoute
from webui.request import Request

LEVELS = ("debug", "info", "warning", "error")


async def show(request: Request) -> web.StreamResponse:
    """Newest first, of a level and above; `part=lines` is what changes."""
    asked = request.query.get("level", "")
    level = asked if asked in LEVELS else "info"
    support = request.site.installation.support
    values: dict[str, Any] = {"lines": support.log(level), "level": level, "room": support.lines.room}
    if request.query.get("part") == "lines":
        return request.fragment("log_lines.html", **values)
    return request.page("log.html", levels=LEVELS, **values)


async def bundle(request: Request) -> web.StreamResponse:
    """The file for whoever helps: no secret and nobody's number in it."""
    content = await request.site.installation.support.bundle()
    now = request.deps.clock.now()
    return web.Response(
        body=content, content_type="application/zip",
        headers={
            "Content-Disposition": f'attachment; filename="pitline-bundle-{now:%Y-%m-%d-%H%M}.zip"',
            "Cache-Control": "no-store",
        },
    )  # fmt: skip


routes = (
    FreeRoute(method="GET", path="/system/log", handler=show, right="system.manage", name="system.log"),
    FreeRoute(
        method="POST", path="/system/bundle", handler=bundle, right="system.manage", name="system.bundle"
    ),
)  # fmt: skip

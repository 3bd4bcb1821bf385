"""How everything is, in plain words with the next step; the parts are in webui/system and in the modules."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from hub.errors import NotFound, Unavailable
from webui.pipeline import FreeRoute
from webui.request import Request
from webui.system.frame import look_around, worries


async def show(request: Request) -> web.StreamResponse:
    """The worst first, then every part; `part=all` is what changes, for the script."""
    report = await request.site.installation.system.report()
    looked = [one for one in await look_around(request, report) if not one.is_empty]
    bodies = {
        one.name: request.html(one.section.template, **one.section.values)
        for one in looked
        if one.section.template
    }
    values: dict[str, Any] = {"report": report, "parts": looked, "worries": worries(looked), "bodies": bodies}
    if request.query.get("part") == "all":
        return request.fragment("system/body.html", **values)
    return request.page("system.html", **values)


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
        path="/system/practice/{name}",
        handler=play,
        right="system.manage",
        name="system.practice",
    ),
)

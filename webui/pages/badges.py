"""The numbers at the menu's entries: pages ask for them once they are shown, and when they change."""

from __future__ import annotations

from dataclasses import replace

from aiohttp import web

from hub.errors import HubError
from hub.kernel.web import SIGNED_IN
from hub.log import get_logger
from webui.pipeline import FreeRoute
from webui.request import Request


async def badges(request: Request) -> web.StreamResponse:
    """`{"badges": {"/tasks": {"count", "text", "level", "newest"}}}`; an entry that cannot say how it is
    leaves the others theirs. Anybody who is signed in asks for the entries of the own menu."""
    shown: dict[str, dict[str, object]] = {}
    visitor = request.visitor
    async with request.reading() as uow:
        request.begin(uow)
        try:
            for item, badge in request.site.menu.badged(visitor.viewer):
                request.visitor = replace(visitor, viewer=visitor.viewer.reaching(item.right))
                try:
                    found = await badge.look(request)
                except HubError as error:
                    get_logger("webui.badges").warning("no badge", path=item.path, code=error.code)
                    continue
                shown[item.path] = {
                    "count": found.count, "text": found.text, "level": found.level, "newest": found.newest,
                }  # fmt: skip
        finally:
            request.visitor = visitor
            request.begin(None)
    return web.json_response({"badges": shown}, headers={"Cache-Control": "no-store"})


routes = (
    FreeRoute(method="GET", path="/live/badges", handler=badges, right=SIGNED_IN, name="web.badges"),
)  # fmt: skip

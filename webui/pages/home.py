"""The front door: to the desk, until the shop's own site stands here."""

from __future__ import annotations

from aiohttp import web

from hub.kernel.web import PUBLIC
from webui.pipeline import FreeRoute
from webui.request import Request


async def home(request: Request) -> web.StreamResponse:
    """Public: whoever is not signed in is led to the log-in by the next page."""
    may_desk = request.viewer.can("desk.use") and request.site.package.opens("/desk")
    if request.viewer.kind == "nobody" or may_desk:
        return request.redirect("/desk")
    menu = request.site.menu.shell(request)["menu"]
    return request.redirect(menu[0][0].path if menu else "/account")


routes = (FreeRoute(method="GET", path="/", handler=home, right=PUBLIC, name="web.home"),)

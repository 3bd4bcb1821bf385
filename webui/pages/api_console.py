"""A page to try the API: what it can do is read from its own description."""

from __future__ import annotations

from aiohttp import web

from hub.kernel.web import PageRequest, Route


async def show(request: PageRequest) -> web.StreamResponse:
    """The script builds the forms; what is sent goes with the viewer's own session or a pasted token."""
    return request.page("api.html")


routes = (Route(method="GET", path="/settings/api", handler=show, right="settings.view", name="web.api"),)

"""How the line to the PBX is, for the banner."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from hub.kernel.web import SIGNED_IN
from webui.pipeline import FreeRoute
from webui.request import Request


async def state(request: Request) -> web.StreamResponse:
    """`{"pbx": null}` where there is no line at all; `banner` is what the page shows."""
    pbx: dict[str, Any] | None = request.site.menu.pbx(request)
    if pbx is None:
        return web.json_response({"pbx": None, "banner": ""})
    html = "" if pbx["is_up"] else request.html("pbx_away.html", pbx=pbx)
    shown = {"is_up": pbx["is_up"], "since": pbx["since"].isoformat(), "text": pbx["text"]}
    return web.json_response({"pbx": shown, "banner": html})


routes = (FreeRoute(method="GET", path="/live/state", handler=state, right=SIGNED_IN, name="web.live_state"),)

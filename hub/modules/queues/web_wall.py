"""The wall screen: big figures for a television, by an address with a key of its own."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from hub.kernel.web import PUBLIC, PageRequest, Route
from hub.modules.access.api import AccessApi
from hub.modules.queues.api import QueuesApi


async def wall(request: PageRequest) -> web.StreamResponse:
    """Public: whoever has the address was given it by the owner, and it shows counts and our own people, and
    can change nothing. Callers stand on it only where the owner said so. `part=board` is what changes."""
    api = request.apis.of(QueuesApi)
    screen = await api.screens.by_key(request.path["token"])
    board = await api.board(screen.shop_id, frozenset({screen.shop_id}))
    shop = await request.apis.of(AccessApi).shop(screen.shop_id)
    request.speak(shop.language)
    callers = [
        (one.name or one.number or "", one.since) if screen.shows_callers else ("", one.since)
        for queue in board.queues
        for one in queue.waiting
    ]
    callers.sort(key=lambda one: one[1])
    values: dict[str, Any] = {
        "board": board,
        "screen": screen,
        "shop": shop,
        "names": callers,
    }
    if request.query.get("part") == "board":
        response = request.fragment("queues/wall_board.html", **values)
    else:
        response = request.page("queues/wall.html", **values)
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


routes = (Route(method="GET", path="/wall/{token}", handler=wall, right=PUBLIC, name="queues.wall"),)

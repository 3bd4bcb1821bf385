"""The queue board: what changes is asked for anew by the page's scripts. Thin."""

from __future__ import annotations

import secrets
from typing import Any

from aiohttp import web

from hub.errors import Invalid
from hub.kernel.web import CardSubject, PageRequest, Route
from hub.modules.dialling.api import DiallingApi, asker_of
from hub.modules.queues.api import QueuesApi
from hub.modules.queues.scope import SUPERVISE, VIEW, shops_of
from hub.modules.queues.views import WaitingView
from hub.values import CallId

HOME = "/queues"
_LONGEST = 100


async def show(request: PageRequest) -> web.StreamResponse:
    """The board; `part=board` is what changes."""
    values = await _values(request)
    if request.query.get("part") == "board":
        return request.fragment("queues/board.html", **values)
    return request.page("queues/index.html", **values)


async def pause(request: PageRequest) -> web.StreamResponse:
    """A supervisor takes a member out of the queues, or puts them back: an order to the PBX like another."""
    form = request.form
    if not form.get("extension"):
        raise Invalid("queues.form", "The form came broken.", "Reload the page and try again.")
    order = await request.apis.of(DiallingApi).steering.pause_member(
        form.get("extension", "")[:_LONGEST], form.get("pause") == "yes", form.get("reason", "")[:_LONGEST],
        asker_of(request), form.get("key", "")[:_LONGEST] or secrets.token_hex(8),
        shops_of(request, SUPERVISE),
    )  # fmt: skip
    if "application/json" in request.http.headers.get("Accept", ""):
        return web.json_response({"id": order.id, "notice": ""})
    return request.redirect(HOME, notice=request.t("It is ordered."))


async def _values(request: PageRequest) -> dict[str, Any]:
    board = await request.apis.of(QueuesApi).board(request.viewer.shop_id, shops_of(request))
    reasons = (await request.apis.of(DiallingApi).settings.read()).reasons
    waiting = [one for queue in board.queues for one in queue.waiting]
    parts = {one.call_id: await _parts(request, one) for one in waiting}
    return {"board": board, "reasons": reasons, "parts": parts}


async def _parts(request: PageRequest, waiting: WaitingView) -> list[str]:
    """What other modules put at a call: its keys."""
    subject = CardSubject(
        call_id=CallId(waiting.call_id), client_id=None, candidate_ids=(), number=waiting.number,
        direction="inbound", line=None,
    )  # fmt: skip
    allowed = [part for part in request.deps.board if request.viewer.can(part.right)]
    rendered = [await part.render(request, subject) for part in allowed]
    return [html for html in rendered if html.strip()]


routes = (
    Route(method="GET", path=HOME, handler=show, right=VIEW, name="queues.show"),
    Route(method="POST", path=f"{HOME}/pause", handler=pause, right=SUPERVISE, name="queues.pause"),
)

"""The live board: who rings, who waits, who talks, who is parked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from aiohttp import web

from hub.kernel.web import CardSubject, PageRequest, Route
from hub.modules.calls.api import CallsApi, CallView
from hub.modules.calls.rows import CallRow, call_rows
from hub.modules.calls.scope import shops_of
from hub.values import CallId


async def show(request: PageRequest) -> web.StreamResponse:
    """The board; `part=board` is what changes, for the script."""
    calls = request.apis.of(CallsApi)
    rows = await call_rows(request, await calls.live_calls(shops=shops_of(request)))
    values: dict[str, Any] = {
        "columns": _columns(rows),
        "parts": {row.call.id: await _parts(request, row.call) for row in rows},
        "count": len(rows),
        "link": calls.link(),
        "moment": request.deps.clock.now(),
    }
    if request.query.get("part") == "board":
        return request.fragment("calls/board.html", **values)
    return request.page("calls/live.html", **values)


async def _parts(request: PageRequest, call: CallView) -> list[str]:
    """What other modules put at a call: its keys."""
    subject = CardSubject(
        call_id=CallId(call.id), client_id=call.client_id, candidate_ids=(), number=call.other_number,
        direction=call.direction, line=call.line,
    )  # fmt: skip
    allowed = [part for part in request.deps.board if request.viewer.can(part.right)]
    rendered = [await part.render(request, subject) for part in allowed]
    return [html for html in rendered if html.strip()]


def _columns(rows: Sequence[CallRow]) -> list[tuple[str, list[CallRow]]]:
    """Those who wait the longest stand first; waiting callers are grouped by their queue."""
    is_in: dict[str, Callable[[CallRow], bool]] = {
        "ringing": lambda row: row.call.state == "ringing",
        "queued": lambda row: row.call.state == "queued",
        "talking": lambda row: row.call.state in ("talking", "on_hold"),
        "parked": lambda row: row.call.state == "parked",
    }
    columns = [(name, [row for row in rows if belongs(row)]) for name, belongs in is_in.items()]
    for name, waiting in columns:
        if name == "queued":
            waiting.sort(key=lambda row: (row.call.queue or "", row.call.queued_at or row.call.started_at))
    return columns


routes = (Route(method="GET", path="/calls/live", handler=show, right="calls.view", name="calls.live"),)

"""The audit log."""

from __future__ import annotations

from aiohttp import web

from hub.kernel.web import PageRequest, Route
from hub.modules.access.api import AccessApi

PAGE = 50


async def show(request: PageRequest) -> web.StreamResponse:
    """Newest first; `before` goes on."""
    access = request.apis.of(AccessApi)
    before = request.query.get("before") or None
    rows = await access.audit.page(request.viewer.shop_ids, before=before, limit=PAGE + 1)
    names = {f"person:{one.id}": one.name for one in await access.list_people()}
    following = rows[PAGE - 1].id if len(rows) > PAGE else None
    return request.page(
        "audit.html", rows=rows[:PAGE], names=names, following=following, is_further=before is not None
    )


routes = (Route(method="GET", path="/settings/audit", handler=show, right="audit.view", name="access.audit"),)

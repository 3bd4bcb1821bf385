"""The desk's top line of what was promised for today."""

from __future__ import annotations

from aiohttp import web

from hub.kernel.web import DeskStrip, PageRequest, Route
from hub.modules.tasks.api import TasksApi
from hub.modules.tasks.rows import task_rows
from hub.modules.tasks.scope import VIEW, shops_of

PATH = "/tasks/strip"
_SHOWN = 4


async def strip(request: PageRequest) -> web.StreamResponse:
    """The next few with their hour, and how many more; nothing when nothing was promised."""
    tasks = await request.apis.of(TasksApi).promises.today(shops_of(request))
    rows = await task_rows(request, tasks[:_SHOWN])
    response = request.fragment("tasks/strip.html", rows=rows, more=len(tasks) - len(rows))
    response.headers["Cache-Control"] = "no-store"
    return response


routes = (Route(method="GET", path=PATH, handler=strip, right=VIEW, name="tasks.strip"),)
strips = (
    DeskStrip(
        name="tasks.promised", order=10, right=VIEW, path=PATH, topics=("task",), style="tasks/strip.css"
    ),
)

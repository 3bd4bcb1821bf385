"""The page of tasks and what can be done on it. Thin: parse, ask the service, render."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from hub.errors import Invalid, Unavailable
from hub.events.tasks import TaskReason
from hub.kernel.web import Badge, PageRequest, Route
from hub.modules.crm.api import CrmApi, Relation
from hub.modules.dialling.api import DIAL
from hub.modules.tasks.api import TaskEntry, TasksApi
from hub.modules.tasks.ringing import ring
from hub.modules.tasks.rows import tasks_page
from hub.modules.tasks.scope import DO, VIEW, holder_of, shops_of

_NOT_CLIENTS: tuple[Relation, ...] = ("supplier", "staff", "spam", "other")
_REASONS: tuple[TaskReason, ...] = ("done", "unreached", "not_needed")


async def show(request: PageRequest) -> web.StreamResponse:
    """The page; its script asks for `state` from then on."""
    return request.page("tasks/index.html", page=await tasks_page(request))


async def state(request: PageRequest) -> web.StreamResponse:
    """The part of the page that changes. 304 while nothing did."""
    html = request.html("tasks/state.html", page=await tasks_page(request))
    tag = '"' + hashlib.sha256(html.encode()).hexdigest()[:24] + '"'
    headers = {"ETag": tag, "Cache-Control": "no-store", "Server-Time": request.deps.clock.now().isoformat()}
    if request.http.headers.get("If-None-Match") == tag:
        return web.Response(status=304, headers=headers)
    return web.Response(text=html, content_type="text/html", headers=headers)


async def badge(request: PageRequest) -> Badge:
    """How many wait, for every page."""
    counts = await request.apis.of(TasksApi).reading.counts(shops_of(request))
    text = request.t("Tasks: {count}, late: {late}", count=counts.open, late=counts.late)
    return Badge(
        count=counts.open, text=text, level="problem" if counts.late else "warning", newest=counts.newest
    )


async def claim(request: PageRequest) -> web.StreamResponse:
    """Take it in hand: the number stands there to be called."""
    await request.apis.of(TasksApi).claim(request.path["id"], holder_of(request), shops_of(request, DO))
    return request.redirect("/tasks")


async def call(request: PageRequest) -> web.StreamResponse:
    """Take it in hand and ring them: one's own phone first. Where nothing can be dialled now, the number
    stands there for the hand."""
    if not request.viewer.can(DIAL) or not request.viewer.extensions:
        return await claim(request)
    try:
        await ring(request, f"task:{secrets.token_hex(16)}")
    except Unavailable as away:
        return request.redirect("/tasks", notice=f"{request.t(away.text)} {request.t(away.hint)}")
    return request.redirect("/tasks")


async def release(request: PageRequest) -> web.StreamResponse:
    """Let go of it."""
    await request.apis.of(TasksApi).doing.release(request.path["id"], shops_of(request, DO))
    return request.redirect("/tasks")


async def tried(request: PageRequest) -> web.StreamResponse:
    """Tried in vain."""
    doing, note = request.apis.of(TasksApi).doing, request.form.get("note", "")
    await doing.tried(request.path["id"], holder_of(request), note, shops_of(request, DO))
    return request.redirect("/tasks")


async def answer(request: PageRequest) -> web.StreamResponse:
    """Whether the client was reached."""
    doing, is_reached = request.apis.of(TasksApi).doing, _choice(request, "reached", ("yes", "no")) == "yes"
    await doing.answer(request.path["id"], holder_of(request), is_reached, shops_of(request, DO))
    return request.redirect("/tasks")


async def close(request: PageRequest) -> web.StreamResponse:
    """It is done, given up, or not needed."""
    doing, reason = request.apis.of(TasksApi).doing, _choice(request, "reason", _REASONS)
    await doing.close(request.path["id"], reason, "", shops_of(request, DO))
    return request.redirect("/tasks")


async def reopen(request: PageRequest) -> web.StreamResponse:
    """It was closed by mistake."""
    await request.apis.of(TasksApi).doing.reopen(request.path["id"], shops_of(request, DO))
    return request.redirect("/tasks")


async def not_client(request: PageRequest) -> web.StreamResponse:
    """Remember for ever that its number is no client's; the task ends by that."""
    relation = _choice(request, "relation", _NOT_CLIENTS)
    task = await request.apis.of(TasksApi).reading.one(request.path["id"], shops_of(request, DO))
    await request.apis.of(CrmApi).mark_not_client(task.number or "", relation)
    return request.redirect("/tasks")


async def add(request: PageRequest) -> web.StreamResponse:
    """A task made by hand; with a number, a call-back."""
    number, title = request.form.get("number", "").strip(), request.form.get("title", "").strip()
    entry = TaskEntry(
        shop_id=request.viewer.shop_id, kind="callback" if number else "todo", title=title,
        number=number or None,
    )  # fmt: skip
    await request.apis.of(TasksApi).doing.create(entry, shops_of(request, DO))
    return request.redirect("/tasks", notice=request.t("It stands in the list now."))


async def log_mobile(request: PageRequest) -> web.StreamResponse:
    """A call on a private mobile, in one line."""
    mobile, line = request.apis.of(TasksApi).mobile, request.form.get("line", "")
    logged = await mobile.log(line, holder_of(request), request.viewer.shop_id)
    said = request.t("Logged: reached.") if logged.is_reached else request.t("Logged: not reached.")
    return request.redirect("/tasks", notice=said)


def _choice(request: PageRequest, name: str, allowed: tuple[Any, ...]) -> Any:
    value = request.form.get(name, "")
    if value not in allowed:
        raise Invalid("tasks.form", "The form came broken.", "Reload the page and try again.")
    return value


def _post(
    action: str, handler: Callable[[PageRequest], Awaitable[web.StreamResponse]], name: str, right: str = DO
) -> Route:
    return Route(
        method="POST", path="/tasks/{id}/" + action, handler=handler, right=right, name=f"tasks.{name}"
    )


routes = (
    Route(method="GET", path="/tasks", handler=show, right=VIEW, name="tasks.show"),
    Route(method="GET", path="/tasks/state", handler=state, right=VIEW, name="tasks.state"),
    Route(method="POST", path="/tasks", handler=add, right=DO, name="tasks.add"),
    Route(method="POST", path="/tasks/mobile-calls", handler=log_mobile, right=DO, name="tasks.log_mobile"),
    _post("claim", claim, "claim"),
    _post("call", call, "call"),
    _post("release", release, "release"),
    _post("try", tried, "try"),
    _post("answer", answer, "answer"),
    _post("close", close, "close"),
    _post("reopen", reopen, "reopen"),
    _post("not-client", not_client, "not_client"),
)

"""What is said of a call with one press, and the page of the words. Thin: parse, call the api, render."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import get_args
from urllib.parse import quote

from aiohttp import web

from hub.errors import Invalid
from hub.kernel.web import Method, PageRequest, Route
from hub.modules.calls.api import CallView
from hub.modules.tasks.api import TaskEntry, TasksApi
from hub.modules.wrapup.api import Kind, WrapUpApi
from hub.modules.wrapup.rules import KEYS, titles_in
from hub.modules.wrapup.scope import EDIT, MARK, all_in_words, call_of

Handler = Callable[[PageRequest], Awaitable[web.StreamResponse]]

_LONGEST = 4000


async def mark(request: PageRequest) -> web.StreamResponse:
    """Say one thing of the call."""
    call, service = await call_of(request), request.apis.of(WrapUpApi).service
    await service.mark(call, request.form.get("choice", ""), request.viewer.name)
    return _back(request, call)


async def unmark(request: PageRequest) -> web.StreamResponse:
    """Take one thing back."""
    call, service = await call_of(request), request.apis.of(WrapUpApi).service
    await service.unmark(call, request.form.get("choice", ""))
    return _back(request, call)


async def later(request: PageRequest) -> web.StreamResponse:
    """We promised to ring back: a task with that time, or another time for the one that there is."""
    call, tasks = await call_of(request), request.apis.of(TasksApi)
    due = (await tasks.moments(call.shop_id)).get(request.form.get("when", ""))
    if due is None:
        raise Invalid("wrapup.form", "The form came broken.", "Reload the page and try again.")
    entry = TaskEntry(
        shop_id=call.shop_id, kind="callback", due_at=due, client_id=call.client_id, number=call.other_number
    )
    await tasks.remind(entry, frozenset({call.shop_id}))
    return _back(request, call)


async def words(request: PageRequest) -> web.StreamResponse:
    """Both lists, to be edited as text."""
    choices = all_in_words(request, await request.apis.of(WrapUpApi).choices())
    typed = {kind: "\n".join(one.title for one in listed) for kind, listed in choices.items()}
    return _words_page(request, typed, {})


async def save_words(request: PageRequest) -> web.StreamResponse:
    """Take both lists in; what was typed stays when something of it is wrong."""
    wrapup = request.apis.of(WrapUpApi)
    shown = all_in_words(request, await wrapup.choices())
    typed = {kind: request.form.get(kind, "")[:_LONGEST].replace("\x00", "") for kind in get_args(Kind)}
    faults: dict[str, str] = {}
    for kind, listed in shown.items():
        try:
            await wrapup.service.save(kind, titles_in(typed[kind]), listed)
        except Invalid as error:
            faults |= error.fields
    if faults:
        return _words_page(request, typed, faults)
    return request.redirect("/settings/wrap-up", notice=request.t("Saved."))


def _words_page(request: PageRequest, typed: dict[Kind, str], faults: dict[str, str]) -> web.StreamResponse:
    said = {kind: request.t(faults[kind]) if kind in faults else "" for kind in get_args(Kind)}
    status = 422 if faults else 200
    return request.page("wrapup/words.html", status=status, typed=typed, faults=said, keys=KEYS)


def _back(request: PageRequest, call: CallView) -> web.StreamResponse:
    return request.redirect(f"/calls/{quote(call.id, safe='')}")


def _route(method: Method, path: str, handler: Handler, right: str) -> Route:
    return Route(method=method, path=path, handler=handler, right=right, name=f"wrapup.{handler.__name__}")


routes = (
    _route("POST", "/calls/{id}/wrap-up/mark", mark, MARK),
    _route("POST", "/calls/{id}/wrap-up/unmark", unmark, MARK),
    _route("POST", "/calls/{id}/wrap-up/later", later, "tasks.do"),
    _route("GET", "/settings/wrap-up", words, EDIT),
    _route("POST", "/settings/wrap-up", save_words, EDIT),
)

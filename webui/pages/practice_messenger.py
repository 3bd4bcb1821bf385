"""The practice messenger of the demo: one is the client, writes to the shop's bot, shares the number, presses
its buttons."""

from __future__ import annotations

from typing import Any, get_args
from urllib.parse import urlencode

from aiohttp import web

from hub.errors import Invalid, Unavailable
from hub.ports.practice import PracticeAct, PracticeMessenger
from webui.pipeline import FreeRoute
from webui.request import Request

HOME = "/system/practice/telegram"
_ACTS: tuple[PracticeAct, ...] = get_args(PracticeAct)


async def show(request: Request) -> web.StreamResponse:
    """The chat of one person with the bot; `part=thread` is what changes."""
    messenger = _messenger(request)
    person_id = _person(messenger, request.query.get("person", ""))
    if request.query.get("part") == "thread":
        return request.fragment("practice_chat.html", **_chat(messenger, person_id))
    return _page(request, messenger, person_id)


async def do(request: Request) -> web.StreamResponse:
    """Write, share, press: as that person; or meet somebody new."""
    messenger = _messenger(request)
    form = request.form
    person_id, act = form.get("person", ""), form.get("act", "")
    try:
        if act == "meet":
            person_id = await messenger.meet(form.get("name", ""), form.get("phone", ""))
        else:
            await messenger.act(person_id, _known(act), form.get("text", ""), form.get("message", ""))
    except Invalid as fault:
        return _page(request, messenger, _person(messenger, person_id), request.t(fault.text), act)
    async with request.writing() as uow:
        request.audit(uow, request.action)
    return request.redirect(f"{HOME}?{urlencode({'person': person_id})}")


def _page(
    request: Request, messenger: PracticeMessenger, person_id: str, fault: str = "", act: str = ""
) -> web.StreamResponse:
    values: dict[str, Any] = {
        "bot": messenger.bot, "people": messenger.people(), "fault": fault, "failed": act,
        "phones": [one.title for one in request.deps.practice_phones], "phone": "", "has_messenger": True,
        "text": request.form.get("text", "") if fault else "",
        "refresh": f"{HOME}?{urlencode({'part': 'thread', 'person': person_id})}",
    }  # fmt: skip
    return request.page(
        "practice_messenger.html", status=422 if fault else 200, **values, **_chat(messenger, person_id)
    )


def _chat(messenger: PracticeMessenger, person_id: str) -> dict[str, Any]:
    me = next((one for one in messenger.people() if one.id == person_id), None)
    return {
        "me": me, "bubbles": messenger.bubbles(person_id), "notice": messenger.notice(person_id), "here": HOME
    }  # fmt: skip


def _person(messenger: PracticeMessenger, person_id: str) -> str:
    people = messenger.people()
    return person_id if any(one.id == person_id for one in people) else people[0].id


def _known(act: str) -> PracticeAct:
    found = next((one for one in _ACTS if one == act), None)
    if found is None:
        raise Invalid("practice.act", "The practice phone cannot do this.")
    return found


def _messenger(request: Request) -> PracticeMessenger:
    messenger = request.deps.practice_messenger
    if messenger is None:
        raise Unavailable("practice.off", "There is no practice phone here.", "Start it with: pitline demo")
    return messenger


routes = (
    FreeRoute(method="GET", path=HOME, handler=show, right="system.manage", name="system.practice_messenger"),
    FreeRoute(method="POST", path=HOME, handler=do, right="system.manage", name="system.practice_act"),
)

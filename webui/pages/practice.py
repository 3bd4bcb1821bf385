"""The practice phones of the demo: one is the client, writes to the shop and reads what it sent."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from aiohttp import web

from hub.errors import Invalid, Unavailable
from hub.ports.messaging import PracticePhone
from webui.pipeline import FreeRoute
from webui.request import Request

HOME = "/system/practice"
_FIRST = "+380501234567"


async def show(request: Request) -> web.StreamResponse:
    """The thread with one number; `part=thread` is what changes."""
    phone = _phone(request)
    if request.query.get("part") == "thread":
        return request.fragment("practice_thread.html", **_thread(phone, request.query.get("number", "")))
    return _page(request, phone, request.query.get("number", ""))


async def write(request: Request) -> web.StreamResponse:
    """Write to the shop."""
    phone = _phone(request)
    number, text = request.form.get("number", ""), request.form.get("text", "")
    try:
        known = await phone.write(number.strip(), text)
    except Invalid as fault:
        return _page(request, phone, number, text, request.t(fault.text))
    async with request.writing() as uow:
        request.audit(uow, request.action)
    return request.redirect(f"{HOME}?{urlencode({'number': known} | _named(request, phone))}")


def _page(
    request: Request, phone: PracticePhone, number: str, text: str = "", fault: str = ""
) -> web.StreamResponse:
    numbers = phone.numbers()
    number = number or (numbers[0] if numbers else _FIRST if phone.can_write else "")
    named = _named(request, phone)
    values: dict[str, Any] = {
        "shop": phone.number, "numbers": numbers, "text": text, "fault": fault,
        "phones": [one.title for one in request.deps.practice_phones], "phone": phone.title,
        "has_messenger": request.deps.practice_messenger is not None,
        "others": [f"{HOME}?{urlencode({'number': one} | named)}" for one in numbers],
        "refresh": f"{HOME}?{urlencode({'part': 'thread', 'number': number} | named)}",
        "action": f"{HOME}?{urlencode(named)}" if named else HOME,
    }  # fmt: skip
    return request.page("practice.html", status=422 if fault else 200, **values, **_thread(phone, number))


def _thread(phone: PracticePhone, number: str) -> dict[str, Any]:
    return {"number": number, "texts": phone.texts(number), "can_write": phone.can_write}


def _phone(request: Request) -> PracticePhone:
    phones = request.deps.practice_phones
    if not phones:
        raise Unavailable("practice.off", "There is no practice phone here.", "Start it with: pitline demo")
    wanted = request.query.get("phone", "")
    return next((one for one in phones if one.title == wanted), phones[0])


def _named(request: Request, phone: PracticePhone) -> dict[str, str]:
    """How an address names a phone; the first one needs no name."""
    return {} if phone is request.deps.practice_phones[0] else {"phone": phone.title}


routes = (
    FreeRoute(method="GET", path=HOME, handler=show, right="system.manage", name="system.practice_phone"),
    FreeRoute(method="POST", path=HOME, handler=write, right="system.manage", name="system.practice_text"),
)

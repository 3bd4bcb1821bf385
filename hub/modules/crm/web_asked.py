"""A caller or client asks to be forgotten: written down by whoever talks with them, answered by whoever may
erase."""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import web

from hub.errors import Conflict, Invalid
from hub.kernel.web import Badge, CardPart, CardSubject, PageRequest, Route
from hub.modules.crm.api import CrmApi, ErasureRequestView, number_key
from hub.modules.crm.web_erasure import RIGHT as ERASE
from hub.modules.crm.web_erasure import shops_of, zones_of

RIGHT = "clients.ask_erasure"
_LONGEST = 64


async def ask(request: PageRequest) -> web.StreamResponse:
    """The form, for a client of the address, else for a number that somebody types in. For the caller of a
    call it is that call's (hub.modules.calls.web_forgotten): no number stands in an address."""
    return await _form(request, request.query.get("client_id", ""), "", "", {})


async def note(request: PageRequest) -> web.StreamResponse:
    """It is written down, and its month begins."""
    form, crm = request.form, request.apis.of(CrmApi)
    client_id, number, words = (form.get(name, "") for name in ("client_id", "number", "words"))
    try:
        made = await crm.asked.ask(client_id=client_id or None, number=number, words=words)
    except Invalid as error:
        return await _form(request, client_id, number[:_LONGEST], words, error.fields)
    day = request.t("It is written down; it must be answered within a month.")
    of = client_id or made.client_id
    return request.redirect(f"/clients/{of}" if of else back_to(request), notice=day)


async def badge(request: PageRequest) -> Badge:
    """How many wait for an answer, on every page of whoever decides: the law's month runs meanwhile. Red once
    the last week of the first has begun."""
    if not request.viewer.can(ERASE):
        return Badge(count=0)
    asked, shops = request.apis.of(CrmApi).asked, shops_of(request)
    first = await asked.first(shops)
    if first is None:
        return Badge(count=0)
    now, count = request.deps.clock.now(), await asked.count(shops)
    if first.is_late(now):
        text = request.t("Ask to be forgotten: {count}; an answer is overdue", count=count)
    else:
        days = (first.due_at - now).days
        text = request.t("Ask to be forgotten: {count}; days left to answer: {days}", count=count, days=days)
    return Badge(count=count, text=text, level="problem" if first.is_near(now) else "warning")


def back_to(request: PageRequest) -> str:
    """Where one goes on from a caller who is no client."""
    return "/clients/erasures" if request.viewer.can(ERASE) else "/desk"


async def refuse(request: PageRequest) -> web.StreamResponse:
    """With the reason that the person is told."""
    asked = request.apis.of(CrmApi).asked
    await asked.refuse(request.path["request"], request.form.get("answer", ""), shops_of(request))
    return request.redirect("/clients/erasures", notice=request.t("The request is refused; tell them why."))


async def show_number(request: PageRequest) -> web.StreamResponse:
    """What goes with a caller of whom nothing is known but the number; which clients have it by now."""
    asked = await request.apis.of(CrmApi).asked.one(request.path["request"], shops_of(request))
    if asked.state == "open" and asked.client_id is not None:
        return request.redirect(f"/clients/{asked.client_id}/erase")
    return await _number_form(request, asked, "", "")


async def tie(request: PageRequest) -> web.StreamResponse:
    """It is this client who asks: what goes is shown next."""
    asked = request.apis.of(CrmApi).asked
    tied = await asked.tie(request.path["request"], request.form.get("client_id", ""), shops_of(request))
    return request.redirect(f"/clients/{tied.client_id}/erase")


async def erase_number(request: PageRequest) -> web.StreamResponse:
    """Signed by a second person; never a client, whom nobody was shown here."""
    asked, reason = request.apis.of(CrmApi).asked, request.form.get("reason", "")
    shops = shops_of(request)
    one = await asked.one(request.path["request"], shops)
    try:
        await asked.fulfil_number(one.id, reason, shops, request.second)
    except Invalid as error:
        return await _number_form(request, one, reason, next(iter(error.fields.values()), error.text))
    return request.redirect("/clients/erasures", notice=request.t("The data are gone."))


async def about(request: PageRequest, subject: CardSubject) -> str:
    """Whether they asked to be forgotten; else where that is written down."""
    crm, shops = request.apis.of(CrmApi), shops_of(request)
    if subject.direction == "internal":
        return ""
    if subject.client_id is None and number_key(subject.number or "", _country(request)) is None:
        return ""
    asked = await crm.asked.open_of(subject.client_id, subject.number)
    is_mine = asked is not None and (shops is None or asked.shop_id in shops)
    return request.html(
        "crm/part_asked.html", asked=asked, subject=subject, now=request.deps.clock.now(),
        zones=zones_of(request, [asked] if asked is not None else []),
        may_decide=is_mine and request.viewer.can(ERASE),
    )  # fmt: skip


def _country(request: PageRequest) -> str:
    return request.deps.places.of(request.viewer.shop_id).country


async def _form(
    request: PageRequest, client_id: str, number: str, words: str, faults: Mapping[str, str]
) -> web.StreamResponse:
    crm = request.apis.of(CrmApi)
    client = await crm.client(client_id) if client_id else None
    return request.page(
        "crm/ask_erasure.html", status=422 if faults else 200, client=client, number=number, words=words,
        faults={"number": "", "words": "", **faults}, call=None, action="/clients/erasures/ask",
        back=f"/clients/{client.id}" if client is not None else back_to(request),
    )  # fmt: skip


async def _number_form(
    request: PageRequest, asked: ErasureRequestView, reason: str, fault: str
) -> web.StreamResponse:
    if asked.state != "open" or asked.number is None:
        raise Conflict("crm.erasure_request_decided", "This request was answered already.")
    status = 422 if fault else 200
    return request.page(
        "crm/erase_number.html", status=status, asked=asked, reason=reason, fault=fault,
        owners=await request.apis.of(CrmApi).asked.owners(asked),
    )  # fmt: skip


parts = (CardPart(name="crm.asked", order=95, right=RIGHT, render=about, is_about_call=True),)
_ONE = "/clients/erasures/{request}"
routes = (
    Route(method="GET", path="/clients/erasures/ask", handler=ask, right=RIGHT, name="crm.ask_erasure"),
    Route(method="POST", path="/clients/erasures/ask", handler=note, right=RIGHT, name="crm.note_erasure"),
    Route(
        method="POST", path=f"{_ONE}/refuse", handler=refuse, right=ERASE, name="crm.refuse_erasure"
    ),
    Route(method="POST", path=f"{_ONE}/tie", handler=tie, right=ERASE, name="crm.tie_erasure"),
    Route(method="GET", path=f"{_ONE}/erase", handler=show_number, right=ERASE, name="crm.ask_erase_number"),
    Route(
        method="POST", path=f"{_ONE}/erase", handler=erase_number, right=ERASE, name="crm.erase_number",
        second=ERASE,
    ),
)  # fmt: skip

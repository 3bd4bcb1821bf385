"""A caller or client asks to be forgotten: written down by whoever talks with them, answered by whoever may
erase."""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import web

from hub.errors import Conflict, Invalid
from hub.kernel.web import CardPart, CardSubject, PageRequest, Route
from hub.modules.crm.api import CrmApi, ErasureRequestView
from hub.modules.crm.web_erasure import RIGHT as ERASE
from hub.modules.crm.web_erasure import shops_of

RIGHT = "clients.ask_erasure"
_LONGEST = 64


async def ask(request: PageRequest) -> web.StreamResponse:
    """The form, for a client or a number of the address."""
    number, client_id = request.query.get("number", "")[:_LONGEST], request.query.get("client_id", "")
    return await _form(request, client_id, number, "", {})


async def note(request: PageRequest) -> web.StreamResponse:
    """It is written down, and its month begins."""
    form, crm = request.form, request.apis.of(CrmApi)
    client_id, number, words = (form.get(name, "") for name in ("client_id", "number", "words"))
    try:
        made = await crm.asked.ask(client_id=client_id or None, number=number, words=words)
    except Invalid as error:
        return await _form(request, client_id, number[:_LONGEST], words, error.fields)
    day = request.t("It is written down; it must be answered within a month.")
    back = f"/clients/{made.client_id}" if made.client_id is not None else "/desk"
    return request.redirect(back, notice=day)


async def refuse(request: PageRequest) -> web.StreamResponse:
    """With the reason that the person is told."""
    asked = request.apis.of(CrmApi).asked
    await asked.refuse(request.path["request"], request.form.get("answer", ""), shops_of(request))
    return request.redirect("/clients/erasures", notice=request.t("The request is refused; tell them why."))


async def show_number(request: PageRequest) -> web.StreamResponse:
    """What goes with a caller of whom nothing is known but the number."""
    asked = await request.apis.of(CrmApi).asked.one(request.path["request"], shops_of(request))
    if asked.state == "open" and asked.client_id is not None:
        return request.redirect(f"/clients/{asked.client_id}/erase")
    return _number_form(request, asked, "", "")


async def erase_number(request: PageRequest) -> web.StreamResponse:
    """Signed by a second person."""
    asked, reason = request.apis.of(CrmApi).asked, request.form.get("reason", "")
    shops = shops_of(request)
    one = await asked.one(request.path["request"], shops)
    try:
        await asked.fulfil(one.id, reason, shops, request.second)
    except Invalid as error:
        return _number_form(request, one, reason, next(iter(error.fields.values()), error.text))
    return request.redirect("/clients/erasures", notice=request.t("The data are gone."))


async def about(request: PageRequest, subject: CardSubject) -> str:
    """Whether they asked to be forgotten; else where that is written down."""
    if subject.direction == "internal" or (subject.client_id is None and subject.number is None):
        return ""
    asked = await request.apis.of(CrmApi).asked.open_of(subject.client_id, subject.number)
    return request.html("crm/part_asked.html", asked=asked, subject=subject, now=request.deps.clock.now())


async def _form(
    request: PageRequest, client_id: str, number: str, words: str, faults: Mapping[str, str]
) -> web.StreamResponse:
    crm = request.apis.of(CrmApi)
    client = await crm.client(client_id) if client_id else None
    if client is None and number and not faults:
        found = (await crm.caller(number)).candidates
        client = await crm.client(found[0].client_id) if len(found) == 1 else None
    return request.page(
        "crm/ask_erasure.html", status=422 if faults else 200, client=client, number=number, words=words,
        faults={"number": "", "words": "", **faults},
    )  # fmt: skip


def _number_form(
    request: PageRequest, asked: ErasureRequestView, reason: str, fault: str
) -> web.StreamResponse:
    if asked.state != "open" or asked.number is None:
        raise Conflict("crm.erasure_request_decided", "This request was answered already.")
    status = 422 if fault else 200
    return request.page("crm/erase_number.html", status=status, asked=asked, reason=reason, fault=fault)


parts = (CardPart(name="crm.asked", order=95, right=RIGHT, render=about, is_about_call=True),)
_ONE = "/clients/erasures/{request}"
routes = (
    Route(method="GET", path="/clients/erasures/ask", handler=ask, right=RIGHT, name="crm.ask_erasure"),
    Route(method="POST", path="/clients/erasures/ask", handler=note, right=RIGHT, name="crm.note_erasure"),
    Route(
        method="POST", path=f"{_ONE}/refuse", handler=refuse, right=ERASE, name="crm.refuse_erasure"
    ),
    Route(method="GET", path=f"{_ONE}/erase", handler=show_number, right=ERASE, name="crm.ask_erase_number"),
    Route(
        method="POST", path=f"{_ONE}/erase", handler=erase_number, right=ERASE, name="crm.erase_number",
        second=ERASE,
    ),
)  # fmt: skip

"""The caller of a call asks to be forgotten: written down by the call, whose number stays here."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

from aiohttp import web

from hub.errors import Invalid
from hub.kernel.web import PageRequest, Route
from hub.modules.calls.api import CallsApi, CallView
from hub.modules.calls.scope import shops_of
from hub.modules.crm.api import CrmApi

RIGHT = "clients.ask_erasure"
_PATH = "/calls/{id}/forgotten"


async def ask(request: PageRequest) -> web.StreamResponse:
    """The form; a call of a client leads to that client's."""
    call = await _call(request)
    client_id = call.client_id or await _only_client(request, call.other_number)
    if client_id is not None:
        return request.redirect(f"/clients/erasures/ask?client_id={quote(client_id)}")
    return _form(request, call, "", {})


async def note(request: PageRequest) -> web.StreamResponse:
    """It is written down, and its month begins."""
    call, words = await _call(request), request.form.get("words", "")
    asked = request.apis.of(CrmApi).asked
    try:
        await asked.ask(client_id=call.client_id, number=call.other_number, words=words)
    except Invalid as error:
        return _form(request, call, words, error.fields)
    day = request.t("It is written down; it must be answered within a month.")
    return request.redirect(_back(request, call), notice=day)


async def _call(request: PageRequest) -> CallView:
    return await request.apis.of(CallsApi).call(request.path["id"], shops=shops_of(request, RIGHT))


async def _only_client(request: PageRequest, number: str | None) -> str | None:
    found = (await request.apis.of(CrmApi).caller(number)).candidates
    return found[0].client_id if len(found) == 1 else None


def _form(request: PageRequest, call: CallView, words: str, faults: Mapping[str, str]) -> web.StreamResponse:
    return request.page(
        "crm/ask_erasure.html", status=422 if faults else 200, client=None, call=call, words=words,
        faults={"number": "", "words": "", **faults}, back=_back(request, call),
        action=f"/calls/{quote(call.id, safe='')}/forgotten",
    )  # fmt: skip


def _back(request: PageRequest, call: CallView) -> str:
    return f"/calls/{quote(call.id, safe='')}" if request.viewer.can("calls.view") else "/desk"


routes = (
    Route(method="GET", path=_PATH, handler=ask, right=RIGHT, name="calls.ask_erasure"),
    Route(method="POST", path=_PATH, handler=note, right=RIGHT, name="calls.note_erasure"),
)

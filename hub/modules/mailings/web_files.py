"""Files of mailings: numbers that somebody uploads, what became of everybody, whom to call."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from aiohttp import web

from hub.errors import Invalid
from hub.kernel.spreadsheet import as_csv
from hub.kernel.web import PageRequest, Route
from hub.modules.crm.api import CrmApi
from hub.modules.imports.api import encoding_of, rows_of, sniff
from hub.modules.mailings.api import MailingsApi, MailingView
from hub.modules.mailings.forms import ask_count
from hub.modules.mailings.rules_lists import Line, lines_of
from hub.modules.mailings.scope import EDIT, EXPORT, shops_of
from hub.modules.mailings.web import HOME

BIGGEST = 4 * 1024 * 1024
_STRETCH = 500


async def look_into(request: PageRequest) -> Any:
    """Before the unit of work: a hostile file costs a thread, not the database."""
    upload = request.upload
    if upload is None or not upload.data:
        raise Invalid("mailings.no_file", "No file was chosen.", "Choose a file and try again.")
    country = request.deps.places.of(request.viewer.shop_id).country
    return await asyncio.to_thread(_read, upload.data, country)


def _read(data: bytes, country: str) -> list[Line]:
    kind = sniff(data)
    encoding = encoding_of(data) if kind != "xlsx" else "utf-8"
    return lines_of((cells for _, cells in rows_of(data, kind, encoding)), country)


async def take(request: PageRequest) -> web.StreamResponse:
    """Its numbers and addresses are whom the mailing is for."""
    api, mailing_id = request.apis.of(MailingsApi), request.path["id"]
    name = request.upload.name if request.upload is not None else ""
    await api.drafts.set_list(mailing_id, name, request.prepared, shops_of(request, EDIT))
    await ask_count(request, await api.reading.one(mailing_id))
    return request.redirect(f"{HOME}/{mailing_id}")


async def results(request: PageRequest) -> web.StreamResponse:
    """Everybody on the list with what became of them."""
    mailing = await _mailing(request)
    api, rows, cursor = request.apis.of(MailingsApi), list[Sequence[object]](), None
    called = await api.reports.first_calls(mailing.id)
    while True:
        page = await api.reading.recipients(mailing.id, cursor=cursor, limit=_STRETCH)
        for one in request.seen(page).items:
            first = called.get(one.client_id or "")
            rows.append(
                [one.position, one.name, one.line, one.channel, one.address, one.state, one.reason, one.error,
                 one.parts, *map(_at, (one.at, one.replied_at, one.left_at, first)), one.client_id]
            )  # fmt: skip
        cursor = page.next
        if cursor is None:
            break
    head = ("No.", "Client", "Line", "Channel", "Address", "State", "Reason", "Error", "Parts", "At",
            "Replied", "Left", "Called", "Client id")  # fmt: skip
    return await _file(f"mailing-{mailing.id[-6:]}.csv", head, rows)


async def calls(request: PageRequest) -> web.StreamResponse:
    """Whom of the audience one may call to invite them: those who have agreed to it, with their number."""
    mailing = await _mailing(request)
    api, crm = request.apis.of(MailingsApi), request.apis.of(CrmApi)
    rows, cursor = list[Sequence[object]](), None
    while True:
        page = await api.reading.recipients(mailing.id, cursor=cursor, limit=_STRETCH)
        clients = await crm.clients_by_ids({one.client_id for one in page.items if one.client_id})
        for client in clients.values():
            number = await api.calling.number(client)
            if number:
                rows.append([request.seen(client).title, number, client.language or "", client.id])
        cursor = page.next
        if cursor is None:
            break
    return await _file(f"calls-{mailing.id[-6:]}.csv", ("Client", "Phone", "Language", "Client id"), rows)


async def _mailing(request: PageRequest) -> MailingView:
    reading = request.apis.of(MailingsApi).reading
    return await reading.one(request.path["id"], shops_of(request, EXPORT))


async def _file(name: str, head: Sequence[str], rows: Sequence[Sequence[object]]) -> web.Response:
    body = await asyncio.to_thread(as_csv, head, rows)
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return web.Response(body=body, content_type="text/csv", charset="utf-8", headers=headers)


def _at(moment: Any) -> str:
    return moment.isoformat(timespec="seconds") if moment is not None else ""


routes = (
    Route(
        method="POST", path=f"{HOME}/{{id}}/list", handler=take, right=EDIT, name="mailings.upload",
        before=look_into, upload=BIGGEST,
    ),
    Route(
        method="GET", path=f"{HOME}/{{id}}/results.csv", handler=results, right=EXPORT,
        name="mailings.results", is_noted=True, is_heavy=True,
    ),
    Route(
        method="GET", path=f"{HOME}/{{id}}/calls.csv", handler=calls, right=EXPORT, name="mailings.calls",
        is_noted=True, is_heavy=True,
    ),
)  # fmt: skip

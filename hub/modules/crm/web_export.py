"""Clients as a table, for those with the right: CSV and XLSX, nothing in it is ever a formula."""

from __future__ import annotations

import asyncio

from aiohttp import web

from hub.errors import Invalid
from hub.kernel.spreadsheet import as_csv, as_xlsx
from hub.kernel.web import PageRequest, Route
from hub.modules.crm.api import CrmApi
from hub.modules.crm.exports import CLIENT_COLUMNS, client_cells
from hub.modules.crm.web import filter_of

RIGHT = "clients.export"
MOST = 200_000
_PAGE = 500


async def export(request: PageRequest) -> web.StreamResponse:
    """Those whom the same filter shows in the list. It is audited with its filter."""
    kind = request.query.get("format", "csv")
    if kind not in ("csv", "xlsx"):
        raise Invalid("crm.export", "Choose CSV or XLSX.", "Go back to the list of clients.")
    crm, rows = request.apis.of(CrmApi), list[list[object]]()
    where, cursor = filter_of(request), None
    while len(rows) < MOST:
        page = await crm.clients(where, cursor=cursor, limit=_PAGE)
        cars = await crm.vehicles_of([client.id for client in page.items])
        rows += [client_cells(request.seen(client), cars.get(client.id, ())) for client in page.items]
        cursor = page.next
        if cursor is None:
            break
    body = await asyncio.to_thread(as_csv if kind == "csv" else as_xlsx, CLIENT_COLUMNS, rows)
    name = f"clients-{request.deps.clock.now():%Y-%m-%d}.{kind}"
    xlsx = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    return web.Response(
        body=body, content_type="text/csv" if kind == "csv" else xlsx,
        charset="utf-8" if kind == "csv" else None,
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )  # fmt: skip


routes = (
    Route(
        method="GET", path="/clients/export", handler=export, right=RIGHT, name="crm.export", is_noted=True,
        is_heavy=True, feature="2.9",
    ),
)  # fmt: skip

"""Clients as a table, for those with the right: CSV and XLSX, nothing in it is ever a formula."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import Sequence
from typing import BinaryIO

from aiohttp import web

from hub.errors import Invalid
from hub.kernel.spreadsheet import MOST_ROWS, Lines, Sheet
from hub.kernel.web import PageRequest, Route
from hub.modules.crm.api import CrmApi
from hub.modules.crm.exports import CLIENT_COLUMNS, client_cells
from hub.modules.crm.web import filter_of

RIGHT = "clients.export"
_PAGE = 500
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


async def export(request: PageRequest) -> web.StreamResponse:
    """All of those whom the same filter shows in the list, however many: they go through a file on the disk,
    and from there to the browser. It is audited with its filter."""
    kind = request.query.get("format", "csv")
    if kind not in ("csv", "xlsx"):
        raise Invalid("crm.export", "Choose CSV or XLSX.", "Go back to the list of clients.")
    file = await asyncio.to_thread(tempfile.TemporaryFile)
    try:
        table = (Lines if kind == "csv" else Sheet)(file, CLIENT_COLUMNS)
        await _write(request, table, MOST_ROWS if kind == "xlsx" else None)
        await asyncio.to_thread(table.close)
        size = await asyncio.to_thread(_rewound, file)
    except BaseException:
        file.close()
        raise
    name = f"clients-{request.deps.clock.now():%Y-%m-%d}.{kind}"
    return web.Response(
        body=file, content_type="text/csv" if kind == "csv" else _XLSX,
        charset="utf-8" if kind == "csv" else None,
        headers={"Content-Disposition": f'attachment; filename="{name}"', "Content-Length": str(size)},
    )  # fmt: skip


async def _write(request: PageRequest, table: Lines | Sheet, most: int | None) -> None:
    crm, where, cursor = request.apis.of(CrmApi), filter_of(request), None
    while True:
        page = await crm.clients(where, cursor=cursor, limit=_PAGE)
        if most is not None and table.rows + len(page.items) > most:
            raise Invalid(
                "crm.export_too_long", "That is more than a sheet of XLSX can hold.",
                "Take CSV, which has no end, or narrow the list.",
            )  # fmt: skip
        cars = await crm.vehicles_of([client.id for client in page.items])
        rows = [client_cells(request.seen(client), cars.get(client.id, ())) for client in page.items]
        await asyncio.to_thread(_add, table, rows)
        cursor = page.next
        if cursor is None:
            return


def _add(table: Lines | Sheet, rows: Sequence[Sequence[object]]) -> None:
    for row in rows:
        table.add(row)


def _rewound(file: BinaryIO) -> int:
    """Its size in bytes."""
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    return size


routes = (
    Route(
        method="GET", path="/clients/export", handler=export, right=RIGHT, name="crm.export", is_noted=True,
        is_heavy=True, feature="2.9",
    ),
)  # fmt: skip

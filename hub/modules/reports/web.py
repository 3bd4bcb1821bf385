"""Pages of reports. Thin: parse, ask the service, render."""

from __future__ import annotations

import asyncio
from typing import Any

from aiohttp import web

from hub.kernel.list_filters import offered
from hub.kernel.masking import hidden
from hub.kernel.spreadsheet import as_csv, as_xlsx
from hub.kernel.web import PageRequest, Route
from hub.modules.access.api import AccessApi
from hub.modules.calls.api import CallsApi
from hub.modules.crm.api import CrmApi
from hub.modules.reports.api import CallReport, ReportsApi
from hub.modules.reports.charts import bars, heat
from hub.modules.reports.export import WIDTHS, tables
from hub.modules.reports.rules import percent
from hub.modules.reports.scope import EXPORT, VIEW, Asked, asked_of, shops_of

_MOST_LISTED = 500
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


async def index(request: PageRequest) -> web.StreamResponse:
    """The reports that there are: one."""
    return request.redirect("/reports/calls")


async def calls(request: PageRequest) -> web.StreamResponse:
    """The report on calls."""
    asked = await asked_of(request, request.query)
    report = await request.apis.of(ReportsApi).calls(asked.question)
    return request.page(
        "reports/calls.html", asked=asked, report=report, percent=percent, bars=bars(report.steps),
        heat=heat(report.slots, asked.given["heat"]), **await _choices(request),
    )  # fmt: skip


async def lost(request: PageRequest) -> web.StreamResponse:
    """Whom nobody has reached yet, each once, by the last call."""
    asked = await asked_of(request, request.query)
    found = await request.apis.of(ReportsApi).lost(asked.question)
    shown = await request.apis.of(CallsApi).statistics.lost_calls(found[:_MOST_LISTED])
    clients = await request.apis.of(CrmApi).clients_by_ids({one.client_id for one in shown if one.client_id})
    lines = await request.apis.of(CallsApi).lines_by_number({one.line for one in shown})
    return request.page(
        "reports/lost.html", asked=asked, count=len(found), rows=shown, clients=clients, lines=lines
    )


async def csv(request: PageRequest) -> web.StreamResponse:
    """The same numbers, for a program."""
    asked = await asked_of(request, request.query)
    head, rows = tables(await _told(request, asked), request.t)
    return _file(asked, as_csv(head, rows), "csv", "text/csv", charset="utf-8")


async def xlsx(request: PageRequest) -> web.StreamResponse:
    """The same numbers, for a spreadsheet."""
    asked = await asked_of(request, request.query)
    head, rows = tables(await _told(request, asked), request.t)
    return _file(asked, await asyncio.to_thread(as_xlsx, head, rows, widths=WIDTHS, beside=2), "xlsx", _XLSX)


async def _told(request: PageRequest, asked: Asked) -> CallReport:
    """As its page shows it: a mobile stands there as a number, which not everybody may see."""
    report = await request.apis.of(ReportsApi).calls(asked.question)
    return report if request.viewer.sees_numbers else hidden(report)


def _file(asked: Asked, body: bytes, ending: str, kind: str, charset: str | None = None) -> web.Response:
    first, last = asked.days
    name = f"pitline-calls-{first.isoformat()}-{last.isoformat()}.{ending}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return web.Response(body=body, content_type=kind, charset=charset, headers=headers)


async def _choices(request: PageRequest) -> dict[str, Any]:
    """What the form's lists offer, and whether the lists behind the numbers are open to the viewer."""
    reach = shops_of(request)
    access, history = request.apis.of(AccessApi), request.apis.of(CallsApi)
    lines = await history.lines()
    people = await access.list_people(reach, only_active=True)
    shops = [one for one in await access.list_shops() if reach is None or one.id in reach]
    return {
        "people": [one for one in people if one.extensions or one.mobile], "lines": lines,
        "sources": sorted({one.source for one in lines if one.source}), "queues": await history.queues(),
        "shops": shops, "may_export": request.viewer.can(EXPORT), "lists": request.viewer.can("calls.view"),
        "now": request.deps.clock.now(), "more": await offered(request, "calls"),
    }  # fmt: skip


routes = (
    Route(method="GET", path="/reports", handler=index, right=VIEW, name="reports.index", is_heavy=True),
    Route(
        method="GET", path="/reports/calls", handler=calls, right=VIEW, name="reports.calls",
        is_heavy=True,
    ),
    Route(
        method="GET", path="/reports/calls/lost", handler=lost, right=VIEW, name="reports.lost",
        is_heavy=True,
    ),
    Route(
        method="GET", path="/reports/calls.csv", handler=csv, right=EXPORT, name="reports.csv", is_noted=True,
        is_heavy=True,
    ),
    Route(
        method="GET", path="/reports/calls.xlsx", handler=xlsx, right=EXPORT, name="reports.xlsx",
        is_noted=True, is_heavy=True,
    ),
)  # fmt: skip

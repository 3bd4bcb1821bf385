"""The audit log: who did what, and who was refused; by filter, and as a file for a spreadsheet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from aiohttp import web

from hub.errors import Invalid
from hub.kernel.spreadsheet import as_csv
from hub.kernel.web import PageRequest, Route
from hub.modules.access.api import AccessApi, AuditFilter, AuditView, readable_shops
from webui.audit_words import ACTIONS, OUTCOMES, change_lines, change_text

PAGE = 50
MOST_EXPORTED = 20_000
_NAMES = ("person", "action", "object", "from", "to", "shop", "denied")
_HUB = "hub"


@dataclass(frozen=True, slots=True)
class _Asked:
    """The filter as it stands in the address."""

    given: Mapping[str, str]
    where: AuditFilter

    def link(self, path: str, **more: str) -> str:
        """The same filter at this address."""
        merged = {name: value for name, value in {**self.given, **more}.items() if value}
        return f"{path}?{urlencode(merged)}" if merged else path


async def show(request: PageRequest) -> web.StreamResponse:
    """Newest first; `before` goes on."""
    access = request.apis.of(AccessApi)
    asked = await _asked(request)
    before = request.query.get("before", "")
    begin = int(before) if before.isdecimal() and len(before) < 19 else None
    rows = await access.audit.page(asked.where, before=begin, limit=PAGE + 1)
    following = str(rows[PAGE - 1].seq) if len(rows) > PAGE else ""
    return request.page(
        "audit.html", rows=[(row, change_lines(row, request.t)) for row in rows[:PAGE]], words=ACTIONS,
        names=await _names(request), asked=asked, outcomes=OUTCOMES,
        actions=await access.audit.actions(readable_shops(request.viewer)),
        people=await access.list_people(readable_shops(request.viewer)),
        shops=[one for one in await access.list_shops() if one.id in readable_shops(request.viewer)],
        following=asked.link("/settings/audit", before=following) if following else "",
        first=asked.link("/settings/audit") if begin is not None else "",
        export=asked.link("/settings/audit/export.csv"),
    )  # fmt: skip


async def export(request: PageRequest) -> web.StreamResponse:
    """The entries that the filter finds, newest first; formulas in them are made harmless. It is
    audited itself."""
    access = request.apis.of(AccessApi)
    asked = await _asked(request)
    rows = await access.audit.page(asked.where, limit=MOST_EXPORTED)
    names, zone = await _names(request), await _zone(request)
    head = [
        request.t(text)
        for text in ("No.", "When", "Who", "What", "About", "Outcome", "Address", "Changes", "Request")
    ]

    def line(row: AuditView) -> list[object]:
        outcome = OUTCOMES[row.outcome][0] if row.outcome in OUTCOMES else row.outcome
        action = request.t(ACTIONS[row.action]) if row.action in ACTIONS else row.action
        return [
            row.seq, row.at.astimezone(zone).isoformat(" ", "seconds"), names.get(row.actor or "", row.actor),
            action, row.subject, request.t(outcome), row.address, change_text(row, request.t), row.request_id,
        ]  # fmt: skip

    body = as_csv(head, map(line, rows))
    name = f"pitline-audit-{request.deps.clock.now().astimezone(zone):%Y-%m-%d}.csv"
    return web.Response(
        body=body, content_type="text/csv", charset="utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )  # fmt: skip


async def _asked(request: PageRequest) -> _Asked:
    given = {name: request.query.get(name, "").strip()[:100] for name in _NAMES}
    zone = await _zone(request)
    first, last = _day(given["from"]), _day(given["to"])
    actor = given["person"] or None
    return _Asked(
        given,
        AuditFilter(
            shops=readable_shops(request.viewer, given["shop"] or None),
            actor="" if actor == _HUB else actor,
            action=given["action"],
            subject=given["object"],
            since=_begin(first, zone) if first else None,
            until=_begin(last, zone) + timedelta(days=1) if last else None,
            only_refused=given["denied"] == "1",
        ),
    )


async def _zone(request: PageRequest) -> ZoneInfo:
    shop = await request.apis.of(AccessApi).shop(request.viewer.shop_id)
    return ZoneInfo(shop.timezone)


def _day(text: str) -> date | None:
    if not text:
        return None
    try:
        found = date.fromisoformat(text)
    except ValueError:
        found = date.min
    if not 1970 <= found.year <= 9000:
        raise Invalid("request.day", "Write days like 2026-12-31.", "Choose the day in the calendar.")
    return found


def _begin(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)


async def _names(request: PageRequest) -> dict[str, str]:
    """Who stands behind an actor, of everybody who was ever there."""
    access = request.apis.of(AccessApi)
    people = {f"person:{one.id}": one.name for one in await access.list_people()}
    tokens = {f"token:{one.id}": one.name for one in await access.tokens.all()}
    return {"": "Pitline", **people, **tokens}


routes = (
    Route(
        method="GET", path="/settings/audit", handler=show, right="audit.view", name="access.audit",
        is_heavy=True,
    ),
    Route(
        method="GET", path="/settings/audit/export.csv", handler=export, right="audit.view", is_heavy=True,
        name="access.export_audit", is_noted=True,
    ),
)  # fmt: skip

"""Calls as a file."""

from __future__ import annotations

from datetime import datetime

from hub.kernel.context import Deps, UnitOfWork
from hub.kernel.exporting import STRETCH, Export, ExportRow, Stretch
from hub.modules.calls.api import CallFilter, CallsApi, CallView
from hub.modules.calls.operations import CallOut
from hub.modules.crm.api import CrmApi

COLUMNS = (
    "Started", "Direction", "From", "To", "Client", "Line", "Queue", "Result", "Why missed", "In hours",
    "Answered", "Ended", "Wait seconds", "Talk seconds", "Hold seconds", "Answered by", "People", "Transfers",
    "Seen whole", "Id", "Client id", "Vehicle id",
)  # fmt: skip


async def _calls(uow: UnitOfWork, deps: Deps, since: datetime | None, cursor: str | None) -> Stretch:
    """Those that are over and those that go on."""
    page = await CallsApi(uow, deps).history(CallFilter(since=since), cursor=cursor, limit=STRETCH)
    ids = {one.client_id for one in page.items if one.client_id is not None}
    clients = await CrmApi(uow, deps).clients_by_ids(ids)
    names = {client_id: client.title for client_id, client in clients.items()}
    rows = [
        ExportRow(cells=_cells(one, names.get(one.client_id or "", "")), whole=CallOut.model_validate(one))
        for one in page.items
    ]
    return Stretch(rows=rows, next=page.next)


def _cells(call: CallView, client: str) -> list[object]:
    people = ", ".join(f"{one.name or one.who} {one.outcome or ''}".strip() for one in call.parties)
    moves = ", ".join(f"{one.kind} to {one.to}" for one in call.transfers)
    return [
        call.started_at, call.direction, call.from_number, call.to_number, client, call.line, call.queue,
        call.result or call.state, call.missed_reason, "1" if call.in_hours else "", call.answered_at,
        call.ended_at, call.wait_seconds, call.talk_seconds, call.hold_seconds, call.answered_by, people,
        moves, "1" if call.is_complete else "", call.id, call.client_id, call.vehicle_id,
    ]  # fmt: skip


exports = (Export(kind="calls", about="the history of calls", columns=COLUMNS, read=_calls),)

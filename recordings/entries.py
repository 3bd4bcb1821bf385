"""Recordings as people read them in a list: who it was, with whom, how it went, what was said of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hub.kernel.masking import Words
from hub.kernel.web import PageRequest
from hub.modules.calls.api import CallsApi, CallView, LineView
from hub.modules.crm.api import ClientView, CrmApi, VehicleView
from recordings.api import RecordingsApi
from recordings.views_library import LibraryRow, MarkView


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A row of the library with everything that is shown of it. `excerpt` is what was written to it and holds
    the words that were looked for."""

    row: LibraryRow
    call: CallView | None
    client: ClientView | None
    cars: tuple[VehicleView, ...]
    line: LineView | None
    marks: tuple[MarkView, ...]
    excerpt: Words


async def entries_of(request: PageRequest, rows: Sequence[LibraryRow], words: str = "") -> list[Entry]:
    """A few statements for a list of any length."""
    calls_api, crm = request.apis.of(CallsApi), request.apis.of(CrmApi)
    api = request.apis.of(RecordingsApi)
    calls = await calls_api.calls_by_ids({row.call_id for row in rows if row.call_id is not None})
    ids = {call.client_id for call in calls.values() if call.client_id is not None}
    clients = await crm.clients_by_ids(ids)
    cars = await crm.vehicles_of(ids)
    lines = await calls_api.lines_by_number({call.line for call in calls.values()})
    marks = await api.marks.of([row.id for row in rows])
    excerpts = await api.library.excerpts([row.id for row in rows], words) if words else {}
    found = []
    for row in rows:
        call = calls.get(row.call_id or "")
        client = clients.get(call.client_id or "") if call is not None else None
        found.append(
            Entry(
                row=row, call=call, client=client, cars=cars.get(client.id, ()) if client else (),
                line=lines.get(call.line or "") if call is not None else None,
                marks=marks.get(row.id, ()), excerpt=excerpts.get(row.id, ""),
            )
        )  # fmt: skip
    return found

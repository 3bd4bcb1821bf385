"""Calls as people read them: who it was, by which line, with the notes; gaps in their place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from hub.kernel.web import PageRequest
from hub.modules.calls.api import CallsApi, CallView, GapView, LineView, NoteView, PartyView
from hub.modules.crm.api import NOBODY, CallerMatch, ClientView, CrmApi, VehicleView


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRow:
    """A call with everything that a list shows of it. `client` is the client, or the only record of
    another kind (a supplier) that has the number."""

    call: CallView
    client: ClientView | None
    cars: tuple[VehicleView, ...]
    match: CallerMatch
    line: LineView | None
    notes: tuple[NoteView, ...]
    people: tuple[PartyView, ...]

    @property
    def moment(self) -> datetime:
        """Where it stands in the list."""
        return self.call.started_at


@dataclass(frozen=True, slots=True, kw_only=True)
class GapRow:
    """A time in which calls may be missing, between the calls."""

    gap: GapView

    @property
    def moment(self) -> datetime:
        """Where it stands in the list."""
        return self.gap.began_at


async def call_rows(request: PageRequest, calls: Sequence[CallView]) -> list[CallRow]:
    """A few statements for a list of any length."""
    crm, api = request.apis.of(CrmApi), request.apis.of(CallsApi)
    unsure = {c.other_number for c in calls if c.client_id is None and c.candidate_count and c.other_number}
    matches = await crm.callers(sorted(unsure))
    ids = {call.client_id for call in calls if call.client_id is not None}
    ids |= {match.candidates[0].client_id for match in matches.values() if len(match.candidates) == 1}
    clients = await crm.clients_by_ids(ids)
    cars = await crm.vehicles_of(ids)
    lines = await api.lines_by_number({call.line for call in calls})
    notes = await api.notes([call.id for call in calls])
    rows = []
    for call in calls:
        match = matches.get(call.other_number or "", NOBODY)
        only = match.candidates[0].client_id if len(match.candidates) == 1 else ""
        client = clients.get(call.client_id or only)
        rows.append(
            CallRow(
                call=call, client=client, match=match, line=lines.get(call.line or ""),
                cars=cars.get(client.id, ()) if client is not None else (),
                notes=notes.get(call.id, ()), people=_people(call),
            )
        )  # fmt: skip
    return rows


def _people(call: CallView) -> tuple[PartyView, ...]:
    """Those who talked, else those who ring."""
    talked = tuple(party for party in call.parties if party.outcome == "answered")
    ringing = tuple(party for party in call.parties if party.outcome is None)
    return talked or (ringing if call.is_live else ())


def with_gaps(
    rows: Sequence[CallRow], gaps: Sequence[GapView], *, is_first: bool, is_last: bool
) -> list[CallRow | GapRow]:
    """Newest first. A gap before the first or after the last call of a page belongs to the page that
    begins or ends the list."""
    newest = rows[0].moment if rows and not is_first else None
    oldest = rows[-1].moment if rows and not is_last else None
    fitting = [
        GapRow(gap=gap)
        for gap in gaps
        if (newest is None or gap.began_at <= newest) and (oldest is None or gap.began_at > oldest)
    ]
    return sorted([*rows, *fitting], key=lambda row: row.moment, reverse=True)

"""Rows of the ledger as others see them."""

from __future__ import annotations

from collections.abc import Sequence

from hub.modules.consents.models import Entry
from hub.modules.consents.rules import state_of
from hub.modules.consents.service_subjects import fact_of
from hub.modules.consents.views import ConsentView, EntryView


def entry_view(row: Entry) -> EntryView:
    """One row."""
    return EntryView(
        id=row.id, n=row.n, client_id=row.client_id, channel=row.channel, via=row.via, address=row.address,
        topic=row.topic, act=row.act, form=row.form, source=row.source, evidence=row.evidence,
        took=tuple(row.took), actor=row.actor, author=row.author, at=row.at, created_at=row.created_at,
    )  # fmt: skip


def consent_view(client_id: str | None, rows: Sequence[Entry]) -> ConsentView:
    """How it stands after these rows, the oldest of which comes first."""
    state = state_of([fact_of(row) for row in rows])
    marketing = state.standing("marketing")
    differ = [(one, state.standing("marketing", one)) for one in state.channels]
    deciding = [row.at for row in rows if row.form != "provider"]
    return ConsentView(
        client_id=client_id, marketing=marketing, service=state.standing("service"),
        is_blocked=state.is_blocked, by_channel=tuple(one for one in differ if one[1] != marketing),
        provider_blocks=tuple(sorted({channel for channel, _ in state.blocks})),
        since=deciding[-1] if deciding else None, can_restore=bool(state.restorable("message", "link")),
        entries=tuple(entry_view(row) for row in reversed(rows)),
    )  # fmt: skip

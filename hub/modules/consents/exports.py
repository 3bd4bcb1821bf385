"""The ledger as a file."""

from __future__ import annotations

from datetime import datetime

from hub.kernel.context import Deps, UnitOfWork
from hub.kernel.exporting import STRETCH, Export, ExportRow, Stretch
from hub.modules.consents.api import ConsentsApi, EntryView
from hub.modules.consents.operations import EntryOut

COLUMNS = (
    "At", "Recorded", "Client id", "Said on", "Address", "About", "Act", "Channel", "Form", "Source",
    "Evidence", "Took", "Recorded by", "Id",
)  # fmt: skip


def cells(entry: EntryView) -> list[object]:
    """One row."""
    return [
        entry.at, entry.created_at, entry.client_id, entry.via, entry.address, entry.topic, entry.act,
        entry.channel or "every", entry.form, entry.source, entry.evidence, " ".join(entry.took),
        entry.author or entry.actor, entry.id,
    ]  # fmt: skip


async def _read(uow: UnitOfWork, deps: Deps, since: datetime | None, cursor: str | None) -> Stretch:
    entries = await ConsentsApi(uow, deps).ledger.stretch(int(cursor or 0), STRETCH)
    kept = [one for one in entries if since is None or one.at >= since]
    rows = [ExportRow(cells=cells(one), whole=EntryOut.model_validate(one)) for one in kept]
    return Stretch(rows=rows, next=str(entries[-1].n) if len(entries) == STRETCH else None)


exports = (
    Export(kind="consents", about="the ledger of consents, the oldest first", columns=COLUMNS, read=_read),
)

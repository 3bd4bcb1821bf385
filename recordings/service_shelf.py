"""Puts recordings where the library finds them: what their call says, their writings. Never commits."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import delete, select

from hub.kernel.context import Deps, UnitOfWork
from hub.modules.calls.api import CallsApi, CallView
from recordings.models import Recording
from recordings.models_library import Hold, Shelf, Writing
from recordings.models_review import Pick

MOST_WRITTEN = 200_000
"""Characters of one writing that are looked through."""


class ShelfService:
    """Keeps the shelf in step with recordings and calls; everything may run twice."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self._session = uow.session
        self._calls = CallsApi(uow, deps)

    async def put(self, recording_ids: Collection[str]) -> None:
        """As they and their calls stand now; the notes of their calls become findable."""
        query = select(Recording).where(Recording.id.in_(sorted(set(recording_ids))))
        rows = (await self._session.scalars(query)).all()
        calls = await self._calls.calls_by_ids({row.call_id for row in rows if row.call_id is not None})
        for row in rows:
            call = calls.get(row.call_id or "")
            shelf = await self._session.get(Shelf, row.id)
            if shelf is None:
                shelf = Shelf(recording_id=row.id, percent=None)
                self._session.add(shelf)
            shelf.call_id, shelf.shop_id = row.call_id, row.shop_id
            shelf.started_at, shelf.seconds = row.started_at, row.duration_seconds
            _take(shelf, call)
        await self._session.flush()
        for call_id in calls:
            await self.notes(call_id)

    async def call_changed(self, call_id: str) -> None:
        """The call was corrected, or another one became a part of it."""
        ids = (await self._session.scalars(select(Recording.id).where(Recording.call_id == call_id))).all()
        await self.put(ids)

    async def notes(self, call_id: str) -> None:
        """What people wrote to the call, found by each of its recordings."""
        query = select(Shelf.recording_id).join(Recording, Recording.id == Shelf.recording_id)
        query = query.where(Shelf.call_id == call_id, Recording.state != "erased")
        ids = (await self._session.scalars(query)).all()
        written = (await self._calls.notes([call_id])).get(call_id, ()) if ids else ()
        for recording_id in ids:
            known = select(Writing).where(Writing.recording_id == recording_id, Writing.kind == "note")
            for gone in (await self._session.scalars(known)).all():
                if gone.ref not in {note.id for note in written}:
                    await self._session.delete(gone)
            for note in written:
                await self.write(recording_id, "note", note.id, note.text)

    async def drop_gone_notes(self) -> None:
        """Copies of notes that calls have no more: a client was erased, here or in a restored backup."""
        gone = delete(Writing).where(Writing.kind == "note", Writing.ref.not_in(self._calls.note_ids()))
        await self._session.execute(gone, execution_options={"synchronize_session": False})

    async def merged(self, call_id: str, into_id: str) -> None:
        """The holds of a call that became part of another are that one's."""
        for hold in (await self._session.scalars(select(Hold).where(Hold.call_id == call_id))).all():
            await self._session.delete(hold)
            await self._session.flush()
            if await self._session.get(Hold, (into_id, hold.began_at)) is None:
                self._session.add(Hold(call_id=into_id, began_at=hold.began_at, ended_at=hold.ended_at))
        await self.call_changed(into_id)

    async def write(self, recording_id: str, kind: str, ref: str, text: str) -> None:
        """This text is found from now on; an empty one no longer."""
        mine = (Writing.recording_id == recording_id, Writing.kind == kind, Writing.ref == ref)
        row = (await self._session.scalars(select(Writing).where(*mine))).one_or_none()
        text = text.strip()[:MOST_WRITTEN]
        if not text:
            await self._session.execute(delete(Writing).where(*mine))
        elif row is None:
            self._session.add(Writing(recording_id=recording_id, kind=kind, ref=ref, text=text))
        elif row.text != text:
            row.text = text
        await self._session.flush()

    async def forget(self, recording_id: str) -> None:
        """Its sound is gone: what was said and written goes too, and nobody need review it."""
        await self._session.execute(delete(Writing).where(Writing.recording_id == recording_id))
        await self._session.execute(delete(Pick).where(Pick.recording_id == recording_id))


def _take(shelf: Shelf, call: CallView | None) -> None:
    shelf.direction = call.direction if call is not None else None
    shelf.result = call.result if call is not None else None
    shelf.line = call.line if call is not None else None
    shelf.queue = call.queue if call is not None else None

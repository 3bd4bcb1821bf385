"""Marks at moments of a recording, and what the exchange told of the call on the same line. Never commits."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import func, select

from hub.errors import Conflict, Invalid, NotFound
from hub.kernel.context import Deps, UnitOfWork
from hub.kernel.storage.orm import new_id
from hub.modules.calls.api import CallView
from recordings.models_basis import Pause
from recordings.models_library import Hold
from recordings.models_review import Mark
from recordings.service_shelf import ShelfService
from recordings.views import RecordingView
from recordings.views_library import MarkView, Moment

LONGEST_MARK = 1000
MOST_MARKS = 500


class MarkService:
    """Remarks of people, each at its moment."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self._uow = uow
        self._session = uow.session
        self._clock = deps.clock
        self._shelf = ShelfService(uow, deps)

    async def of(self, recording_ids: Collection[str]) -> dict[str, tuple[MarkView, ...]]:
        """The marks of each recording, from its beginning on."""
        query = select(Mark).where(Mark.recording_id.in_(sorted(set(recording_ids))))
        found: dict[str, tuple[MarkView, ...]] = {}
        for row in (await self._session.scalars(query.order_by(Mark.at_seconds, Mark.id))).all():
            found[row.recording_id] = (*found.get(row.recording_id, ()), _view(row))
        return found

    async def one(self, recording_id: str, mark_id: str) -> MarkView:
        """Raises NotFound."""
        return _view(await self._row(recording_id, mark_id))

    async def add(
        self, recording: RecordingView, at_seconds: float, text: str, *, author_name: str
    ) -> MarkView:
        """A new one. Raises Invalid: empty, too long, outside of the recording, too many."""
        clean = _clean(text)
        if recording.state == "erased":
            raise Conflict("recordings.erased", "This recording was erased.", "There is nothing left of it.")
        if not 0 <= at_seconds <= recording.duration_seconds + 1:
            raise Invalid(
                "recordings.moment", "The recording is not so long.", "Choose a moment within it.",
                fields={"at_seconds": "Choose a moment within the recording."},
            )  # fmt: skip
        count = select(func.count()).where(Mark.recording_id == recording.id)
        if (await self._session.scalar(count) or 0) >= MOST_MARKS:
            raise Invalid("recordings.many_marks", "There are too many marks.", "Take some away first.")
        row = Mark(
            id=new_id(self._clock), rev=1, recording_id=recording.id, at_seconds=round(at_seconds, 1),
            text=clean, author_id=self._uow.actor, author_name=author_name, created_at=self._clock.now(),
        )  # fmt: skip
        self._session.add(row)
        await self._session.flush()
        await self._shelf.write(recording.id, "mark", row.id, row.text)
        return _view(row)

    async def change(self, mark: MarkView, text: str, *, rev: int | None = None) -> MarkView:
        """Another text. Raises Invalid, Conflict for a stale `rev`."""
        row = await self._row(mark.recording_id, mark.id)
        if rev is not None and rev != row.rev:
            raise Conflict("recordings.changed", "Somebody else has changed this meanwhile.", "Look again.")
        row.text, row.rev = _clean(text), row.rev + 1
        await self._session.flush()
        await self._shelf.write(row.recording_id, "mark", row.id, row.text)
        return _view(row)

    async def remove(self, mark: MarkView) -> None:
        """It is gone; a second time does nothing."""
        row = await self._session.get(Mark, mark.id)
        if row is not None:
            await self._session.delete(row)
            await self._shelf.write(mark.recording_id, "mark", mark.id, "")

    async def moments(self, recording: RecordingView, call: CallView | None) -> tuple[Moment, ...]:
        """What happened in the call while this was recorded, in order."""
        if call is None:
            return ()
        start = recording.started_at
        found = [
            Moment(kind="transfer", at=(one.at - start).total_seconds(), until=None, who=one.to)
            for one in call.transfers
        ]
        for party in call.parties:
            name = party.name or party.who
            if party.answered_at is not None and party.outcome in (None, "answered"):
                at = (party.answered_at - start).total_seconds()
                found.append(Moment(kind="answered", at=at, until=None, who=name))
                if party.left_at is not None:
                    at = (party.left_at - start).total_seconds()
                    found.append(Moment(kind="left", at=at, until=None, who=name))
        query = select(Hold).where(Hold.call_id == call.id).order_by(Hold.began_at)
        for hold in (await self._session.scalars(query)).all():
            over = hold.ended_at or call.ended_at
            until = (over - start).total_seconds() if over is not None else None
            found.append(Moment(kind="hold", at=(hold.began_at - start).total_seconds(), until=until, who=""))
        gaps = select(Pause).where(Pause.call_id == call.id, Pause.from_at.is_not(None))
        for gap in (await self._session.scalars(gaps.order_by(Pause.from_at))).all():
            at = ((gap.from_at or start) - start).total_seconds()
            until = (gap.to_at - start).total_seconds() if gap.to_at is not None else None
            found.append(Moment(kind="pause", at=at, until=until, who=gap.name))
        last = recording.duration_seconds + 0.5
        inside = [one for one in found if -0.5 <= one.at <= last or (one.until or 0) > 0 >= one.at]
        return tuple(sorted((_within(one, recording) for one in inside), key=lambda one: one.at))

    async def _row(self, recording_id: str, mark_id: str) -> Mark:
        row = await self._session.get(Mark, mark_id) if "\x00" not in mark_id else None
        if row is None or row.recording_id != recording_id:
            raise NotFound("recordings.mark_unknown", "There is no such mark.")
        return row


def _within(moment: Moment, recording: RecordingView) -> Moment:
    last = recording.duration_seconds
    until = None if moment.until is None else round(min(last, moment.until), 1)
    return Moment(kind=moment.kind, at=round(min(last, max(0.0, moment.at)), 1), until=until, who=moment.who)


def _clean(text: str) -> str:
    clean = text.replace("\r\n", "\n").replace("\x00", "").strip()
    if not clean or len(clean) > LONGEST_MARK:
        said = "Write something first." if not clean else "This is too long."
        raise Invalid(
            "recordings.mark_text", "The mark needs a text.", "Write a few words.", fields={"text": said}
        )
    return clean


def _view(row: Mark) -> MarkView:
    return MarkView(
        id=row.id, rev=row.rev, recording_id=row.recording_id, at_seconds=row.at_seconds, text=row.text,
        author_id=row.author_id, author_name=row.author_name, created_at=row.created_at,
    )  # fmt: skip

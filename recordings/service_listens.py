"""Who listened to what, and when. Never commits."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import select

from hub.kernel.context import Deps, UnitOfWork
from hub.kernel.storage.orm import new_id
from recordings.models import Listen
from recordings.rules import joined
from recordings.views import ListenView, RecordingView

SAME_SITTING = timedelta(minutes=15)
Part = tuple[float, float]


class ListenService:
    """The log of listening, beside the audit log, which gets an entry for every new stretch."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self._uow = uow
        self._session = uow.session
        self._clock = deps.clock

    async def note(self, recording: RecordingView, part: Part, *, actor: str, name: str) -> bool:
        """This stretch (seconds) was asked for. Whether it is new in this sitting: a player asks for the same
        sound again and again."""
        now = self._clock.now()
        await self._uow.take_turn(f"recordings.listen:{recording.id}:{actor}")
        query = select(Listen).where(
            Listen.recording_id == recording.id, Listen.actor == actor, Listen.last_at > now - SAME_SITTING
        )
        row = (await self._session.scalars(query.order_by(Listen.last_at.desc()).limit(1))).first()
        if row is None:
            row = Listen(
                id=new_id(self._clock), recording_id=recording.id, shop_id=recording.shop_id, actor=actor,
                name=name, began_at=now, parts=[],
            )  # fmt: skip
            self._session.add(row)
        before = [(begin, end) for begin, end in row.parts]
        after = joined([*before, part])
        row.last_at, row.parts = now, [list(one) for one in after]
        await self._session.flush()
        return after != before

    async def note_played(self, recording: RecordingView, part: Part, *, actor: str) -> None:
        """A player played this stretch: it belongs to the sitting that the sound was sent in."""
        await self._uow.take_turn(f"recordings.listen:{recording.id}:{actor}")
        query = select(Listen).where(Listen.recording_id == recording.id, Listen.actor == actor)
        row = (await self._session.scalars(query.order_by(Listen.last_at.desc()).limit(1))).first()
        if row is not None:
            played = joined([*((begin, end) for begin, end in row.played or ()), part])
            row.last_at, row.played = self._clock.now(), [list(one) for one in played]

    async def goes_on(self, recording_id: str, actor: str) -> bool:
        """Whether this listener is in the midst of a sitting."""
        since = self._clock.now() - SAME_SITTING
        query = select(Listen.id).where(
            Listen.recording_id == recording_id, Listen.actor == actor, Listen.last_at > since
        )
        return (await self._session.scalars(query.limit(1))).first() is not None

    async def of(self, recording_id: str, limit: int = 50) -> Sequence[ListenView]:
        """Who listened to it, the last first."""
        query = select(Listen).where(Listen.recording_id == recording_id)
        rows = (await self._session.scalars(query.order_by(Listen.last_at.desc()).limit(limit))).all()
        return [
            ListenView(
                id=row.id, recording_id=row.recording_id, actor=row.actor, name=row.name,
                began_at=row.began_at, last_at=row.last_at,
                parts=tuple((begin, end) for begin, end in row.parts),
                played=tuple((begin, end) for begin, end in row.played or ()),
            )
            for row in rows
        ]  # fmt: skip

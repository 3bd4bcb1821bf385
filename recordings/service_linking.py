"""Which recording belongs to which call. Never commits."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, select, update

from hub.events.recordings import RecordingLinked
from hub.kernel.context import Deps, UnitOfWork
from hub.modules.calls.api import CallsApi, CallView
from hub.values import CallId
from recordings.models import NamedFile, Participant, Recording
from recordings.rules_names import last_part, numbers_in, seconds_of, stands_in

CLOCKS_APART = timedelta(minutes=10)
"""The clocks of the PBX's files and of its events may differ by so much."""


class LinkingService:
    """Ties recordings to calls, as product.md says: the name that the PBX told, else a Linkedid or Uniqueid
    that stands in the name as a whole token."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self._uow = uow
        self._session = uow.session
        self._deps = deps
        self._calls = CallsApi(uow, deps)

    async def told(self, name: str, before: datetime) -> NamedFile | None:
        """The newest telling of a file's name until that moment."""
        query = select(NamedFile).where(NamedFile.name == last_part(name), NamedFile.at <= before)
        return (await self._session.scalars(query.order_by(NamedFile.at.desc()).limit(1))).first()

    async def find(self, name: str, at: datetime) -> tuple[CallView | None, datetime | None]:
        """The call of a file of that name that was written until `at`, and when the PBX began to record,
        where it told."""
        told = await self.told(name, at)
        if told is not None:
            found = await self._calls.recordings.find([told.call_id])
            if found:
                return found[0], told.at
        numbers = [(one, _moment(seconds_of(one)) or at) for one in numbers_in(name)]
        return await self._calls.recordings.by_channel(numbers, lambda one: stands_in(one, name)), None

    async def move(self, call_id: str, into_id: str) -> None:
        """A call became a part of another one."""
        if call_id == into_id:
            return
        query = update(NamedFile).where(NamedFile.call_id == call_id).values(call_id=into_id)
        await self._session.execute(query)
        rows = (await self._session.scalars(select(Recording).where(Recording.call_id == call_id))).all()
        survivor = await self._calls.recordings.find([into_id])
        for row in rows:
            if survivor:
                await self.link(row, survivor[0])
            else:
                self._moved(row, into_id)
        await self._session.flush()

    async def link(self, row: Recording, call: CallView) -> None:
        """It is this call's."""
        row.shop_id = call.shop_id
        row.offset_seconds = round((row.started_at - call.started_at).total_seconds(), 1)
        self._moved(row, call.id)
        await self.people(row.id, call)

    async def people(self, recording_id: str, call: CallView | None) -> None:
        """Who of ours is to be heard in it."""
        await self._session.execute(delete(Participant).where(Participant.recording_id == recording_id))
        heard = [one for one in (call.parties if call is not None else ()) if one.who]
        for who in dict.fromkeys(one.who[:64] for one in heard if one.answered_at is not None):
            self._session.add(Participant(recording_id=recording_id, who=who))
        await self._session.flush()

    async def unlinked(self, since: datetime, limit: int) -> Sequence[Recording]:
        """Recordings that nobody's call was found for yet."""
        query = select(Recording).where(Recording.call_id.is_(None), Recording.taken_at > since)
        return (await self._session.scalars(query.order_by(Recording.taken_at).limit(limit))).all()

    async def link_late(self, since: datetime, limit: int = 200) -> int:
        """Find the calls of those that had none when they were taken in. How many were found."""
        found = 0
        for row in await self.unlinked(since, limit):
            ended_at = row.started_at + timedelta(seconds=row.duration_seconds)
            call, _ = await self.find(row.source_name, ended_at + CLOCKS_APART)
            if call is not None:
                await self.link(row, call)
                found += 1
        await self._session.flush()
        return found

    def _moved(self, row: Recording, call_id: str) -> None:
        was = CallId(row.call_id) if row.call_id is not None else None
        if was == call_id:
            return
        row.call_id, row.rev = call_id, row.rev + 1
        self._uow.publish(
            RecordingLinked(
                recording_id=row.id,
                call_id=CallId(call_id),
                was_call_id=was,
                offset_seconds=row.offset_seconds,
            ),
            external_id=f"{row.id}:linked:{row.rev}",
        )


def _moment(seconds: int | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)

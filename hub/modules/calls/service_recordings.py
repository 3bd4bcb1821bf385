"""Calls and their recordings: which call a channel was in, and which recordings a call has. Never commits."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, and_, delete, or_, select, update

from hub.kernel.context import Deps, UnitOfWork
from hub.modules.calls.models import Call, CallRecording, Merged
from hub.modules.calls.rules import read_legs
from hub.modules.calls.service import CallService
from hub.modules.calls.service_links import LinkService
from hub.modules.calls.views import CallView

LONGEST_CALL = timedelta(hours=12)
_SLACK = timedelta(minutes=10)
_MOST_LOOKED_AT = 5000


class CallRecordingService:
    """Finds calls for recordings."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self._uow = uow
        self._session = uow.session
        self._calls = CallService(uow, deps)

    async def find(self, call_ids: Collection[str]) -> tuple[CallView, ...]:
        """Those of the calls that are there; of a merged one, the one that it became a part of."""
        wanted = sorted(set(call_ids))
        gone = select(Merged.into_id).where(Merged.call_id.in_(wanted))
        query = select(Call).where(or_(Call.id.in_(wanted), Call.id.in_(gone)))
        return await self._calls.views((await self._session.scalars(query)).all())

    async def by_channel(
        self, numbers: Sequence[tuple[str, datetime]], is_it: Callable[[str], bool]
    ) -> CallView | None:
        """The call of which a channel is told by `is_it`. `numbers`: what its Uniqueid may end with, and when
        that channel was born, or was there at the latest."""
        if not numbers:
            return None
        near = [
            and_(
                Call.started_at >= at - LONGEST_CALL, Call.started_at <= at + _SLACK,
                Call.legs.contains(number, autoescape=True),
            )
            for number, at in numbers
        ]  # fmt: skip
        query = select(Call).where(or_(*near)).order_by(Call.started_at.desc()).limit(_MOST_LOOKED_AT)
        for row in (await self._session.scalars(query)).all():
            if any(is_it(leg.uniqueid) for leg in read_legs(row.legs)):
                return (await self._calls.views([row]))[0]
        return None


class SoundService:
    """Which recordings a call has. Never commits."""

    def __init__(self, uow: UnitOfWork) -> None:
        self._uow = uow
        self._session = uow.session

    async def put(self, call_id: str, recording_id: str, place: float) -> None:
        """The call (or the one that it became a part of) has this recording, `place` seconds after its
        beginning. Twice is once."""
        gone = await self._session.get(Merged, call_id)
        into = gone.into_id if gone is not None else call_id
        row = await self._session.get(CallRecording, (into, recording_id))
        if row is None:
            self._session.add(CallRecording(call_id=into, recording_id=recording_id, place=place))
            await self._session.flush()
            await LinkService(self._uow).touch(into)

    async def take_away(self, call_id: str, recording_id: str) -> None:
        """It was another call's."""
        await self._session.execute(
            delete(CallRecording).where(
                CallRecording.call_id == call_id, CallRecording.recording_id == recording_id
            )
        )
        await LinkService(self._uow).touch(call_id)


def move_recordings(connection: Connection, call_id: str, into_id: str) -> None:
    """A call became a part of another one; none of its recordings can be the other's already."""
    mine = update(CallRecording).where(CallRecording.call_id == call_id).values(call_id=into_id)
    connection.execute(mine)

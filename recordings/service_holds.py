"""Legal holds: what must not be erased, whatever its age and whoever asks. Never commits."""

from __future__ import annotations

from sqlalchemy import or_, select, update

from hub.errors import Conflict, NotFound
from hub.kernel.context import Deps, UnitOfWork
from hub.kernel.storage.orm import new_id
from recordings.models import Recording
from recordings.models_privacy import LegalHold
from recordings.service_erasing import TURN
from recordings.service_sharing import clean_reason
from recordings.views import HoldView, RecordingView


class LegalHoldService:
    """Lays holds and lifts them."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self._uow = uow
        self._session = uow.session
        self._clock = deps.clock

    async def of(self, recording: RecordingView) -> tuple[HoldView, ...]:
        """Those that keep it now, the oldest first."""
        mine = [LegalHold.recording_id == recording.id]
        if recording.call_id is not None:
            mine.append(LegalHold.call_id == recording.call_id)
        query = select(LegalHold).where(or_(*mine), LegalHold.lifted_at.is_(None)).order_by(LegalHold.id)
        return tuple(_view(row) for row in (await self._session.scalars(query)).all())

    async def lay(
        self, recording: RecordingView, reason: str, *, whole_call: bool, made_name: str
    ) -> HoldView:
        """It stays, or every recording of its call, until that is lifted. Raises Invalid, Conflict."""
        await self._uow.take_turn(TURN)
        state = select(Recording.state).where(Recording.id == recording.id)
        if (await self._session.scalars(state)).first() in (None, "erased"):
            raise Conflict("recordings.erased", "This recording was erased.", "There is nothing left of it.")
        if whole_call and recording.call_id is None:
            raise Conflict(
                "recordings.no_call", "This recording belongs to no call.", "Keep the recording itself."
            )
        row = LegalHold(
            id=new_id(self._clock), rev=1, recording_id=None if whole_call else recording.id,
            call_id=recording.call_id if whole_call else None, reason=clean_reason(reason),
            made_by=self._uow.actor, made_name=made_name, created_at=self._clock.now(), lifted_at=None,
            lifted_name="",
        )  # fmt: skip
        self._session.add(row)
        await self._session.flush()
        return _view(row)

    async def lift(self, recording: RecordingView, hold_id: str, *, name: str) -> None:
        """It keeps nothing any more. Raises NotFound."""
        await self._uow.take_turn(TURN)
        row = await self._session.get(LegalHold, hold_id) if "\x00" not in hold_id else None
        is_its = row is not None and (
            row.recording_id == recording.id or (row.call_id is not None and row.call_id == recording.call_id)
        )
        if row is None or not is_its:
            raise NotFound("recordings.hold_unknown", "There is no such hold.")
        if row.lifted_at is None:
            row.lifted_at, row.lifted_name, row.rev = self._clock.now(), name, row.rev + 1
            await self._session.flush()

    async def merged(self, call_id: str, into_id: str) -> None:
        """What kept a call's recordings keeps those of the call that it became part of."""
        change = update(LegalHold).where(LegalHold.call_id == call_id).values(call_id=into_id)
        await self._session.execute(change, execution_options={"synchronize_session": False})


def _view(row: LegalHold) -> HoldView:
    return HoldView(
        id=row.id, recording_id=row.recording_id, call_id=row.call_id, reason=row.reason,
        made_name=row.made_name, created_at=row.created_at,
    )  # fmt: skip

"""Recordings that stay until a day, since they belong to work whose warranty ends then. A legal hold outlives
it; who asks for erasure is not kept waiting by it. Never commits."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import or_, select, update

from hub.errors import Conflict, Invalid, NotFound
from hub.kernel.context import Deps, UnitOfWork
from hub.kernel.storage.orm import new_id
from hub.modules.access.api import AccessApi
from recordings.models_privacy import Keep
from recordings.service_erasing import TURN
from recordings.service_sharing import clean_reason
from recordings.views import KeepView, RecordingView

LONGEST = timedelta(days=3660)


class KeepService:
    """Days until which recordings are kept."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self._uow = uow
        self._session = uow.session
        self._clock = deps.clock
        self._access = AccessApi(uow, deps)

    async def keep(
        self, recording: RecordingView, until: datetime, reason: str, *, whole_call: bool, made_name: str
    ) -> KeepView:
        """A person says so. Raises Invalid, Conflict."""
        self._ensure_day(until)
        if recording.state == "erased":
            raise Conflict("recordings.erased", "This recording was erased.", "There is nothing left of it.")
        if whole_call and recording.call_id is None:
            raise Conflict(
                "recordings.no_call", "This recording belongs to no call.", "Keep the recording itself."
            )
        await self._uow.take_turn(TURN)
        row = Keep(
            id=new_id(self._clock), rev=1, recording_id=None if whole_call else recording.id,
            call_id=recording.call_id if whole_call else None, until=until, reason=clean_reason(reason),
            source="", external_id="", made_by=self._uow.actor, made_name=made_name,
            created_at=self._clock.now(), ended_at=None, ended_name="",
        )  # fmt: skip
        self._session.add(row)
        await self._session.flush()
        self._note("recordings.kept", recording.id, row)
        return _view(row)

    async def keep_call(
        self, call_id: str, until: datetime | None, *, source: str, external_id: str, reason: str
    ) -> None:
        """For other modules: an order or a visit, by its own id, keeps the recordings of this call (also
        those that come later) until its warranty ends. Said again it counts anew; None: no longer."""
        await self._uow.take_turn(TURN)
        mine = select(Keep).where(Keep.source == source, Keep.external_id == external_id)
        query = mine.where(Keep.call_id == call_id, Keep.ended_at.is_(None))
        row = (await self._session.scalars(query)).first()
        now = self._clock.now()
        if row is None and until is not None:
            row = Keep(
                id=new_id(self._clock), rev=1, recording_id=None, call_id=call_id, until=until,
                reason=clean_reason(reason), source=source, external_id=external_id,
                made_by=self._uow.actor, made_name=source, created_at=now, ended_at=None, ended_name="",
            )  # fmt: skip
            self._session.add(row)
        elif row is not None and until is None:
            row.ended_at, row.ended_name, row.rev = now, source, row.rev + 1
        elif row is not None and until is not None and row.until != until:
            row.until, row.rev = until, row.rev + 1
        else:
            return
        await self._session.flush()
        assert row is not None
        self._note("recordings.kept" if until is not None else "recordings.kept_no_more", call_id, row)

    async def of(self, recording: RecordingView) -> tuple[KeepView, ...]:
        """What keeps it now, its own and its call's, the longest first."""
        mine = [Keep.recording_id == recording.id]
        if recording.call_id is not None:
            mine.append(Keep.call_id == recording.call_id)
        still = (Keep.ended_at.is_(None), Keep.until > self._clock.now())
        query = select(Keep).where(or_(*mine), *still).order_by(Keep.until.desc(), Keep.id)
        return tuple(_view(row) for row in (await self._session.scalars(query)).all())

    async def end(self, recording: RecordingView, keep_id: str, *, name: str) -> None:
        """It keeps nothing any more. Raises NotFound; Conflict for what another module says."""
        await self._uow.take_turn(TURN)
        row = await self._session.get(Keep, keep_id) if "\x00" not in keep_id else None
        is_its = row is not None and (
            row.recording_id == recording.id or (row.call_id is not None and row.call_id == recording.call_id)
        )
        if row is None or not is_its:
            raise NotFound("recordings.keep_unknown", "Nothing of this kind keeps the recording.")
        if row.source:
            raise Conflict(
                "recordings.kept_by_work", "It belongs to work whose warranty has not ended.",
                "Change the warranty there.",
            )  # fmt: skip
        if row.ended_at is None:
            row.ended_at, row.ended_name, row.rev = self._clock.now(), name, row.rev + 1
            await self._session.flush()
            self._note("recordings.kept_no_more", recording.id, row)

    async def merged(self, call_id: str, into_id: str) -> None:
        """What kept a call's recordings keeps those of the call that it became part of."""
        change = update(Keep).where(Keep.call_id == call_id).values(call_id=into_id)
        await self._session.execute(change, execution_options={"synchronize_session": False})

    def _ensure_day(self, until: datetime) -> None:
        now = self._clock.now()
        if not now < until <= now + LONGEST:
            raise Invalid(
                "recordings.keep_day", "This day is over, or more than 10 years away.",
                "Choose the day on which the warranty ends.", fields={"until": "A day within 10 years."},
            )  # fmt: skip

    def _note(self, action: str, subject: str, row: Keep) -> None:
        self._access.audit.add(
            action, "done", subject=subject,
            details={"until": row.until.date().isoformat(), "reason": row.reason, "source": row.source},
        )  # fmt: skip


def _view(row: Keep) -> KeepView:
    return KeepView(
        id=row.id, recording_id=row.recording_id, call_id=row.call_id, until=row.until, reason=row.reason,
        source=row.source, made_name=row.made_name, created_at=row.created_at,
    )  # fmt: skip

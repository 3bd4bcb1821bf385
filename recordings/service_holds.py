"""Legal holds: what must not be erased, whatever its age and whoever asks; a manager proposes one, an owner
decides. Never commits."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import or_, select, update

from hub.errors import Conflict, NotFound
from hub.kernel.context import Deps, UnitOfWork
from hub.kernel.storage.orm import new_id
from hub.values import ShopId
from recordings.models import Recording
from recordings.models_privacy import LegalHold
from recordings.service_erasing import TURN
from recordings.service_sharing import clean_reason
from recordings.views import HoldView, RecordingView

PROPOSED_FOR = timedelta(days=14)
"""So long a proposal holds by itself."""


class LegalHoldService:
    """Lays holds and lifts them; those that are proposed."""

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
        self, recording: RecordingView, reason: str, *, whole_call: bool, made_name: str,
        is_proposal: bool = False,
    ) -> HoldView:  # fmt: skip
        """It stays, or every recording of its call, until that is lifted; a proposal until an owner has
        decided, two weeks at most. Raises Invalid, Conflict."""
        await self._uow.take_turn(TURN)
        state = select(Recording.state).where(Recording.id == recording.id)
        if (await self._session.scalars(state)).first() in (None, "erased"):
            raise Conflict("recordings.erased", "This recording was erased.", "There is nothing left of it.")
        if whole_call and recording.call_id is None:
            raise Conflict(
                "recordings.no_call", "This recording belongs to no call.", "Keep the recording itself."
            )
        if is_proposal:
            await self._ensure_first(recording, whole_call=whole_call)
        row = LegalHold(
            id=new_id(self._clock), rev=1, recording_id=None if whole_call else recording.id,
            call_id=recording.call_id if whole_call else None, reason=clean_reason(reason),
            made_by=self._uow.actor, made_name=made_name, created_at=self._clock.now(), lifted_at=None,
            lifted_name="", proposed_at=self._clock.now() if is_proposal else None, confirmed_name="",
        )  # fmt: skip
        self._session.add(row)
        await self._session.flush()
        return _view(row)

    async def lift(self, recording: RecordingView, hold_id: str, *, name: str) -> None:
        """It keeps nothing any more. Raises NotFound."""
        await self._uow.take_turn(TURN)
        row = await self._row(recording, hold_id)
        if row.lifted_at is None:
            row.lifted_at, row.lifted_name, row.rev = self._clock.now(), name, row.rev + 1
            await self._session.flush()

    async def confirm(self, recording: RecordingView, hold_id: str, *, name: str) -> HoldView:
        """What was proposed is a hold from now on. Raises NotFound, Conflict."""
        await self._uow.take_turn(TURN)
        row = await self._row(recording, hold_id)
        if row.lifted_at is not None:
            raise Conflict(
                "recordings.hold_over", "This proposal is over.", "Lay a hold of your own where it is needed."
            )
        if row.proposed_at is not None:
            row.proposed_at, row.confirmed_name, row.rev = None, name, row.rev + 1
            await self._session.flush()
        return _view(row)

    async def proposed(self, shops: Collection[ShopId] | None, limit: int = 50) -> tuple[HoldView, ...]:
        """What an owner has to decide, the oldest first; `shops` None: of all."""
        query = select(LegalHold).where(LegalHold.proposed_at.is_not(None), LegalHold.lifted_at.is_(None))
        if shops is not None:
            mine = select(Recording.id).where(Recording.shop_id.in_(sorted(shops)))
            calls = select(Recording.call_id).where(Recording.shop_id.in_(sorted(shops)))
            query = query.where(or_(LegalHold.recording_id.in_(mine), LegalHold.call_id.in_(calls)))
        return tuple(
            _view(row)
            for row in (await self._session.scalars(query.order_by(LegalHold.id).limit(limit))).all()
        )

    async def end_proposals(self) -> int:
        """Those that nobody has decided in time hold nothing any more. How many."""
        await self._uow.take_turn(TURN)
        now = self._clock.now()
        over = (LegalHold.proposed_at < now - PROPOSED_FOR, LegalHold.lifted_at.is_(None))
        rows = (await self._session.scalars(select(LegalHold).where(*over))).all()
        for row in rows:
            row.lifted_at, row.rev = now, row.rev + 1
        await self._session.flush()
        return len(rows)

    async def recording_of(self, hold: HoldView) -> str | None:
        """One recording that it keeps, to look at."""
        mine = Recording.id == hold.recording_id if hold.recording_id else Recording.call_id == hold.call_id
        return (await self._session.scalars(select(Recording.id).where(mine).limit(1))).first()

    async def _ensure_first(self, recording: RecordingView, *, whole_call: bool) -> None:
        """Proposed anew and anew it would never be erased. Raises Conflict for what has a proposal that is
        open, or ended without an owner's yes."""
        mine = [LegalHold.recording_id == recording.id]
        if recording.call_id is not None:
            mine.append(LegalHold.call_id == recording.call_id)
        if whole_call:
            its = select(Recording.id).where(Recording.call_id == recording.call_id)
            mine.append(LegalHold.recording_id.in_(its))
        query = select(LegalHold.id).where(or_(*mine), LegalHold.proposed_at.is_not(None)).limit(1)
        if (await self._session.scalars(query)).first() is not None:
            raise Conflict(
                "recordings.proposed_before", "A hold was proposed here already.",
                "An owner decides now: ask one to keep it.",
            )  # fmt: skip

    async def _row(self, recording: RecordingView, hold_id: str) -> LegalHold:
        row = await self._session.get(LegalHold, hold_id) if "\x00" not in hold_id else None
        is_its = row is not None and (
            row.recording_id == recording.id or (row.call_id is not None and row.call_id == recording.call_id)
        )
        if row is None or not is_its:
            raise NotFound("recordings.hold_unknown", "There is no such hold.")
        return row

    async def merged(self, call_id: str, into_id: str) -> None:
        """What kept a call's recordings keeps those of the call that it became part of."""
        change = update(LegalHold).where(LegalHold.call_id == call_id).values(call_id=into_id)
        await self._session.execute(change, execution_options={"synchronize_session": False})


def _view(row: LegalHold) -> HoldView:
    return HoldView(
        id=row.id, recording_id=row.recording_id, call_id=row.call_id, reason=row.reason,
        made_name=row.made_name, created_at=row.created_at, is_proposal=row.proposed_at is not None,
        decided_by=_decided_by(row.proposed_at),
    )  # fmt: skip


def _decided_by(proposed_at: datetime | None) -> datetime | None:
    return proposed_at + PROPOSED_FOR if proposed_at is not None else None

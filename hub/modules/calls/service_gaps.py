"""Times in which calls may be missing. Never commits."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import or_, select

from hub.clock import Clock
from hub.kernel.context import UnitOfWork
from hub.kernel.storage.orm import new_id
from hub.modules.calls.models import Gap
from hub.modules.calls.views import GapView


class GapService:
    """Opens, closes and lists gaps; each command may run twice."""

    def __init__(self, uow: UnitOfWork, clock: Clock) -> None:
        self._uow = uow
        self._clock = clock

    async def lost(self, pbx: str, at: datetime, reason: str) -> None:
        """A gap that is open already goes on: one outage, one row."""
        if not await self._open(pbx):
            self._add(pbx, "lost", at, None, reason)
        self._uow.hint("pbx", pbx, 1)

    async def restored(self, pbx: str, at: datetime, lost_at: datetime | None) -> None:
        """`lost_at` of an outage whose beginning was never written down opens and closes it."""
        rows = await self._open(pbx)
        for row in rows:
            row.ended_at = max(at, row.began_at)
        if not rows and lost_at is not None and not await self._ended(pbx, lost_at):
            self._add(pbx, "lost", lost_at, at, "")
        self._uow.hint("pbx", pbx, 2)

    async def dropped(self, pbx: str, at: datetime, dropped: int) -> None:
        """Messages were lost at one moment; the snapshot that follows mends what it can."""
        query = select(Gap.id).where(Gap.pbx == pbx, Gap.kind == "dropped", Gap.began_at == at)
        if await self._uow.session.scalar(query) is None:
            self._add(pbx, "dropped", at, at, "", dropped)
        self._uow.hint("pbx", pbx, 3)

    async def between(self, since: datetime | None, until: datetime | None) -> tuple[GapView, ...]:
        """Those that touch the period, newest first."""
        query = select(Gap).order_by(Gap.began_at.desc(), Gap.id.desc()).limit(200)
        if until is not None:
            query = query.where(Gap.began_at < until)
        if since is not None:
            query = query.where(or_(Gap.ended_at.is_(None), Gap.ended_at >= since))
        return tuple(_view(row) for row in (await self._uow.session.scalars(query)).all())

    async def _open(self, pbx: str) -> Sequence[Gap]:
        return (
            await self._uow.session.scalars(select(Gap).where(Gap.pbx == pbx, Gap.ended_at.is_(None)))
        ).all()

    async def _ended(self, pbx: str, began_at: datetime) -> bool:
        query = select(Gap.id).where(Gap.pbx == pbx, Gap.kind == "lost", Gap.ended_at >= began_at)
        return await self._uow.session.scalar(query.limit(1)) is not None

    def _add(
        self, pbx: str, kind: str, began: datetime, ended: datetime | None, reason: str, dropped: int = 0
    ) -> None:
        text = reason.replace("\x00", "�")[:500]
        row = Gap(id=new_id(self._clock), pbx=pbx, kind=kind, reason=text, dropped=dropped)
        row.began_at, row.ended_at = began, ended
        self._uow.session.add(row)


def _view(row: Gap) -> GapView:
    return GapView(
        id=row.id, pbx=row.pbx, kind=row.kind, began_at=row.began_at, ended_at=row.ended_at,
        reason=row.reason, dropped=row.dropped,
    )  # fmt: skip

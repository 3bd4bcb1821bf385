"""Mailings that are over already: what another program has sent, or a sample shop. Never commits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from hub.kernel.context import Deps, UnitOfWork
from hub.kernel.storage.orm import new_id
from hub.modules.mailings.models import Mailing, Recipient
from hub.modules.mailings.service_reading import ReadingService
from hub.modules.mailings.views import MailingEntry, MailingView, RowState


@dataclass(frozen=True, slots=True, kw_only=True)
class PastRow:
    """What became of one client."""

    client_id: str
    state: RowState
    reason: str = ""
    channel: str = ""
    address: str = ""
    parts: int = 0
    at: datetime | None = None
    replied_at: datetime | None = None
    left_at: datetime | None = None


class PastService:
    """Writes history down; nothing of it is sent."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self._uow = uow
        self._clock = deps.clock
        self._reading = ReadingService(uow, deps)

    async def record(
        self, entry: MailingEntry, rows: Sequence[PastRow], *, begun_at: datetime, ended_at: datetime,
        author: str, approver: str,
    ) -> MailingView:  # fmt: skip
        """One that ended then."""
        mailing = Mailing(
            id=new_id(self._clock), rev=1, shop_id=str(self._uow.shop_id), title=entry.title,
            text=entry.text, channels=list(entry.channels), audience=asdict(entry.audience), state="done",
            pace=entry.pace, starts_at=None, next_at=None, content=1, counted=1, counted_at=begun_at,
            count_run=None, authors=[], created_at=begun_at, created_name=author, submitted_at=begun_at,
            approved_at=begun_at, approved_by=None, approved_name=approver, declined="", begun_at=begun_at,
            ended_at=ended_at, stopped_name="",
        )  # fmt: skip
        self._uow.session.add(mailing)
        await self._uow.session.flush()
        self._uow.session.add_all(
            Recipient(
                mailing_id=mailing.id, position=place, client_id=row.client_id, line="", channel=row.channel,
                address=row.address, state=row.state, reason=row.reason, error="", parts=row.parts,
                message_id=None, handed_at=row.at, at=row.at, replied_at=row.replied_at, left_at=row.left_at,
            )
            for place, row in enumerate(rows, 1)
        )  # fmt: skip
        await self._uow.session.flush()
        return await self._reading.one(mailing.id)

    async def draft(self, entry: MailingEntry, author: str) -> MailingView:
        """One that somebody has begun to write; its channels need not be set up yet."""
        now = self._clock.now()
        mailing = Mailing(
            id=new_id(self._clock), rev=1, shop_id=str(self._uow.shop_id), title=entry.title,
            text=entry.text, channels=list(entry.channels), audience=asdict(entry.audience), state="draft",
            pace=entry.pace, starts_at=entry.starts_at, next_at=None, content=1, counted=0, counted_at=None,
            count_run=None, authors=[], created_at=now, created_name=author, submitted_at=None,
            approved_at=None, approved_by=None, approved_name="", declined="", begun_at=None, ended_at=None,
            stopped_name="",
        )  # fmt: skip
        self._uow.session.add(mailing)
        await self._uow.session.flush()
        return await self._reading.one(mailing.id)

"""Mailings and their lists, as they stand. Never commits."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import func, select

from hub.errors import Invalid, NotFound
from hub.kernel.context import Deps, UnitOfWork
from hub.modules.crm.api import CrmApi
from hub.modules.mailings.models import Mailing, Recipient
from hub.modules.mailings.rules import sums_of
from hub.modules.mailings.rules_texts import PARTED
from hub.modules.mailings.views import (
    Audience,
    MailingPage,
    MailingView,
    RowPage,
    RowState,
    RowView,
    State,
)
from hub.modules.messaging.api import sms_price
from hub.values import ShopId

Shops = Collection[ShopId] | None
_ID = re.compile(r"[0-9a-z]{26}")
_PLACE = re.compile(r"[0-9]{1,8}")


class ReadingService:
    """What there is."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self._session = uow.session
        self._deps = deps
        self._crm = CrmApi(uow, deps)

    async def one(self, mailing_id: str, shops: Shops = None) -> MailingView:
        """Raises NotFound, also for one of another shop."""
        return (await self.views([await self.row(mailing_id, shops)]))[0]

    async def row(self, mailing_id: str, shops: Shops = None, *, lock: bool = False) -> Mailing:
        """The row, as it stands in the database. Raises NotFound."""
        row = None
        if _ID.fullmatch(mailing_id):
            query = select(Mailing).where(Mailing.id == mailing_id)
            if lock:
                query = query.with_for_update().execution_options(populate_existing=True)
            row = (await self._session.scalars(query)).first()
        if row is None or (shops is not None and row.shop_id not in shops):
            raise NotFound("mailings.unknown", "There is no such mailing.")
        return row

    async def page(
        self, shops: Shops, *, state: State | None = None, cursor: str | None = None, limit: int = 50
    ) -> MailingPage:
        """A stretch, newest first. Raises Invalid for a cursor that is not ours."""
        query = select(Mailing).order_by(Mailing.id.desc()).limit(limit + 1)
        if shops is not None:
            query = query.where(Mailing.shop_id.in_(sorted(shops)))
        if state is not None:
            query = query.where(Mailing.state == state)
        if cursor is not None:
            query = query.where(Mailing.id < _checked(cursor, _ID))
        rows = (await self._session.scalars(query)).all()
        items = await self.views(rows[:limit])
        return MailingPage(items=items, next=items[-1].id if len(rows) > limit else None)

    async def waiting(self, shops: Shops) -> int:
        """How many wait for a second person."""
        query = select(func.count()).select_from(Mailing).where(Mailing.state == "waiting")
        if shops is not None:
            query = query.where(Mailing.shop_id.in_(sorted(shops)))
        return (await self._session.scalar(query)) or 0

    async def recipients(
        self, mailing_id: str, *, state: RowState | None = None, reason: str = "",
        cursor: str | None = None, limit: int = 100,
    ) -> RowPage:  # fmt: skip
        """A stretch of the list. Raises Invalid for a cursor that is not ours."""
        after = int(_checked(cursor, _PLACE)) if cursor is not None else 0
        query = select(Recipient).where(Recipient.mailing_id == mailing_id, Recipient.position > after)
        if state is not None:
            query = query.where(Recipient.state == state)
        if reason:
            query = query.where(Recipient.reason == reason)
        rows = (await self._session.scalars(query.order_by(Recipient.position).limit(limit + 1))).all()
        items = await self.row_views(rows[:limit])
        return RowPage(items=items, next=str(items[-1].position) if len(rows) > limit else None)

    async def replies(self, mailing_id: str, limit: int) -> tuple[RowView, ...]:
        """Who answered, the newest first."""
        query = select(Recipient).where(Recipient.mailing_id == mailing_id, Recipient.replied_at.is_not(None))
        query = query.order_by(Recipient.replied_at.desc()).limit(limit)
        return await self.row_views((await self._session.scalars(query)).all())

    async def row_views(self, rows: Sequence[Recipient]) -> tuple[RowView, ...]:
        clients = await self._crm.clients_by_ids({row.client_id for row in rows if row.client_id})
        named = {asked: client.title for asked, client in clients.items()}
        return tuple(_row_view(row, named.get(row.client_id or "", "")) for row in rows)

    async def views(self, rows: Sequence[Mailing]) -> tuple[MailingView, ...]:
        """Rows with what their lists add up to."""
        ids = [row.id for row in rows]
        counts, reasons, parts = await self._counts(ids)
        return tuple(
            self._view(row, counts.get(row.id, {}), reasons.get(row.id, {}), parts.get(row.id, {}))
            for row in rows
        )

    async def _counts(
        self, ids: Sequence[str]
    ) -> tuple[dict[str, dict[str, int]], dict[str, dict[str, int]], dict[str, dict[str, int]]]:
        """By mailing: rows by state, those left out by reason, parts by channel of those that are not."""
        counts: dict[str, dict[str, int]] = {}
        reasons: dict[str, dict[str, int]] = {}
        parts: dict[str, dict[str, int]] = {}
        if not ids:
            return counts, reasons, parts
        query = (
            select(
                Recipient.mailing_id, Recipient.state, Recipient.reason, Recipient.channel,
                func.count(), func.coalesce(func.sum(Recipient.parts), 0),
            )
            .where(Recipient.mailing_id.in_(ids), Recipient.position > 0)
            .group_by(Recipient.mailing_id, Recipient.state, Recipient.reason, Recipient.channel)
        )  # fmt: skip
        for mailing, state, reason, channel, count, part in (await self._session.execute(query)).all():
            _add(counts, mailing, state, count)
            if state == "skipped":
                _add(reasons, mailing, reason, count)
            elif state != "stopped":
                _add(parts, mailing, channel, part)
        return counts, reasons, parts

    def _view(
        self, row: Mailing, counts: Mapping[str, int], reasons: Mapping[str, int], parts: Mapping[str, int]
    ) -> MailingView:
        paid = sum(parts.get(channel, 0) for channel in PARTED)
        now = self._deps.clock.now()
        waits = row.next_at if row.state in ("scheduled", "running") else None
        return MailingView(
            id=row.id, rev=row.rev, shop_id=row.shop_id, title=row.title, text=row.text,
            channels=tuple(row.channels), audience=Audience(**row.audience), state=row.state, pace=row.pace,
            starts_at=row.starts_at, is_counted=row.counted == row.content,
            is_counting=row.count_run is not None, counted_at=row.counted_at, parts=paid,
            price=sms_price(paid, self._deps.settings.messaging.sms_part_price) if paid else None,
            authors=tuple(row.authors), created_at=row.created_at, created_name=row.created_name,
            submitted_at=row.submitted_at, approved_at=row.approved_at, approved_name=row.approved_name,
            declined=row.declined, begun_at=row.begun_at, ended_at=row.ended_at,
            stopped_name=row.stopped_name, waits_until=_late(waits, now), sums=sums_of(counts),
            reasons=dict(sorted(reasons.items(), key=lambda one: -one[1])),
        )  # fmt: skip


def _late(at: datetime | None, now: datetime) -> datetime | None:
    """A wait that is worth a word: the next batch of a mailing that runs is seconds away."""
    return at if at is not None and (at - now).total_seconds() > 90 else None


def _add(table: dict[str, dict[str, int]], mailing_id: str, name: str, count: int) -> None:
    found = table.setdefault(mailing_id, {})
    found[name] = found.get(name, 0) + int(count)


def _row_view(row: Recipient, name: str) -> RowView:
    return RowView(
        position=row.position, client_id=row.client_id, name=name, channel=row.channel, address=row.address,
        line=row.line, state=row.state, reason=row.reason, error=row.error, message_id=row.message_id,
        parts=row.parts, at=row.at, replied_at=row.replied_at, left_at=row.left_at,
    )  # fmt: skip


def _checked(cursor: str, shape: re.Pattern[str]) -> str:
    if shape.fullmatch(cursor) is None:
        raise Invalid("list.cursor", "This place in the list is not known.", "Begin at the first page.")
    return cursor

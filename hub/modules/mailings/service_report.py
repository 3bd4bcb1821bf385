"""What came of a mailing: answers, clients who left, clients who called. Never commits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Row, select

from hub.kernel.context import Deps, UnitOfWork
from hub.modules.calls.api import CallsApi
from hub.modules.crm.api import CrmApi
from hub.modules.mailings.models import Recipient
from hub.modules.mailings.rules import REPORT_DAYS, WENT
from hub.modules.mailings.service_reading import ReadingService
from hub.modules.mailings.views import CallerRow, DayView, MailingView, ReportView
from hub.values import ShopId

_SHOWN = 50
Went = Row[str | None, datetime | None, datetime | None, datetime | None]


class ReportService:
    """Counts."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self._session = uow.session
        self._deps = deps
        self._reading = ReadingService(uow, deps)
        self._calls = CallsApi(uow, deps)
        self._crm = CrmApi(uow, deps)

    async def of(self, mailing: MailingView) -> ReportView:
        """Of those whom it has reached, within `REPORT_DAYS` of their message."""
        went = await self._went(mailing.id)
        handed = {one.client_id: one.handed_at for one in went if one.client_id and one.handed_at}
        calls = await self._later_calls(handed)
        zone = self._deps.places.of(ShopId(mailing.shop_id)).zone
        return ReportView(
            days=REPORT_DAYS,
            replied=sum(one.replied_at is not None for one in went),
            left=sum(one.left_at is not None for one in went),
            called=len({client_id for client_id, _ in calls}),
            by_day=_by_day(went, calls, zone),
            callers=await self._callers(calls),
            replies=await self._reading.replies(mailing.id, _SHOWN),
        )

    async def first_calls(self, mailing_id: str) -> dict[str, datetime]:
        """By client, when they called first after their message."""
        went = await self._went(mailing_id)
        handed = {one.client_id: one.handed_at for one in went if one.client_id and one.handed_at}
        found: dict[str, datetime] = {}
        for client_id, at in await self._later_calls(handed):
            found.setdefault(client_id, at)
        return found

    async def _went(self, mailing_id: str) -> Sequence[Went]:
        query = select(
            Recipient.client_id, Recipient.handed_at, Recipient.replied_at, Recipient.left_at
        ).where(Recipient.mailing_id == mailing_id, Recipient.state.in_((*WENT, "unknown")))
        return (await self._session.execute(query)).all()

    async def _later_calls(self, handed: dict[str, datetime]) -> list[tuple[str, datetime]]:
        if not handed:
            return []
        within = timedelta(days=REPORT_DAYS)
        since, until = min(handed.values()), max(handed.values()) + within
        found = await self._calls.contacts.inbound(handed, since, until)
        return [(one, at) for one, at in found if handed[one] <= at < handed[one] + within]

    async def _callers(self, calls: Sequence[tuple[str, datetime]]) -> tuple[CallerRow, ...]:
        counts, first = Counter(one for one, _ in calls), dict[str, datetime]()
        for client_id, at in calls:
            first.setdefault(client_id, at)
        shown = sorted(first, key=lambda one: first[one])[:_SHOWN]
        clients = await self._crm.clients_by_ids(shown)
        return tuple(
            CallerRow(
                client_id=one, name=clients[one].title, first_at=first[one], count=counts[one]
            )
            for one in shown
            if one in clients
        )  # fmt: skip


def _by_day(
    went: Sequence[Went], calls: Sequence[tuple[str, datetime]], zone: ZoneInfo
) -> tuple[DayView, ...]:
    """From the first message to the last thing that came of it, no day left out."""

    def days(moments: Sequence[datetime | None]) -> Counter[date]:
        return Counter(at.astimezone(zone).date() for at in moments if at is not None)

    sent, replies = days([one.handed_at for one in went]), days([one.replied_at for one in went])
    leavings, called = days([one.left_at for one in went]), days([at for _, at in calls])
    known = sorted({*sent, *replies, *leavings, *called})
    if not known:
        return ()
    span = (known[-1] - known[0]).days
    return tuple(
        DayView(
            day=day, sent=sent[day], replies=replies[day], leavings=leavings[day], calls=called[day]
        )
        for day in (known[0] + timedelta(days=n) for n in range(span + 1))
    )  # fmt: skip

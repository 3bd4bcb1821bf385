"""Adds up the calls of whole months, of everybody and of each person, out of days that are counted: so that a
year's report is quick, and a person's too. Never commits."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date

from sqlalchemy import delete, insert, select, update

from hub.kernel.context import Deps, UnitOfWork
from hub.kernel.storage.orm import new_id
from hub.modules.access.api import AccessApi
from hub.modules.calls.models import CountedMonth, MonthTally
from hub.modules.calls.rules_statistics import days_of_month, month_number, month_span
from hub.modules.calls.service_statistics import FACETS, StatisticsService
from hub.modules.calls.service_tallies import EVERYBODY, TallyReading, basis
from hub.modules.calls.views import CallCount, CallFilter, key_of_phones
from hub.values import ShopId

_UNDER_WAY = "under way"
_AS_FAR_BACK = 26
"""Months: a year, the one before it, and what is broken off of both."""

Due = tuple[ShopId, int, str]
"""Shop, month, and whose calls: the phones of a person, or everybody's."""


class MonthService:
    """As DayService does with days: what is due, then begin, count, finish."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self._uow = uow
        self._session = uow.session
        self._deps = deps
        self._statistics = StatisticsService(uow, deps)
        self._tallies = TallyReading(uow, deps)

    async def uncounted(self, most: int) -> list[Due]:
        """Months whose days are all counted, and which are not yet added up; the newest first."""
        found: list[Due] = []
        access = AccessApi(self._uow, self._deps)
        people = await access.list_people(only_active=True)
        phones = {key_of_phones((*one.extensions, *filter(None, (one.mobile,)))) for one in people}
        for shop in await access.list_shops():
            whole = await self._whole(shop.id)
            known = await self._known(shop.id)
            due = [
                (shop.id, month, who)
                for month in whole
                for who in (EVERYBODY, *sorted(phones - {EVERYBODY}))
                if (month, who) not in known
            ]
            found += due[: most - len(found)]
        return found

    async def begin(self, shop_id: ShopId, month: int, who: str) -> str:
        """Say that it is being added up; the mark goes when one of its days is counted anew."""
        begins, ends = month_span(month, self._deps.places.of(shop_id).zone)
        mark = f"{_UNDER_WAY} {new_id(self._deps.clock)}"
        for table in (MonthTally, CountedMonth):
            mine = (table.shop_id == shop_id, table.month == month, table.who == who)
            await self._session.execute(delete(table).where(*mine))
        row = {
            "shop_id": shop_id, "month": month, "who": who, "basis": mark, "begins_at": begins,
            "ends_at": ends,
        }  # fmt: skip
        await self._session.execute(insert(CountedMonth), [row])
        return mark

    async def count(self, shop_id: ShopId, month: int, who: str) -> Sequence[CallCount]:
        """What it adds up to; to be read beside the writers."""
        begins, ends = month_span(month, self._deps.places.of(shop_id).zone)
        where = CallFilter(
            shops=frozenset({shop_id}),
            since=begins,
            until=ends,
            person=tuple(who.split(",")) if who else None,
        )
        return await self._statistics.count(where, FACETS)

    async def finish(
        self, shop_id: ShopId, month: int, who: str, mark: str, counts: Sequence[CallCount]
    ) -> bool:
        """Keep what was counted since `begin`. False when a day of it was counted anew meanwhile."""
        zone = self._deps.places.of(shop_id).zone
        mine = (
            CountedMonth.shop_id == shop_id, CountedMonth.month == month, CountedMonth.who == who,
            CountedMonth.basis == mark,
        )  # fmt: skip
        true = update(CountedMonth).where(*mine).values(basis=basis(zone, self._deps))
        if (await self._session.execute(true.returning(CountedMonth.month))).first() is None:
            return False
        rows = _rows(shop_id, month, who, counts)
        if rows:
            await self._session.execute(insert(MonthTally), rows)
        return True

    async def _whole(self, shop_id: ShopId) -> list[int]:
        """The newest first."""
        zone = self._deps.places.of(shop_id).zone
        today: date = self._deps.clock.now().astimezone(zone).date()
        last = month_number(today)
        since, _ = month_span(last - _AS_FAR_BACK, zone)
        days = set(await self._tallies.days([shop_id], zone, since, self._deps.clock.now()))
        months = range(last - 1, last - _AS_FAR_BACK - 1, -1)
        return [month for month in months if days.issuperset(days_of_month(month))]

    async def _known(self, shop_id: ShopId) -> set[tuple[int, str]]:
        zone = self._deps.places.of(shop_id).zone
        query = select(CountedMonth.month, CountedMonth.who).where(
            CountedMonth.shop_id == shop_id, CountedMonth.basis == basis(zone, self._deps)
        )
        return {(row.month, row.who) for row in (await self._session.execute(query)).all()}


def _rows(shop_id: ShopId, month: int, who: str, counts: Sequence[CallCount]) -> list[dict[str, object]]:
    """The same combination may have come twice."""
    sums: dict[tuple[object, ...], list[float]] = defaultdict(lambda: [0, 0.0, 0.0])
    for one in counts:
        if one.facet != "day":
            known = sums[one.facet, one.value, one.direction, one.in_hours, one.outcome]
            for place, value in enumerate((one.count, one.talk_seconds, one.wait_seconds)):
                known[place] += value
    return [
        {
            "shop_id": shop_id, "who": who, "facet": facet, "month": month, "value": value,
            "direction": direction, "in_hours": in_hours, "outcome": outcome, "count": int(count),
            "talk_seconds": talk, "wait_seconds": wait,
        }
        for (facet, value, direction, in_hours, outcome), (count, talk, wait) in sums.items()
    ]  # fmt: skip

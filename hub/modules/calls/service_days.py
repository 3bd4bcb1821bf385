"""Adds up the calls of days that are over, so that a year's report need not look at a year of calls. Never
commits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import delete, func, insert, select, text, update

from hub.kernel.context import Deps, UnitOfWork
from hub.kernel.storage.orm import new_id
from hub.modules.access.api import AccessApi
from hub.modules.calls.models import IS_LIVE, Call, CountedDay, CountedMonth, Tally
from hub.modules.calls.rules_statistics import NEVER_COUNTED, day_number, day_of, midnight, month_number
from hub.modules.calls.service_statistics import FACETS, StatisticsService
from hub.modules.calls.service_tallies import basis
from hub.modules.calls.views import CallCount, CallFilter
from hub.values import ShopId

_SLOT = "slot"
_UNDER_WAY = "under way"


class DayService:
    """Which days are to be added up, and adds one up in three steps: two short ones that write, and between
    them a long one that only reads."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self._uow = uow
        self._session = uow.session
        self._deps = deps

    async def uncounted(self, most: int) -> list[tuple[ShopId, int]]:
        """Days of shops that are over and not added up, the newest first."""
        found: list[tuple[ShopId, int]] = []
        for shop in await AccessApi(self._uow, self._deps).list_shops():
            zone = self._deps.places.of(shop.id).zone
            of_shop = select(func.min(Call.started_at)).where(Call.shop_id == shop.id)
            first = await self._session.scalar(of_shop)
            if first is None:
                continue
            known = select(CountedDay.day).where(
                CountedDay.shop_id == shop.id, CountedDay.basis == basis(zone, self._deps)
            )
            counted = set((await self._session.scalars(known)).all())
            days = [day for day in self._over(first, zone) if day not in counted]
            found += [(shop.id, day) for day in days[: most - len(found)]]
        return found

    async def begin(self, shop_id: ShopId, day: int) -> str:
        """Say that a day is being added up. The mark that this returns goes with the first fact that
        changes a call of the day, so what was counted meanwhile is not taken for true."""
        zone, mark = self._deps.places.of(shop_id).zone, f"{_UNDER_WAY} {new_id(self._deps.clock)}"
        await self._keep_changes_out()
        await self._forget(shop_id, day)
        row = {
            "shop_id": shop_id, "day": day, "basis": mark, "begins_at": midnight(day_of(day), zone),
            "ends_at": midnight(day_of(day + 1), zone),
        }  # fmt: skip
        await self._session.execute(insert(CountedDay), [row])
        return mark

    async def count(self, shop_id: ShopId, day: int) -> Sequence[CallCount] | None:
        """What the day's calls add up to; to be read beside the writers, for it may take long. None while
        a call of that day goes on."""
        zone = self._deps.places.of(shop_id).zone
        begins, ends = midnight(day_of(day), zone), midnight(day_of(day + 1), zone)
        within = (Call.shop_id == shop_id, Call.started_at >= begins, Call.started_at < ends)
        living = select(Call.id).where(IS_LIVE, *within).limit(1)
        if (await self._session.scalars(living)).first() is not None:
            return None
        where = CallFilter(shops=frozenset({shop_id}), since=begins, until=ends)
        return await StatisticsService(self._uow, self._deps).count_calls(where, FACETS)

    async def finish(self, shop_id: ShopId, day: int, mark: str, counts: Sequence[CallCount]) -> bool:
        """Keep what was counted since `begin`. False when a call of the day has changed meanwhile."""
        zone = self._deps.places.of(shop_id).zone
        mine = (CountedDay.shop_id == shop_id, CountedDay.day == day, CountedDay.basis == mark)
        true = update(CountedDay).where(*mine).values(basis=basis(zone, self._deps))
        kept = await self._session.execute(true.returning(CountedDay.day))
        if kept.first() is None:
            return False
        rows = [_row(shop_id, day, count) for count in counts if count.facet != "day"]
        if rows:
            await self._session.execute(insert(Tally), rows)
        return True

    async def _forget(self, shop_id: ShopId, day: int) -> None:
        for table in (Tally, CountedDay):
            await self._session.execute(delete(table).where(table.shop_id == shop_id, table.day == day))
        month = month_number(day_of(day))
        of_it = (CountedMonth.shop_id == shop_id, CountedMonth.month == month)
        await self._session.execute(delete(CountedMonth).where(*of_it))

    async def _keep_changes_out(self) -> None:
        """Facts that change calls now are stored before the day is read; later ones find the mark. SQLite's
        writers take turns anyway."""
        if self._session.get_bind().dialect.name != "sqlite":
            await self._session.execute(text("LOCK TABLE calls_days IN SHARE ROW EXCLUSIVE MODE"))

    def _over(self, first: datetime, zone: ZoneInfo) -> Iterator[int]:
        """Newest first."""
        last = (self._deps.clock.now() - NEVER_COUNTED).astimezone(zone).date()
        yield from range(
            day_number(last) - 1, day_number(first.astimezone(UTC).astimezone(zone).date()) - 1, -1
        )


def _row(shop_id: ShopId, day: int, count: CallCount) -> dict[str, object]:
    """A slot of one day is an hour."""
    is_slot = count.facet == _SLOT
    return {
        "shop_id": shop_id, "day": day, "facet": "hour" if is_slot else count.facet,
        "value": str(int(count.value) % 24) if is_slot else count.value, "direction": count.direction,
        "in_hours": count.in_hours, "outcome": count.outcome, "count": count.count,
        "talk_seconds": count.talk_seconds, "wait_seconds": count.wait_seconds,
    }  # fmt: skip

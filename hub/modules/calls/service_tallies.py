"""Reads what days and months that are over were added up to, as far as that is still true. Never commits."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, func, literal, select
from sqlalchemy import cast as sql_cast

from hub.kernel.context import Deps, UnitOfWork
from hub.modules.calls.models import CountedDay, CountedMonth, MonthTally, Tally
from hub.modules.calls.rules_statistics import day_of, days_of_month, midnight, month_span
from hub.modules.calls.views import CallCount, CallFilter, Facet, counted
from hub.values import ShopId

Span = tuple[datetime, datetime]

EVERYBODY = ""
_MEASURES = ("count", "talk_seconds", "wait_seconds")
_WEEKDAY = (Tally.day + 3) % 7
_STORED: Mapping[Facet, str] = {"day": "all", "slot": "hour"}
"""What a facet is added up from in the tallies of days."""


class TallyReading:
    """Days and months that are counted in each of the shops, and their sums."""

    def __init__(self, uow: UnitOfWork, deps: Deps) -> None:
        self._session = uow.session
        self._deps = deps

    async def days(
        self, shops: Sequence[ShopId], zone: ZoneInfo, since: datetime, until: datetime
    ) -> list[int]:
        """Days, by the clock of whoever asks, that are counted in each of the shops."""
        query = select(CountedDay.day).where(
            CountedDay.shop_id.in_(shops), CountedDay.basis == basis(zone, self._deps),
            CountedDay.begins_at >= since, CountedDay.ends_at <= until,
        )  # fmt: skip
        query = query.group_by(CountedDay.day).having(func.count() == len(shops)).order_by(CountedDay.day)
        return list((await self._session.scalars(query)).all())

    async def months(
        self, shops: Sequence[ShopId], who: str, zone: ZoneInfo, since: datetime, until: datetime,
        days: Collection[int],
    ) -> list[int]:  # fmt: skip
        """The same for months; one of which a day was taken back is none."""
        query = select(CountedMonth.month).where(
            CountedMonth.shop_id.in_(shops), CountedMonth.who == who,
            CountedMonth.basis == basis(zone, self._deps), CountedMonth.begins_at >= since,
            CountedMonth.ends_at <= until,
        )  # fmt: skip
        query = query.group_by(CountedMonth.month).having(func.count() == len(shops))
        found = (await self._session.scalars(query.order_by(CountedMonth.month))).all()
        known = set(days)
        return [month for month in found if known.issuperset(days_of_month(month))]

    async def of_days(
        self, where: CallFilter, shops: Sequence[ShopId], days: Sequence[int], facets: Collection[Facet]
    ) -> list[CallCount]:
        """What these days add up to."""
        conditions = [Tally.shop_id.in_(shops), *_within(Tally.day, days), *_alike(Tally, where)]
        keys = [Tally.direction, Tally.in_hours, Tally.outcome]
        sums = [func.sum(getattr(Tally, name)) for name in _MEASURES]
        rows: list[Any] = []
        for facet in facets:
            value = _value_of_day(facet)
            query = select(literal(facet), value, *keys, *sums)
            query = query.where(Tally.facet == _STORED.get(facet, facet), *conditions)
            rows += (await self._session.execute(query.group_by(value, *keys))).all()
        return [counted(*row) for row in rows]

    async def of_months(
        self, where: CallFilter, shops: Sequence[ShopId], who: str, months: Sequence[int],
        facets: Collection[Facet],
    ) -> list[CallCount]:  # fmt: skip
        """What these months add up to; a month's calls are told as those of its first day."""
        conditions = [
            MonthTally.shop_id.in_(shops), MonthTally.who == who, *_within(MonthTally.month, months),
            *_alike(MonthTally, where),
        ]  # fmt: skip
        keys = [MonthTally.direction, MonthTally.in_hours, MonthTally.outcome]
        sums = [func.sum(getattr(MonthTally, name)) for name in _MEASURES]
        plain = sorted(set(facets) - {"day"})
        query = select(MonthTally.facet, MonthTally.value, *keys, *sums)
        query = query.where(MonthTally.facet.in_(plain), *conditions)
        grouped = query.group_by(MonthTally.facet, MonthTally.value, *keys)
        rows: list[Any] = [*(await self._session.execute(grouped)).all()]
        found = [counted(*row) for row in rows]
        if "day" in facets:
            by_month = select(MonthTally.month, *keys, *sums).where(MonthTally.facet == "all", *conditions)
            of_months: list[Any] = [
                *(await self._session.execute(by_month.group_by(MonthTally.month, *keys))).all()
            ]
            found += [counted("day", days_of_month(row[0])[0], *row[1:]) for row in of_months]
        return found


def basis(zone: ZoneInfo, deps: Deps) -> str:
    """By which clock and rule it is counted: another one, and the sums say nothing."""
    return f"{zone.key} {deps.settings.reports.answer_within:g}"


def day_spans(days: Iterable[int], zone: ZoneInfo) -> list[Span]:
    """From when to when each of them is."""
    return [(midnight(day_of(day), zone), midnight(day_of(day + 1), zone)) for day in days]


def month_spans(months: Iterable[int], zone: ZoneInfo) -> list[Span]:
    """The same of months."""
    return [month_span(month, zone) for month in months]


def gaps(spans: Iterable[Span], since: datetime, until: datetime) -> list[Span]:
    """The times between the spans, which come in order."""
    found, begin = [], since
    for first, after in spans:
        if first > begin:
            found.append((begin, first))
        begin = after
    return [*found, *([(begin, until)] if begin < until else [])]


def _within(column: Any, numbers: Sequence[int]) -> list[ColumnElement[bool]]:
    found = [column.between(numbers[0], numbers[-1])]
    return found if numbers[-1] - numbers[0] + 1 == len(numbers) else [*found, column.in_(numbers)]


def _alike(table: Any, where: CallFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if where.in_hours is not None:
        found.append(table.in_hours == where.in_hours)
    if where.direction is not None:
        found.append(table.direction == where.direction)
    return found


def _value_of_day(facet: Facet) -> ColumnElement[Any]:
    if facet == "day":
        return Tally.day.expression
    if facet == "slot":
        return _WEEKDAY * 24 + sql_cast(Tally.value, Tally.day.type)
    return Tally.value.expression

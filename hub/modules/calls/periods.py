"""Periods of the history in each shop's own days."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hub.kernel.shops import Places
from hub.modules.calls.views import CallFilter, Stretch
from hub.values import ShopId

PERIODS = ("today", "yesterday", "week", "month", "all", "custom")

Ends = tuple[datetime | None, datetime | None]


def bounds(name: str, first: date | None, last: date | None, now: datetime, zone: ZoneInfo) -> Ends:
    """From the first moment of the first day to that after the last; None is open. Days of 23 and 25
    hours are whole days."""
    return span_of(*days_of(name, first, last, now, zone), zone)


def days_of(
    name: str, first: date | None, last: date | None, now: datetime, zone: ZoneInfo
) -> tuple[date | None, date | None]:
    """The first and the last day of a period, by the clock in `zone`; None is open."""
    today = now.astimezone(zone).date()
    if name == "all":
        return None, None
    if name == "custom":
        return first, last
    back = {"yesterday": 1, "week": 6, "month": 29}.get(name, 0)
    return today - timedelta(days=back), today - timedelta(days=int(name == "yesterday"))


def span_of(first: date | None, last: date | None, zone: ZoneInfo) -> Ends:
    """From when to when these days are by the clock in `zone`."""
    return (_begin(first, zone) if first else None), (_after(last, zone) if last else None)


def own_days(
    first: date | None, last: date | None, shops: Iterable[ShopId], places: Places, where: CallFilter,
    zone: ZoneInfo,
) -> tuple[Stretch, ...]:  # fmt: skip
    """These days of the filter's shops, each by the clock on its own wall: a stretch for each zone. `shops`:
    all that there are; `zone`: where there is none of them."""
    zones: dict[ZoneInfo, set[ShopId]] = {}
    for shop in shops:
        if where.shops is None or shop in where.shops:
            zones.setdefault(places.of(shop).zone, set()).add(shop)
    if len(zones) > 1:
        return tuple(_stretch(first, last, one, frozenset(mine)) for one, mine in zones.items())
    return (_stretch(first, last, next(iter(zones), zone), where.shops),)


def within(where: CallFilter, stretches: Sequence[Stretch]) -> CallFilter:
    """The filter with these days; `since` and `until` are the outermost ends of all."""
    begins, ends = [one.since for one in stretches], [one.until for one in stretches]
    return replace(
        where,
        since=None if None in begins else min(one for one in begins if one is not None),
        until=None if None in ends else max(one for one in ends if one is not None),
        stretches=tuple(stretches) if len(stretches) > 1 else (),
    )


def apart(where: CallFilter) -> tuple[CallFilter, ...]:
    """A filter for each zone; together they are the filter."""
    if not where.stretches:
        return (where,)
    return tuple(
        replace(where, shops=one.shops, since=one.since, until=one.until, stretches=())
        for one in where.stretches
    )


def _stretch(
    first: date | None, last: date | None, zone: ZoneInfo, shops: frozenset[ShopId] | None
) -> Stretch:
    since, until = span_of(first, last, zone)
    return Stretch(shops=shops, zone=zone, since=since, until=until)


def _begin(day: date, zone: ZoneInfo) -> datetime:
    # A zone east of Greenwich begins the calendar's first day before the calendar does.
    day = max(day, date.min + timedelta(days=1))
    return datetime.combine(day, time(), zone).astimezone(UTC)


def _after(day: date, zone: ZoneInfo) -> datetime:
    return _begin(min(day, date.max - timedelta(days=2)) + timedelta(days=1), zone)

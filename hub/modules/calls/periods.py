"""Periods of the history in the shop's own days."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

PERIODS = ("today", "yesterday", "week", "month", "all", "custom")


def bounds(
    name: str, first: date | None, last: date | None, now: datetime, zone: ZoneInfo
) -> tuple[datetime | None, datetime | None]:
    """From the first moment of the first day to that after the last; None is open. Days of 23 and 25
    hours are whole days."""
    today = now.astimezone(zone).date()
    if name == "all":
        return None, None
    if name == "custom":
        return (_begin(first, zone) if first else None), (_after(last, zone) if last else None)
    begin = {
        "yesterday": today - timedelta(days=1),
        "week": today - timedelta(days=6),
        "month": today - timedelta(days=29),
    }.get(name, today)
    return _begin(begin, zone), _after(begin if name == "yesterday" else today, zone)


def _begin(day: date, zone: ZoneInfo) -> datetime:
    # A zone east of Greenwich begins the calendar's first day before the calendar does.
    day = max(day, date.min + timedelta(days=1))
    return datetime.combine(day, time(), zone).astimezone(UTC)


def _after(day: date, zone: ZoneInfo) -> datetime:
    return _begin(min(day, date.max - timedelta(days=2)) + timedelta(days=1), zone)

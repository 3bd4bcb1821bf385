"""Months as the clock on a shop's wall has them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from zoneinfo import ZoneInfo


def months_between(since: datetime, until: datetime, zone: ZoneInfo) -> Iterator[tuple[str, datetime]]:
    """Every month that has a moment of this stretch: its name (2026-01), and the moment (UTC) it is over."""
    first, last = since.astimezone(zone), until.astimezone(zone)
    year, month = first.year, first.month
    while (year, month) <= (last.year, last.month):
        name = f"{year:04d}-{month:02d}"
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
        yield name, datetime(year, month, 1, tzinfo=zone).astimezone(UTC)

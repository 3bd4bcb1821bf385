"""How long the law gives for the answer to somebody who asks to be forgotten. Pure."""

from __future__ import annotations

import calendar
from datetime import datetime
from zoneinfo import ZoneInfo


def due_after(asked_at: datetime, zone: ZoneInfo) -> datetime:
    """A month later where the shop is (GDPR, article 12.3): the same day of the next month, or its last one,
    at the end of that day."""
    local = asked_at.astimezone(zone)
    year, month = (local.year, local.month + 1) if local.month < 12 else (local.year + 1, 1)
    day = min(local.day, calendar.monthrange(year, month)[1])
    return datetime(year, month, day, 23, 59, 59, tzinfo=zone)

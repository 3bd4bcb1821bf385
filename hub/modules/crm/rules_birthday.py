"""A client's birthday: `1980-03-14`, or `--03-14` where nobody knows the year (ISO 8601, vCard). Pure."""

from __future__ import annotations

import calendar
import re
from datetime import date

YEARS = range(1900, 2101)
_ISO = re.compile(r"(?:(\d{4})-?|--)(\d{2})-?(\d{2})(?:[T ].*)?")
_DOTS = re.compile(r"(\d{1,2})[./](\d{1,2})(?:[./](\d{4}))?\.?(?: 0?0:00(?::00)?)?")
_LEAP = 2000
_NO_YEAR = "1604"
"""What Apple's address book writes for a year that nobody knows."""


def birthday_in(text: str) -> str | None:
    """As it is kept, of what was typed or stands in a file: `14.03`, `14.03.1980`, `1980-03-14`. Empty:
    nothing was written. None: it is no day."""
    text = text.strip()
    if not text:
        return ""
    if found := _ISO.fullmatch(text):
        year, month, day = found[1], int(found[2]), int(found[3])
    elif found := _DOTS.fullmatch(text):
        year, month, day = found[3], int(found[2]), int(found[1])
    else:
        return None
    if year == _NO_YEAR:
        year = None
    try:
        born = date(int(year) if year else _LEAP, month, day)
    except ValueError:
        return None
    if not year:
        return f"--{born:%m-%d}"
    return born.isoformat() if born.year in YEARS else None


def days_of(day: date) -> tuple[str, ...]:
    """Whose birthday is kept on a day: `03-14`; on 28 February of a common year also theirs who were born
    on the 29th."""
    if (day.month, day.day) == (2, 28) and not calendar.isleap(day.year):
        return ("02-28", "02-29")
    return (f"{day:%m-%d}",)

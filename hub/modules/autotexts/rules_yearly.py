"""What comes once a year: birthdays, and seasons between two days (`10-01`). Pure."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hub.modules.autotexts.views import RuleEntry

BIRTHDAY, SEASON = "client.birthday", "season"
YEARLY = (BIRTHDAY, SEASON)
"""Nobody asked for these: they are advertising by law."""
FROM = time(10, 0)
"""Of the shop's day: before that nobody is greeted, whatever quiet hours say."""
_DAY = re.compile(r"(\d{1,2})[./](\d{1,2})\.?|(\d{2})-(\d{2})")


def day_in(text: str) -> str | None:
    """`10-01` of `1.10`; empty stays empty; None: it is no day of the year."""
    text = text.strip()
    if not text:
        return ""
    found = _DAY.fullmatch(text)
    if found is None:
        return None
    day, month = (found[1], found[2]) if found[1] else (found[4], found[3])
    try:
        return f"{date(2000, int(month), int(day)):%m-%d}"
    except ValueError:
        return None


def show_day(day: str) -> str:
    """As people write it: `01.10`."""
    return f"{day[3:]}.{day[:2]}" if len(day) == 5 and day[2] == "-" else day


def season_of(begins: str, ends: str, day: date) -> int | None:
    """The year in which the season began that this day lies in; None: it lies in none. One that ends before
    it begins goes over the New Year."""
    today = f"{day:%m-%d}"
    if begins <= ends:
        return day.year if begins <= today <= ends else None
    if today >= begins:
        return day.year
    return day.year - 1 if today <= ends else None


def greeted_at(day: date, zone: ZoneInfo) -> datetime:
    """The moment of a day from which on its messages may go out."""
    return datetime.combine(day, FROM, zone)


def days_between(since: datetime, until: datetime, zone: ZoneInfo) -> list[date]:
    """The days whose moment of greeting lies between the two."""
    first, last = since.astimezone(zone).date(), until.astimezone(zone).date()
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    return [day for day in days if since <= greeted_at(day, zone) < until]


def yearly_faults(entry: RuleEntry) -> dict[str, str]:
    """What is wrong with a rule that comes once a year (English source texts)."""
    if entry.trigger not in YEARLY:
        return {}
    faults: dict[str, str] = {}
    if entry.purpose != "marketing":
        faults["purpose"] = "Nobody waits for this: it is advertising, and needs their consent."
    if entry.trigger == SEASON:
        conditions = entry.conditions
        for name in ("begins", "ends"):
            if not day_in(getattr(conditions, name)):
                faults[name] = "A day and a month are needed: 01.10."
        if not conditions.segments and not conditions.tags:
            faults["segments"] = "Say for whom the season is: a segment, or a tag."
    return faults

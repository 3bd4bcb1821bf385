"""Pure rules of opening hours: how a time is written, whether it is open now and what changes next,
which holidays a country has."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from hub.modules.access.views import HolidayView, Span

if TYPE_CHECKING:
    from holidays import HolidayBase

DAY_MINUTES = 1440
LOOK_AHEAD = 400
"""Days: whoever is closed for longer has no next opening that one could promise."""
_TIME = re.compile(r"([01]?\d|2[0-4])(?:[:.,\-]?([0-5]\d))?", re.ASCII)
_HOLIDAY_LANGUAGES: Mapping[str, Sequence[str]] = {
    "uk": ("uk", "uk_UA"), "ru": ("ru", "ru_RU"), "en": ("en_US", "en", "en_GB"),
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenState:
    """Whether the shop is open, and when that changes; None: not in sight."""

    is_open: bool
    changes_at: datetime | None
    holiday: str = ""


@dataclass(frozen=True, slots=True)
class HolidaySuggestion:
    """A holiday of the country; the shop decides."""

    day: date
    title: str


def read_time(text: str) -> int | None:
    """Minutes of the day of `9`, `9:30`, `09.30`, `930` or `24:00`; None when it is no time."""
    found = _TIME.fullmatch(text.strip().replace(" ", ""))
    if found is None:
        return None
    minutes = int(found[1]) * 60 + int(found[2] or 0)
    return minutes if minutes <= DAY_MINUTES else None


def open_state(
    hours: Mapping[int, Sequence[Span]], holidays: Iterable[HolidayView], now: datetime, zone: ZoneInfo
) -> OpenState:
    """How it is at `now` (aware), by the shop's own zone."""
    local = now.astimezone(zone)
    special = {one.day: one for one in holidays}
    today = special.get(local.date())
    changes = _changes(hours, special, local.date())
    minute = local.hour * 60 + local.minute
    is_open = any(s.opens <= minute < s.closes for s in _spans(hours, special, local.date()))
    title = today.title if today is not None else ""
    for day, at, opens in changes:
        if opens == is_open or (day == local.date() and at <= minute):
            continue
        moment = datetime.combine(day + timedelta(days=at // DAY_MINUTES), time(0), zone)
        return OpenState(
            is_open=is_open, holiday=title,
            changes_at=moment.replace(hour=at % DAY_MINUTES // 60, minute=at % 60),
        )  # fmt: skip
    return OpenState(is_open=is_open, changes_at=None, holiday=title)


def _spans(
    hours: Mapping[int, Sequence[Span]], special: Mapping[date, HolidayView], day: date
) -> Sequence[Span]:
    holiday = special.get(day)
    if holiday is None:
        return sorted(hours.get(day.weekday(), ()), key=lambda span: span.opens)
    return [holiday.span] if holiday.span else []


def _changes(
    hours: Mapping[int, Sequence[Span]], special: Mapping[date, HolidayView], first: date
) -> Iterable[tuple[date, int, bool]]:
    """Day, minute and whether it opens; a closing at midnight where the next day opens then is none."""
    for number in range(LOOK_AHEAD):
        day = first + timedelta(days=number)
        spans = _spans(hours, special, day)
        for i, span in enumerate(spans):
            yield day, span.opens, True
            following = spans[i + 1] if i + 1 < len(spans) else None
            if span.closes == DAY_MINUTES:
                tomorrow = _spans(hours, special, day + timedelta(days=1))
                if tomorrow and tomorrow[0].opens == 0:
                    continue
            elif following is not None and following.opens == span.closes:
                continue
            yield day, span.closes, False


def suggested(
    country: str, language: str, since: date, days: int = 366, known: Iterable[date] = ()
) -> list[HolidaySuggestion]:
    """The country's holidays from `since` on that the shop does not have yet, in the viewer's language, else
    in the country's own; none for a country that nobody has a list of. Where the law makes none of them
    free (as in war), the working ones."""
    import holidays  # loads a country's rules only when it is asked: start must not wait for it

    if country not in holidays.list_supported_countries(include_aliases=False):
        return []
    years = sorted({since.year, (since + timedelta(days=days)).year})
    found: HolidayBase = holidays.country_holidays(country, years=years)
    wanted = (one for one in _HOLIDAY_LANGUAGES.get(language, ()) if one in found.supported_languages)
    tongue = next(wanted, found.default_language)
    category = "public"
    if "workday" in found.supported_categories and not any(day >= since for day in found):
        category = "workday"
    found = holidays.country_holidays(country, years=years, language=tongue, categories=category)
    taken, last = set(known), since + timedelta(days=days)
    return [
        HolidaySuggestion(day, title[:100])
        for day, title in sorted(found.items())
        if since <= day < last and day not in taken
    ]

"""Pure rules of working time: a deadline runs while the shop is open, by its own zone, hours, breaks and
holidays, over every change of the clocks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hub.modules.access.api import ShopView, Span

LOOK_AHEAD = 400
"""Days: who is closed for longer has no working time that one could promise."""
QUARTER = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """When a shop works: weekday (0 = Monday) to spans in minutes of the local day; a day that stands in
    `special` has that span instead, None: closed."""

    zone: ZoneInfo
    hours: Mapping[int, Sequence[Span]]
    special: Mapping[date, Span | None]

    def spans(self, day: date) -> Iterator[tuple[datetime, datetime]]:
        """When it is open on a local day, as moments, in order."""
        if day in self.special:
            only = self.special[day]
            spans: Sequence[Span] = [only] if only is not None else []
        else:
            spans = sorted(self.hours.get(day.weekday(), ()), key=lambda span: span.opens)
        for span in spans:
            yield self._moment(day, span.opens, fold=0), self._moment(day, span.closes, fold=1)

    def is_open(self, at: datetime) -> bool:
        """Whether it works at a moment; always, where nobody has said when."""
        if self.is_unset:
            return True
        return any(opens <= at < closes for opens, closes in self.spans(at.astimezone(self.zone).date()))

    @property
    def is_unset(self) -> bool:
        """Nobody has said when the shop is open."""
        return not any(self.hours.values())

    def _moment(self, day: date, minute: int, fold: int) -> datetime:
        """Of an hour that comes twice the shop opens at the first and closes at the second."""
        day += timedelta(days=minute // 1440)
        local = datetime.combine(day, time(minute % 1440 // 60, minute % 60, fold=fold), self.zone)
        if fold and local.astimezone(UTC).astimezone(self.zone).replace(tzinfo=None) != local.replace(
            tzinfo=None
        ):
            local = local.replace(fold=0)  # the clocks jump over it: it closes when they have jumped
        return local.astimezone(UTC)


def calendar_of(shop: ShopView) -> Calendar:
    """The working time of a shop."""
    special = {one.day: one.span for one in shop.holidays}
    return Calendar(zone=ZoneInfo(shop.timezone), hours=shop.hours, special=special)


def after_working(calendar: Calendar, start: datetime, minutes: float) -> datetime:
    """The moment at which so many working minutes have passed since `start` (aware). Where nobody has said
    when the shop is open, or it is closed for as long as one can see, every minute counts."""
    left = timedelta(minutes=minutes)
    start = start.astimezone(UTC)
    if calendar.is_unset or minutes <= 0:
        return start + left
    first = start.astimezone(calendar.zone).date()
    for number in range(LOOK_AHEAD):
        for opens, closes in calendar.spans(first + timedelta(days=number)):
            begins = max(opens, start)
            if closes <= begins:
                continue
            if left <= closes - begins:
                return begins + left
            left -= closes - begins
    return start + timedelta(minutes=minutes)


def working_seconds(calendar: Calendar, start: datetime, end: datetime) -> float:
    """How much working time lies between two moments; where nobody has said when the shop is open, all."""
    if calendar.is_unset or (end - start) > timedelta(days=LOOK_AHEAD):
        return max(0.0, (end - start).total_seconds())
    day, last = (moment.astimezone(calendar.zone).date() for moment in (start, end))
    seconds = 0.0
    while day <= last:
        for opens, closes in calendar.spans(day):
            seconds += max(0.0, (min(closes, end) - max(opens, start)).total_seconds())
        day += timedelta(days=1)
    return seconds


def promises(calendar: Calendar, now: datetime) -> dict[str, datetime]:
    """When a client may be promised a call, by name: `hour` from now, `evening` (half an hour before today's
    closing, while that is ahead), `morning` (a quarter of an hour after the next day's opening)."""
    found = {"hour": now + timedelta(hours=1)}
    today = now.astimezone(calendar.zone).date()
    spans = list(calendar.spans(today))
    if spans and spans[-1][1] - timedelta(minutes=30) > found["hour"]:
        found["evening"] = spans[-1][1] - timedelta(minutes=30)
    for number in range(1, LOOK_AHEAD):
        first = next(calendar.spans(today + timedelta(days=number)), None)
        if first is not None:
            found["morning"] = first[0] + timedelta(minutes=QUARTER)
            break
    return found


def next_try(calendar: Calendar, at: datetime, minutes: float) -> datetime:
    """When to try again: after so many working minutes, on the quarter of the hour before that where it is
    a working moment, for people remember 13:00."""
    exact = after_working(calendar, at, minutes)
    local = exact.astimezone(calendar.zone)
    round_minute = local.minute // QUARTER * QUARTER
    quarter = local.replace(minute=round_minute, second=0, microsecond=0).astimezone(UTC)
    return quarter if quarter > at and calendar.is_open(quarter) else exact

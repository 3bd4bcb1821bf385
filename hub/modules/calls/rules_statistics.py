"""Pure rules of the statistics: how a call went, which outcomes make up which number, what the clock on the
shop's wall said."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Literal, get_args
from zoneinfo import ZoneInfo

Outcome = Literal[
    "answered_in_time", "answered_late", "missed_late", "missed_early", "voicemail_late", "voicemail_early",
    "short_abandon", "no_answer", "busy", "failed", "cancelled", "unknown", "live",
]  # fmt: skip
"""How one call went. Inbound: answered within T seconds or later; lost after T or before (by whoever never
joined a queue nor made a phone ring, too). Outbound and internal: `answered_in_time` is simply answered."""

OutcomeGroup = Literal[
    "counted", "answered", "in_time", "late", "lost", "lost_late", "lost_early", "missed", "missed_late",
    "voicemail", "voicemail_late", "short", "unanswered", "unknown",
]  # fmt: skip
"""A number of the report, and the list behind it."""

ANSWERED: frozenset[Outcome] = frozenset({"answered_in_time", "answered_late"})
_MISSED: frozenset[Outcome] = frozenset({"missed_late", "missed_early"})
_VOICEMAIL: frozenset[Outcome] = frozenset({"voicemail_late", "voicemail_early"})
_SHORT: frozenset[Outcome] = frozenset({"short_abandon"})
_NOT_REACHED: frozenset[Outcome] = frozenset({"no_answer", "busy", "failed", "cancelled"})

GROUPS: Mapping[OutcomeGroup, frozenset[Outcome]] = {
    "counted": ANSWERED | _MISSED | _VOICEMAIL | _SHORT | _NOT_REACHED,
    "answered": ANSWERED,
    "in_time": frozenset({"answered_in_time"}),
    "late": frozenset({"answered_late"}),
    "lost": _MISSED | _VOICEMAIL,
    "lost_late": frozenset({"missed_late", "voicemail_late"}),
    "lost_early": frozenset({"missed_early", "voicemail_early", "short_abandon"}),
    "missed": _MISSED,
    "missed_late": frozenset({"missed_late"}),
    "voicemail": _VOICEMAIL,
    "voicemail_late": frozenset({"voicemail_late"}),
    "short": _SHORT,
    "unanswered": _MISSED | _VOICEMAIL | _SHORT | _NOT_REACHED,
    "unknown": frozenset({"unknown"}),
}  # fmt: skip

CallerKind = Literal["new", "known", "withheld", "not_noted"]
CALLER_KINDS: tuple[CallerKind, ...] = get_args(CallerKind)

NEVER_COUNTED = timedelta(hours=2)
"""A day is added up when it has been over for longer than that: facts of newer calls change no tally."""

NONE = "-"
"""In place of a line, queue or source: calls that have none."""

EPOCH = date(1970, 1, 1).toordinal()
_THURSDAY = 3
_FIRST = datetime(2000, 1, 1, tzinfo=UTC)


def day_number(day: date) -> int:
    """Days since 1970-01-01: how the tallies name a local day."""
    return day.toordinal() - EPOCH


def day_of(number: int) -> date:
    """The local day of a number."""
    return date.fromordinal(number + EPOCH)


def weekday_of(number: int) -> int:
    """0 = Monday."""
    return (number + _THURSDAY) % 7


def offsets(zone: ZoneInfo, since: datetime | None, until: datetime | None) -> Iterator[tuple[datetime, int]]:
    """(until when, seconds to add to UTC), in order; the last one's end is after `until`."""
    begin = max(since or _FIRST, _FIRST)
    end = max(until or begin, begin) + timedelta(days=1)
    steps = [begin + timedelta(days=n) for n in range((end - begin).days + 2)]
    for before, after in pairwise(steps):
        if _offset(zone, before) != _offset(zone, after):
            yield _change(zone, before, after), _offset(zone, before)
    yield steps[-1], _offset(zone, steps[-1])


def _change(zone: ZoneInfo, before: datetime, after: datetime) -> datetime:
    """The first whole second at which the clocks stand otherwise."""
    low, high = 0, int((after - before).total_seconds())
    while high - low > 1:
        middle = (low + high) // 2
        if _offset(zone, before + timedelta(seconds=middle)) == _offset(zone, before):
            low = middle
        else:
            high = middle
    return (before + timedelta(seconds=high)).replace(microsecond=0)


def _offset(zone: ZoneInfo, at: datetime) -> int:
    shift = at.astimezone(zone).utcoffset()
    return int(shift.total_seconds()) if shift is not None else 0


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """When a local day begins, in UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)


def month_number(day: date) -> int:
    """How the tallies name a local month."""
    return day.year * 12 + day.month - 1


def days_of_month(month: int) -> range:
    """The numbers of its days."""
    first, after = (date(one // 12, one % 12 + 1, 1) for one in (month, month + 1))
    return range(day_number(first), day_number(after))


def month_span(month: int, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """From when to when a local month is, in UTC."""
    days = days_of_month(month)
    return midnight(day_of(days[0]), zone), midnight(day_of(days[-1] + 1), zone)


def results_of(outcomes: Collection[Outcome]) -> frozenset[str]:
    """The results of calls among which these outcomes are."""
    plain = {one.removesuffix("_in_time").removesuffix("_late").removesuffix("_early") for one in outcomes}
    return frozenset(plain - {"live"})

"""Pure rules of the report on calls: what its numbers mean."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hub.modules.calls.api import GROUPS, CallCount, Outcome, OutcomeGroup, Stretch


@dataclass(slots=True)
class Sums:
    """Calls added up, by how they went. Rates are shares of one, None where there is nothing to divide by."""

    counts: Counter[Outcome] = field(default_factory=Counter)
    talk: float = 0.0
    waited: float = 0.0

    def add(self, count: CallCount) -> None:
        """One more row of counts."""
        self.counts[count.outcome] += count.count
        self.talk += count.talk_seconds
        if count.outcome in GROUPS["answered"]:
            self.waited += count.wait_seconds

    def of(self, group: OutcomeGroup) -> int:
        """How many went so."""
        return sum(self.counts[outcome] for outcome in GROUPS[group])

    @property
    def calls(self) -> int:
        """Every call that is over and whose end was seen."""
        return self.of("counted")

    @property
    def service_level(self) -> float | None:
        """Answered within T, of all that were answered or lost after T; early losses stand apart."""
        return _share(self.of("in_time"), self.of("answered") + self.of("lost_late"))

    @property
    def answer_rate(self) -> float | None:
        """Answered, of all calls."""
        return _share(self.of("answered"), self.calls)

    @property
    def mean_wait(self) -> float | None:
        """Seconds from the beginning to the answer, of those that were answered."""
        return _share(self.waited, self.of("answered"))

    @property
    def mean_talk(self) -> float | None:
        """Seconds of talk of an answered call."""
        return _share(self.talk, self.of("answered"))


def summed(counts: Iterable[CallCount]) -> Sums:
    """All of them together."""
    sums = Sums()
    for count in counts:
        sums.add(count)
    return sums


def _share(part: float, whole: float) -> float | None:
    return part / whole if whole else None


def percent(share: float | None) -> float | None:
    """With one decimal, halves up, as a person tallies it."""
    return None if share is None else int(share * 1000 + 0.5 + 1e-9) / 10


def median(values: Collection[float]) -> float | None:
    """Half of them are below; None of nothing."""
    return statistics.median(values) if values else None


def before(one: Stretch, now: datetime) -> Stretch:
    """The same length just before, by local days; of a time that is not over, only as far as it has come."""
    assert one.since is not None
    assert one.until is not None
    first, after = one.since.astimezone(one.zone), one.until.astimezone(one.zone)
    days = timedelta(days=max(1, (after.date() - first.date()).days))
    end = min(one.until, max(now, one.since)).astimezone(one.zone)
    return replace(one, since=_moved(first, days, one.zone), until=_moved(end, days, one.zone))


def _moved(moment: datetime, days: timedelta, zone: ZoneInfo) -> datetime:
    return (moment.replace(tzinfo=None) - days).replace(tzinfo=zone).astimezone(UTC)


def month_of(day: date) -> date:
    """Its first day."""
    return day.replace(day=1)


def month_end(day: date) -> date:
    """Its last day."""
    following = (day.replace(day=28) + timedelta(days=4)).replace(day=1)
    return following - timedelta(days=1)

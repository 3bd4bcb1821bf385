"""What reports gives out: frozen, plain, safe to hand to a template."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from hub.kernel.masking import Dialable, Words
from hub.modules.calls.api import CallFilter, FullView, Stretch
from hub.modules.reports.rules import Sums

Hours = Literal["in", "out", "all"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked: whose calls, of which days; `where` is the filter without the opening hours. A day is
    each shop's own: `stretches` says from when to when they are, a zone each. `is_own`: only what the viewer
    took part in. `lines`: the numbers that a source or line leaves, None = all."""

    where: CallFilter
    days: tuple[date, date]
    stretches: tuple[Stretch, ...]
    hours: Hours = "in"
    lines: frozenset[str] | None = None
    is_own: bool = False
    compares: bool = True
    person: str = ""

    @property
    def since(self) -> datetime:
        """When the first day begins at the first shop."""
        return min(one.since for one in self.stretches if one.since is not None)

    @property
    def until(self) -> datetime:
        """When the last day is over at every shop."""
        return max(one.until for one in self.stretches if one.until is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A line of a table: whose or what, and its calls. `narrow` is what the list's filter says of it; "" as
    a key: calls that have none."""

    key: Dialable
    name: Words
    sums: Sums
    narrow: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonRow:
    """What a person of ours did: answered inbound calls (talk and wait are theirs), calls that rang at the
    person's phones and that nobody answered, outbound calls. `key` is a person's id, else an extension."""

    key: Dialable
    name: Words
    answered: Sums
    lost: int
    outbound: Sums


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A column of the chart: a day or a month."""

    first: date
    last: date
    sums: Sums


@dataclass(frozen=True, slots=True, kw_only=True)
class Speed:
    """How missed callers were called back; median working seconds."""

    count: int
    tried: int
    reached: int
    to_first_try: float | None
    to_reached: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallReport:
    """The report. `slots` is by weekday (0 = Monday) and hour of the shop's own clock; `outside` counts the
    inbound calls that the opening hours leave out. `lost` None: of a long time or a
    person they are counted on their own page only; `speed` None: a filter leaves no way to say it."""

    inbound: Sums
    outbound: Sums
    before: Sums | None
    outside: int
    steps: tuple[Step, ...]
    slots: Mapping[tuple[int, int], Sums]
    people: tuple[PersonRow, ...]
    lines: tuple[Row, ...]
    sources: tuple[Row, ...]
    queues: tuple[Row, ...]
    callers: tuple[Row, ...]
    reasons: tuple[Row, ...]
    lost: int | None
    speed: Speed | None
    within: float
    full: tuple[FullView, ...] = ()
    """When lines were full: whoever rang in vain then is in no number."""

"""Shapes of the charts, drawn by the server: each has its table, and needs no script."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hub.modules.calls.api import OutcomeGroup
from hub.modules.reports.rules import Sums
from hub.modules.reports.views import Step

HEIGHT = 100.0
WIDTH = 0.76
"""Of a column, of the room for it."""
SHADES = 6
_PARTS: tuple[OutcomeGroup, ...] = ("answered", "short", "lost")


@dataclass(frozen=True, slots=True)
class Bar:
    """A column: from the bottom up answered, hung up at once, lost; in a picture HEIGHT high."""

    step: Step
    left: float
    parts: tuple[tuple[str, float, float], ...]
    """Name, upper edge, height."""


@dataclass(frozen=True, slots=True)
class Bars:
    """All columns, and what the highest stands for."""

    columns: tuple[Bar, ...]
    most: int


@dataclass(frozen=True, slots=True)
class Cell:
    """A weekday's hour."""

    weekday: int
    hour: int
    count: int
    shade: int
    """0 (none) to SHADES."""


@dataclass(frozen=True, slots=True)
class Heat:
    """Rows by the hour from the first to the last that has calls; what is counted; sums of the weekdays."""

    rows: tuple[tuple[int, tuple[Cell, ...], int], ...]
    group: OutcomeGroup
    weekdays: tuple[int, ...]


def bars(steps: Sequence[Step]) -> Bars:
    """Of days or months."""
    most = max((step.sums.calls for step in steps), default=0)
    return Bars(columns=tuple(_bar(n, step, most) for n, step in enumerate(steps)), most=most)


def _bar(number: int, step: Step, most: int) -> Bar:
    parts: list[tuple[str, float, float]] = []
    top = HEIGHT
    for name in _PARTS:
        height = round(HEIGHT * step.sums.of(name) / most, 2) if most else 0.0
        top = round(top - height, 2)
        if height:
            parts.append((name, top, height))
    return Bar(step=step, left=round(number + (1 - WIDTH) / 2, 2), parts=tuple(parts))


def heat(slots: Mapping[tuple[int, int], Sums], chosen: str) -> Heat:
    """By hour and weekday: all calls, or those that were lost."""
    group: OutcomeGroup = "lost" if chosen == "lost" else "counted"
    counts = {slot: sums.of(group) for slot, sums in slots.items() if sums.calls}
    hours = [hour for _, hour in counts]
    most = max(counts.values(), default=0)
    rows = []
    for hour in range(min(hours, default=0), max(hours, default=-1) + 1):
        found = [counts.get((day, hour), 0) for day in range(7)]
        cells = tuple(Cell(day, hour, count, _shade(count, most)) for day, count in enumerate(found))
        rows.append((hour, cells, sum(found)))
    weekdays = tuple(sum(counts.get((day, hour), 0) for hour in range(24)) for day in range(7))
    return Heat(rows=tuple(rows), group=group, weekdays=weekdays)


def _shade(count: int, most: int) -> int:
    return 0 if not count else max(1, min(SHADES, -(-count * SHADES // most)))

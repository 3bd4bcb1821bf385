"""Shapes of the pictures, drawn by the server: each has its numbers beside it, and needs no script."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hub.modules.mailings.views import DayView, Sums

HEIGHT = 100.0
_KINDS = ("replies", "calls", "leavings")
_GAP = 0.12


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of the strip, in hundredths of its width."""

    name: str
    count: int
    left: float
    width: float


@dataclass(frozen=True, slots=True)
class Bar:
    """A day: beside each other answers, calls, those who left; `x`, `y`, `width`, `height` in a picture
    HEIGHT high with a day a unit wide."""

    day: DayView
    parts: tuple[tuple[str, float, float, float, float], ...]


@dataclass(frozen=True, slots=True)
class Bars:
    """All days, and what the highest stands for."""

    days: tuple[Bar, ...]
    most: int


def strip(sums: Sums) -> tuple[Part, ...]:
    """How far it is: every client once."""
    counts = (
        ("delivered", sums.delivered), ("sent", sums.sent - sums.delivered), ("queued", sums.queued),
        ("unknown", sums.unknown), ("failed", sums.failed), ("waiting", sums.waiting),
        ("stopped", sums.stopped), ("skipped", sums.skipped),
    )  # fmt: skip
    parts: list[Part] = []
    left = 0.0
    for name, count in counts:
        width = round(100 * count / sums.size, 3) if sums.size else 0.0
        if count:
            parts.append(Part(name, count, round(left, 3), width))
        left += width
    return tuple(parts)


def bars(days: Sequence[DayView]) -> Bars:
    """What came of it, day by day."""
    most = max((max(one.replies, one.calls, one.leavings) for one in days), default=0)
    return Bars(tuple(_bar(n, day, most) for n, day in enumerate(days)), most)


def _bar(number: int, day: DayView, most: int) -> Bar:
    counts = (("replies", day.replies), ("calls", day.calls), ("leavings", day.leavings))
    room = (1 - 2 * _GAP) / len(_KINDS)
    parts = []
    for place, (name, count) in enumerate(counts):
        height = round(HEIGHT * count / most, 2) if most else 0.0
        if count:
            x = round(number + _GAP + place * room, 3)
            parts.append((name, x, round(HEIGHT - height, 2), round(room * 0.92, 3), height))
    return Bar(day, tuple(parts))

"""The plot of scores over time, drawn by the server: it has its table beside it, and needs no script."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from recordings.views_library import PersonScore

WIDTH, HEIGHT = 600.0, 100.0
COLOURS = 6
"""Lines beyond so many repeat the colours, and differ by their dashes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One person's line. `points` are (x, y, score) in a picture WIDTH by HEIGHT; `colour` is below
    COLOURS."""

    name: str
    colour: int
    is_dashed: bool
    points: tuple[tuple[float, float, PersonScore], ...]

    @property
    def path(self) -> str:
        """As svg's polyline takes it."""
        return " ".join(f"{x},{y}" for x, y, _ in self.points)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plot:
    """Every person's line over these months."""

    months: tuple[str, ...]
    lines: tuple[Line, ...]


def plot(scores: Sequence[PersonScore]) -> Plot:
    """Months from the first to the last that has a review; 100 percent is at the top."""
    months = _every_month([one.month for one in scores])
    places = {month: _across(number, len(months)) for number, month in enumerate(months)}
    people: dict[str, list[PersonScore]] = {}
    for one in scores:
        people.setdefault(one.person_id, []).append(one)
    ordered = sorted(people.values(), key=lambda ones: ones[-1].person_name.casefold())
    return Plot(
        months=months,
        lines=tuple(
            Line(
                name=ones[-1].person_name, colour=number % COLOURS, is_dashed=number >= COLOURS,
                points=tuple((places[one.month], round(HEIGHT - one.percent, 1), one) for one in ones),
            )
            for number, ones in enumerate(ordered)
        ),
    )  # fmt: skip


def _across(number: int, count: int) -> float:
    return round(WIDTH * (number + 0.5) / count, 1)


def _every_month(known: Sequence[str]) -> tuple[str, ...]:
    if not known:
        return ()
    year, month = (int(part) for part in min(known).split("-"))
    found = []
    while (text := f"{year:04d}-{month:02d}") <= max(known):
        found.append(text)
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
    return tuple(found)

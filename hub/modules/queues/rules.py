"""What is too much on the board: limits, and which of them are passed. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Literal

AlarmKind = Literal["waiting", "longest_wait", "service_level", "members_free"]
Level = Literal["warning", "problem"]
FEWEST_CALLS = 5
"""Of fewer a service level says nothing: the first missed call of the day would be an alarm."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """When the board becomes red; 0 = never. So many callers wait; somebody waits so many seconds; the
    service level of today is below so many per cent; fewer members are free while the shop is open."""

    waiting: int = 3
    longest_wait: int = 60
    service_level: int = 80
    members_free: int = 1


MOST = {"waiting": 100, "longest_wait": 3600, "service_level": 100, "members_free": 100}


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """How a queue stands. `longest_wait` in seconds; `service_level` in per cent, None while unknown;
    `members_free` None where how phones are is not known."""

    waiting: int
    longest_wait: float
    service_level: float | None
    calls: int
    members_free: int | None
    is_open: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """A limit that is passed (`problem`) or nearly reached (`warning`)."""

    kind: AlarmKind
    level: Level
    limit: int


def alarms(figures: Figures, limits: Limits) -> tuple[Alarm, ...]:
    """Every limit that is passed or nearly so, in the order of the board."""
    found: list[Alarm | None] = [
        _above("waiting", figures.waiting, limits.waiting),
        _above("longest_wait", figures.longest_wait, limits.longest_wait) if figures.waiting else None,
    ]
    level = figures.service_level
    if limits.service_level and level is not None and figures.calls >= FEWEST_CALLS:
        found.append(_below("service_level", level, limits.service_level, near=limits.service_level + 5))
    if limits.members_free and figures.members_free is not None and figures.is_open:
        free = figures.members_free
        found.append(_below("members_free", free, limits.members_free, near=limits.members_free))
    return tuple(one for one in found if one is not None)


def _above(kind: AlarmKind, value: float, limit: int) -> Alarm | None:
    if not limit or value * 3 < limit * 2:
        return None
    return Alarm(kind=kind, level="problem" if value >= limit else "warning", limit=limit)


def _below(kind: AlarmKind, value: float, limit: int, *, near: int) -> Alarm | None:
    if value >= near:
        return None
    return Alarm(kind=kind, level="problem" if value < limit else "warning", limit=limit)


def limits_of(stored: object) -> Limits:
    """As stored; what is not there or not understood is as at the beginning."""
    if not isinstance(stored, Mapping):
        return Limits()
    known = {one.name for one in fields(Limits)}
    good = {name: value for name, value in stored.items() if name in known and _is_good(name, value)}
    return Limits(**good)


def limit_faults(limits: Limits) -> dict[str, str]:
    """What is wrong, by field (English source texts)."""
    return {
        name: "Enter a whole number that makes sense here, 0 for never."
        for name, value in asdict(limits).items()
        if not _is_good(name, value)
    }


def _is_good(name: str, value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MOST[name]

"""Which PBX answers, and which of its lives this is.

A boot is one life of the PBX process: Uniqueids are unique only within it. It is told by the start
time that CoreStatus reports; where that is not allowed, by FullyBooted's `Uptime` against our clock
with a tolerance; where neither comes, all its lives are one to us (`UNTOLD`), the same after a restart
of the hub.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from connectors.ami.message import Message

_VERSION = re.compile(r"(?:^|[^0-9.])(\d{1,3})\.(\d{1,4})")
_RECKONED = re.compile(r"up\d{8}T\d{4}b*")
_DIGITS = re.compile(r"\D+")
# The first releases with structured event filters (asterisk/asterisk#874), by main line.
_STRUCTURED_FILTERS = {18: 25, 20: 10, 21: 5}


@dataclass(frozen=True, slots=True)
class Boot:
    """One life of the PBX. `is_exact`: told by its own start time, not reckoned from an uptime."""

    id: str
    started: datetime | None
    is_exact: bool


UNTOLD = Boot("untold", None, False)
"""A PBX that says nothing of its start has one life to us, in every process: so a restarted hub knows
its calls again. What is lost is that a restart of the PBX itself cannot be told; its Uniqueids carry
the second of their birth, so that they differ all the same unless its clock is set back."""


@dataclass(frozen=True, slots=True)
class Pbx:
    """What the PBX says of itself."""

    version: str = ""

    @property
    def number(self) -> tuple[int, int]:
        """Main and minor version, (0, 0) where it is not told."""
        found = _VERSION.search(self.version)
        return (int(found[1]), int(found[2])) if found else (0, 0)

    @property
    def has_structured_filters(self) -> bool:
        """Whether `Filter` knows MatchCriteria. Certified releases count apart, so they do not."""
        if "cert" in self.version.lower():
            return False
        main, minor = self.number
        return main >= 22 or minor >= _STRUCTURED_FILTERS.get(main, 10_000)


def recognise(
    core_status: Message | None,
    uptime: float | None,
    at: datetime,
    known: Boot | None,
    tolerance: float,
) -> Boot:
    """The boot that a log-in `at` has reached, given the one that was known before."""
    started = at - timedelta(seconds=uptime) if uptime is not None else None
    exact = _start_time(core_status)
    if known is not None and _is_same(known, exact, started, tolerance):
        return known
    if exact:
        return _other_than(known, Boot(exact, started, True))
    if started is not None:
        return _other_than(known, Boot(_reckoned(started), started, False))
    return UNTOLD


def names_of(boot: Boot) -> tuple[str, ...]:
    """How another process may have called the same life: one that is reckoned by the minute may fall
    into the minute beside."""
    if boot.is_exact or boot.started is None:
        return (boot.id,)
    beside = [boot.started + timedelta(minutes=minutes) for minutes in (-1, 1)]
    return (boot.id, *(_reckoned(started) for started in beside))


def boot_named(name: str) -> Boot:
    """The boot of that id, for those who have nothing but its name."""
    if _RECKONED.fullmatch(name):
        return Boot(name, datetime.strptime(name[2:15], "%Y%m%dT%H%M").replace(tzinfo=UTC), False)
    return Boot(name, None, True)


def _reckoned(started: datetime) -> str:
    """By the minute: a restarted hub reckons the same life to a second or two."""
    return f"up{started:%Y%m%dT%H%M}"


def _is_same(known: Boot, exact: str, started: datetime | None, tolerance: float) -> bool:
    if exact and known.is_exact:
        return exact == known.id
    if started is not None and known.started is not None:
        return abs((started - known.started).total_seconds()) <= tolerance
    # Nothing speaks for a restart: the snapshot decides what is gone.
    return True


def _other_than(known: Boot | None, boot: Boot) -> Boot:
    if known is not None and known.id == boot.id:
        return Boot(f"{boot.id}b", boot.started, boot.is_exact)
    return boot


def _start_time(core_status: Message | None) -> str:
    if core_status is None:
        return ""
    date = _DIGITS.sub("", core_status.get("CoreStartupDate"))
    time = _DIGITS.sub("", core_status.get("CoreStartupTime"))
    return f"{date}T{time}" if len(date) == 8 and len(time) == 6 else ""

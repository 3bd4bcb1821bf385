"""When nobody is to be written to, and how often at most. Read from a stored document that may be older than
this program, so that everything has a default."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hub.modules.consents.views import Purpose

_TIME = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])")
MOST_DAYS = 365


@dataclass(frozen=True, slots=True, kw_only=True)
class Quiet:
    """From `begins` (inclusive) to `ends` (exclusive) by the shop's clock, `21:00` to `08:00`; the same
    twice is never."""

    begins: str
    ends: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactRules:
    """A shop's: quiet hours of each purpose, marketing at most once in so many days (0: no limit), and
    whether it rests on Sundays."""

    service: Quiet = Quiet(begins="21:00", ends="08:00")
    marketing: Quiet = Quiet(begins="20:00", ends="09:00")
    marketing_days: int = 7
    rests_on_sunday: bool = True

    def quiet(self, purpose: Purpose) -> Quiet:
        """Of one purpose."""
        return self.marketing if purpose == "marketing" else self.service


def option_name(shop_id: str) -> str:
    """Under which the rules of a shop are stored."""
    return f"consents.rules.{shop_id}"


def stored_form(rules: ContactRules) -> dict[str, Any]:
    """As it is stored."""
    return asdict(rules)


def read_rules(stored: object) -> ContactRules:
    """What was stored; what this program does not understand of it is left at its default."""
    if not isinstance(stored, dict):
        return ContactRules()
    base = ContactRules()
    read = replace(
        base,
        service=_quiet(stored.get("service"), base.service),
        marketing=_quiet(stored.get("marketing"), base.marketing),
        marketing_days=_whole(stored.get("marketing_days"), base.marketing_days),
        rests_on_sunday=bool(stored.get("rests_on_sunday", base.rests_on_sunday)),
    )
    return base if rule_faults(read) else read


def _quiet(stored: object, base: Quiet) -> Quiet:
    if not isinstance(stored, Mapping):
        return base
    return Quiet(begins=str(stored.get("begins", base.begins)), ends=str(stored.get("ends", base.ends)))


def _whole(stored: object, base: int) -> int:
    return stored if isinstance(stored, int) else base


def rule_faults(rules: ContactRules) -> dict[str, str]:
    """What is wrong, by the form's field (English source texts)."""
    faults: dict[str, str] = {}
    for name, quiet in (("service", rules.service), ("marketing", rules.marketing)):
        for end, text in (("begins", quiet.begins), ("ends", quiet.ends)):
            if not _TIME.fullmatch(text):
                faults[f"{name}_{end}"] = "A time like 21:00."
    if not 0 <= rules.marketing_days <= MOST_DAYS:
        faults["marketing_days"] = "A whole number from 0 to 365."
    return faults


def quiet_until(rules: ContactRules, purpose: Purpose, at: datetime, zone: ZoneInfo) -> datetime | None:
    """When what would go out at this moment may go: None if it may now. With quiet hours that leave no moment
    of a Sunday's neighbours the search ends after a week, and it may go."""
    quiet = rules.quiet(purpose)
    begins, ends = _time(quiet.begins), _time(quiet.ends)
    rests = purpose == "marketing" and rules.rests_on_sunday
    if not _is_quiet(at.astimezone(zone), begins, ends, rests=rests):
        return None
    for moment in _ends(at, zone, ends):
        if moment > at and not _is_quiet(moment.astimezone(zone), begins, ends, rests=rests):
            return moment
    return None


def _ends(at: datetime, zone: ZoneInfo, ends: time) -> Iterator[datetime]:
    """Every moment of the next days at which quiet may be over."""
    day = at.astimezone(zone).date()
    for later in range(9):
        for clock in sorted({time(0), ends}):
            local = datetime.combine(day + timedelta(days=later), clock, zone)
            yield local.astimezone(at.tzinfo)


def _is_quiet(local: datetime, begins: time, ends: time, *, rests: bool) -> bool:
    if rests and local.weekday() == 6:
        return True
    clock = local.time().replace(tzinfo=None)
    if begins <= ends:
        return begins <= clock < ends
    return clock >= begins or clock < ends


def _time(text: str) -> time:
    found = _TIME.fullmatch(text)
    return time(int(found[1]), int(found[2])) if found is not None else time(0)

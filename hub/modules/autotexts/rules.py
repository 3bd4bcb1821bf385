"""Pure rules: whether something goes out now, waits, or never goes, in the order in which people ask."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from hub.modules.autotexts.views import Conditions, RuleEntry, RunReason, Way

AGAIN = timedelta(seconds=10)
"""How soon it is looked at again while they talk, or somebody rings them back."""
MOST_DELAY = 30 * 24 * 3600
MOST_STALE = 30 * 24 * 60
MOST_PAUSE = 365 * 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known at the moment of deciding. `last_at`: when this rule wrote to them last; `results` of
    the call; `is_settled`: the call-back is done, by whatever; `is_claimed`: somebody rings them back now."""

    now: datetime
    happened_at: datetime
    is_open: bool
    is_client: bool
    is_known: bool
    way: Way = "any"
    line: str | None = None
    tags: frozenset[str] = frozenset()
    segments: frozenset[str] = frozenset()
    results: frozenset[str] = frozenset()
    has_address: bool = True
    is_mobile: bool = True
    is_settled: bool = False
    is_claimed: bool = False
    is_talking: bool = False
    last_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """Empty reason: it goes. `again_at`: not yet; it is judged anew then."""

    reason: RunReason = ""
    again_at: datetime | None = None


GOES = Judgement()


def judge(rule: RuleEntry, facts: Facts) -> Judgement:
    """May it go out?"""
    if not rule.is_on:
        return Judgement(reason="rule_off")
    if not facts.is_client:
        return Judgement(reason="not_client")
    if facts.is_settled:
        return Judgement(reason="settled")
    missed = _unmet(rule.conditions, facts)
    if missed:
        return Judgement(reason=missed)
    if not facts.has_address:
        return Judgement(reason="no_number")
    if not facts.is_mobile:
        return Judgement(reason="landline")
    if is_too_often(rule, facts.last_at, facts.now):
        return Judgement(reason="too_often")
    if facts.now > stale_at(rule, facts.happened_at):
        return Judgement(reason="stale")
    if facts.is_talking:
        return Judgement(reason="talking", again_at=facts.now + AGAIN)
    if facts.is_claimed:
        return Judgement(reason="rung_back", again_at=facts.now + AGAIN)
    return GOES


def is_too_often(rule: RuleEntry, last_at: datetime | None, now: datetime) -> bool:
    """Whether they have had this lately."""
    return last_at is not None and abs(now - last_at) < timedelta(hours=rule.pause_hours)


def stale_at(rule: RuleEntry, happened_at: datetime) -> datetime:
    """After this nobody wants it any more; a rule that waits on purpose counts from its own delay."""
    return happened_at + timedelta(seconds=rule.delay_seconds, minutes=rule.stale_minutes)


def _unmet(conditions: Conditions, facts: Facts) -> RunReason:
    """The first condition that does not hold."""
    checks: tuple[tuple[RunReason, bool], ...] = (
        ("hours", conditions.hours == "any" or (conditions.hours == "open") == facts.is_open),
        ("who", conditions.who == "any" or (conditions.who == "known") == facts.is_known),
        ("way", conditions.way == "any" or facts.way in ("any", conditions.way)),
        ("line", not conditions.lines or facts.line in conditions.lines),
        ("tags", not conditions.tags or bool(facts.tags.intersection(conditions.tags))),
        ("segments", not conditions.segments or bool(facts.segments.intersection(conditions.segments))),
        ("results", not conditions.results or bool(facts.results.intersection(conditions.results))),
    )
    return next((reason for reason, holds in checks if not holds), "")

"""Pure rules of call-backs: which call was a miss, what makes a task, what a later call says of it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, Protocol

from hub.events.calls import CallResult, CallStateName, Direction

MissKind = Literal["missed", "voicemail", "short_abandon"]
TryOutcome = Literal["asked", "reached", "not_reached", "no_answer", "busy"]
"""`asked`: a talk too short to be sure, somebody is to say; the other ones count or end it."""
FAILED_TRIES: frozenset[str] = frozenset({"not_reached", "no_answer", "busy"})
RANG_LONG_ENOUGH = 10.0
"""Seconds after which a call of ours that we gave up was a try, and not a wrong key."""
TOO_OLD = timedelta(days=3)
"""Whoever rang longer ago than that expects no call any more: history that is read in makes no tasks."""
LONGEST_TITLE = 200
LONGEST_NOTE = 2000
LONGEST_LINE = 500
_NUMBER = re.compile(r"(?<!\w)(\+?\(?\d(?:[\d\s().\-–]*\d)?)(?!\w)")
_SHORTEST_NUMBER = 7
_NOT_REACHED = re.compile(r"^\s*[-–—]\s*")


class CallLeg(Protocol):
    """A channel of a call; `outside` is the other side's."""

    @property
    def role(self) -> str: ...


class EndedCall(Protocol):
    """A call as far as tasks depend on it."""

    @property
    def direction(self) -> Direction: ...
    @property
    def state(self) -> CallStateName: ...
    @property
    def result(self) -> CallResult | None: ...
    @property
    def started_at(self) -> datetime: ...
    @property
    def wait_seconds(self) -> float | None: ...
    @property
    def talk_seconds(self) -> float: ...
    @property
    def legs(self) -> Sequence[CallLeg]: ...


def miss_kind(call: EndedCall) -> MissKind | None:
    """Whether nobody of ours talked to the one who rang, and how that came. A call that a colleague
    answered is nobody's miss; of one whose end was not seen nobody knows."""
    if call.direction != "inbound" or call.state != "ended":
        return None
    if call.result == "missed":
        return "missed"
    if call.result == "voicemail":
        return "voicemail"
    return "short_abandon" if call.result == "short_abandon" else None


def try_outcome(call: EndedCall, reached_seconds: float) -> TryOutcome | None:
    """What a call with somebody whom we are to call back says: reached (in either direction); to be asked,
    since an operator's "not available" can look answered; a try in vain; None where it says nothing."""
    if call.direction == "internal" or call.state != "ended":
        return None
    if call.result == "answered":
        return "reached" if call.talk_seconds >= reached_seconds else "asked"
    if call.direction != "outbound" or (call.legs and all(leg.role != "outside" for leg in call.legs)):
        # A click to call whose own phone nobody picked up: the client was never rung.
        return None
    if call.result in ("no_answer", "busy"):
        return "busy" if call.result == "busy" else "no_answer"
    if call.result == "cancelled" and (call.wait_seconds or 0.0) >= RANG_LONG_ENOUGH:
        return "no_answer"
    return None


def may_call(relation: str | None, candidates: Collection[str], is_colleague: bool) -> bool:
    """Whether a number is worth a task: not a supplier's, a spammer's, one of our own. `relation` of the
    only record that has it, `candidates` those of several."""
    if is_colleague:
        return False
    if relation is not None:
        return relation == "client"
    return not candidates or "client" in candidates


def calls_for_help(
    kind: MissKind, started_at: datetime, other_short: Iterable[datetime], within: timedelta
) -> bool:
    """Whether a miss makes a task: one at once, a short one when the same number has another such near it
    ("ring once, they call back")."""
    return kind != "short_abandon" or any(abs(other - started_at) <= within for other in other_short)


def subject_of(client_id: str | None, number_key: str | None) -> str | None:
    """What there is one open call-back for."""
    if client_id is not None:
        return f"client:{client_id}"
    return f"number:{number_key}" if number_key is not None else None


@dataclass(frozen=True, slots=True, kw_only=True)
class MobileEntry:
    """A call on a private mobile as one line says it."""

    number: str
    text: str
    is_reached: bool


def read_line(line: str) -> MobileEntry | None:
    """`050 123 45 67 comes on Friday`: a number anywhere in the line, the rest is what was said; a dash in
    front: not reached. None when there is no number in it."""
    is_reached = _NOT_REACHED.match(line) is None
    text = _NOT_REACHED.sub("", line)
    for found in _NUMBER.finditer(text):
        if sum(c.isdigit() for c in found[1]) >= _SHORTEST_NUMBER:
            rest = f"{text[: found.start()]} {text[found.end() :]}"
            said = " ".join(rest.split()).strip(" ,;:–—-")
            return MobileEntry(number=found[1].strip(), text=said, is_reached=is_reached)
    return None

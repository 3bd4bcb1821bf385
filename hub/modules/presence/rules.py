"""How a colleague is, out of everything that is known: pure. The strongest state wins:

| state | strongest first | where it comes from |
|---|---|---|
| `unknown` | the line to the PBX is away, or it was not asked anew yet | since when |
| `talking` | a phone of theirs is in use or on hold, or they talk in a call that we follow | mobile too |
| `ringing` | a phone of theirs rings, or they are rung in a call that we follow | mobile too |
| `do_not_disturb` | they said so, or the PBX's own switch for the extension is on | until when |
| `away` | they said so | reason, until when |
| `unreachable` | none of their devices is registered | |
| `paused` | they are in queues, and paused in every one of them | reason |
| `free` | a phone of theirs is there and has nothing to do | |
| `unknown` | the PBX tells nothing of any phone of theirs (only a mobile, no phone at all) | |

A device that takes one call alone is "busy" to the PBX already while it rings: the call that we follow says
which of the two it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

from hub.events.phones import PhoneCondition
from hub.events.presence import ChosenPresence

PresenceState = Literal[
    "talking", "ringing", "do_not_disturb", "away", "unreachable", "paused", "free", "unknown"
]  # fmt: skip
STRENGTH: tuple[PresenceState, ...] = get_args(PresenceState)
MOST_REASON = 80
REASONS = ("Lunch", "Break", "In the workshop", "Meeting", "At the client’s")
"""What stands to choose from; a reason may also be written."""
_OF_PHONES: dict[PhoneCondition, PresenceState] = {
    "talking": "talking", "on_hold": "talking", "ringing": "ringing", "do_not_disturb": "do_not_disturb",
    "free": "free",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneFact:
    """A device: how it is, since when. `is_switch`: no telephone, but the PBX's "do not disturb" of one."""

    condition: PhoneCondition
    since: datetime
    is_switch: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberFact:
    """The person in a queue."""

    is_paused: bool
    reason: str = ""
    paused_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallFactOf:
    """The person in a call that goes on: rung since, and talking since (or not yet)."""

    rang_at: datetime | None
    answered_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What the person said of themselves."""

    kind: ChosenPresence
    since: datetime
    reason: str = ""
    until: datetime | None = None

    def holds(self, now: datetime) -> bool:
        """Whether it is still so."""
        return self.kind != "here" and (self.until is None or self.until > now)


@dataclass(frozen=True, slots=True, kw_only=True)
class Presence:
    """One state, with what belongs to it. `since` None: since when is not known."""

    state: PresenceState
    since: datetime | None = None
    reason: str = ""
    until: datetime | None = None


def presence_of(
    now: datetime,
    *,
    phones: Sequence[PhoneFact] = (),
    members: Sequence[MemberFact] = (),
    calls: Sequence[CallFactOf] = (),
    choice: Choice | None = None,
    unknown_since: datetime | None = None,
) -> Presence:
    """How somebody is. `unknown_since`: nothing that the PBX tells is known since then."""
    if unknown_since is not None:
        return Presence(state="unknown", since=unknown_since)
    found = [*_by_phones(phones, calls), *_by_calls(calls), *_by_queues(members)]
    if choice is not None and choice.kind != "here" and choice.holds(now):
        found.append(
            Presence(state=choice.kind, since=choice.since, reason=choice.reason, until=choice.until)
        )
    return min(found, key=_rank, default=Presence(state="unknown"))


def is_rung(calls: Sequence[CallFactOf]) -> bool:
    """Whether they are rung, and talk with nobody yet."""
    return any(call.rang_at for call in calls) and not any(call.answered_at for call in calls)


def _by_phones(phones: Sequence[PhoneFact], calls: Sequence[CallFactOf]) -> Iterable[Presence]:
    engaged: PresenceState = "ringing" if is_rung(calls) else "talking"
    for phone in phones:
        state = engaged if phone.condition == "busy" else _OF_PHONES.get(phone.condition)
        if state is not None and not (phone.is_switch and state == "free"):
            yield Presence(state=state, since=phone.since)
    devices = [phone for phone in phones if not phone.is_switch]
    if devices and all(phone.condition == "unreachable" for phone in devices):
        yield Presence(state="unreachable", since=max(phone.since for phone in devices))


def _by_calls(calls: Sequence[CallFactOf]) -> Iterable[Presence]:
    for call in calls:
        if call.answered_at is not None:
            yield Presence(state="talking", since=call.answered_at)
        elif call.rang_at is not None:
            yield Presence(state="ringing", since=call.rang_at)


def _by_queues(members: Sequence[MemberFact]) -> Iterable[Presence]:
    if members and all(member.is_paused for member in members):
        dated = [(member.paused_at, member) for member in members if member.paused_at is not None]
        last = max(dated, key=lambda one: one[0])[1] if dated else members[0]
        yield Presence(state="paused", since=last.paused_at, reason=last.reason)


def _rank(one: Presence) -> tuple[int, bool, float]:
    """The strongest; of two alike the one that is so for longer."""
    return (STRENGTH.index(one.state), one.since is None, one.since.timestamp() if one.since else 0.0)


def reason_fault(reason: str) -> str | None:
    """What is wrong with a reason, in words (an English source text)."""
    if len(reason) > MOST_REASON:
        return "This is too long."
    if any(ord(c) < 32 or ord(c) == 127 for c in reason):
        return "This cannot be read."
    return None

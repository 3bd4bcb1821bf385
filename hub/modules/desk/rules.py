"""The pop as a state machine per person: what one person's desk shows now.

Nothing is stored and nothing is pushed: the state is a pure function of the calls as they stand, of
the person's phones and of what the person put away. A tab that slept, came late or lost its socket
asks once and is right again.

One row per state; `moves to` is what one fact of the PBX (or the end of the wrap-up) may lead to:

    state    | the person sees                                  | moves to
    ---------+--------------------------------------------------+---------------------------------------------
    none     | nothing: not concerned, or put away              | ringing waiting calling talking
    ringing  | the card, a phone of theirs rings                | none waiting talking held parked wrap_up
    waiting  | a strip: a second call rings while they talk     | none ringing talking held parked wrap_up
    calling  | the card of whom they call, not yet answered     | talking wrap_up
    talking  | the card, the clock of the talk runs             | ringing waiting held parked wrap_up
    held     | the card, the other side hears music             | ringing waiting talking parked wrap_up
    parked   | the card and the space to fetch the caller from  | none ringing waiting talking wrap_up
    wrap_up  | the card a little longer, to finish the note     | none ringing waiting talking

A phone that stopped ringing because somebody else answered, because the caller gave up or because
its person declined moves to `none` at once (to `parked` or `wrap_up` if the call was theirs before).
A call that went on to a colleague moves to `wrap_up` here and to `ringing` or `talking` there: the
card goes with the call. An unsaved note in a tab keeps that tab's card in `wrap_up`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal, Protocol

from hub.events.calls import CallStateName, Direction, PartyOutcome
from hub.kernel.masking import Dialable
from hub.values import CallId

PopState = Literal["ringing", "waiting", "calling", "talking", "held", "parked", "wrap_up"]
Stage = Literal["ring", "talk", "after"]

WRAP_UP = timedelta(seconds=60)

MOVES: Mapping[str, frozenset[str]] = {
    "none": frozenset({"ringing", "waiting", "calling", "talking"}),
    "ringing": frozenset({"none", "waiting", "talking", "held", "parked", "wrap_up"}),
    "waiting": frozenset({"none", "ringing", "talking", "held", "parked", "wrap_up"}),
    "calling": frozenset({"talking", "wrap_up"}),
    "talking": frozenset({"ringing", "waiting", "held", "parked", "wrap_up"}),
    "held": frozenset({"ringing", "waiting", "talking", "parked", "wrap_up"}),
    "parked": frozenset({"none", "ringing", "waiting", "talking", "wrap_up"}),
    "wrap_up": frozenset({"none", "ringing", "waiting", "talking"}),
}

_ORDER: Mapping[str, int] = {
    "talking": 0, "calling": 1, "held": 2, "ringing": 3, "waiting": 4, "parked": 5, "wrap_up": 6,
}  # fmt: skip
_STAGE: Mapping[str, Stage] = {
    "ringing": "ring", "waiting": "ring", "calling": "talk", "talking": "talk", "held": "talk",
    "parked": "talk", "wrap_up": "after",
}  # fmt: skip
_BUSY = frozenset({"talking", "calling", "held"})


class PartyRow(Protocol):
    """A person of ours in a call, as far as the pop depends on it."""

    @property
    def extension(self) -> str | None: ...
    @property
    def number(self) -> str | None: ...
    @property
    def answered_at(self) -> datetime | None: ...
    @property
    def left_at(self) -> datetime | None: ...
    @property
    def outcome(self) -> PartyOutcome | None: ...


class TransferRow(Protocol):
    """A transfer of a call, as far as the pop depends on it."""

    @property
    def at(self) -> datetime: ...
    @property
    def kind(self) -> str: ...
    @property
    def from_extension(self) -> str | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowedCall:
    """A live or just-ended call as far as the pop depends on it. `changed_at` is the hub's own time
    of the last change: the PBX's clock may be wrong, and the two are never subtracted."""

    call_id: CallId
    direction: Direction
    state: CallStateName
    from_number: str | None
    started_at: datetime
    answered_at: datetime | None
    ended_at: datetime | None
    changed_at: datetime
    last_extension: str | None
    parties: tuple[PartyRow, ...]
    transfers: tuple[TransferRow, ...]


@dataclass(frozen=True, slots=True)
class Dismissal:
    """What a person put away: this call, in this stage, before any further transfer of it."""

    stage: Stage
    transfers: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Pop:
    """One call as it concerns one person. `since` starts the clock that the card shows."""

    call_id: CallId
    state: PopState
    since: datetime
    extension: Dialable | None
    transfers: int

    @property
    def stage(self) -> Stage:
        """What a dismissal of this pop remembers."""
        return _STAGE[self.state]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskState:
    """Everything that a person's desk pops up, most urgent first. `until` is when the state changes
    by the clock alone."""

    pops: tuple[Pop, ...]
    until: datetime | None

    @property
    def primary(self) -> Pop | None:
        """The pop whose card is open unless the person chose another one."""
        return self.pops[0] if self.pops else None

    def opened(self, chosen: str | None) -> Pop | None:
        """The pop that a tab which chose `chosen` has open."""
        return next((pop for pop in self.pops if pop.call_id == chosen), self.primary)


def desk_state(
    calls: Iterable[FollowedCall],
    phones: Collection[str],
    dismissals: Mapping[CallId, Dismissal],
    now: datetime,
    kept: Collection[str] = (),
) -> DeskState:
    """The desk of the person who has these phones (extensions, mobiles in E.164). `kept` are calls
    for which a tab holds an unsaved note: their wrap-up lasts until it is saved or thrown away."""
    found: dict[CallId, Pop] = {}
    until: datetime | None = None
    for call in calls:
        pop = _pop(call, phones, now, is_kept=call.call_id in kept)
        if pop is None or _is_dismissed(pop, dismissals.get(call.call_id)):
            continue
        found[call.call_id] = pop
        if pop.state == "wrap_up" and pop.call_id not in kept:
            until = min(filter(None, (until, _left_at(call, phones) + WRAP_UP)))
    return DeskState(pops=_ordered(_second_calls_wait(found.values())), until=until)


def _pop(call: FollowedCall, phones: Collection[str], now: datetime, *, is_kept: bool) -> Pop | None:
    mine = [party for party in call.parties if _is_theirs(party, phones)]
    state = _state(call, mine, phones)
    if state is None and mine and (is_kept or _is_wrapping_up(call, mine, phones, now)):
        state = "wrap_up"
    if state is None:
        return None
    shown = next((p for p in mine if p.left_at is None), mine[0] if mine else None)
    return Pop(
        call_id=call.call_id,
        state=state,
        since=_since(call, state, mine),
        extension=(shown.extension or shown.number) if shown else None,
        transfers=len(call.transfers),
    )


def _is_theirs(party: PartyRow, phones: Collection[str]) -> bool:
    return party.extension in phones or party.number in phones


def _state(call: FollowedCall, mine: list[PartyRow], phones: Collection[str]) -> PopState | None:
    if call.state == "ended":
        return None
    if call.state == "parked" and _parked_by(call) in phones:
        return "parked"
    present = [party for party in mine if party.left_at is None]
    if any(_is_in_talk(call, party) for party in present):
        return "held" if call.state == "on_hold" else "talking"
    if not any(party.outcome is None for party in present):
        return None
    return "calling" if _is_caller(call, phones) else "ringing"


def _is_in_talk(call: FollowedCall, party: PartyRow) -> bool:
    """Answered and still there. A phone that rings again after its person left has no outcome."""
    return party.outcome == "answered" and call.state in ("talking", "on_hold")


def _parked_by(call: FollowedCall) -> str | None:
    parked = [transfer for transfer in call.transfers if transfer.kind == "park"]
    return (parked[-1].from_extension if parked else None) or call.last_extension


def _is_caller(call: FollowedCall, phones: Collection[str]) -> bool:
    """Whether the person began the call: ours call out, or one of us calls a colleague."""
    if call.answered_at is not None or call.transfers:
        return False
    return call.direction == "outbound" or (call.direction == "internal" and call.from_number in phones)


def _is_wrapping_up(call: FollowedCall, mine: list[PartyRow], phones: Collection[str], now: datetime) -> bool:
    if not any(party.answered_at is not None for party in mine) and not _is_caller(call, phones):
        return False
    return timedelta(0) <= now - _left_at(call, phones) < WRAP_UP


def _left_at(call: FollowedCall, phones: Collection[str]) -> datetime:
    """When the call was over for this person."""
    left = [p.left_at for p in call.parties if _is_theirs(p, phones) and p.left_at is not None]
    if call.state != "ended":
        return max(left, default=call.changed_at)
    if not left or call.ended_at is None:
        return call.changed_at
    return call.changed_at - max(timedelta(0), call.ended_at - max(left))


def _since(call: FollowedCall, state: PopState, mine: list[PartyRow]) -> datetime:
    if state == "parked":
        return max((t.at for t in call.transfers if t.kind == "park"), default=call.changed_at)
    if state in ("talking", "held"):
        answers = [party.answered_at for party in mine if party.answered_at is not None]
        return min(answers, default=call.answered_at or call.started_at)
    return call.started_at


def _is_dismissed(pop: Pop, dismissal: Dismissal | None) -> bool:
    """A card put away stays away until the call means something new to the person."""
    if dismissal is None:
        return False
    if pop.stage == "after":
        return dismissal.stage in ("talk", "after")
    return (pop.stage, pop.transfers) == (dismissal.stage, dismissal.transfers)


def _second_calls_wait(pops: Iterable[Pop]) -> list[Pop]:
    found = list(pops)
    if not any(pop.state in _BUSY for pop in found):
        return found
    return [replace(pop, state="waiting") if pop.state == "ringing" else pop for pop in found]


def _ordered(pops: Iterable[Pop]) -> tuple[Pop, ...]:
    """Talk before ringing before the rest; who waits longest rings first, the latest talk first."""

    def urgency(pop: Pop) -> tuple[int, float, str]:
        moment = pop.since.timestamp()
        oldest_first = pop.state in ("ringing", "waiting", "parked")
        return _ORDER[pop.state], moment if oldest_first else -moment, pop.call_id

    return tuple(sorted(pops, key=urgency))

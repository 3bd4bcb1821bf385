"""A conversation is what becomes a call: legs tied together, and what is known of it as a whole."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from connectors.ami.tracker.legs import Leg
from connectors.ami.tracker.moments import Moment
from connectors.ami.tracker.talk import TalkClock
from hub.events.calls import Direction, Transfer
from hub.values import CallId

Phase = Literal["ringing", "queued", "talking", "parked"]

_LEGS_KEPT = 120


@dataclass(slots=True)
class Departure:
    """The outside party left a person without a word: a redirect, if it goes on elsewhere and the
    person does not."""

    person: Leg
    exten: str
    at: Moment


@dataclass(slots=True, eq=False)
class Conversation:
    """Legs by the conversation they belong to. `caller` is the leg of ours that began it, `anchor`
        the outside party (of an internal call: the caller). Nothing is told of it before `direction` is
        known: a phone that only talks to the PBX makes no call. `unproven`: since then it
    lives by hearsay only, for the PBX would not say what lives."""

    key: str
    boot: str
    call_id: CallId
    order: int
    started: Moment
    linkedids: set[str] = field(default_factory=set)
    legs: list[Leg] = field(default_factory=list)
    living: dict[Leg, None] = field(default_factory=dict)

    direction: Direction | None = None
    caller: Leg | None = None
    anchor: Leg | None = None
    is_originated: bool = False
    is_tried: bool = False
    from_raw: str = ""
    to_raw: str = ""
    asked_raw: str = ""

    phase: Phase = "ringing"
    queue: str | None = None
    queued: Moment | None = None
    place: int | None = None
    has_asked: bool = False
    parked_at_space: str | None = None
    parked_by: str | None = None
    has_voicemail: bool = False
    were_members_busy: bool = False
    transfers: list[Transfer] = field(default_factory=list)
    seen_transfers: set[tuple[str, ...]] = field(default_factory=set)
    departure: Departure | None = None

    clock: TalkClock = field(default_factory=TalkClock)
    partners: dict[Leg, None] = field(default_factory=dict)
    answered: Moment | None = None
    first_person: Leg | None = None
    last_person: Leg | None = None
    answers: int = 0

    is_complete: bool = True
    is_unknown: bool = False
    ended: Moment | None = None
    ending: Moment | None = None
    touched: Moment | None = None
    unproven: Moment | None = None
    quiet_since: Moment | None = None

    step: int = 0
    face: dict[str, Any] | None = None
    told_answers: int = 0

    @property
    def is_call(self) -> bool:
        """Whether anybody is to hear of it."""
        return self.direction is not None

    @property
    def is_over(self) -> bool:
        """Ended stays ended."""
        return self.ended is not None or self.is_unknown

    def add(self, leg: Leg) -> None:
        """The leg belongs here."""
        leg.conversation = self
        self.legs.append(leg)
        self.living[leg] = None
        if len(self.legs) > _LEGS_KEPT:
            self._forget_a_silent_leg()

    def let_go(self) -> None:
        """It is over and nothing finds it any more: it and its legs, which know each other, are free at once.
        The garbage collector would find them too, once in ten minutes: 80 MB at 200 calls a second."""
        self.legs.clear()
        self.partners.clear()
        self.caller = self.anchor = self.first_person = self.last_person = None
        self.departure = None

    def _forget_a_silent_leg(self) -> None:
        """A queue that rings five phones every 15 seconds for an hour must not fill the memory."""
        for index, leg in enumerate(self.legs):
            if leg.ended is not None and leg.talked is None and not self._is_first_of_its_person(leg):
                del self.legs[index]
                return

    def _is_first_of_its_person(self, leg: Leg) -> bool:
        return next(other for other in self.legs if other.endpoint == leg.endpoint) is leg

    def outside_parties(self) -> list[Leg]:
        """The living legs of the one whom this call is with."""
        return [leg for leg in self.living if leg.is_outside_party]

    def ringing(self) -> list[Leg]:
        """The living legs that ring or are about to."""
        return [leg for leg in self.living if leg.is_dialled and leg.talked is None and leg.is_real]

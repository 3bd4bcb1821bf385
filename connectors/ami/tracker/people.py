"""The persons of ours in a call, gathered from its legs: one per extension or mobile number."""

from __future__ import annotations

from dataclasses import dataclass, field

from connectors.ami.tracker.conversation import Conversation
from connectors.ami.tracker.endpoints import dialled_number
from connectors.ami.tracker.legs import Leg
from connectors.ami.tracker.moments import Moment, earliest, latest
from hub.events.calls import CallResult, Party, PartyOutcome, Via
from hub.values import is_withheld, normalise_number

CAUSE_BUSY, CAUSE_REJECTED, CAUSE_ELSEWHERE = 17, 21, 26
_BY_STRENGTH: tuple[PartyOutcome, ...] = (
    "answered", "declined", "busy", "answered_elsewhere", "cancelled", "no_answer",
)  # fmt: skip
_STRENGTH = {outcome: place for place, outcome in enumerate(_BY_STRENGTH)}
_OF_CALLER: dict[CallResult | None, PartyOutcome] = {
    "busy": "busy",
    "cancelled": "cancelled",
    "no_answer": "no_answer",
    "failed": "no_answer",
}


@dataclass(slots=True)
class Person:
    """An extension or a mobile with all the legs it had in the call."""

    extension: str | None
    number: str | None
    via: Via
    legs: list[Leg] = field(default_factory=list)

    @property
    def label(self) -> str:
        """What the fields `answered_by` and `last_extension` say."""
        return self.extension or self.number or ""


def is_person(leg: Leg) -> bool:
    """Whether one of ours is behind the leg: a phone, or a mobile called through an outside line."""
    if not leg.is_real and not leg.is_zombie:
        return False
    if leg.kind == "phone":
        return True
    return leg.kind == "outside" and leg.is_placed and not leg.is_outside_party


def mobile_number(leg: Leg, country: str) -> str:
    """The number of a mobile of ours, as it was dialled."""
    raw = dialled_number(leg.dial_string) or leg.number or leg.endpoint
    return normalise_number(raw, country) or leg.endpoint


def label(leg: Leg | None, country: str) -> str | None:
    """Extension of a phone, number of a mobile."""
    if leg is None:
        return None
    return leg.endpoint if leg.kind == "phone" else mobile_number(leg, country)


def persons(conversation: Conversation, country: str) -> list[Person]:
    """Everybody who rang, spoke, was busy or dialled, in the order of their first leg."""
    found: dict[str, Person] = {}
    for leg in conversation.legs:
        if not is_person(leg):
            continue
        if leg.kind == "phone":
            person = found.setdefault(leg.endpoint, Person(leg.endpoint, None, "phone"))
        else:
            number = mobile_number(leg, country)
            person = found.setdefault(number, Person(None, number, "mobile"))
        person.legs.append(leg)
    return list(found.values())


def outcome_of_leg(leg: Leg, conversation: Conversation) -> PartyOutcome | None:
    """How the ringing of one leg came out; None while it rings, or when it did not even ring."""
    if leg.talked is not None:
        return "answered"
    if leg.is_taken or leg.was_answered_elsewhere or leg.cause == CAUSE_ELSEWHERE:
        return "answered_elsewhere" if leg.rang or leg.is_taken else None
    if leg.cause == CAUSE_REJECTED:
        return "declined"
    if leg.dial_status == "BUSY" or leg.cause == CAUSE_BUSY:
        return "busy"
    if leg.rang is None or (leg.ended is None and not conversation.is_over):
        return None
    if conversation.is_unknown and (leg.ended is None or leg.is_end_unseen):
        return None
    if leg.was_cancelled_by_caller or leg.ended is None:
        return "cancelled"
    return "no_answer"


def party(person: Person, conversation: Conversation, result: CallResult | None) -> Party | None:
    """What the call tells of a person; None for a phone that could not even be reached."""
    legs = person.legs
    is_caller = conversation.direction != "inbound" and conversation.caller in legs
    outcome: PartyOutcome | None = None
    for leg in legs:
        one = outcome_of_leg(leg, conversation)
        if one is not None and (outcome is None or _STRENGTH[one] < _STRENGTH[outcome]):
            outcome = one
    rang = earliest([leg.rang for leg in legs if leg.rang is not None])
    if is_caller and outcome is None:
        outcome = _OF_CALLER.get(result)
    elif outcome is None and rang is None and not is_caller and not any(leg.is_caller for leg in legs):
        return None
    answered = earliest([leg.talked for leg in legs if leg.talked is not None])
    if outcome is None and rang is None and answered is None and not is_caller:
        return None
    if not conversation.is_over and any(_rings(leg) for leg in legs):
        outcome = None
    left = _left(legs, conversation)
    return Party(
        extension=person.extension,
        number=person.number,
        via=person.via,
        name=_name(legs),
        rang_at=rang.at if rang else None,
        answered_at=answered.at if answered else None,
        left_at=left.at if left else None,
        outcome=outcome,
    )


def _rings(leg: Leg) -> bool:
    return leg.ended is None and leg.rang is not None and leg.talked is None and not leg.is_taken


def _left(legs: list[Leg], conversation: Conversation) -> Moment | None:
    """When the last leg of the person went, by his own hand if so; at the latest when the call ended."""
    left: list[Moment] = []
    for leg in legs:
        went = leg.asked_to_end or leg.ended
        if went is None or (leg.is_end_unseen and conversation.is_unknown):
            return conversation.ended
        left.append(went)
    return latest(left)


def _name(legs: list[Leg]) -> str | None:
    for leg in legs:
        if leg.kind == "phone" and not is_withheld(leg.caller_name):
            return leg.caller_name
    return None

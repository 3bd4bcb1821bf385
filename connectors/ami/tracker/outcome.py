"""How a call came out, and why it was missed, as product.md says."""

from __future__ import annotations

from connectors.ami.tracker.conversation import Conversation
from connectors.ami.tracker.legs import Leg
from connectors.ami.tracker.moments import Moment, earliest
from connectors.ami.tracker.people import (
    CAUSE_BUSY,
    CAUSE_REJECTED,
    is_person,
    outcome_of_leg,
    persons,
)
from hub.events.calls import CallResult, MissedReason, PartyOutcome

_UNREACHED = ("CHANUNAVAIL", "CONGESTION")
_CAUSES_OF_SILENCE = frozenset({0, 16, 18, 19, 20, CAUSE_REJECTED, 31, 127})


def result(conversation: Conversation, short_call_seconds: float, hears_requests: bool) -> CallResult:
    """The result of an ended call."""
    if conversation.is_unknown:
        return "unknown"
    if conversation.answered is not None:
        return "answered"
    if conversation.direction == "inbound":
        return _inbound(conversation, short_call_seconds, hears_requests)
    return _of_our_own(conversation)


def _inbound(conversation: Conversation, short_call_seconds: float, hears_requests: bool) -> CallResult:
    if conversation.has_voicemail:
        return "voicemail"
    # Whoever keeps the place by a key has not given up, however soon that was.
    if conversation.has_asked or conversation.ended is None:
        return "missed"
    if not hung_up_himself(conversation, hears_requests):
        return "missed"
    base = offered(conversation) or conversation.started
    return "short_abandon" if conversation.ended.since(base) <= short_call_seconds else "missed"


def offered(conversation: Conversation) -> Moment | None:
    """When the first phone of ours rang."""
    return earliest(leg.rang for leg in conversation.legs if leg.rang is not None and is_person(leg))


def hung_up_himself(conversation: Conversation, hears_requests: bool) -> bool:
    """Whether the caller ended it. The PBX says so by a HangupRequest on the caller's own channel;
    where such events are filtered away, a phone that stopped ringing with him tells it too."""
    anchor = conversation.anchor
    if anchor is not None and anchor.asked_to_end is not None:
        return True
    if hears_requests:
        return False
    return any(outcome_of_leg(leg, conversation) == "cancelled" for leg in conversation.legs)


def _of_our_own(conversation: Conversation) -> CallResult:
    """Outbound and internal calls that nobody answered: the last leg that was tried decides."""
    caller = conversation.caller
    if caller is not None and conversation.is_originated and caller.up is None:
        return _of_our_phone(caller)
    tried = [leg for leg in conversation.legs if leg.is_dialled and leg is not caller and leg.is_real]
    if not tried:
        return "cancelled" if conversation.is_originated and caller is not None else "failed"
    results = [_of_leg(leg) for leg in tried]
    if conversation.direction == "outbound":
        return results[-1]
    return next(one for one in _INTERNAL_ORDER if one in results)


_INTERNAL_ORDER: tuple[CallResult, ...] = ("cancelled", "no_answer", "busy", "failed")


def _of_our_phone(leg: Leg) -> CallResult:
    """Click-to-call that our own phone did not take."""
    if leg.cause == CAUSE_REJECTED:
        return "cancelled"
    if leg.dial_status == "BUSY" or leg.cause == CAUSE_BUSY:
        return "busy"
    return "failed" if leg.dial_status in _UNREACHED else "no_answer"


def _of_leg(leg: Leg) -> CallResult:
    if leg.dial_status == "BUSY" or leg.cause == CAUSE_BUSY:
        return "busy"
    if leg.dial_status == "CANCEL" or (not leg.dial_status and leg.was_cancelled_by_caller):
        return "cancelled"
    if leg.cause not in _CAUSES_OF_SILENCE:
        return "failed"
    return "failed" if leg.dial_status in _UNREACHED and leg.cause not in (18, 19, 20) else "no_answer"


def missed_reason(conversation: Conversation, country: str) -> MissedReason:
    """Whom to mend: who rang in vain, was busy, declined, was not there; or nobody was tried."""
    outcomes = set()
    for person in persons(conversation, country):
        of_person = {outcome_of_leg(leg, conversation) for leg in person.legs}
        outcomes.add(next((one for one in ("declined", "busy") if one in of_person), _rang(of_person)))
    outcomes.discard(None)
    if "rang" in outcomes:
        return "rang_out"
    if "declined" in outcomes:
        return "declined"
    if "busy" in outcomes or conversation.were_members_busy:
        return "busy"
    return "unreachable" if conversation.is_tried else "before_ringing"


def _rang(outcomes: set[PartyOutcome | None]) -> str | None:
    return "rang" if outcomes - {None} else None

"""Folds a conversation into what the rest of the house sees of it."""

from __future__ import annotations

from typing import Any

from connectors.ami.tracker.contract import TrackerSettings
from connectors.ami.tracker.conversation import Conversation
from connectors.ami.tracker.legs import Leg
from connectors.ami.tracker.moments import Moment, one_decimal
from connectors.ami.tracker.outcome import missed_reason, offered, result
from connectors.ami.tracker.people import is_person, label, party, persons
from hub.events import calls
from hub.events.calls import CallFact, CallResult, CallSnapshot, CallStateName, Party
from hub.values import is_withheld, normalise_number


def face(conversation: Conversation, settings: TrackerSettings, hears_requests: bool) -> dict[str, Any]:
    """Every field of the snapshot that a person would see change."""
    over = conversation.is_over
    outcome: CallResult | None = None
    reason = None
    if over:
        outcome = result(conversation, settings.short_call_seconds, hears_requests)
        if outcome in ("missed", "short_abandon", "voicemail"):
            reason = missed_reason(conversation, settings.country)
    people = (party(person, conversation, outcome) for person in persons(conversation, settings.country))
    from_number, to_number, dialled = _numbers(conversation, settings.country)
    anchor = conversation.anchor
    first_ring = offered(conversation)
    return {
        "direction": conversation.direction,
        "from_number": from_number,
        "to_number": to_number,
        "caller_name": _caller_name(conversation),
        "dialled": dialled,
        "trunk": anchor.endpoint if anchor is not None and anchor.kind == "outside" else _trunk(conversation),
        "queue": conversation.queue,
        "state": _state(conversation),
        "result": outcome,
        "missed_reason": reason,
        "started_at": conversation.started.at,
        "queued_at": _not_before(conversation, conversation.queued),
        "offered_at": _not_before(conversation, first_ring),
        "answered_at": _not_before(conversation, _seen(conversation.answered)),
        "ended_at": _ended_at(conversation),
        "answered_by": label(conversation.first_person, settings.country),
        "last_extension": label(conversation.last_person, settings.country),
        "parties": tuple(one for one in people if one is not None),
        "transfers": tuple(conversation.transfers),
        "parked_at_space": conversation.parked_at_space,
        "is_complete": conversation.is_complete,
    }


def snapshot(conversation: Conversation, seen: dict[str, Any], country: str) -> CallSnapshot:
    """The whole call, with its seconds and its legs."""
    duration = None
    if conversation.ended is not None:
        duration = conversation.ended.since(conversation.started)
    talk = conversation.clock.talk if duration is None else min(conversation.clock.talk, duration)
    hold = min(conversation.clock.hold, talk)
    waited: float | None = duration
    if conversation.answered is not None:
        seen_at = _seen(conversation.answered)
        waited = None if seen_at is None else seen_at.since(conversation.started)
    legs = tuple(_leg(leg, conversation, country) for leg in conversation.legs if leg.is_real)
    return CallSnapshot(
        call_id=conversation.call_id,
        wait_seconds=None if waited is None else one_decimal(waited),
        talk_seconds=one_decimal(talk),
        hold_seconds=one_decimal(hold),
        legs=legs,
        **seen,
    )


def kind_of_fact(
    conversation: Conversation, old: dict[str, Any] | None, new: dict[str, Any]
) -> type[CallFact]:
    """What happened, told by what differs; of several at once the weightiest."""
    if old is None:
        return calls.CallStarted
    if new["state"] == "ended":
        return calls.CallEnded if old["state"] != "ended" else calls.CallChanged
    if len(new["transfers"]) > len(old["transfers"]):
        return calls.CallTransferred
    if conversation.answers > conversation.told_answers:
        return calls.CallAnswered
    if new["state"] == "on_hold" != old["state"]:
        return calls.CallHeld
    if old["state"] == "on_hold" and new["state"] == "talking":
        return calls.CallResumed
    if new["state"] == "queued" != old["state"]:
        return calls.CallQueued
    if _ringing(new["parties"]) - _ringing(old["parties"]):
        return calls.CallRinging
    return calls.CallChanged


def _ringing(parties: tuple[Party, ...]) -> set[str | None]:
    return {
        one.extension or one.number
        for one in parties
        if one.outcome is None and one.rang_at is not None and one.left_at is None
    }


def _state(conversation: Conversation) -> CallStateName:
    if conversation.is_over:
        return "ended"
    if conversation.phase == "talking":
        return "on_hold" if conversation.clock.is_holding else "talking"
    return conversation.phase


def _numbers(conversation: Conversation, country: str) -> tuple[str | None, str | None, str | None]:
    """From, to, and the dialled line as received."""
    if conversation.direction == "inbound":
        dialled = conversation.to_raw or None
        to_number = normalise_number(dialled, country) if dialled else None
        return normalise_number(conversation.from_raw, country), to_number, dialled
    to_number = normalise_number(conversation.to_raw or conversation.asked_raw, country)
    caller = conversation.caller
    if conversation.direction == "internal":
        return (caller.endpoint if caller is not None else None), to_number, None
    presented = normalise_number(conversation.from_raw, country)
    own = caller.endpoint if caller is not None else None
    return (None if presented in (own, to_number) else presented), to_number, None


def _caller_name(conversation: Conversation) -> str | None:
    anchor = conversation.anchor if conversation.direction == "inbound" else None
    if anchor is None or is_withheld(anchor.caller_name):
        return None
    return anchor.caller_name


def _trunk(conversation: Conversation) -> str | None:
    outside = [leg for leg in conversation.legs if leg.kind == "outside" and leg.is_outside_party]
    return outside[-1].endpoint if outside else None


def _not_before(conversation: Conversation, moment: Moment | None) -> Any:
    """Timestamps of the PBX step back under load: nothing of a call is told before its start."""
    return None if moment is None else max(moment.at, conversation.started.at)


def _seen(moment: Moment | None) -> Moment | None:
    """A moment that nobody saw is not told."""
    return None if moment is None or moment.is_guess else moment


def _ended_at(conversation: Conversation) -> Any:
    """Not before anything else of the call."""
    if conversation.ended is None:
        return None
    seen = (conversation.started, conversation.answered, conversation.ended)
    return max(moment.at for moment in seen if moment is not None)


def _leg(leg: Leg, conversation: Conversation, country: str) -> calls.Leg:
    role: calls.LegRole = "phone"
    if leg is conversation.caller or (leg.is_caller and leg.is_outside_party):
        role = "caller"
    elif leg.kind == "outside":
        role = "outside" if leg.is_outside_party else "mobile"
    if leg.is_outside_party:
        text = normalise_number(leg.number if leg.is_caller else conversation.to_raw, country) or ""
    else:
        text = (label(leg, country) if is_person(leg) else None) or leg.endpoint
    return calls.Leg(
        uniqueid=leg.uniqueid,
        channel=leg.name,
        role=role,
        label=text,
        started_at=leg.born.at,
        answered_at=leg.up.at if leg.up else None,
        ended_at=leg.ended.at if leg.ended else None,
    )

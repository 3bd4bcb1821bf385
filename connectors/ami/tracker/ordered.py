"""Calls that an order of ours began: whoever gave it is told that its channel is there, and how it goes."""

from __future__ import annotations

from connectors.ami.marks import Mark, mark_of
from connectors.ami.tracker.contract import TrackedFact
from connectors.ami.tracker.conversation import Conversation
from connectors.ami.tracker.legs import Leg
from connectors.ami.tracker.moments import Moment
from hub.events.calls import CallFact
from hub.events.commands import CommandSeen, OwnPhone


def begun(leg: Leg, pbx: str, now: Moment) -> TrackedFact | None:
    """The channel that we asked for is on the PBX, long before anybody can tell what call it becomes."""
    mark = mark_of(leg.uniqueid)
    if mark is None:
        return None
    conversation = leg.conversation
    event = CommandSeen(
        pbx=pbx, command_id=mark.command_id, call_id=conversation.call_id, step=0, state="ringing",
        result=None, answered_at=None, own_phone=_own_phone(leg),
    )  # fmt: skip
    return TrackedFact(f"{conversation.boot}:{mark.channel_id}:{event.name}:0", now.at, event)


def went_on(conversation: Conversation, told: TrackedFact, pbx: str) -> TrackedFact | None:
    """The same fact, for whoever gave the order; None for a call that nobody ordered."""
    found = _found(conversation)
    if found is None or not isinstance(told.event, CallFact):
        return None
    mark, leg = found
    call = told.event.call
    event = CommandSeen(
        pbx=pbx, command_id=mark.command_id, call_id=call.call_id, step=told.event.step, state=call.state,
        result=call.result, answered_at=call.answered_at, own_phone=_own_phone(leg),
    )  # fmt: skip
    external_id = f"{conversation.boot}:{mark.channel_id}:{event.name}:{told.event.step}"
    return TrackedFact(external_id, told.occurred_at, event)


def _found(conversation: Conversation) -> tuple[Mark, Leg | None] | None:
    for leg in conversation.legs:
        if leg.uniqueid.startswith("pitline-") and (mark := mark_of(leg.uniqueid)) is not None:
            return mark, leg
    # The phone was not even there: no channel was ever born, and the key is the name that it had got.
    mark = mark_of(conversation.key)
    return None if mark is None else (mark, None)


def _own_phone(leg: Leg | None) -> OwnPhone:
    if leg is None:
        return "away"
    return "picked_up" if leg.up is not None else "rang"

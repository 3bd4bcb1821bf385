"""Calls that an order of ours began: whoever gave it is told that its channel is there, and how it goes. And
what a caller orders by a key."""

from __future__ import annotations

from connectors.ami.marks import Mark, mark_of
from connectors.ami.tracker.contract import TrackedFact
from connectors.ami.tracker.conversation import Conversation
from connectors.ami.tracker.legs import Leg
from connectors.ami.tracker.moments import Moment
from hub.events.calls import CallbackAsked, CallFact
from hub.events.commands import CommandSeen, OwnPhone
from hub.values import CallId


def noticed(what: Leg | Mark, boot: str, pbx: str, now: Moment) -> TrackedFact | None:
    """The channel that we asked for is on the PBX, long before anybody can tell what call it becomes; or
    one that only listens has gone, or (a mark alone) never was: of those no call tells."""
    leg = what if isinstance(what, Leg) else None
    mark = mark_of(leg.uniqueid) if leg is not None else what if isinstance(what, Mark) else None
    if mark is None:
        return None
    is_over = leg is None or leg.ended is not None
    was_up = leg is not None and leg.up is not None
    event = CommandSeen(
        pbx=pbx, command_id=mark.command_id,
        call_id=leg.conversation.call_id if leg is not None else CallId(""),
        step=1 if is_over else 0, state="ended" if is_over else "ringing",
        result=None if not is_over else "answered" if was_up else "failed",
        answered_at=leg.up.at if leg is not None and leg.up is not None else None,
        own_phone=_own_phone(leg),
    )  # fmt: skip
    return TrackedFact(f"{boot}:{mark.channel_id}:{event.name}:{event.step}", now.at, event)


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


def callback_asked(conversation: Conversation, now: Moment) -> TrackedFact:
    """The caller left the queue by a key: they are to be called back."""
    queued = conversation.queued
    event = CallbackAsked(
        call_id=conversation.call_id, queue=conversation.queue or "", place=conversation.place,
        waiting_since=queued.at if queued is not None and not queued.is_guess else None,
    )  # fmt: skip
    return TrackedFact(f"{conversation.boot}:{conversation.key}:{event.name}:1", now.at, event)


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

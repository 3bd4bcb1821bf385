"""When a call is over: its outside party is gone, or of an internal call one of the two."""

from __future__ import annotations

from connectors.ami.tracker.conversation import Conversation
from connectors.ami.tracker.exchange import Exchange
from connectors.ami.tracker.legs import Leg
from connectors.ami.tracker.moments import Moment

_SOON = 1.0


def after_hangup(exchange: Exchange, conversation: Conversation, now: Moment) -> None:
    """A leg of it is gone: is the call?"""
    if not conversation.is_over and _is_done(conversation):
        if _awaits_originate_response(conversation):
            conversation.ending = conversation.ending or now
            exchange.waiting[conversation] = None
        else:
            close(exchange, conversation, now)
    if not conversation.living and conversation.ending is None:
        exchange.forget(conversation)


def close(exchange: Exchange, conversation: Conversation, now: Moment) -> None:
    """The call ended, and ended it stays."""
    conversation.clock.turn(now, False, False)
    conversation.ended = now
    conversation.ending = None
    conversation.parked_at_space = None
    for leg in conversation.living:
        if leg.decided is not None and leg.dial_status != "ANSWER" and now.since(leg.decided) > _SOON:
            conversation.is_complete = False  # its Hangup was lost
        elif leg.is_dialled and leg.talked is None:
            leg.was_cancelled_by_caller = True
    _settle_the_undecided(conversation, now)
    if any(_was_up_for_nobody(leg, now) or _was_handed_over(leg) for leg in conversation.legs):
        conversation.is_complete = False
    exchange.tell(conversation)


def close_unknown(exchange: Exchange, conversation: Conversation, last: Moment | None) -> None:
    """Nobody saw the end: the call is closed without inventing one."""
    if last is not None:
        conversation.clock.turn(last, False, False)
    conversation.is_unknown = True
    conversation.is_complete = False
    conversation.ending = None
    conversation.parked_at_space = None
    exchange.tell(conversation)


def _was_up_for_nobody(leg: Leg, now: Moment) -> bool:
    """It answered and stayed, and yet was never seen joined with anybody: the event of it was lost."""
    if leg.dial_status != "ANSWER" or leg.talked is not None or leg.up is None or not leg.is_real:
        return False
    if leg is leg.conversation.caller:
        return False
    return not leg.is_outside_party and (leg.ended or now).since(leg.up) > 1.0


def _was_handed_over(leg: Leg) -> bool:
    """It was asked by a colleague first and then joined with the outside party, and no transfer was told."""
    if leg.consulted is None or leg.met is None or leg.talked is None or leg.consulted.ended is None:
        return False
    return leg.met.since(leg.talked) > 0 and not leg.conversation.transfers


def _settle_the_undecided(conversation: Conversation, now: Moment) -> None:
    """A phone that stopped ringing in the very moment of the end stopped because the caller left."""
    for leg in conversation.legs:
        if leg.ended is not None and leg.dial_status == "CANCEL" and now.since(leg.ended) < 1.0:
            leg.was_cancelled_by_caller = leg.was_cancelled_by_caller or not leg.was_answered_elsewhere


def _is_done(conversation: Conversation) -> bool:
    if not any(leg.is_real or leg.kind == "local" for leg in conversation.living):
        return True
    if conversation.direction == "inbound":
        return not conversation.outside_parties()
    if conversation.direction == "outbound":
        return _is_outbound_done(conversation)
    if conversation.direction == "internal":
        return _is_internal_done(conversation)
    return False


def _is_outbound_done(conversation: Conversation) -> bool:
    if conversation.anchor is not None:
        return conversation.anchor.ended is not None
    caller = conversation.caller
    if caller is not None:
        return caller.ended is not None
    return not any(leg.is_real for leg in conversation.living)


def _is_internal_done(conversation: Conversation) -> bool:
    caller = conversation.caller
    alive = [leg for leg in conversation.living if leg.is_real]
    if conversation.answered is None:
        return caller is None or caller.ended is not None or not alive
    talkers = [leg for leg in alive if leg.talked is not None]
    if not talkers:
        return True
    return len(alive) == 1 and conversation.phase == "talking"


def _awaits_originate_response(conversation: Conversation) -> bool:
    """What a click-to-call was to reach is said by OriginateResponse, which comes after the Hangup."""
    caller = conversation.caller
    return (
        conversation.is_originated and caller is not None and caller.up is None and not conversation.asked_raw
    )


def is_doomed(leg: Leg) -> bool:
    """Whether only the Hangup itself is missing."""
    return leg.ended is None and leg.is_leaving

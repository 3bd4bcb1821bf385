"""Nothing is stuck for ever: what waits for a message that never comes is settled in the end."""

from __future__ import annotations

from connectors.ami.tracker.closing import close, close_unknown, is_doomed
from connectors.ami.tracker.conversation import Conversation
from connectors.ami.tracker.exchange import Exchange
from connectors.ami.tracker.moments import Moment

_OFTEN = 0.25
_QUIET = 1.0
_RESPONSE = 2.0
_HANGUP = 10.0
_ORPHANED = 600.0
_LEFTOVER = 3600.0
_STALE = 12 * 3600.0
_UNPROVEN = 180.0
_UNPROVEN_TALK = 3600.0


def look_again(exchange: Exchange, now: Moment) -> None:
    """Cheap, at every message: the few conversations that wait for one, a few times a second."""
    if exchange.looked is not None and now.since(exchange.looked) < _OFTEN:
        return
    exchange.looked = now
    for conversation in list(exchange.waiting):
        _settle(exchange, conversation, now)


def _settle(exchange: Exchange, conversation: Conversation, now: Moment) -> None:
    if conversation.quiet_since is not None and now.since(conversation.quiet_since) >= _QUIET:
        exchange.tell(conversation)
        conversation.quiet_since = None
    if conversation.is_over:
        exchange.waiting.pop(conversation, None)
    elif conversation.ending is not None:
        if now.since(conversation.ending) >= _RESPONSE:
            conversation.is_complete = conversation.is_complete and not conversation.living
            close(exchange, conversation, conversation.ending)
            _drop(exchange, conversation)
    elif _is_deserted(conversation):
        if now.since(conversation.touched or conversation.started) >= _HANGUP:
            conversation.is_complete = False
            close(exchange, conversation, conversation.touched or now)
            _drop(exchange, conversation)
    elif not _close_the_doomed(exchange, conversation, now) and conversation.quiet_since is None:
        exchange.waiting.pop(conversation, None)


def _is_deserted(conversation: Conversation) -> bool:
    """They talked, nobody is in a bridge with anybody any more, and the dialplan has not gone on: only
    the Hangups are missing."""
    if conversation.phase != "talking" or conversation.clock.is_talking or conversation.ringing():
        return False
    return all(
        leg.bridge is None or (leg.bridge.is_basic and len(leg.bridge.members) == 1)
        for leg in conversation.living
    )


def _close_the_doomed(exchange: Exchange, conversation: Conversation, now: Moment) -> bool:
    """True while there is something to wait for. The announced end of the outside party is the end."""
    decisive = conversation.outside_parties() if conversation.anchor else []
    caller = conversation.caller
    if conversation.direction != "inbound" and not decisive and caller is not None and caller.ended is None:
        decisive = [caller]
    if not decisive or not all(is_doomed(leg) for leg in decisive):
        return False
    since = max((leg.asked_to_end or leg.told_to_end or now for leg in decisive), key=lambda one: one.arrival)
    if now.since(since) < _HANGUP:
        return True
    conversation.is_complete = False
    close(exchange, conversation, since)
    _drop(exchange, conversation)
    return False


def expire(exchange: Exchange, now: Moment) -> None:
    """Everything that is too old to be true."""
    exchange.looked = None
    look_again(exchange, now)
    for conversation in list({id(one): one for one in exchange.by_linkedid.values()}.values()):
        silence = now.since(conversation.touched or conversation.started)
        if conversation.is_over or not conversation.is_call:
            if silence >= (_LEFTOVER if conversation.is_over else _STALE):
                _drop(exchange, conversation)
        elif _is_too_old(conversation, silence, now):
            close_unknown(exchange, conversation, conversation.touched)
            _drop(exchange, conversation)
    for conversation in list(exchange.orphans):
        if now.since(conversation.touched or conversation.started) >= _ORPHANED:
            exchange.orphans.remove(conversation)
            close_unknown(exchange, conversation, conversation.touched)


def _is_too_old(conversation: Conversation, silence: float, now: Moment) -> bool:
    if silence >= _STALE or (not conversation.living and silence >= _HANGUP):
        return True
    return _is_doubtful(conversation, now)


def _is_doubtful(conversation: Conversation, now: Moment) -> bool:
    """The line was away, the PBX does not say what lives, and nothing was heard of the call since. Who
    rings or waits would be heard of within minutes; of a talk only its end is."""
    if conversation.unproven is None:
        return False
    limit = _UNPROVEN_TALK if conversation.phase == "talking" else _UNPROVEN
    return now.since(conversation.unproven) >= limit


def _drop(exchange: Exchange, conversation: Conversation) -> None:
    """Its legs are believed dead."""
    for leg in list(conversation.living):
        exchange.bury(leg, conversation.ended or conversation.touched or conversation.started)
    exchange.forget(conversation)

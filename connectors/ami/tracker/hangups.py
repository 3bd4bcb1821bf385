"""Legs end: who asked for it, and what the call is then."""

from __future__ import annotations

from connectors.ami.message import Message
from connectors.ami.tracker.closing import after_hangup
from connectors.ami.tracker.conversation import Conversation
from connectors.ami.tracker.dialling import decide_cancelled
from connectors.ami.tracker.exchange import Exchange
from connectors.ami.tracker.legs import RINGING, Leg
from connectors.ami.tracker.meeting import refresh
from connectors.ami.tracker.moments import Moment
from connectors.ami.tracker.people import CAUSE_ELSEWHERE
from connectors.ami.tracker.transfers import redirect_is_certain

_CANCELLED = "487"
_SOON = 5.0
_UNDECIDED = ("", "ANSWER", "CANCEL")


def on_hangup_request(exchange: Exchange, message: Message, now: Moment) -> None:
    """The telephone's own side hung up, refused or gave up. Of one that called us a SIP code other
    than CANCEL's is what the PBX answered it (Busy, Congestion): then it was told to go."""
    exchange.hears_hangup_requests = exchange.hears_announcements = True
    leg = exchange.leg(message, now)
    if leg is None:
        return
    leg.cause = leg.cause or _cause(message)
    if leg.is_caller and message.get("TechCause", _CANCELLED) != _CANCELLED:
        leg.told_to_end = leg.told_to_end or now
    else:
        leg.asked_to_end = leg.asked_to_end or now
    _watch(exchange, leg)


def on_soft_hangup_request(exchange: Exchange, message: Message, now: Moment) -> None:
    """The PBX ends the leg."""
    exchange.hears_announcements = True
    leg = exchange.leg(message, now)
    if leg is not None:
        leg.told_to_end = leg.told_to_end or now
        _watch(exchange, leg)


def _watch(exchange: Exchange, leg: Leg) -> None:
    """If the Hangup of the outside party itself gets lost, its announcement will do."""
    if leg is leg.conversation.anchor or leg is leg.conversation.caller:
        exchange.waiting[leg.conversation] = None


def on_hangup(exchange: Exchange, message: Message, now: Moment) -> None:
    """A leg is no more."""
    uniqueid = message.get("Uniqueid")
    if uniqueid not in exchange.legs:
        if uniqueid and uniqueid not in exchange.gone:
            exchange.remember_gone(uniqueid, is_early=True)
            exchange.doubt_linked(message.get("Linkedid"))
        return
    leg = exchange.leg(message, now)
    if leg is not None:
        leg.cause = _cause(message) or leg.cause
        if leg.is_caller and leg.asked_to_end is None and message.get("TechCause") == _CANCELLED:
            leg.asked_to_end = now
        if leg.bridge is not None and leg.bridge.is_basic and not leg.is_zombie:
            exchange.doubt(leg.conversation)
        if message.get("ChannelState") == str(RINGING) and leg.rang is None and leg.is_dialled:
            leg.rang = now
        end(exchange, leg, now)


def end(exchange: Exchange, leg: Leg, now: Moment) -> None:
    """Take the leg away and see what is left of its call."""
    conversation = leg.conversation
    was_partner = leg in conversation.partners
    if (
        leg.talked is None
        and leg.is_dialled
        and leg.dial_status in _UNDECIDED
        and leg.cause != CAUSE_ELSEWHERE
    ):
        decide_cancelled(conversation, leg)
    exchange.bury(leg, now)
    if not conversation.is_over and (
        _has_no_outcome(leg) or _is_unannounced(exchange, leg) or _has_gone_without_a_transfer(leg, now)
    ):
        conversation.is_complete = False
    if conversation.is_over:
        if not conversation.living:
            exchange.forget(conversation)
        return
    redirect_is_certain(exchange, conversation)
    refresh(exchange, conversation, now)
    after_hangup(exchange, conversation, now)
    if conversation.is_over or not leg.is_real:
        return
    if was_partner and conversation.phase == "talking" and not conversation.clock.is_talking:
        if conversation.ringing():
            conversation.phase = "ringing"
            exchange.tell(conversation)
        else:
            exchange.tell_later(conversation)
    elif _is_being_answered(leg) or _is_about_to_end(conversation):
        exchange.tell_later(conversation)
    else:
        exchange.tell(conversation)


def _has_no_outcome(leg: Leg) -> bool:
    """What became of the calling of a phone is always told, but not of one whose call was picked up
    elsewhere, nor of our own phone that a click rings."""
    if leg.dial_status or leg.is_taken or leg is leg.conversation.caller:
        return False
    return leg.is_dialled and leg.is_real


def _has_gone_without_a_transfer(leg: Leg, now: Moment) -> bool:
    """Its phone was about to send the other side elsewhere, and went; the transfer was never told."""
    return leg.referring is not None and now.since(leg.referring) < _SOON


def _is_unannounced(exchange: Exchange, leg: Leg) -> bool:
    """The end of the one who called is announced, where announcements are not filtered away."""
    is_who_called = leg.is_caller and (leg.is_outside_party or leg is leg.conversation.caller)
    return exchange.hears_announcements and is_who_called and leg.is_real and not leg.is_leaving


def _is_about_to_end(conversation: Conversation) -> bool:
    """The Hangup of the outside party, or of ours before it answered, follows and says all of it."""
    parties = conversation.outside_parties()
    if conversation.direction != "inbound" and conversation.answered is None:
        parties = [leg for leg in (conversation.caller,) if leg is not None and leg.ended is None]
    return bool(parties) and all(one.is_leaving for one in parties)


def _is_being_answered(leg: Leg) -> bool:
    """Another phone has answered, and is about to be joined with the caller."""
    conversation = leg.conversation
    return conversation.phase != "talking" and any(
        one.is_dialled and one.dial_status == "ANSWER" and one.talked is None for one in conversation.living
    )


def _cause(message: Message) -> int:
    text = message.get("Cause")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0

"""Parked calls: put into a space, fetched by somebody, coming back by themselves, given up."""

from __future__ import annotations

from connectors.ami.message import Message
from connectors.ami.tracker.conversation import Conversation
from connectors.ami.tracker.endpoints import target
from connectors.ami.tracker.exchange import Exchange
from connectors.ami.tracker.moments import Moment
from connectors.ami.tracker.people import label
from connectors.ami.tracker.transfers import record

_SOON = 2.0


def on_parked(exchange: Exchange, message: Message, now: Moment) -> None:
    """The outside party waits in a parking space."""
    leg = exchange.leg(message, now, "Parkee")
    space = message.get("ParkingSpace")
    if leg is None or leg.conversation.is_over:
        return
    conversation = leg.conversation
    if conversation.phase == "parked" and conversation.parked_at_space == space:
        return
    by = _parker(exchange, conversation, message.get("ParkerDialString"))
    if conversation.transfers and conversation.transfers[-1].kind == "blind":
        last = conversation.transfers[-1]
        if last.from_extension == by and (now.at - last.at).total_seconds() < _SOON:
            conversation.transfers.pop()
    conversation.phase = "parked"
    conversation.parked_at_space = space
    conversation.parked_by = by
    conversation.partners.clear()
    record(exchange, conversation, now, "park", by, space)


def _parker(exchange: Exchange, conversation: Conversation, dial_string: str) -> str | None:
    """Who parked it. Parked by an AMI action or by the dialplan, the PBX names the outside line itself:
    then it was the one of ours who talked with it last."""
    technology, name, _ = target(dial_string)
    if name and exchange.endpoints.kind(technology, name) == "phone":
        return name
    last = conversation.last_person
    return label(last, exchange.settings.country) if last is not None and last.met is not None else None


def on_unparked(exchange: Exchange, message: Message, now: Moment) -> None:
    """Somebody fetches the call; who, the bridge will say."""
    leg = exchange.leg(message, now, "Parkee")
    retriever = exchange.leg(message, now, "Retriever")
    if leg is None or leg.conversation.is_over:
        return
    conversation = leg.conversation
    if retriever is not None:
        conversation = exchange.tie(conversation, retriever.conversation, retriever)
    conversation.parked_at_space = None
    conversation.parked_by = None
    exchange.tell_later(conversation)


def on_time_out(exchange: Exchange, message: Message, now: Moment) -> None:
    """Nobody fetched it: it comes back by itself, which is no transfer."""
    leg = exchange.leg(message, now, "Parkee")
    if leg is not None and leg.conversation.phase == "parked":
        leg.conversation.phase = "ringing"
        leg.conversation.parked_at_space = None
        leg.conversation.parked_by = None
        exchange.tell(leg.conversation)

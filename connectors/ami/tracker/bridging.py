"""Legs enter and leave bridges, hold, are optimised away."""

from __future__ import annotations

from connectors.ami.message import Message
from connectors.ami.tracker.conversation import Conversation, Departure
from connectors.ami.tracker.dialling import NOWHERE, place
from connectors.ami.tracker.exchange import Exchange
from connectors.ami.tracker.legs import Bridge, Leg
from connectors.ami.tracker.meeting import meet, refresh
from connectors.ami.tracker.moments import Moment
from connectors.ami.tracker.people import is_person

_DOUBLED = 0.2


def on_bridge_enter(exchange: Exchange, message: Message, now: Moment) -> None:
    """A leg hears the others of the bridge from here on."""
    leg = exchange.leg(message, now)
    uniqueid = message.get("BridgeUniqueid")
    if leg is None or not uniqueid:
        return
    bridge = bridge_of(exchange, uniqueid, message.get("BridgeType"), message.get("BridgeTechnology"))
    if leg.bridge is bridge:
        return
    if leg.kind == "outside" and not leg.is_placed and not leg.is_caller:
        place(exchange, leg, None)
    exchange.enter_bridge(leg, bridge)
    leg.exten_in_bridge = message.get("Exten")
    meet(exchange, leg, now)
    _notice_a_gap(exchange, bridge, leg, message)


def bridge_of(exchange: Exchange, uniqueid: str, kind: str, technology: str) -> Bridge:
    """The bridge of this id."""
    bridge = exchange.bridges.get(uniqueid)
    if bridge is None:
        bridge = exchange.bridges[uniqueid] = Bridge(uniqueid)
    bridge.is_holding = kind == "parking" or technology == "holding_bridge"
    bridge.is_basic = kind == "basic"
    bridge.is_parking = kind == "parking"
    return bridge


def on_bridge_leave(exchange: Exchange, message: Message, now: Moment) -> None:
    """A leg left; what that means the next event says: a Hangup, another bridge, the dialplan. Of one
    that was never met it is the end of something that we did not see, and begins no call."""
    uniqueid = message.get("Uniqueid")
    if uniqueid not in exchange.legs and uniqueid not in exchange.gone:
        exchange.doubt_linked(message.get("Linkedid"))
        return
    leg = exchange.leg(message, now)
    if leg is None:
        return
    if leg.bridge is None or not (
        leg.bridge.is_guess or leg.bridge.uniqueid == message.get("BridgeUniqueid")
    ):
        if leg.left_last != message.get("BridgeUniqueid"):
            exchange.doubt(leg.conversation)
        return
    bridge = leg.bridge
    conversation = leg.conversation
    if leg.is_outside_party and bridge.is_basic and not leg.is_leaving:
        person = _who_is_left(leg)
        if person is not None:
            exten = message.get("Exten")
            is_elsewhere = exten != leg.exten_in_bridge and exten not in NOWHERE
            conversation.departure = Departure(person, exten if is_elsewhere else "", now)
    if bridge.is_parking and leg.is_outside_party and not _was_parked(conversation):
        exchange.doubt(conversation)  # how it came there was lost
    exchange.leave_bridge(leg)
    leg.left_last = message.get("BridgeUniqueid")
    if leg.is_outside_party:
        conversation.partners.clear()
    refresh(exchange, conversation, now)
    _notice_a_gap(exchange, bridge, leg, message)


def _was_parked(conversation: Conversation) -> bool:
    return any(transfer.kind == "park" for transfer in conversation.transfers)


def _who_is_left(leaving: Leg) -> Leg | None:
    """The person whom the outside party leaves behind without that one having hung up."""
    for member in leaving.conversation.partners:
        if is_person(member) and not member.is_leaving and member.ended is None and member.bridge is not None:
            return member
    return None


def _notice_a_gap(exchange: Exchange, bridge: Bridge, leg: Leg, message: Message) -> None:
    """The PBX says how many are in the bridge: another number than ours means a lost event."""
    told = message.get("BridgeNumChannels")
    if (
        bridge.is_basic
        and told.isascii()
        and told.isdigit()
        and len(told) < 6
        and int(told) != len(bridge.members)
    ):
        exchange.doubt(leg.conversation)


def on_hold(exchange: Exchange, message: Message, now: Moment) -> None:
    """Somebody pressed hold; only ours counts."""
    _turn_hold(exchange, message, now, True)


def on_unhold(exchange: Exchange, message: Message, now: Moment) -> None:
    """The hold ended; it may come without any hold before it."""
    _turn_hold(exchange, message, now, False)


def _turn_hold(exchange: Exchange, message: Message, now: Moment, is_holding: bool) -> None:
    leg = exchange.leg(message, now)
    if leg is None:
        return
    is_doubled = leg.unheld is not None and now.since(leg.unheld) < _DOUBLED
    if not is_holding and not leg.is_holding and not is_doubled and leg in leg.conversation.partners:
        # What a phone says that sends the other side elsewhere: its transfer follows.
        leg.referring = now
    if leg.is_holding is is_holding:
        return
    leg.is_holding = is_holding
    leg.unheld = None if is_holding else now
    refresh(exchange, leg.conversation, now)
    if is_person(leg):
        exchange.tell(leg.conversation)


def on_local_bridge(exchange: Exchange, message: Message, now: Moment) -> None:
    """Two Local halves are one pair, whatever their names are by now."""
    one = exchange.leg(message, now, "LocalOne")
    two = exchange.leg(message, now, "LocalTwo")
    if one is not None and two is not None:
        one.mate, two.mate = two, one


def on_rename(exchange: Exchange, message: Message, _now: Moment) -> None:
    """A masquerade moves a telephone from one channel to another."""
    leg = exchange.legs.get(message.get("Uniqueid"))
    name = message.get("Newname")
    if leg is not None and name and not name.endswith("<MASQ>"):
        exchange.rename(leg, name)

"""Legs are born, called, ring, answer; from this follows what kind of call it is."""

from __future__ import annotations

from connectors.ami.message import Message
from connectors.ami.tracker.closing import after_hangup
from connectors.ami.tracker.conversation import Conversation
from connectors.ami.tracker.endpoints import dialled_number, target
from connectors.ami.tracker.exchange import Exchange
from connectors.ami.tracker.legs import RING, RINGING, UP, Leg
from connectors.ami.tracker.moments import Moment
from hub.values import is_withheld, normalise_number

NOWHERE = frozenset({"", "s", "h", "i", "t"})
_SHORT = 5


def on_newchannel(exchange: Exchange, message: Message, now: Moment) -> None:
    """A leg is born: by itself (state Ring) or because the PBX calls it."""
    uniqueid = message.get("Uniqueid")
    if not uniqueid or not message.get("Channel"):
        return
    known = exchange.legs.get(uniqueid)
    if known is not None:
        _complete_a_late_birth(known, message)
        return
    is_early_end = exchange.gone.get(uniqueid)
    if is_early_end is False:
        return
    state = _number(message.get("ChannelState"))
    linkedid = message.get("Linkedid") or uniqueid
    leg = exchange.bear(message, now, is_caller=state == RING or (state != 0 and uniqueid == linkedid))
    begin(exchange, leg)
    if is_early_end:
        exchange.doubt(leg.conversation)
        exchange.bury(leg, now)
        after_hangup(exchange, leg.conversation, now)


def _complete_a_late_birth(leg: Leg, message: Message) -> None:
    """The Newchannel came after other events of the same leg."""
    leg.exten = leg.exten or message.get("Exten")
    if leg.is_caller and leg is leg.conversation.anchor and not leg.conversation.to_raw:
        leg.conversation.to_raw = _line(message.get("Exten"))


def begin(exchange: Exchange, leg: Leg) -> None:
    """What a new leg means for its conversation."""
    conversation = leg.conversation
    is_root = leg.uniqueid == leg.linkedid
    if leg.kind == "outside" and leg.is_caller:
        leg.is_outside_party = leg.is_placed = True
        if conversation.direction in (None, "internal") and is_root:
            conversation.direction = "inbound"
            conversation.anchor = leg
            conversation.from_raw = leg.number
            conversation.to_raw = _line(leg.exten)
            exchange.tell(conversation)
    elif not is_root or conversation.caller is not None:
        return
    elif leg.is_caller:
        conversation.caller = leg if leg.kind == "phone" else None
    else:
        conversation.is_originated = leg.kind in ("phone", "outside", "local")
        if leg.kind == "outside":
            place(exchange, leg, None)
        elif leg.kind == "phone":
            conversation.caller = leg
            leg.is_dialled = True


def _line(exten: str) -> str:
    return "" if exten in NOWHERE else exten


def on_dial_begin(exchange: Exchange, message: Message, now: Moment) -> None:
    """The PBX calls a leg, on behalf of another one or (Originate) of nobody."""
    dialling = exchange.leg(message, now)
    leg = exchange.leg(message, now, "Dest")
    if leg is None:
        return
    leg.is_caller = False
    leg.is_dialled = leg.is_dial_begun = True
    leg.dial_string = message.get("DialString") or leg.dial_string
    conversation = leg.conversation
    conversation.is_tried = (
        conversation.is_tried or not conversation.is_originated or leg is not conversation.caller
    )
    if conversation.caller is leg and not conversation.is_originated:
        conversation.caller = None
    if leg.kind in ("outside", "phone"):
        place(exchange, leg, dialling, message.get("CallerIDNum"))
    if dialling is not None and dialling.is_outside_party and not conversation.is_over:
        goes_on(exchange, conversation)
    _note_ringing(exchange, leg, message.get("DestChannelState"), now)


def place(exchange: Exchange, leg: Leg, dialling: Leg | None, presented: str = "") -> None:
    """Decide what a leg that the PBX calls is to the call, and with it the kind of the call."""
    conversation = leg.conversation
    if conversation.direction is None:
        _decide(exchange, conversation, leg, dialling)
    if leg.kind != "outside" or leg.is_placed or leg.is_caller:
        return
    leg.is_placed = True
    if conversation.direction == "outbound" and (conversation.anchor is None or conversation.anchor.ended):
        leg.is_outside_party = conversation.answered is None
        if leg.is_outside_party:
            conversation.to_raw = dialled_number(leg.dial_string) or conversation.to_raw
            if presented and not is_withheld(presented):
                conversation.from_raw = presented
            exchange.tell(conversation)


def _decide(exchange: Exchange, conversation: Conversation, leg: Leg, dialling: Leg | None) -> None:
    """Our phone that calls a colleague makes an internal call, one that calls out an outbound one;
    an outside leg below a colleague's short number is his mobile."""
    caller = conversation.caller
    if caller is None and not conversation.is_originated:
        return
    if leg.kind == "outside":
        is_below = dialling is not None and dialling.kind == "local" and not conversation.is_originated
        is_short = caller is not None and caller.exten.isdigit() and len(caller.exten) <= _SHORT
        conversation.direction = "internal" if is_below and is_short else "outbound"
    elif caller is None:
        conversation.caller = leg
        return
    elif leg is caller:
        return
    else:
        conversation.direction = "internal"
    if conversation.direction == "internal":
        conversation.anchor = caller
        asked = caller.exten if caller is not None and caller.is_caller else conversation.asked_raw
        conversation.to_raw = _line(asked) or leg.endpoint
    exchange.tell(conversation)


def on_dial(exchange: Exchange, leg: Leg, arguments: str) -> None:
    """Application Dial runs: what it is to call, even when no leg comes of it (not registered)."""
    conversation = leg.conversation
    conversation.is_tried = True
    caller = conversation.caller
    if conversation.direction is not None or caller is None or not caller.is_real:
        return
    if conversation.is_originated and leg.kind == "local" and caller.up is None:
        return
    for resource in arguments.partition(",")[0].split("&"):
        tech, name, number = target(resource)
        kind = exchange.endpoints.kind(tech, name) if name else None
        if kind == "outside" and number and leg is caller:
            conversation.direction = "outbound"
            conversation.to_raw = number
            conversation.from_raw = ""
        elif kind == "phone" and name != caller.endpoint:
            conversation.direction = "internal"
            conversation.anchor = caller
            conversation.to_raw = (
                _line(caller.exten) if caller.is_caller else conversation.asked_raw
            ) or name
        else:
            continue
        exchange.tell(conversation)
        return


def on_newstate(exchange: Exchange, message: Message, now: Moment) -> None:
    """A leg rings or is up."""
    leg = exchange.leg(message, now)
    if leg is None:
        return
    state = message.get("ChannelState")
    if leg.kind == "phone" and leg.conversation.direction is None and leg is leg.conversation.caller:
        _note_what_is_asked(exchange, leg, message.get("ConnectedLineNum"))
    _note_ringing(exchange, leg, state, now)
    if _number(state) == UP and leg.up is None:
        leg.up = now


def _note_what_is_asked(exchange: Exchange, leg: Leg, number: str) -> None:
    """A click-to-call shows the number it is for on our own phone while that one rings."""
    conversation = leg.conversation
    country = exchange.settings.country
    if not conversation.is_originated or is_withheld(number) or number == leg.endpoint:
        return
    waiting = _transferred_by(exchange, leg.endpoint, number)
    if waiting is not None:
        exchange.tie(waiting, conversation, leg)
        return
    if (normalise_number(number, country) or "").startswith("+"):
        conversation.direction = "outbound"
        conversation.asked_raw = conversation.asked_raw or ""
        conversation.to_raw = number
        exchange.tell(conversation)


def _transferred_by(exchange: Exchange, extension: str, number: str) -> Conversation | None:
    """The call that comes back to the one who transferred it: the PBX rings him on a leg of its own,
    which is tied to the call only when he answers."""
    for conversation in exchange.by_linkedid.values():
        if conversation.is_over or conversation.phase != "ringing" or not conversation.transfers:
            continue
        last = conversation.transfers[-1]
        is_his = last.kind == "attended" and last.from_extension == extension
        if is_his and any(
            number in (leg.number, conversation.to_raw) for leg in conversation.outside_parties()
        ):
            return conversation
    return None


def _note_ringing(exchange: Exchange, leg: Leg, state: str, now: Moment) -> None:
    if _number(state) == RINGING and leg.rang is None and leg.is_real and not leg.is_caller:
        leg.rang = now
        leg.is_dialled = True
        exchange.tell(leg.conversation)


def on_dial_end(exchange: Exchange, message: Message, now: Moment) -> None:
    """The calling of a leg came to something; the first status counts, for others follow it."""
    leg = exchange.leg(message, now, "Dest")
    if leg is None:
        return
    status = message.get("DialStatus")
    if _number(message.get("DestChannelState")) == RINGING:
        _note_ringing(exchange, leg, "5", now)
    if leg.dial_status or not status:
        return
    leg.dial_status, leg.decided = status, now
    conversation = leg.conversation
    if leg.is_real and not leg.is_dial_begun and not leg.is_caller:
        exchange.doubt(conversation)
    if leg.is_real and not leg.is_dialled and not leg.is_caller:
        conversation.is_complete = False
        leg.is_dialled = True
        place(exchange, leg, exchange.leg(message, now))
    if status == "ANSWER":
        leg.up = leg.up or now
    elif status == "CANCEL" and leg.talked is None:
        decide_cancelled(conversation, leg)
    if leg.is_real:
        exchange.tell_later(conversation)


def decide_cancelled(conversation: Conversation, leg: Leg) -> None:
    """Why a phone was told to stop: somebody else took the call, or the caller gave up."""
    if _is_taken_by_another(conversation, leg):
        leg.was_answered_elsewhere = True
    elif any(one.is_leaving for one in _who_asked(conversation)):
        leg.was_cancelled_by_caller = True


def _is_taken_by_another(conversation: Conversation, leg: Leg) -> bool:
    if conversation.phase == "talking" and conversation.partners:
        return True
    return any(
        one is not leg
        and one.is_dialled
        and one.is_real
        and one.dial_status == "ANSWER"
        and not one.is_outside_party
        for one in conversation.living
    )


def _who_asked(conversation: Conversation) -> list[Leg]:
    if conversation.direction == "inbound":
        return conversation.outside_parties()
    return [leg for leg in (conversation.caller,) if leg is not None]


def goes_on(exchange: Exchange, conversation: Conversation) -> None:
    """The outside party moves on in the dialplan: nobody talks with it now."""
    if conversation.phase in ("talking", "parked") and not conversation.clock.is_talking:
        conversation.phase = "ringing"
        conversation.parked_at_space = None
        exchange.tell_later(conversation)


def _number(text: str) -> int:
    return int(text) if len(text) < 6 and text.isascii() and text.isdigit() else -1

"""The call goes from one of ours to another: blind, attended, by redirect; and pickups."""

from __future__ import annotations

from bisect import insort

from connectors.ami.message import Message
from connectors.ami.tracker.conversation import Conversation
from connectors.ami.tracker.dialling import NOWHERE
from connectors.ami.tracker.exchange import Exchange
from connectors.ami.tracker.legs import Leg, hearing
from connectors.ami.tracker.meeting import refresh
from connectors.ami.tracker.moments import Moment
from connectors.ami.tracker.people import is_person, label
from hub.events.calls import Transfer, TransferKind
from hub.values import normalise_number

_SOON = 2.0


def record(
    exchange: Exchange, conversation: Conversation, now: Moment, kind: TransferKind, by: str | None, to: str
) -> None:
    """Note a transfer that was done. A blind one waits for the next event: it may turn out to be a
    parking, and the one who sent it is about to leave."""
    if kind != "park":
        to = _outside_as_e164(to, exchange.settings.country)
    made = Transfer(at=now.at, kind=kind, from_extension=by, to=to)
    insort(conversation.transfers, made, key=lambda one: one.at)  # the PBX may tell of an earlier one later
    conversation.departure = None
    if kind == "blind":
        exchange.tell_later(conversation)
    else:
        exchange.tell(conversation)


def _outside_as_e164(to: str, country: str) -> str:
    """A number of the public network in the one form that it has everywhere; an extension as it is."""
    number = normalise_number(to, country) or ""
    return number if number.startswith("+") else to


def on_blind_transfer(exchange: Exchange, message: Message, now: Moment) -> None:
    """A phone sent the other side to an extension and is out of it."""
    transferer = exchange.leg(message, now, "Transferer")
    transferee = exchange.leg(message, now, "Transferee")
    leg = transferer or transferee
    if leg is None or message.get("Result", "Success") != "Success":
        return
    leg.referring = None
    conversation = leg.conversation
    if transferee is not None and transferee.conversation is not conversation:
        conversation = exchange.tie(conversation, transferee.conversation, transferee)
    to = message.get("Extension")
    if conversation.is_over or _is_seen(conversation, message, "blind", to):
        return
    by = label(transferer, exchange.settings.country)
    if conversation.parked_by is not None and conversation.parked_by == by and conversation.phase == "parked":
        return
    if conversation.transfers and conversation.transfers[-1].kind == "redirect":
        last = conversation.transfers[-1]
        if last.from_extension == by and (now.at - last.at).total_seconds() < _SOON:
            conversation.transfers.pop()
    record(exchange, conversation, now, "blind", by, to)
    conversation.phase = "ringing"
    conversation.partners.clear()
    if conversation.direction == "internal" and transferee is not None and transferer is conversation.caller:
        conversation.caller = conversation.anchor = transferee


def on_attended_transfer(exchange: Exchange, message: Message, now: Moment) -> None:
    """A phone joined the one it talked with to the one it asked, and is out of it."""
    original = exchange.leg(message, now, "OrigTransferer")
    second = exchange.leg(message, now, "SecondTransferer")
    target = exchange.leg(message, now, "TransferTarget")
    transferee = exchange.leg(message, now, "Transferee")
    legs = [leg for leg in (transferee, original, second, target) if leg is not None]
    for leg in legs:
        leg.referring = None
    if not legs or message.get("Result", "Success") != "Success":
        return
    conversation = legs[0].conversation
    for leg in legs[1:]:
        conversation = exchange.tie(conversation, leg.conversation, leg)
    if conversation.is_over or message.get("DestType") == "Threeway":
        return
    transferers = {leg.endpoint for leg in (original, second) if leg is not None}
    to = _target(exchange, conversation, [leg for leg in (target, second, transferee) if leg], transferers)
    if _is_seen(conversation, message, "attended", to):
        return
    record(exchange, conversation, now, "attended", label(original or second, exchange.settings.country), to)
    refresh(exchange, conversation, now)
    if not conversation.clock.is_talking and conversation.phase == "talking":
        conversation.phase = "ringing"


def _target(exchange: Exchange, conversation: Conversation, legs: list[Leg], transferers: set[str]) -> str:
    """Who was asked: the person behind the target, or whom the transferer heard last, or who rings
    for the consultation, or at least what was dialled for it."""
    candidates = [one for leg in legs for one in (leg, *hearing(leg))]
    candidates += [leg.consulted for leg in legs if leg.consulted is not None]
    candidates += conversation.ringing()
    for leg in candidates:
        if is_person(leg) and leg.endpoint not in transferers:
            return label(leg, exchange.settings.country) or ""
    return next((leg.exten for leg in legs if leg.exten not in NOWHERE), "")


def _is_seen(conversation: Conversation, message: Message, kind: str, to: str) -> bool:
    """A doubled event is no second transfer."""
    parts = ("TransfererUniqueid", "OrigTransfererUniqueid", "SecondTransfererUniqueid", "Timestamp")
    mark = (kind, to, *(message.get(part) for part in parts))
    if mark in conversation.seen_transfers:
        return True
    conversation.seen_transfers.add(mark)
    return False


def redirect_is_certain(exchange: Exchange, conversation: Conversation) -> None:
    """The one left behind is gone, and the outside party is on its way to another extension."""
    departure = conversation.departure
    if departure is None or not departure.exten or departure.person.ended is None:
        return
    by = label(departure.person, exchange.settings.country)
    record(exchange, conversation, departure.at, "redirect", by, departure.exten)
    if conversation.phase == "talking" and not conversation.clock.is_talking:
        conversation.phase = "ringing"


def on_pickup(exchange: Exchange, message: Message, now: Moment) -> None:
    """Somebody took the call that rang at another's phone."""
    picker = exchange.leg(message, now)
    rung = exchange.leg(message, now, "Target")
    if picker is None or rung is None:
        return
    rung.is_taken = True
    conversation = exchange.tie(rung.conversation, picker.conversation, picker)
    exchange.tell_later(conversation)

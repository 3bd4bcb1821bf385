"""What the dialplan does with a leg: machines that take messages, dialling, moving on elsewhere."""

from __future__ import annotations

from connectors.ami.message import Message
from connectors.ami.tracker.dialling import NOWHERE, goes_on, on_dial
from connectors.ami.tracker.exchange import Exchange
from connectors.ami.tracker.legs import Leg
from connectors.ami.tracker.moments import Moment
from connectors.ami.tracker.transfers import redirect_is_certain

_VOICEMAIL = frozenset({"record", "voicemail", "minivmrecord", "audiosocketvoicemail"})
_OF_CALLED_LEGS = frozenset({"appdial", "appqueue", "appdial2"})
_SILENT = frozenset(
    {"noop", "set", "hangup", "return", "gosub", "gosubif", "goto", "gotoif", "execif", "mset"}
)


def on_newexten(exchange: Exchange, message: Message, now: Moment) -> None:
    """A leg runs an application of the dialplan."""
    leg = exchange.leg(message, now)
    application = message.get("Application").lower()
    if leg is None or application in _OF_CALLED_LEGS:
        return
    conversation = leg.conversation
    if conversation.is_over:
        return
    exten = message.get("Extension") or message.get("Exten")
    if application == "dial":
        on_dial(exchange, leg, message.get("AppData"))
    elif application == "queue":
        conversation.is_tried = True
    elif application in _VOICEMAIL:
        _voicemail(exchange, leg)
    if exten == "h":
        return
    _learn_the_number(exchange, leg, exten)
    _leave_person(exchange, leg, exten, now)
    if leg.is_outside_party and not leg.is_leaving and application not in _SILENT:
        _moves_on(exchange, leg)


def _voicemail(exchange: Exchange, leg: Leg) -> None:
    """A machine of ours takes a message of an outside caller."""
    conversation = leg.conversation
    if conversation.direction == "inbound" and leg.kind != "phone":
        conversation.has_voicemail = True
        goes_on(exchange, conversation)


def on_user_event(exchange: Exchange, message: Message, now: Moment) -> None:
    """Our sample dialplan says by itself that a message is being taken."""
    leg = exchange.leg(message, now)
    if leg is not None and message.get("UserEvent").lower() == "voicemailstarted":
        _voicemail(exchange, leg)


def _learn_the_number(exchange: Exchange, leg: Leg, exten: str) -> None:
    """Where a line hands over the dialled number late, and what a click-to-call is for."""
    conversation = leg.conversation
    if exten in NOWHERE:
        return
    if leg is conversation.anchor and conversation.direction == "inbound" and not conversation.to_raw:
        conversation.to_raw = exten
        exchange.tell_later(conversation)
    elif conversation.is_originated and not conversation.asked_raw and leg is conversation.caller:
        conversation.asked_raw = exten


def _leave_person(exchange: Exchange, leg: Leg, exten: str, now: Moment) -> None:
    """The outside party runs the dialplan again although the one it talked with has not hung up."""
    conversation = leg.conversation
    departure = conversation.departure
    if departure is None or not leg.is_outside_party or leg.is_leaving:
        return
    if not departure.exten and exten not in NOWHERE:
        departure.exten = exten
        departure.at = now
    redirect_is_certain(exchange, conversation)


def _moves_on(exchange: Exchange, leg: Leg) -> None:
    conversation = leg.conversation
    goes_on(exchange, conversation)
    if conversation.phase == "queued" and leg.has_left_queue:
        conversation.phase = "ringing"
        exchange.tell(conversation)

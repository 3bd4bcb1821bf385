"""What the dialplan does with a leg: machines that take messages, dialling, moving on elsewhere."""

from __future__ import annotations

from connectors.ami.message import Message
from connectors.ami.tracker.dialling import NOWHERE, goes_on, on_dial
from connectors.ami.tracker.exchange import Exchange
from connectors.ami.tracker.legs import Leg
from connectors.ami.tracker.moments import Moment, peek
from connectors.ami.tracker.recording import Noticed
from connectors.ami.tracker.transfers import redirect_is_certain

_VOICEMAIL = frozenset({b"record", b"voicemail", b"minivmrecord"})
_TELLING = frozenset({b"dial", b"queue", b"hangup"})
_OF_CALLED_LEGS = frozenset({b"appdial", b"appqueue", b"appdial2"})
_SILENT = frozenset(
    {b"noop", b"set", b"mset", b"hangup", b"return", b"gosub", b"gosubif", b"goto", b"gotoif", b"execif"}
)


def on_newexten(exchange: Exchange, message: Message, now: Moment) -> None:
    """A leg runs an application of the dialplan; most of them mean nothing to a call."""
    application = peek(message, b"\nApplication:").lower()
    if _means_nothing(exchange, message, application):
        return
    leg = exchange.leg(message, now)
    if leg is None:
        return
    conversation = leg.conversation
    if conversation.is_over:
        return
    exten = message.get("Extension") or message.get("Exten")
    if application == b"dial":
        on_dial(exchange, leg, message.get("AppData"))
    elif application == b"queue":
        conversation.is_tried = True
    elif application == b"hangup" and leg is conversation.anchor:
        leg.told_to_end = leg.told_to_end or now
        exchange.waiting[conversation] = None
    elif application in _VOICEMAIL:
        _voicemail(exchange, leg)
    if exten == "h":
        return
    _learn_the_number(exchange, leg, exten)
    _leave_person(exchange, leg, exten, now)
    if leg.is_outside_party and not leg.is_leaving and application not in _SILENT:
        _moves_on(exchange, leg)


def _means_nothing(exchange: Exchange, message: Message, application: bytes) -> bool:
    """Told without reading the whole message: there are fifty of these to a call."""
    if application in _OF_CALLED_LEGS:
        return True
    if application in _TELLING or application in _VOICEMAIL:
        return False
    leg = exchange.legs.get(peek(message, b"\nUniqueid:").decode("ascii", "replace"))
    if leg is None:
        return False
    conversation = leg.conversation
    if leg is conversation.caller:
        return not conversation.is_originated or bool(conversation.asked_raw)
    if not leg.is_outside_party:
        return True
    is_known = bool(conversation.to_raw) and conversation.departure is None
    return is_known and (application in _SILENT or conversation.phase == "ringing")


def _voicemail(exchange: Exchange, leg: Leg) -> None:
    """A machine of ours takes a message of an outside caller."""
    conversation = leg.conversation
    if conversation.direction == "inbound" and leg.kind != "phone":
        conversation.has_voicemail = True
        goes_on(exchange, conversation)


def on_user_event(exchange: Exchange, message: Message, now: Moment) -> None:
    """Our sample dialplan says by itself that a message is being taken, that whoever waited in the queue
    wants to be called back, or what the caller heard of the recording."""
    leg = exchange.leg(message, now)
    if leg is None:
        return
    what = message.get("UserEvent").lower()
    if what == "voicemailstarted":
        _voicemail(exchange, leg)
    elif what == "callbackasked":
        _callback_asked(exchange, leg, message)
    elif what == "recordingnotice":
        exchange.noticed.append(Noticed(leg, "played", now))
    elif what == "recordingconsent":
        is_yes = message.get("Answer").strip().lower() == "yes"
        exchange.noticed.append(Noticed(leg, "agreed" if is_yes else "refused", now))


def _callback_asked(exchange: Exchange, leg: Leg, message: Message) -> None:
    """The caller keeps the place; once, however often the key is pressed."""
    conversation = leg.conversation
    is_theirs = conversation.direction == "inbound" and leg.is_outside_party
    if conversation.is_over or conversation.has_asked or not is_theirs:
        return
    conversation.queue = conversation.queue or message.get("Queue") or None
    if conversation.queue is not None:
        conversation.has_asked = True
        exchange.asked.append(conversation)


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

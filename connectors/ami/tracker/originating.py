"""Click-to-call: what OriginateResponse says, long after the action was accepted."""

from __future__ import annotations

from connectors.ami.marks import mark_of
from connectors.ami.message import Message
from connectors.ami.tracker.closing import close
from connectors.ami.tracker.conversation import Conversation
from connectors.ami.tracker.endpoints import target
from connectors.ami.tracker.exchange import Exchange
from connectors.ami.tracker.moments import Moment
from hub.events.calls import Direction
from hub.values import normalise_number

_NOT_A_LEG = frozenset({"", "<unknown>", "<null>", "<none>"})


def on_originate_response(exchange: Exchange, message: Message, now: Moment) -> None:
    """The own phone answered, or did not, or could not even be called."""
    exten = message.get("Exten")
    uniqueid = message.get("Uniqueid")
    conversation = _of(exchange, uniqueid)
    if conversation is not None:
        _answer(exchange, conversation, exten)
        if message.get("Response") == "Failure" and not conversation.is_over and conversation.ending is None:
            conversation.ending = now
            exchange.waiting[conversation] = None
    elif message.get("Response") == "Failure" and _listens(exchange, message):
        return
    elif message.get("Response") == "Failure" and _is_number(exten):
        _failed_at_once(exchange, message, now, uniqueid, exten)


def _listens(exchange: Exchange, message: Message) -> bool:
    """Somebody who wanted to listen in has no phone there: no call, but whoever ordered it is told."""
    mark = mark_of(message.get("ActionID"))
    if mark is None or mark.purpose != "l":
        return False
    exchange.ordered.append(mark)
    return True


def _is_number(exten: str) -> bool:
    return exten.lstrip("+").isdigit()


def _of(exchange: Exchange, uniqueid: str) -> Conversation | None:
    leg = exchange.legs.get(uniqueid)
    if leg is not None:
        return leg.conversation
    return next((one for one in exchange.waiting if any(leg.uniqueid == uniqueid for leg in one.legs)), None)


def _answer(exchange: Exchange, conversation: Conversation, exten: str) -> None:
    if _is_number(exten) and not conversation.asked_raw and conversation.is_originated:
        conversation.asked_raw = exten
        if conversation.direction is None:
            conversation.direction = _direction(exchange, exten)
            conversation.anchor = conversation.caller if conversation.direction == "internal" else None
        if not any(leg.is_outside_party for leg in conversation.legs):
            conversation.to_raw = exten
        exchange.tell(conversation)
    caller = conversation.caller
    if conversation.ending is not None and (caller is None or caller.ended is not None):
        close(exchange, conversation, conversation.ending)
        if not conversation.living:
            exchange.forget(conversation)


def _direction(exchange: Exchange, exten: str) -> Direction:
    number = normalise_number(exten, exchange.settings.country) or ""
    return "outbound" if number.startswith("+") or len(exten) > 5 else "internal"


def _failed_at_once(exchange: Exchange, message: Message, now: Moment, uniqueid: str, exten: str) -> None:
    """The own phone is not registered: no channel was ever made, and yet somebody clicked to call."""
    action = message.get("ActionID")
    # An order of ours named the channel that never was.
    mark = mark_of(action)
    name = mark.channel_id if mark is not None else f"originate-{action or now.at.timestamp()}"
    key = uniqueid if uniqueid not in _NOT_A_LEG else name
    if key in exchange.gone:
        return
    exchange.remember_gone(key, is_early=False)
    if target(message.get("Channel"))[0] == "local":
        return
    conversation = exchange.conversation(key, now)
    conversation.is_originated = True
    conversation.direction = _direction(exchange, exten)
    conversation.to_raw = conversation.asked_raw = exten
    close(exchange, conversation, now)
    exchange.forget(conversation)

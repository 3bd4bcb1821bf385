"""Callers wait in queues; members are busy, away or free."""

from __future__ import annotations

from connectors.ami.message import Message
from connectors.ami.tracker.exchange import Exchange
from connectors.ami.tracker.moments import Moment

_MEMBERS_KEPT = 10_000
_BUSY = frozenset({2, 3, 6, 7, 8})  # in use, busy, ringing, ringing in use, on hold


def on_join(exchange: Exchange, message: Message, now: Moment) -> None:
    """A caller entered a queue."""
    leg = exchange.leg(message, now)
    queue = message.get("Queue")
    if leg is None or not queue or leg.conversation.is_over:
        return
    enter(exchange, message, now, queue)


def enter(exchange: Exchange, message: Message, now: Moment, queue: str) -> None:
    """The call waits in this queue until a person talks."""
    leg = exchange.legs[message.get("Uniqueid")]
    conversation = leg.conversation
    conversation.is_tried = True
    conversation.queue = queue
    conversation.queued = conversation.queued or now
    leg.has_left_queue = False
    if not conversation.clock.is_talking:
        conversation.phase = "queued"
    conversation.were_members_busy = _is_anybody_busy(exchange, queue)
    exchange.tell(conversation)


def on_leave(exchange: Exchange, message: Message, now: Moment) -> None:
    """A caller left a queue: to a person, or on in the dialplan, which the next event says."""
    leg = exchange.leg(message, now)
    if leg is not None:
        if leg.conversation.queue != message.get("Queue"):
            # That it had joined was lost.
            leg.conversation.queue = message.get("Queue") or leg.conversation.queue
            exchange.doubt(leg.conversation)
        leg.has_left_queue = True
        leg.conversation.place = _place(message)
        if not leg.conversation.is_over:
            leg.conversation.were_members_busy = _is_anybody_busy(exchange, message.get("Queue"))


def _place(message: Message) -> int | None:
    place = message.get("Position")
    return int(place) if place.isascii() and place.isdigit() and len(place) < 6 else None


def on_member_status(exchange: Exchange, message: Message, _now: Moment) -> None:
    """A member's phone is free, rings, talks or is away."""
    queue = message.get("Queue")
    interface = message.get("Interface") or message.get("Location")
    status = message.get("Status")
    if queue and interface and status.isascii() and status.isdigit() and len(status) < 4:
        if len(exchange.members) >= _MEMBERS_KEPT:
            exchange.members.clear()
        exchange.members[queue, interface] = (int(status), message.get("Paused") == "1")


def on_member_removed(exchange: Exchange, message: Message, _now: Moment) -> None:
    """A member is no longer one."""
    exchange.members.pop((message.get("Queue"), message.get("Interface")), None)


def _is_anybody_busy(exchange: Exchange, queue: str) -> bool:
    """Whether a member's phone is in use: then nobody was rung because they talked with others."""
    return any(
        name == queue and status in _BUSY and not is_paused
        for (name, _), (status, is_paused) in exchange.members.items()
    )

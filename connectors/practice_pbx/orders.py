"""What a client may order: Originate, Hangup, Redirect, transfers, Park, pause and end of a
recording. Anything like a shell is refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Protocol

from connectors.practice_pbx.model import Channel, Headers
from connectors.practice_pbx.replies import Reply


class Orders(Protocol):
    """The stage, as far as a client may move what plays on it."""

    def leg(self, name: str) -> Channel | None:
        """The channel of this name, when it lives."""
        ...

    def knows(self, extension: str) -> bool:
        """Whether there is a phone with this extension."""
        ...

    def talks_with_first(self, leg: Channel) -> bool:
        """Whether this leg was rung by the call's first leg and talks with it: of such calls alone
        the exchange knows how to transfer."""
        ...

    def hang_up(self, leg: Channel) -> None:
        """End the call that this leg belongs to."""
        ...

    def redirect(self, leg: Channel, extension: str) -> None:
        """Send the other side of the call to a phone."""
        ...

    def blind_transfer(self, leg: Channel, extension: str) -> None:
        """A phone of ours sends the other side to a colleague."""
        ...

    def attended_transfer(self, leg: Channel, extension: str) -> None:
        """A phone of ours asks a colleague, then hands over."""
        ...

    def park(self, leg: Channel) -> None:
        """Put the leg into the parking lot."""
        ...

    def pause(self, extension: str, reason: str | None) -> bool:
        """Take a member out of the queue, or (None) put it back; False for who is no member."""
        ...

    def mute_recording(self, leg: Channel, *, is_muted: bool) -> bool:
        """Silence in the recording of this leg, or sound again; False where it is not recorded."""
        ...

    def stop_recording(self, leg: Channel) -> bool:
        """End the recording of this leg; False where it is not recorded."""
        ...

    def originate(self, extension: str, reply: Reply) -> None:
        """Ring a phone of ours, and when it answers, the number."""
        ...

    def refuse_originate(self, reply: Reply) -> None:
        """Say that the phone is not registered (the answer that comes later)."""
        ...


Order = Callable[[Orders, Reply], Iterator[Headers]]


def _hangup(orders: Orders, reply: Reply) -> Iterator[Headers]:
    name = reply.get("Channel")
    leg = orders.leg(name)
    if not name:
        yield reply.error("No channel specified")
    elif leg is None:
        yield reply.error("No such channel")
    else:
        yield reply.success(("Message", "Channel Hungup"))
        orders.hang_up(leg)


def _redirect(orders: Orders, reply: Reply) -> Iterator[Headers]:
    name, extension = reply.get("Channel"), reply.get("Exten")
    leg = orders.leg(name)
    if not name:
        yield reply.error("Channel not specified")
    elif leg is None:
        yield reply.error(f"Channel does not exist: {name}")
    elif not orders.knows(extension):
        yield reply.error("Redirect failed")
    else:
        yield reply.success(("Message", "Redirect successful"))
        orders.redirect(leg, extension)


def _blind_transfer(orders: Orders, reply: Reply) -> Iterator[Headers]:
    leg, extension = orders.leg(reply.get("Channel")), reply.get("Exten")
    if leg is None:
        yield reply.error("Channel specified does not exist")
    elif not orders.talks_with_first(leg) or not orders.knows(extension):
        yield reply.error("Transfer failed")
    else:
        yield reply.success(("Message", "Transfer succeeded"))
        orders.blind_transfer(leg, extension)


def _attended_transfer(orders: Orders, reply: Reply) -> Iterator[Headers]:
    leg, extension = orders.leg(reply.get("Channel")), reply.get("Exten")
    if leg is None:
        yield reply.error("Channel specified does not exist")
    elif not orders.talks_with_first(leg) or not orders.knows(extension):
        yield reply.error("Atxfer failed")
    else:
        yield reply.success(("Message", "Atxfer successfully queued"))
        orders.attended_transfer(leg, extension)


def _park(orders: Orders, reply: Reply) -> Iterator[Headers]:
    name = reply.get("Channel")
    leg = orders.leg(name)
    if not name:
        yield reply.error("Channel not specified")
    elif leg is None:
        yield reply.error(f"Channel does not exist: {name}")
    elif not any(map(orders.talks_with_first, leg.bridge.channels if leg.bridge else ())):
        yield reply.error("Park failure")
    else:
        yield reply.success(("Message", "Park successful"))
        orders.park(leg)


def _queue_pause(orders: Orders, reply: Reply) -> Iterator[Headers]:
    extension = reply.get("Interface").partition("/")[2]
    is_paused = reply.get("Paused").lower() in ("true", "1", "yes")
    if orders.pause(extension, reply.get("Reason") if is_paused else None):
        said = "paused" if is_paused else "unpaused"
        yield reply.success(("Message", f"Interface {said} successfully"))
    else:
        yield reply.error("Interface not found")


def _mute(orders: Orders, reply: Reply) -> Iterator[Headers]:
    leg = orders.leg(reply.get("Channel"))
    if leg is None:
        yield reply.error("No such channel")
    elif orders.mute_recording(leg, is_muted=reply.get("State") == "1"):
        yield reply.success()
    else:
        yield reply.error("Cannot set mute flag")


def _stop_recording(orders: Orders, reply: Reply) -> Iterator[Headers]:
    leg = orders.leg(reply.get("Channel"))
    if leg is None:
        yield reply.error("No such channel")
    elif orders.stop_recording(leg):
        yield reply.success()
    else:
        yield reply.error("Could not stop monitoring channel")


def _originate(orders: Orders, reply: Reply) -> Iterator[Headers]:
    device = reply.get("Channel")
    if not device:
        yield reply.error("Channel not specified")
        return
    yield reply.success(("Message", "Originate successfully queued"))
    technology, _, extension = device.partition("/")
    if technology == "PJSIP" and orders.knows(extension) and reply.get("Exten"):
        orders.originate(extension, reply)
    else:
        orders.refuse_originate(reply)


def _command(_: Orders, reply: Reply) -> Iterator[Headers]:
    yield reply.error("Permission denied")


ORDERS: Mapping[str, Order] = {
    "hangup": _hangup,
    "redirect": _redirect,
    "blindtransfer": _blind_transfer,
    "atxfer": _attended_transfer,
    "park": _park,
    "queuepause": _queue_pause,
    "mixmonitormute": _mute,
    "stopmixmonitor": _stop_recording,
    "originate": _originate,
    "command": _command,
}
"""Actions that change something, by their name in lower case."""

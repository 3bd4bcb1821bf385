"""The switch of the practice exchange: what channels and bridges do, and the AMI event of each deed.

Every method here is one deed of Asterisk with the events that it was recorded to send; conversations
(`conversation.py` and its neighbours) are made of them. No IO and no waiting."""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable

from connectors.practice_pbx.cast import Cast
from connectors.practice_pbx.devices import Devices
from connectors.practice_pbx.model import CAUSES, UNKNOWN, Bridge, Channel, Headers
from connectors.practice_pbx.parking import ParkingLot
from hub.clock import Clock

SYSTEM_NAME = "practice"
Listener = Callable[[str, str, Headers], None]
"""Told of each event: its name, its class (`call`, `agent`, ...), all its headers."""


class Exchange:
    """One life of the practice exchange."""

    def __init__(self, cast: Cast, clock: Clock, chance: random.Random) -> None:
        self.cast = cast
        self.clock = clock
        self.booted_at = clock.now()
        self.channels: list[Channel] = []
        self.recorded: set[str] = set()
        self.waiting: list[Channel] = []
        self.processed = 0
        self._chance = chance
        self._listeners: list[Listener] = []
        self._legs = 0
        self._devices = 0
        self._locals = 0
        self.lot = ParkingLot(self, Bridge(self._new_uuid(), "parking"))
        self.devices = Devices(self)

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Tell the listener of every event from now on; call the answer to stop."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def emit(self, name: str, headers: Headers, privilege: str = "call") -> None:
        """Send one event to all who listen."""
        stamp = f"{self.clock.now().timestamp():.6f}"
        head = [("Event", name), ("Privilege", f"{privilege},all"), ("Timestamp", stamp)]
        message = [*head, ("SystemName", SYSTEM_NAME), *headers]
        for listener in tuple(self._listeners):
            listener(name, privilege, message)

    # channels

    def new_channel(
        self, device: str, state: int, number: str, name: str, context: str, exten: str,
        *, linkedid: str | None = None, uniqueid: str | None = None,
    ) -> Channel:  # fmt: skip
        """A channel is born; without a Linkedid it begins a call of its own."""
        suffix = f"{self._devices:08x}"
        self._devices += 1
        return self._born(f"{device}-{suffix}", state, number, name, context, exten, linkedid, uniqueid)

    def new_local(self, exten: str, context: str, linkedid: str) -> tuple[Channel, Channel]:
        """The two halves of a Local channel."""
        name = f"Local/{exten}@{context}-{self._locals:08x}"
        self._locals += 1
        one = self._born(f"{name};1", 0, UNKNOWN, UNKNOWN, context, exten, linkedid, None)
        two = self._born(f"{name};2", 4, UNKNOWN, UNKNOWN, context, exten, linkedid, None)
        return one, two

    def join_local(self, one: Channel, two: Channel, exten: str, context: str, *, stays: bool) -> None:
        """Say that the two halves belong together; with `stays` (`/n`) they are never optimised away."""
        tail = [("Context", context), ("Exten", exten), ("LocalOptimization", "No" if stays else "Yes")]
        self.emit("LocalBridge", [*one.headers("LocalOne"), *two.headers("LocalTwo"), *tail])

    def _born(
        self, name: str, state: int, number: str, caller_name: str, context: str, exten: str,
        linkedid: str | None, uniqueid: str | None,
    ) -> Channel:  # fmt: skip
        now = self.clock.now()
        own = uniqueid or f"{SYSTEM_NAME}-{int(now.timestamp())}.{self._legs}"
        self._legs += 1
        if linkedid is None:
            self.processed += 1
        channel = Channel(name, own, linkedid or own, now, state, number, caller_name, context, exten)
        self.channels.append(channel)
        self.emit("Newchannel", channel.headers())
        self.devices.look_at(channel)
        return channel

    def set_state(self, channel: Channel, state: int) -> None:
        """Ringing, or up."""
        channel.state = state
        self.emit("Newstate", channel.headers())
        self.devices.look_at(channel)

    def run(self, channel: Channel, application: str, data: str = "", *, at: tuple[str, str, int]) -> None:
        """A channel goes to a place of the dialplan and runs an application."""
        channel.context, channel.exten, channel.priority = at
        channel.application, channel.data = application, data
        step = [("Extension", channel.exten), ("Application", application), ("AppData", data)]
        self.emit("Newexten", [*channel.headers(), *step], "dialplan")

    def set_caller(self, channel: Channel, number: str, name: str) -> None:
        """The dialplan gives a channel another number."""
        channel.number, channel.caller_name = number, name
        screening = ("CID-CallingPres", "0 (Presentation Allowed, Not Screened)")
        self.emit("NewCallerid", [*channel.headers(), screening])

    def set_connected(self, channel: Channel, other: Channel) -> None:
        """A channel's display shows another side."""
        channel.connect(other)
        self.emit("NewConnectedLine", channel.headers())

    def hang_up(self, channel: Channel, cause: int = 16, *, tech: str = "") -> None:
        """The channel is gone for good."""
        if channel not in self.channels:
            return
        if channel.bridge is not None:
            self.leave(channel)
        self.channels.remove(channel)
        end = [("Cause", str(cause)), ("Cause-txt", CAUSES[cause])]
        self.emit("Hangup", [*channel.headers(), *end, *([("TechCause", tech)] if tech else [])])
        self.devices.look_at(channel)

    def ask_hang_up(self, channel: Channel, cause: int = 16, *, tech: str = "") -> None:
        """The channel's own side wants to end it (who hung up is told by this alone)."""
        more = [("TechCause", tech)] if tech else []
        self.emit("HangupRequest", [*channel.headers(), ("Cause", str(cause)), *more])

    def soft_hang_up(self, channel: Channel, cause: int = 16) -> None:
        """The exchange itself ends the channel."""
        self.emit("SoftHangupRequest", [*channel.headers(), ("Cause", str(cause))])

    # dialling

    def dial_begin(self, caller: Channel | None, dest: Channel, dial_string: str) -> None:
        """One channel rings another; without a caller the exchange itself does (Originate)."""
        head = caller.headers() if caller is not None else []
        self.emit("DialBegin", [*head, *dest.headers("Dest"), ("DialString", dial_string)])

    def dial_end(self, caller: Channel | None, dest: Channel, status: str) -> None:
        """How the ringing ended: ANSWER, CANCEL, NOANSWER, BUSY, CONTINUE, ..."""
        head = caller.headers() if caller is not None else []
        self.emit("DialEnd", [*head, *dest.headers("Dest"), ("DialStatus", status)])

    # bridges

    def new_bridge(self) -> Bridge:
        """An empty room for two."""
        bridge = Bridge(self._new_uuid())
        self.emit("BridgeCreate", bridge.headers())
        return bridge

    def enter(self, bridge: Bridge, channel: Channel) -> None:
        """A channel joins a bridge."""
        bridge.channels.append(channel)
        channel.bridge = bridge
        self.emit("BridgeEnter", [*bridge.headers(), *channel.headers()])

    def leave(self, channel: Channel) -> Bridge | None:
        """A channel leaves its bridge; the last one out closes it."""
        bridge = channel.bridge
        if bridge is None:
            return None
        bridge.channels.remove(channel)
        channel.bridge = None
        self.emit("BridgeLeave", [*bridge.headers(), *channel.headers()])
        if not bridge.channels and bridge.kind == "basic":
            self.emit("BridgeDestroy", bridge.headers())
        return bridge

    def bridges(self) -> list[Bridge]:
        """All bridges that live, the parking lot included."""
        seen = {id(c.bridge): c.bridge for c in self.channels if c.bridge is not None}
        return [b for b in seen.values() if b is not self.lot.bridge] + [self.lot.bridge]

    def _new_uuid(self) -> str:
        return str(uuid.UUID(int=self._chance.getrandbits(128), version=4))

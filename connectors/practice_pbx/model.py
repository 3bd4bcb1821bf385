"""Channels and bridges of the practice exchange, and how AMI writes them down."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

Headers = list[tuple[str, str]]
"""Ordered headers of one message; a name may stand twice."""

UNKNOWN = "<unknown>"
DOWN, RING, RINGING, UP = 0, 4, 5, 6
_STATES = {DOWN: "Down", RING: "Ring", RINGING: "Ringing", UP: "Up"}
CAUSES = {
    0: "Unknown",
    16: "Normal Clearing",
    17: "User busy",
    19: "User alerting, no answer",
    21: "Call Rejected",
    26: "Answered elsewhere",
    127: "Interworking, unspecified",
}


@dataclass(slots=True)
class Bridge:
    """Where channels hear each other; `parking` is the lot's holding bridge."""

    uniqueid: str
    kind: str = "basic"
    channels: list[Channel] = field(default_factory=list)

    def headers(self, prefix: str = "", *, count: int | None = None) -> Headers:
        """The bridge's block of headers, each name behind the prefix."""
        parking = self.kind == "parking"
        return [
            (f"{prefix}BridgeUniqueid", self.uniqueid),
            (f"{prefix}BridgeType", self.kind),
            (f"{prefix}BridgeTechnology", "holding_bridge" if parking else "simple_bridge"),
            (f"{prefix}BridgeCreator", "Parking" if parking else UNKNOWN),
            (f"{prefix}BridgeName", "default" if parking else UNKNOWN),
            (f"{prefix}BridgeNumChannels", str(len(self.channels) if count is None else count)),
            (f"{prefix}BridgeVideoSourceMode", "none"),
        ]


@dataclass(slots=True, eq=False)
class Channel:
    """One leg, with what a channel snapshot of AMI shows of it."""

    name: str
    uniqueid: str
    linkedid: str
    created: datetime
    state: int
    number: str
    caller_name: str
    context: str
    exten: str
    priority: int = 1
    connected_number: str = UNKNOWN
    connected_name: str = UNKNOWN
    application: str = ""
    data: str = ""
    dnid: str = ""
    bridge: Bridge | None = None

    @property
    def device(self) -> str:
        """`PJSIP/101` of `PJSIP/101-0000002a`."""
        return self.name.rpartition("-")[0]

    @property
    def is_local(self) -> bool:
        """Half of a Local pair: no device of its own."""
        return self.name.startswith("Local/")

    def headers(self, prefix: str = "") -> Headers:
        """The channel's block of headers, each name behind the prefix (`Dest`, `Transferer`, ...)."""
        return [
            (f"{prefix}Channel", self.name),
            (f"{prefix}ChannelState", str(self.state)),
            (f"{prefix}ChannelStateDesc", _STATES[self.state]),
            (f"{prefix}CallerIDNum", self.number),
            (f"{prefix}CallerIDName", self.caller_name),
            (f"{prefix}ConnectedLineNum", self.connected_number),
            (f"{prefix}ConnectedLineName", self.connected_name),
            (f"{prefix}Language", "uk"),
            (f"{prefix}AccountCode", ""),
            (f"{prefix}Context", self.context),
            (f"{prefix}Exten", self.exten),
            (f"{prefix}Priority", str(self.priority)),
            (f"{prefix}Uniqueid", self.uniqueid),
            (f"{prefix}Linkedid", self.linkedid),
        ]

    def connect(self, other: Channel) -> None:
        """Show the other side on this channel's display."""
        self.connected_number, self.connected_name = other.number, other.caller_name


def render(headers: Headers) -> bytes:
    """A message as it goes over the wire. Line ends inside a value would be a second header: they
    become spaces, as Asterisk's own channel names and numbers never hold them."""
    lines = [f"{name}: {value}".replace("\r", " ").replace("\n", " ") for name, value in headers]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()

"""A street of callers and the phones of a shop, as a PBX tells of them over AMI: every method is what
Asterisk says of one thing that happens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count

from tests.connectors.ami.ami_server import AmiServer, channel, frame

UP = {"ChannelState": "6", "ChannelStateDesc": "Up"}
BRIDGE = {"BridgeType": "basic", "BridgeTechnology": "simple_bridge"}
Leg = Mapping[str, str]


@dataclass
class Street:
    """Calls on one PBX, whose outside line is known by `line` (digits)."""

    pbx: AmiServer
    line: str
    _numbers: count[int] = field(default_factory=lambda: count(1))

    def rings(self, caller: str, *phones: str) -> Ringing:
        """Somebody outside rings, and these phones ring."""
        number = next(self._numbers)
        first = f"1767695460.{number * 10}"
        outside = channel(f"PJSIP/trunk-{number:08x}", first, CallerIDNum=caller.lstrip("+"), Exten=self.line)
        own = [
            channel(
                f"PJSIP/{phone}-{number:08x}", f"1767695460.{number * 10 + place}", Linkedid=first,
                ChannelState="5", ChannelStateDesc="Ringing", CallerIDNum=phone, Exten="s",
            )
            for place, phone in enumerate(phones, 1)
        ]  # fmt: skip
        self.say("Newchannel", **outside)
        for leg in own:
            self.say("Newchannel", **leg)
            self.say("DialBegin", **outside, **_to(leg), DialString=leg["CallerIDNum"])
        return Ringing(self, outside, own)

    def answers_by_itself(self, order: Mapping[str, str]) -> Ringing:
        """The phone of an Originate takes it, and the number is dialled over the outside line."""
        number = next(self._numbers)
        at = {"Context": order["context"], "CallerIDNum": order["exten"]}
        down = {"ChannelState": "0", "ChannelStateDesc": "Down", "Exten": "s"}
        own = channel(f"{order['channel']}-{number:08x}", order["channelid"], **at, **down)
        self.say("Newchannel", **own)
        dialling = {**own, **UP, "Exten": order["exten"]}
        self.say("Newstate", **dialling)
        self.say("OriginateResponse", ActionID=order["actionid"], Response="Success", Reason="4", **dialling)
        outside = channel(
            f"PJSIP/trunk-{number:08x}", f"1767695460.{number * 10}", Linkedid=own["Linkedid"], **at, **down
        )
        self.say("Newchannel", **outside)
        self.say("DialBegin", **dialling, **_to(outside), DialString=f"{order['exten']}@trunk")
        return Ringing(self, own, [outside])

    def say(self, event: str, **headers: str) -> None:
        self.pbx.session.send(frame(f"Event: {event}", **headers))


@dataclass
class Ringing:
    """A call whose `legs` ring for whoever is at `caller`."""

    street: Street
    caller: Leg
    legs: list[dict[str, str]]

    def is_answered(self, place: int = 0) -> None:
        """The leg at this place is taken; the others stop ringing."""
        taken, caller = {**self.legs[place], **UP}, {**self.caller, **UP}
        self.street.say("Newstate", **taken)
        self.street.say("Newstate", **caller)
        self.street.say("DialEnd", **caller, **_to(taken), DialStatus="ANSWER")
        for leg in self.legs:
            if leg["Channel"] != taken["Channel"]:
                self.street.say("DialEnd", **caller, **_to(leg), DialStatus="CANCEL")
                self.street.say("Hangup", **leg, Cause="26")
        for number, leg in enumerate((taken, caller), 1):
            name = f"b{self.caller['Uniqueid']}"
            self.street.say(
                "BridgeEnter", **BRIDGE, BridgeUniqueid=name, BridgeNumChannels=str(number), **leg
            )
        self.legs = [taken]

    def ends(self) -> None:
        """Whoever is at `caller` hangs up, in the talk or before it."""
        self.street.say("HangupRequest", **self.caller, Cause="16")
        for leg in self.legs:
            if leg["ChannelState"] != UP["ChannelState"]:
                self.street.say("DialEnd", **self.caller, **_to(leg), DialStatus="CANCEL")
            self.street.say("Hangup", **leg, Cause="16")
        self.street.say("Hangup", **self.caller, Cause="16")


def _to(leg: Leg) -> dict[str, str]:
    return {f"Dest{name}": value for name, value in leg.items()}

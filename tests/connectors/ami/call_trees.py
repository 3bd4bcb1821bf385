"""Made-up calls for hypothesis: a small PBX that says what a real one would, for any random plot."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from hypothesis import strategies as st

from connectors.ami.message import Message

EPOCH = 1_795_442_000.0
_STATES = {"Down": "0", "Ring": "4", "Ringing": "5", "Up": "6"}


@dataclass(slots=True)
class Channel:
    """A channel of the made-up PBX."""

    name: str
    uniqueid: str
    linkedid: str
    state: str = "Down"


@dataclass(slots=True)
class MadeUpPbx:
    """Writes down what it says."""

    said: list[Message] = field(default_factory=list)
    now: float = 0.0
    count: int = 0
    bridges: dict[str, list[str]] = field(default_factory=dict)

    def wait(self, seconds: float) -> None:
        """Time passes."""
        self.now += seconds

    def channel(self, name: str, of: Channel | None, state: str, **headers: str) -> Channel:
        """A channel is born."""
        self.count += 1
        uniqueid = f"made-{int(EPOCH)}.{self.count}"
        channel = Channel(f"{name}-{self.count:08x}", uniqueid, of.linkedid if of else uniqueid, state)
        self.say("Newchannel", channel, headers=headers)
        return channel

    def say(
        self,
        event: str,
        channel: Channel | None = None,
        /,
        *,
        dest: Channel | None = None,
        headers: Mapping[str, str] | None = None,
        **more: str,
    ) -> None:
        """One event."""
        told = {"Timestamp": f"{EPOCH + self.now:.6f}"}
        for prefix, one in (("", channel), ("Dest", dest)):
            if one is not None:
                told |= {
                    f"{prefix}Channel": one.name,
                    f"{prefix}Uniqueid": one.uniqueid,
                    f"{prefix}Linkedid": one.linkedid,
                    f"{prefix}ChannelState": _STATES[one.state],
                }
        self.said.append(Message.of(event, told | dict(headers or {}) | more))

    def state(self, channel: Channel, state: str) -> None:
        """A channel rings or is up."""
        channel.state = state
        self.say("Newstate", channel)

    def enter(self, channel: Channel, bridge: str) -> None:
        """Into a bridge."""
        members = self.bridges.setdefault(bridge, [])
        members.append(channel.uniqueid)
        self._bridge("BridgeEnter", channel, bridge)

    def leave(self, channel: Channel, bridge: str) -> None:
        """Out of a bridge."""
        self.bridges[bridge].remove(channel.uniqueid)
        self._bridge("BridgeLeave", channel, bridge)

    def _bridge(self, event: str, channel: Channel, bridge: str) -> None:
        count = str(len(self.bridges[bridge]))
        self.say(event, channel, BridgeUniqueid=bridge, BridgeType="basic", BridgeNumChannels=count)

    def hang_up(self, channel: Channel, *, asked: bool = False, cause: str = "16") -> None:
        """A channel ends, by its own side or not."""
        self.say("HangupRequest" if asked else "SoftHangupRequest", channel)
        self.say("Hangup", channel, Cause=cause)


@dataclass(frozen=True, slots=True)
class Plot:
    """How a call is to go: who is rung one after another, what each does, what follows."""

    direction: str
    rings: tuple[tuple[str, str, bool], ...]
    hold: float
    talk: float
    transfers: tuple[str, ...]
    ended_by: str
    number: int


OUTCOMES = ("NOANSWER", "BUSY", "declined", "ANSWER", "CANCEL")
PHONES = ("101", "102", "103", "105")

plots = st.builds(
    Plot,
    direction=st.sampled_from(["inbound", "inbound", "outbound", "internal"]),
    rings=st.lists(
        st.tuples(st.sampled_from(PHONES), st.sampled_from(OUTCOMES), st.booleans()), max_size=4
    ).map(tuple),
    hold=st.floats(0, 5),
    talk=st.floats(0.1, 60),
    transfers=st.lists(st.sampled_from(PHONES), max_size=2).map(tuple),
    ended_by=st.sampled_from(["caller", "phone", "pbx"]),
    number=st.integers(0, 9999),
)


def play_plot(pbx: MadeUpPbx, plot: Plot) -> None:
    """One call from its first channel to its last."""
    if plot.direction == "inbound":
        caller = pbx.channel(
            "PJSIP/trunk", None, "Ring", CallerIDNum=f"38050123{plot.number:04}", Exten="380670001122"
        )
    else:
        caller = pbx.channel("PJSIP/107", None, "Ring", CallerIDNum="107", Exten=_dialled(plot))
    other = _ring(pbx, caller, plot)
    if other is not None:
        other = _talk(pbx, caller, other, plot)
    if other is not None:
        pbx.hang_up(other, asked=plot.ended_by == "phone")
    pbx.hang_up(caller, asked=plot.ended_by == "caller")


def _dialled(plot: Plot) -> str:
    return f"380931{plot.number:06}" if plot.direction == "outbound" else "102"


def _ring(pbx: MadeUpPbx, caller: Channel, plot: Plot) -> Channel | None:
    """The phones are called one after another until one answers."""
    for extension, outcome, is_local in plot.rings:
        name = "PJSIP/trunk" if plot.direction == "outbound" else f"PJSIP/{extension}"
        dialling = caller
        halves: tuple[Channel, ...] = ()
        if is_local and plot.direction == "inbound":
            halves = _local(pbx, caller, extension)
            dialling = halves[1]
        leg = pbx.channel(name, caller, "Down", CallerIDNum=extension)
        text = f"{_dialled(plot)}@trunk" if plot.direction == "outbound" else extension
        pbx.say("DialBegin", dialling, dest=leg, DialString=text, CallerIDNum="380670001122")
        pbx.wait(0.1)
        pbx.state(leg, "Ringing")
        pbx.wait(2)
        if outcome == "ANSWER":
            return _answer(pbx, caller, dialling, leg, halves)
        status = "NOANSWER" if outcome == "declined" else outcome
        pbx.say("DialEnd", dialling, dest=leg, DialStatus=status)
        pbx.hang_up(leg, cause={"BUSY": "17", "declined": "21"}.get(outcome, "0"))
        for half in halves:
            pbx.hang_up(half)
    return None


def _local(pbx: MadeUpPbx, caller: Channel, extension: str) -> tuple[Channel, Channel]:
    pbx.count += 1
    name = f"Local/{extension}@from-queue-{pbx.count:08x}"
    halves = []
    for half, state in (("1", "Down"), ("2", "Ring")):
        channel = pbx.channel(name, caller, state)
        channel.name = f"{name};{half}"
        pbx.said.pop()
        pbx.say("Newchannel", channel)
        halves.append(channel)
    pbx.say("DialBegin", caller, dest=halves[0], DialString=name)
    return halves[0], halves[1]


def _answer(
    pbx: MadeUpPbx, caller: Channel, dialling: Channel, leg: Channel, halves: tuple[Channel, ...]
) -> Channel:
    pbx.state(leg, "Up")
    pbx.say("DialEnd", dialling, dest=leg, DialStatus="ANSWER")
    near = f"bridge-{pbx.count}-near"
    if halves:
        far = f"bridge-{pbx.count}-far"
        pbx.enter(leg, near)
        pbx.enter(halves[1], near)
        pbx.say("DialEnd", caller, dest=halves[0], DialStatus="ANSWER")
        pbx.enter(halves[0], far)
        pbx.enter(caller, far)
    else:
        pbx.enter(leg, near)
        pbx.enter(caller, near)
    return leg


def _talk(pbx: MadeUpPbx, caller: Channel, leg: Channel, plot: Plot) -> Channel | None:
    """Talk, hold, hand over by REFER, as often as the plot says."""
    pbx.wait(plot.talk)
    if plot.hold:
        pbx.say("Hold", leg)
        pbx.wait(plot.hold)
        pbx.say("Unhold", leg)
    for target in plot.transfers:
        staying = leg if plot.direction == "outbound" else caller
        leaving = caller if plot.direction == "outbound" else leg
        if plot.direction != "inbound":
            break
        _blind(pbx, leaving, staying, target)
        _leave_all(pbx)
        pbx.hang_up(leaving)
        leg = pbx.channel(f"PJSIP/{target}", caller, "Down", CallerIDNum=target)
        pbx.say("DialBegin", caller, dest=leg, DialString=target)
        pbx.state(leg, "Ringing")
        pbx.wait(1)
        _answer(pbx, caller, caller, leg, ())
        pbx.wait(plot.talk)
    _leave_all(pbx)
    return leg


def _blind(pbx: MadeUpPbx, leaving: Channel, staying: Channel, target: str) -> None:
    headers: dict[str, str] = {}
    for prefix, one in (("Transferer", leaving), ("Transferee", staying)):
        headers |= {
            f"{prefix}Channel": one.name,
            f"{prefix}Uniqueid": one.uniqueid,
            f"{prefix}Linkedid": one.linkedid,
        }
    pbx.say("BlindTransfer", headers=headers, Result="Success", Extension=target)


def _leave_all(pbx: MadeUpPbx) -> None:
    """Everybody leaves the bridges, Local pairs hang up."""
    born = {}
    for message in pbx.said:
        if message.name == "Newchannel":
            born[message.get("Uniqueid")] = Channel(
                message.get("Channel"), message.get("Uniqueid"), message.get("Linkedid"), "Up"
            )
    for bridge, members in pbx.bridges.items():
        for uniqueid in list(members):
            pbx.leave(born[uniqueid], bridge)
            if born[uniqueid].name.startswith("Local/"):
                pbx.hang_up(born[uniqueid])

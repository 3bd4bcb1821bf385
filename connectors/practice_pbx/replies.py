"""What the practice exchange answers when it is asked how things stand."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from connectors.practice_pbx.exchange import SYSTEM_NAME, Exchange
from connectors.practice_pbx.model import UP, Channel, Headers

VERSION = "22.10.1 practice exchange"


@dataclass(frozen=True, slots=True)
class Reply:
    """How an answer is written: the action's id comes back, `get` reads the action's headers."""

    action_id: str
    get: Callable[[str], str]

    @property
    def id(self) -> Headers:
        """The ActionID header, when one was given."""
        return [("ActionID", self.action_id)] if self.action_id else []

    def success(self, *headers: tuple[str, str]) -> Headers:
        """`Response: Success`."""
        return [("Response", "Success"), *self.id, *headers]

    def error(self, text: str) -> Headers:
        """`Response: Error`."""
        return [("Response", "Error"), *self.id, ("Message", text)]

    def listing(
        self, message: str, rows: list[Headers], end: str, *more: tuple[str, str]
    ) -> Iterator[Headers]:
        """A list: the response that announces it, its rows, its end."""
        yield self.success(("EventList", "start"), ("Message", message))
        yield from rows
        last = [("EventList", "Complete"), ("ListItems", str(len(rows)))]
        yield [("Event", end), *self.id, *last, *more]


Answerer = Callable[[Exchange, Reply], Iterator[Headers]]


def _core_status(exchange: Exchange, reply: Reply) -> Iterator[Headers]:
    day, hour = f"{exchange.booted_at:%Y-%m-%d}", f"{exchange.booted_at:%H:%M:%S}"
    calls = str(len({channel.linkedid for channel in exchange.channels}))
    yield reply.success(
        ("CoreStartupDate", day), ("CoreStartupTime", hour),
        ("CoreReloadDate", day), ("CoreReloadTime", hour),
        ("CoreCurrentCalls", calls), ("CoreProcessedCalls", str(exchange.processed)),
    )  # fmt: skip


def _core_settings(_: Exchange, reply: Reply) -> Iterator[Headers]:
    yield reply.success(
        ("AMIversion", "11.0.0"), ("AsteriskVersion", VERSION), ("SystemName", SYSTEM_NAME),
        ("CoreMaxCalls", "0"), ("CoreMaxLoadAvg", "0.000000"), ("CoreRunUser", ""), ("CoreRunGroup", ""),
        ("CoreMaxFilehandles", "0"), ("CoreRealTimeEnabled", "No"), ("CoreCDRenabled", "No"),
        ("CoreHTTPenabled", "No"), ("SoundsSearchCustomDir", "No"),
    )  # fmt: skip


def _core_show_channels(exchange: Exchange, reply: Reply) -> Iterator[Headers]:
    rows = [_channel_row(exchange, channel, reply) for channel in exchange.channels]
    return reply.listing("Channels will follow", rows, "CoreShowChannelsComplete")


def _channel_row(exchange: Exchange, channel: Channel, reply: Reply) -> Headers:
    hours, rest = divmod(_age(exchange, channel), 3600)
    return [
        ("Event", "CoreShowChannel"), *reply.id, *channel.headers(),
        ("Application", channel.application), ("ApplicationData", channel.data),
        ("Duration", f"{hours:02}:{rest // 60:02}:{rest % 60:02}"),
        ("BridgeId", channel.bridge.uniqueid if channel.bridge else ""),
    ]  # fmt: skip


def _age(exchange: Exchange, channel: Channel) -> int:
    return int((exchange.clock.now() - channel.created).total_seconds())


def _status(exchange: Exchange, reply: Reply) -> Iterator[Headers]:
    wanted = reply.get("Channel")
    channels = [c for c in exchange.channels if not wanted or c.name == wanted]
    if wanted and not channels:
        return iter([reply.error("No such channel")])
    rows = [_status_row(exchange, channel, reply) for channel in channels]
    items = ("Items", str(len(rows)))
    return reply.listing("Channel status will follow", rows, "StatusComplete", items)


def _status_row(exchange: Exchange, channel: Channel, reply: Reply) -> Headers:
    return [
        ("Event", "Status"), ("Privilege", "Call"), *channel.headers(),
        ("Type", channel.name.partition("/")[0]), ("DNID", channel.dnid),
        ("EffectiveConnectedLineNum", channel.connected_number),
        ("EffectiveConnectedLineName", channel.connected_name), ("TimeToHangup", "0"),
        ("BridgeID", channel.bridge.uniqueid if channel.bridge else ""),
        ("Application", channel.application), ("Data", channel.data),
        ("Nativeformats", "(alaw)"), ("Readformat", "alaw"), ("Readtrans", ""),
        ("Writeformat", "alaw"), ("Writetrans", ""), ("Callgroup", "0"), ("Pickupgroup", "0"),
        ("Seconds", str(_age(exchange, channel))), *reply.id,
    ]  # fmt: skip


def _queue_status(exchange: Exchange, reply: Reply) -> Iterator[Headers]:
    cast, wanted = exchange.cast, reply.get("Queue")
    rows: list[Headers] = []
    if not wanted or wanted == cast.queue:
        rows.append(_queue_row(exchange, reply))
        rows += [_member_row(exchange, extension, reply) for extension in cast.queue_members]
        rows += [_entry_row(exchange, place, c, reply) for place, c in enumerate(exchange.waiting, 1)]
    return reply.listing("Queue status will follow", rows, "QueueStatusComplete")


def _queue_row(exchange: Exchange, reply: Reply) -> Headers:
    return [
        ("Event", "QueueParams"), ("Queue", exchange.cast.queue), ("Max", "0"), ("Strategy", "ringall"),
        ("Calls", str(len(exchange.waiting))), ("Holdtime", "0"), ("TalkTime", "0"),
        ("Completed", str(sum(exchange.devices.calls_taken.values()))), ("Abandoned", "0"),
        ("ServiceLevel", "0"),
        ("ServicelevelPerf", "0.0"), ("ServicelevelPerf2", "0.0"), ("Weight", "0"), *reply.id,
    ]  # fmt: skip


def _member_row(exchange: Exchange, extension: str, reply: Reply) -> Headers:
    names = {"MemberName": "Name", "Interface": "Location"}
    state = [(names.get(k, k), v) for k, v in exchange.devices.member_headers(extension) if k != "Ringinuse"]
    return [("Event", "QueueMember"), *state, *reply.id]


def _entry_row(exchange: Exchange, place: int, channel: Channel, reply: Reply) -> Headers:
    return [
        ("Event", "QueueEntry"), ("Queue", exchange.cast.queue), ("Position", str(place)),
        ("Channel", channel.name), ("Uniqueid", channel.uniqueid),
        ("CallerIDNum", channel.number), ("CallerIDName", channel.caller_name),
        ("ConnectedLineNum", channel.connected_number), ("ConnectedLineName", channel.connected_name),
        ("Wait", str(_age(exchange, channel))), ("Priority", "0"), *reply.id,
    ]  # fmt: skip


def _parked_calls(exchange: Exchange, reply: Reply) -> Iterator[Headers]:
    rows = [
        [("Event", "ParkedCall"), *exchange.lot.headers(space), *reply.id] for space in exchange.lot.parked
    ]
    total = ("Total", str(len(rows)))
    return reply.listing("Parked calls will follow", rows, "ParkedCallsComplete", total)


def _bridge_list(exchange: Exchange, reply: Reply) -> Iterator[Headers]:
    rows = [[("Event", "BridgeListItem"), *reply.id, *bridge.headers()] for bridge in exchange.bridges()]
    return reply.listing("Bridge listing will follow", rows, "BridgeListComplete")


def _endpoints(exchange: Exchange, reply: Reply) -> Iterator[Headers]:
    names = (*exchange.cast.people, *exchange.cast.trunks)
    rows = [_endpoint_row(exchange, name, reply) for name in names]
    text = "A listing of Endpoints follows, presented as EndpointList events"
    return reply.listing(text, rows, "EndpointListComplete")


def _endpoint_row(exchange: Exchange, name: str, reply: Reply) -> Headers:
    device = f"PJSIP/{name}"
    words = {"NOT_INUSE": "Not in use", "INUSE": "In use", "RINGING": "Ringing"}
    legs = sum(channel.device == device for channel in exchange.channels)
    return [
        ("Event", "EndpointList"), *reply.id, ("ObjectType", "endpoint"), ("ObjectName", name),
        ("Transport", ""), ("Aor", name), ("Auths", ""), ("OutboundAuths", ""),
        ("Contacts", f"{name}/sip:{name}@127.0.0.1:5060,"),
        ("DeviceState", words[exchange.devices.state(device)]), ("ActiveChannels", str(legs)),
    ]  # fmt: skip


def _extension_states(exchange: Exchange, reply: Reply) -> Iterator[Headers]:
    rows = [_extension_row(exchange, extension, reply) for extension in exchange.cast.people]
    return reply.listing("Extension Statuses will follow", rows, "ExtensionStateListComplete")


def _extension_row(exchange: Exchange, extension: str, reply: Reply) -> Headers:
    device = f"PJSIP/{extension}"
    legs = [channel for channel in exchange.channels if channel.device == device]
    code, text = ("0", "Idle") if not legs else ("8", "Ringing")
    if any(channel.state == UP for channel in legs):
        code, text = "1", "InUse"
    state = [("Exten", extension), ("Context", "internal"), ("Hint", device), ("Status", code)]
    return [("Event", "ExtensionStatus"), *reply.id, *state, ("StatusText", text)]


def _device_states(exchange: Exchange, reply: Reply) -> Iterator[Headers]:
    names = (*exchange.cast.people, *exchange.cast.trunks)
    rows: list[Headers] = []
    for device in (f"PJSIP/{name}" for name in names):
        state = [("Device", device), ("State", exchange.devices.state(device))]
        rows.append([("Event", "DeviceStateChange"), *reply.id, *state])
    return reply.listing("Device State Changes will follow", rows, "DeviceStateListComplete")


LISTS: Mapping[str, Answerer] = {
    "corestatus": _core_status,
    "coresettings": _core_settings,
    "coreshowchannels": _core_show_channels,
    "status": _status,
    "queuestatus": _queue_status,
    "parkedcalls": _parked_calls,
    "bridgelist": _bridge_list,
    "pjsipshowendpoints": _endpoints,
    "extensionstatelist": _extension_states,
    "devicestatelist": _device_states,
}
"""Questions that change nothing, by their name in lower case."""

_COMMANDS = {
    "Atxfer": "Attended transfer.  (Priv: call,all)",
    "BlindTransfer": "Blind transfer channel(s) to the given destination  (Priv: call,all)",
    "BridgeList": "Get a list of bridges in the system.  (Priv: <none>)",
    "Challenge": "Generate Challenge for MD5 Auth.  (Priv: <none>)",
    "CoreSettings": "Show PBX core settings (version etc).  (Priv: system,reporting,all)",
    "CoreShowChannels": "List currently active channels.  (Priv: system,reporting,all)",
    "CoreStatus": "Show PBX core status variables.  (Priv: system,reporting,all)",
    "DeviceStateList": "List the current known device states.  (Priv: call,reporting,all)",
    "Events": "Control Event Flow.  (Priv: <none>)",
    "ExtensionStateList": "List the current known extension states.  (Priv: call,reporting,all)",
    "Filter": "Dynamically add filters for the current manager session.  (Priv: system,all)",
    "Hangup": "Hangup channel.  (Priv: system,call,all)",
    "ListCommands": "List available manager commands.  (Priv: <none>)",
    "Login": "Login Manager.  (Priv: <none>)",
    "Logoff": "Logoff Manager.  (Priv: <none>)",
    "MixMonitorMute": "Mute / unMute a Mixmonitor recording.  (Priv: system,call,all)",
    "Originate": "Originate a call.  (Priv: originate,all)",
    "Park": "Park a channel.  (Priv: call,all)",
    "ParkedCalls": "List parked calls.  (Priv: call,all)",
    "Ping": "Keepalive command.  (Priv: <none>)",
    "PJSIPShowEndpoints": "Lists PJSIP endpoints.  (Priv: system,all)",
    "QueuePause": "Makes a queue member temporarily unavailable.  (Priv: agent,all)",
    "QueueStatus": "Show queue status.  (Priv: <none>)",
    "Redirect": "Redirect (transfer) a call.  (Priv: call,all)",
    "Status": "List channel status.  (Priv: system,call,reporting,all)",
    "StopMixMonitor": "Stop recording a call through MixMonitor.  (Priv: system,call,all)",
    "UserEvent": "Send an arbitrary event.  (Priv: user,all)",
}


def list_commands() -> Headers:
    """What this exchange can be told."""
    return list(_COMMANDS.items())

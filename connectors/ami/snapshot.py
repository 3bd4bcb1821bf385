"""What is true now, asked after a gap, and brought up to the place where it joins the order.

The PBX makes its lists while calls go on, and sends events that it had queued before a list after
it. So a list alone would close calls that were born after it was made and adopt others that ended
meanwhile. The guard: from the log-in (or the gap) on, every event that goes to the tracker is also
watched here. A channel that was heard of since then is known better by its events than by any list:
it lives until its Hangup. The lists decide only about channels that nothing was heard of. After the
last list a Ping empties the session's queue of events, and a short wait gives the PBX's own event bus
its time; then the rows are corrected by what was watched (an ended channel's row goes, a channel that
is missing gets one, state, bridge and Linkedid are the newest), and the picture joins the queue
*behind* the watched events: the tracker compares it with a state of the same moment.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

from connectors.ami.actions import Action, Answer
from connectors.ami.config import AmiWaits
from connectors.ami.link import AmiLink
from connectors.ami.message import Message
from connectors.ami.tracker import PbxSnapshot

CHANNELS = Action("CoreShowChannels", complete="CoreShowChannelsComplete")
STATUS = Action("Status", complete="StatusComplete")
QUEUES = Action("QueueStatus", complete="QueueStatusComplete")
PARKED = Action("ParkedCalls", complete="ParkedCallsComplete")
DEVICES = Action("DeviceStateList", complete="DeviceStateListComplete")
BRIDGES = Action("BridgeList", complete="BridgeListComplete")
_MOST_BRIDGES = 500

_LEFT_QUEUE = frozenset({"QueueCallerLeave", "QueueCallerAbandon"})
_UNPARKED = frozenset({"UnParkedCall", "ParkedCallGiveUp", "ParkedCallTimeOut", "ParkedCallSwap"})
_STATE = ("ChannelState", "ChannelStateDesc", "Linkedid")


class NoPicture(Exception):
    """The PBX did not give a picture that can be trusted. `may_retry`: it did not refuse either;
    `is_ours`: it was our own queue that spoiled it."""

    def __init__(self, text: str, *, may_retry: bool, is_ours: bool = False) -> None:
        super().__init__(text)
        self.text = text
        self.is_ours = is_ours
        self.may_retry = may_retry


async def ask_picture(link: AmiLink, waits: AmiWaits) -> Lists:
    """All lists at one time, then the barrier. A PBX without parking, queues or device states refuses those
    lists, and nothing follows from that. Where we may not list channels, their Status will do (right
    `call`); where not that either, who is in which bridge (no right at all), which is a part of the truth.
    Raises NoPicture."""
    asked = (CHANNELS, STATUS, QUEUES, PARKED, BRIDGES, DEVICES)
    answers = await asyncio.gather(*(link.ask(action) for action in asked))
    channels, status, queues, parked, bridges, devices = answers
    lists = Lists(
        _told(channels), _told(status), _told(queues), _told(parked), _told(bridges), devices=_told(devices)
    )
    if channels.kind == "refused" and not status.is_told:
        if status.kind == "unknown" or not bridges.is_told:
            raise NoPicture(channels.text, may_retry="unknown" in (status.kind, bridges.kind))
        lists = replace(lists, channels=await _in_bridges(link, bridges.rows), is_whole=False)
    elif not channels.is_told and channels.kind != "refused":
        raise NoPicture(channels.text, may_retry=channels.kind == "unknown")
    if (await link.ask(Action("Ping"))).kind == "unknown":
        raise NoPicture("the PBX stopped answering", may_retry=True)
    await asyncio.sleep(waits.settle)
    return lists


def _told(answer: Answer) -> tuple[Message, ...]:
    return answer.rows if answer.is_told else ()


async def _in_bridges(link: AmiLink, bridges: Sequence[Message]) -> tuple[Message, ...]:
    """The channels of each bridge, as rows of a list of channels. A bridge that is gone meanwhile, or
    that does not answer, shows nothing."""
    rows: list[Message] = []
    for bridge in bridges[:_MOST_BRIDGES]:
        uniqueid = bridge.get("BridgeUniqueid")
        asked = Action("BridgeInfo", (("BridgeUniqueid", uniqueid),), complete="BridgeInfoComplete")
        answer = await link.ask(asked)
        for row in answer.rows if answer.is_told else ():
            raw = _with(row, {"Event": "CoreShowChannel", "BridgeId": uniqueid}).raw
            rows.append(Message("event", "CoreShowChannel", raw))
    return tuple(rows)


@dataclass(frozen=True, slots=True)
class Lists:
    """What the PBX answered, row by row."""

    channels: tuple[Message, ...] = ()
    status: tuple[Message, ...] = ()
    queues: tuple[Message, ...] = ()
    parked: tuple[Message, ...] = ()
    bridges: tuple[Message, ...] = ()
    is_whole: bool = True
    devices: tuple[Message, ...] = ()


class SnapshotWatch:
    """What was heard of channels since the log-in, or since the gap."""

    def __init__(self) -> None:
        self._gone: set[str] = set()
        self._newest: dict[str, Message] = {}
        self._bridge: dict[str, str] = {}
        self._left_queue: set[tuple[str, str]] = set()
        self._unparked: set[str] = set()

    def see(self, message: Message) -> None:
        """A message that joins the order now."""
        uniqueid = message.get("Uniqueid") or message.get("ParkeeUniqueid")
        if not uniqueid:
            return
        name = message.name
        if name == "Hangup":
            self._gone.add(uniqueid)
        elif name == "Newchannel":
            self._gone.discard(uniqueid)
        elif name == "BridgeEnter":
            self._bridge[uniqueid] = message.get("BridgeUniqueid")
        elif name == "BridgeLeave":
            self._bridge[uniqueid] = ""
        elif name in _LEFT_QUEUE:
            self._left_queue.add((message.get("Queue"), uniqueid))
        elif name == "QueueCallerJoin":
            self._left_queue.discard((message.get("Queue"), uniqueid))
        elif name in _UNPARKED:
            self._unparked.add(uniqueid)
        elif name == "ParkedCall":
            self._unparked.discard(uniqueid)
        if message.get("ChannelState"):
            self._newest[uniqueid] = message

    def corrected(self, lists: Lists) -> PbxSnapshot:
        """The lists as they would read if they had been made now."""
        live = [self._brought_up(row, "BridgeId") for row in lists.channels if self._is_live(row)]
        listed = {row.get("Uniqueid") for row in live}
        for uniqueid, newest in self._newest.items():
            if uniqueid not in listed and uniqueid not in self._gone:
                live.append(self._row_of(newest))
        return PbxSnapshot(
            channels=tuple(live),
            status=tuple(self._brought_up(row, "BridgeID") for row in lists.status if self._is_live(row)),
            queues=tuple(row for row in lists.queues if not self._has_left(row)),
            parked=tuple(row for row in lists.parked if not self._is_unparked(row)),
            bridges=lists.bridges,
            is_whole=lists.is_whole,
            devices=lists.devices,
        )

    def _is_live(self, row: Message) -> bool:
        return row.get("Uniqueid") not in self._gone

    def _has_left(self, row: Message) -> bool:
        uniqueid = row.get("Uniqueid")
        return bool(uniqueid) and (uniqueid in self._gone or (row.get("Queue"), uniqueid) in self._left_queue)

    def _is_unparked(self, row: Message) -> bool:
        uniqueid = row.get("ParkeeUniqueid")
        return uniqueid in self._gone or uniqueid in self._unparked

    def _brought_up(self, row: Message, bridge_header: str) -> Message:
        uniqueid = row.get("Uniqueid")
        newest = self._newest.get(uniqueid)
        changes = {name: newest.get(name) for name in _STATE if newest.get(name)} if newest else {}
        if uniqueid in self._bridge:
            changes[bridge_header] = self._bridge[uniqueid]
        return _with(row, changes) if changes else row

    def _row_of(self, newest: Message) -> Message:
        """Events of a channel carry the same headers as its row in the list."""
        raw = _with(newest, {"Event": "CoreShowChannel"}).raw
        return self._brought_up(Message("event", "CoreShowChannel", raw), "BridgeId")


def _with(message: Message, changes: dict[str, str]) -> Message:
    """The same message with some headers changed or added. The texts come from the PBX's own
    headers, so they hold no line break."""
    left = {name.lower(): value for name, value in changes.items()}
    lines: list[str] = []
    for name, values in message.headers().items():
        lines += [f"{name}: {left.pop(name, value)}" for value in values]
    lines += [f"{name}: {value}" for name, value in left.items()]
    return Message(message.kind, message.name, "\r\n".join(lines).encode())

"""Phones and queue members, followed beside the calls: the newest state of each, told when it changes.

Asterisk's words become ours here. Nothing is reckoned from calls: a device's state is what the PBX says.
What changed is gathered, and told a few times a second at most: a busy hour is not a flood of facts. After a
log-in or a gap the PBX's own lists decide, but for what was heard of since: that is newer than any list.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import MappingProxyType

from connectors.ami.message import Message
from connectors.ami.tracker.endpoints import Endpoints
from hub.events.phones import MemberState, PhoneCondition, PhonesChanged, PhoneState

WANTED = frozenset({
    "DeviceStateChange", "QueueMemberStatus", "QueueMemberAdded", "QueueMemberPause", "QueueMemberRemoved",
    "QueueMemberPenalty", "QueueMemberRinginuse", "ExtensionStatus",
})  # fmt: skip
_MOST = 10_000
_LONGEST = 200
_DND = re.compile(r"custom:dnd([0-9]{1,16})", re.IGNORECASE)
_PHONES = frozenset({"pjsip", "sip", "iax2", "dahdi", "sccp", "skinny", "motif"})
_DEVICE: MappingProxyType[str, PhoneCondition] = MappingProxyType({
    "NOT_INUSE": "free", "INUSE": "talking", "BUSY": "busy", "RINGING": "ringing", "RINGINUSE": "talking",
    "ONHOLD": "on_hold", "UNAVAILABLE": "unreachable", "INVALID": "unreachable", "UNKNOWN": "unknown",
})  # fmt: skip
_MEMBER: MappingProxyType[str, PhoneCondition] = MappingProxyType({
    "0": "unknown", "1": "free", "2": "talking", "3": "busy", "4": "unreachable", "5": "unreachable",
    "6": "ringing", "7": "talking", "8": "on_hold",
})  # fmt: skip

_HINT: MappingProxyType[str, PhoneCondition] = MappingProxyType({
    "0": "free", "1": "talking", "2": "busy", "4": "unreachable", "8": "ringing", "9": "talking",
    "16": "on_hold", "17": "talking",
})  # fmt: skip

Member = tuple[str, str]
"""Queue and interface."""


@dataclass(slots=True)
class _Known:
    phones: dict[str, PhoneState] = field(default_factory=dict)
    members: dict[Member, MemberState] = field(default_factory=dict)


class Phones:
    """The state of one PBX's phones and queue members. Pure: no clock, no line."""

    def __init__(self, pbx: str, endpoints: Endpoints) -> None:
        self._pbx = pbx
        self._endpoints = endpoints
        self._known = _Known()
        self._changed = _Known()
        self._heard: set[str | Member] = set()
        self._understood: dict[bytes, PhoneState | None] = {}
        self._edition = endpoints.edition

    @property
    def has_news(self) -> bool:
        """Whether something waits to be told."""
        return bool(self._changed.phones or self._changed.members)

    def session_started(self) -> None:
        """From here on every event is newer than the lists that are asked for now."""
        self._heard.clear()

    def feed(self, message: Message) -> None:
        """One event of the PBX."""
        if message.name in ("DeviceStateChange", "ExtensionStatus"):
            phone = self._phone_of(message)
            if phone is not None:
                self._heard.add(phone.device)
                self._see_phone(phone)
        else:
            member = member_of(message)
            if member is not None:
                self._heard.add((member.queue, member.interface))
                self._see_member(member)

    def _phone_of(self, message: Message) -> PhoneState | None:
        """A call says a dozen times of the same few phones the same few things."""
        start = message.raw.find(b"\nDevice:") if message.name == "DeviceStateChange" else -1
        said = message.raw[start:] if start >= 0 else b""
        if b"\nState:" not in said or len(said) > _LONGEST:
            return phone_of(message, self._endpoints)
        if self._edition != self._endpoints.edition or len(self._understood) >= _MOST:
            self._understood.clear()
            self._edition = self._endpoints.edition
        if said not in self._understood:
            self._understood[said] = phone_of(message, self._endpoints)
        return self._understood[said]

    def news(self) -> PhonesChanged | None:
        """What changed since it was last asked for."""
        changed, self._changed = self._changed, _Known()
        if not changed.phones and not changed.members:
            return None
        return PhonesChanged(
            pbx=self._pbx, is_whole=False, phones=tuple(changed.phones.values()),
            members=tuple(changed.members.values()), queues=(),
        )  # fmt: skip

    def picture(self, devices: Sequence[Message], queues: Sequence[Message]) -> PhonesChanged:
        """All of them, by the PBX's lists and by what was heard since they were asked for."""
        listed = [phone_of(row, self._endpoints) for row in devices]
        phones = {one.device: one for one in listed if one is not None and one.device not in self._heard}
        kept = {device: one for device, one in self._known.phones.items() if device in self._heard}
        rows = [member_of(row) for row in queues if row.name == "QueueMember"]
        members = {
            (one.queue, one.interface): one
            for one in rows
            if one is not None and (one.queue, one.interface) not in self._heard
        }
        stayed = {key: one for key, one in self._known.members.items() if key in self._heard}
        self._known = _Known({**phones, **kept}, {**members, **stayed})
        self._changed = _Known()
        self._heard.clear()
        named = [_short(row.get("Queue")) for row in queues if row.name == "QueueParams"]
        names = dict.fromkeys([*named, *(queue for queue, _ in self._known.members)])
        return PhonesChanged(
            pbx=self._pbx, is_whole=True, phones=tuple(self._known.phones.values()),
            members=tuple(self._known.members.values()), queues=tuple(filter(None, names)),
        )  # fmt: skip

    def _see_phone(self, phone: PhoneState) -> None:
        known = self._known.phones
        if known.get(phone.device) != phone and (phone.device in known or len(known) < _MOST):
            known[phone.device] = self._changed.phones[phone.device] = phone

    def _see_member(self, member: MemberState) -> None:
        key, known = (member.queue, member.interface), self._known.members
        if member.is_gone:
            known.pop(key, None)
        elif known.get(key) == member or (key not in known and len(known) >= _MOST):
            return
        else:
            known[key] = member
        self._changed.members[key] = member


def phone_of(message: Message, endpoints: Endpoints) -> PhoneState | None:
    """What a DeviceStateChange says, if it is a phone's or the switch "do not disturb" of one; of a PBX that
    sends none, what it says of a hint with one device alone."""
    if message.name == "ExtensionStatus":
        return _phone(_short(message.get("Hint")), _HINT.get(message.get("Status")), endpoints)
    device, state = _short(message.get("Device")), message.get("State")
    switch = _DND.fullmatch(device)
    if switch is not None:
        is_on = _DEVICE.get(state) not in ("free", "unknown", None)
        return PhoneState(device=device, extension=switch[1], condition="do_not_disturb" if is_on else "free")
    return _phone(device, _DEVICE.get(state), endpoints)


def _phone(device: str, condition: PhoneCondition | None, endpoints: Endpoints) -> PhoneState | None:
    technology, slash, name = device.partition("/")
    if condition is None or not slash or not name or technology.lower() not in _PHONES:
        return None
    if "&" in name or "," in name or endpoints.kind(technology.lower(), name) != "phone":
        return None
    return PhoneState(device=device, extension=name, condition=condition)


def member_of(message: Message) -> MemberState | None:
    """What an event of a queue, or a row of QueueStatus, says of a member."""
    queue, interface = _short(message.get("Queue")), message.get("Interface") or message.get("Location")
    interface = _short(interface)
    if not queue or not interface:
        return None
    is_paused = message.get("Paused") == "1"
    return MemberState(
        queue=queue, interface=interface, extension=_extension(message.get("StateInterface"), interface),
        name=_short(message.get("MemberName") or message.get("Name")),
        condition=_MEMBER.get(message.get("Status"), "unknown"), is_paused=is_paused,
        reason=_short(message.get("PausedReason") or message.get("Reason")) if is_paused else "",
        paused_at=_moment(message.get("LastPause")) if is_paused else None,
        is_gone=message.name == "QueueMemberRemoved",
    )  # fmt: skip


def _extension(state_interface: str, interface: str) -> str:
    """`hint:101@phones`, `PJSIP/101`, `Local/101@from-queue/n`: 101. What is rung says it, else what is
    looked at."""
    for text in (interface, state_interface):
        name = text.partition("/")[2].partition("/")[0] or text.rpartition(":")[2]
        found = _short(name.partition("@")[0])
        if found:
            return found
    return interface


def _moment(seconds: str) -> datetime | None:
    if not (seconds.isascii() and seconds.isdigit() and 8 <= len(seconds) <= 11):
        return None
    return datetime.fromtimestamp(int(seconds), UTC)


def _short(text: str) -> str:
    return text[:_LONGEST]

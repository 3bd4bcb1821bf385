"""What is known of the PBX now: its legs by Uniqueid, its bridges, its conversations by Linkedid."""

from __future__ import annotations

import re
from base64 import b32encode
from collections import OrderedDict
from collections.abc import Callable
from hashlib import blake2s

from connectors.ami.marks import Mark, mark_of
from connectors.ami.message import Message
from connectors.ami.tracker.contract import TrackerSettings
from connectors.ami.tracker.conversation import Conversation
from connectors.ami.tracker.endpoints import Endpoints, endpoint, is_zombie, local_half
from connectors.ami.tracker.legs import Bridge, Leg
from connectors.ami.tracker.moments import Moment
from connectors.ami.tracker.recording import Named, Noticed
from hub.ports.telephony import StoredCall
from hub.values import CallId

_GONE_KEPT = 16384
_ENDED_KEPT = 256
_DISORDER = 0.5
EPOCH = re.compile(r"(\d{9,11})\.\d+$")
_NOT_A_LEG = frozenset({"", "<unknown>", "<null>", "<none>"})


class Exchange:
    """The state that the handlers work on. It holds living things only: what ended is dropped, and
    of its Uniqueid a bounded memory stays, so that a late or doubled event wakes nothing up."""

    def __init__(self, settings: TrackerSettings, on_birth: Callable[[Exchange, Leg], None]) -> None:
        self.settings = settings
        self._on_birth = on_birth
        self.endpoints = Endpoints(settings.trunks, settings.machines)
        self.boot = ""
        self.legs: dict[str, Leg] = {}
        self.halves: dict[str, dict[str, Leg]] = {}
        self.bridges: dict[str, Bridge] = {}
        self.by_linkedid: dict[str, Conversation] = {}
        self.orphans: list[Conversation] = []
        self.unclaimed: dict[str, StoredCall] = {}
        self.gone: OrderedDict[str, bool] = OrderedDict()
        self.ended: OrderedDict[str, Conversation] = OrderedDict()
        self.members: dict[tuple[str, str], tuple[int, bool]] = {}
        self.dirty: dict[Conversation, bool] = {}
        self.merged: list[tuple[Conversation, Conversation]] = []
        self.waiting: dict[Conversation, None] = {}
        self.ordered: list[Leg | Mark] = []
        self.named: list[Named] = []
        self.noticed: list[Noticed] = []
        self.asked: list[Conversation] = []
        self.hears_hangup_requests = False
        self.hears_announcements = False
        self.lost: Moment | None = None
        self.looked: Moment | None = None
        self._order = 0

    # ------------------------------------------------------------------ telling

    def has_news(self) -> bool:
        """Whether anything waits to be told."""
        return bool(self.dirty or self.merged or self.ordered or self.named or self.noticed or self.asked)

    def tell(self, conversation: Conversation) -> None:
        """Something of it changed that people may see."""
        self.dirty[conversation] = True

    def tell_later(self, conversation: Conversation) -> None:
        """Something changed that the next event will explain: it waits for it, or for a moment."""
        self.dirty.setdefault(conversation, False)

    def doubt(self, conversation: Conversation) -> None:
        """Something of it was not seen, or seen too late; this is told even after its end."""
        if conversation.is_complete:
            conversation.is_complete = False
            if conversation.is_over:
                self.tell(conversation)

    def doubt_linked(self, linkedid: str) -> None:
        """A leg of this conversation was seen out of its order."""
        conversation = self.by_linkedid.get(linkedid)
        if conversation is not None:
            self.doubt(conversation)

    # ------------------------------------------------------------------ legs

    def leg(self, message: Message, now: Moment, prefix: str = "") -> Leg | None:
        """The leg that an event speaks of, re-read; made from what the event says when its birth
        was missed; None when there is none or when it is gone."""
        uniqueid = message.get(f"{prefix}Uniqueid")
        leg = self.legs.get(uniqueid)
        if leg is None:
            if uniqueid in self.gone:
                self._doubt_an_ended_call(uniqueid, now)
                if self.gone[uniqueid]:
                    self.doubt_linked(message.get(f"{prefix}Linkedid"))
                return None
            if uniqueid in _NOT_A_LEG or not message.get(f"{prefix}Channel"):
                return None
            leg = self.bear(message, now, prefix)
            self.doubt(leg.conversation)
            self._on_birth(self, leg)
            return leg
        self._notice_disorder(leg.conversation, now)
        linkedid = message.get(f"{prefix}Linkedid")
        if linkedid and linkedid != leg.linkedid:
            self.relink(leg, linkedid)
        name = message.get(f"{prefix}Channel")
        if name and name != leg.name:
            self.rename(leg, name)
        return leg

    def _notice_disorder(self, conversation: Conversation, now: Moment) -> None:
        """Stamps step back a little under load; a big step means that messages changed places."""
        conversation.unproven = None
        last = conversation.touched
        if last is not None and last.stamp is not None and now.stamp is not None:
            if last.stamp - now.stamp > _DISORDER:
                self.doubt(conversation)
            if last.stamp > now.stamp:
                return
        conversation.touched = now

    def _doubt_an_ended_call(self, uniqueid: str, now: Moment) -> None:
        """Of a leg that has hung up something older comes in: its call was closed too early."""
        conversation = self.ended.get(uniqueid)
        if conversation is None or conversation.ended is None:
            return
        stamp = conversation.ended.stamp
        if stamp is not None and now.stamp is not None and stamp - now.stamp > _DISORDER:
            self.doubt(conversation)

    def bear(self, message: Message, now: Moment, prefix: str = "", is_caller: bool | None = None) -> Leg:
        """A leg seen for the first time."""
        uniqueid = message.get(f"{prefix}Uniqueid")
        linkedid = message.get(f"{prefix}Linkedid") or uniqueid
        name = message.get(f"{prefix}Channel")
        if is_caller is None:
            is_caller = uniqueid == linkedid
        leg = Leg(
            uniqueid=uniqueid,
            name=name,
            linkedid=linkedid,
            kind=self.endpoints.kind_of_channel(name),
            endpoint=endpoint(name),
            born=now,
            conversation=self.conversation(linkedid, now),
            is_caller=is_caller,
            number=message.get(f"{prefix}CallerIDNum"),
            caller_name=message.get(f"{prefix}CallerIDName"),
            exten=message.get(f"{prefix}Exten"),
            is_zombie=is_zombie(name),
        )
        self.legs[uniqueid] = leg
        leg.conversation.add(leg)
        leg.conversation.touched = now
        self._pair(leg)
        if mark_of(uniqueid) is not None:
            self.ordered.append(leg)
        return leg

    def rename(self, leg: Leg, name: str) -> None:
        """A masquerade gave the channel another name, and so another telephone behind it."""
        self._unpair(leg)
        leg.name = name
        leg.is_zombie = is_zombie(name)
        if not leg.is_zombie:
            leg.kind = self.endpoints.kind_of_channel(name)
            leg.endpoint = endpoint(name)
        self._pair(leg)

    def _pair(self, leg: Leg) -> None:
        half = local_half(leg.name)
        if half is None:
            return
        halves = self.halves.setdefault(half[0], {})
        halves[half[1]] = leg
        if len(halves) == 2:
            halves["1"].mate, halves["2"].mate = halves["2"], halves["1"]

    def _unpair(self, leg: Leg) -> None:
        half = local_half(leg.name)
        if half is not None and self.halves.get(half[0], {}).get(half[1]) is leg:
            halves = self.halves[half[0]]
            del halves[half[1]]
            if not halves:
                del self.halves[half[0]]
        if leg.mate is not None:
            leg.mate.mate = None
            leg.mate = None

    def bury(self, leg: Leg, now: Moment) -> None:
        """The leg hung up."""
        self.legs.pop(leg.uniqueid, None)
        self.leave_bridge(leg)
        self._unpair(leg)
        leg.ended = now
        if leg.uniqueid.startswith("pitline-l-"):
            self.ordered.append(leg)
        leg.conversation.living.pop(leg, None)
        leg.conversation.partners.pop(leg, None)
        self.remember_gone(leg.uniqueid, is_early=False)
        self.ended[leg.uniqueid] = leg.conversation
        if len(self.ended) > _ENDED_KEPT:
            _, oldest = self.ended.popitem(last=False)
            if self._is_done_with(oldest):
                oldest.let_go()

    def _is_done_with(self, conversation: Conversation) -> bool:
        """Whether it is over and told, and no late message finds it by one of its legs."""
        if conversation.living or not conversation.is_over:
            return False
        if conversation in self.dirty or conversation in self.waiting:
            return False
        return not any(leg.uniqueid in self.ended for leg in conversation.legs)

    def remember_gone(self, uniqueid: str, *, is_early: bool) -> None:
        """Nothing comes after a Hangup; `is_early`: the Hangup came before anything else."""
        self.gone[uniqueid] = is_early
        if len(self.gone) > _GONE_KEPT:
            self.gone.popitem(last=False)

    # ------------------------------------------------------------------ bridges

    def enter_bridge(self, leg: Leg, bridge: Bridge) -> None:
        """The leg is in this bridge and in no other."""
        self.leave_bridge(leg)
        bridge.members[leg] = None
        leg.bridge = bridge

    def leave_bridge(self, leg: Leg) -> None:
        """The leg is in no bridge; an empty bridge is forgotten."""
        bridge = leg.bridge
        if bridge is None:
            return
        leg.bridge = None
        bridge.members.pop(leg, None)
        if not bridge.members:
            self.bridges.pop(bridge.uniqueid, None)

    # ------------------------------------------------------------------ conversations

    def conversation(self, linkedid: str, now: Moment) -> Conversation:
        """The conversation with this Linkedid, a new one if there is none."""
        found = self.by_linkedid.get(linkedid)
        if found is None:
            found = Conversation(
                key=linkedid,
                boot=self.boot,
                call_id=call_id(self.boot, linkedid, now),
                order=self.next_order(),
                started=now,
                linkedids={linkedid},
                touched=now,
            )
            self.by_linkedid[linkedid] = found
        return found

    def next_order(self) -> int:
        """Which conversation came first, where two become one."""
        self._order += 1
        return self._order

    def relink(self, leg: Leg, linkedid: str) -> None:
        """The PBX tied the leg to another conversation, or gave its conversation another name."""
        leg.linkedid = linkedid
        other = self.by_linkedid.get(linkedid)
        if other is None:
            leg.conversation.linkedids.add(linkedid)
            self.by_linkedid[linkedid] = leg.conversation
        elif other is not leg.conversation:
            self.tie(leg.conversation, other, leg)

    def tie(self, one: Conversation, other: Conversation, by: Leg) -> Conversation:
        """Two conversations are one from here on; the survivor is returned. What has ended is not
        woken up: then only the leg that ties them moves over."""
        if one is other:
            return one
        survivor, absorbed = sorted((one, other), key=_seniority)
        if survivor.is_over or absorbed.is_over:
            home = survivor if absorbed.is_over else absorbed
            left = by.conversation
            if not home.is_over and left is not home and by.ended is None:
                self._move(by, home)
                if not left.living:
                    self.forget(left)
            return home
        for leg in list(absorbed.legs):
            leg.met = None
            if leg.is_outside_party and not leg.is_caller:
                leg.is_outside_party = False
            if leg.ended is None:
                self._move(leg, survivor)
            else:
                leg.conversation = survivor
                survivor.legs.append(leg)
        for linkedid in absorbed.linkedids:
            self.by_linkedid[linkedid] = survivor
        survivor.linkedids |= absorbed.linkedids
        survivor.transfers = sorted((*survivor.transfers, *absorbed.transfers), key=lambda item: item.at)
        survivor.seen_transfers |= absorbed.seen_transfers
        survivor.is_complete = survivor.is_complete and absorbed.is_complete
        self.dirty.pop(absorbed, None)
        self.waiting.pop(absorbed, None)
        if absorbed.step:
            self.merged.append((absorbed, survivor))
        self.tell_later(survivor)
        return survivor

    def _move(self, leg: Leg, home: Conversation) -> None:
        old = leg.conversation
        old.living.pop(leg, None)
        old.partners.pop(leg, None)
        if leg in old.legs:
            old.legs.remove(leg)
        home.add(leg)

    def forget(self, conversation: Conversation) -> None:
        """Nothing of it lives any more."""
        for linkedid in conversation.linkedids:
            if self.by_linkedid.get(linkedid) is conversation:
                del self.by_linkedid[linkedid]
        self.waiting.pop(conversation, None)


def _seniority(conversation: Conversation) -> tuple[bool, int, int]:
    rank = {"inbound": 0, "outbound": 1, "internal": 2, None: 3}[conversation.direction]
    return (conversation.is_over, rank, conversation.order)


def call_id(boot: str, uniqueid: str, born: Moment) -> CallId:
    """Opaque and URL-safe, the same for the same boot and Uniqueid, and rising with the start."""
    found = EPOCH.search(uniqueid)
    seconds = int(found.group(1)) if found else int(born.stamp or 0)
    return CallId(f"{seconds & 0xFFFFFFFF:08x}{fingerprint(boot, uniqueid)}")


def fingerprint(boot: str, uniqueid: str) -> str:
    """The part of a call's id that tells which channel of which boot began it."""
    digest = blake2s(f"{boot}\0{uniqueid}".encode(), digest_size=10).digest()
    return b32encode(digest).decode().lower()

"""The call tracker: messages of the PBX in, facts about calls out. No IO, no clock of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from types import MappingProxyType

from connectors.ami.message import Message
from connectors.ami.tracker import (
    bridging,
    dialling,
    dialplan,
    hangups,
    originating,
    parking,
    patience,
    queueing,
    recall,
    reconcile,
    recording,
    transfers,
)
from connectors.ami.tracker.contract import PbxSnapshot, Reconciliation, TrackedFact, TrackerSettings
from connectors.ami.tracker.conversation import Conversation
from connectors.ami.tracker.endpoints import Endpoints
from connectors.ami.tracker.exchange import Exchange
from connectors.ami.tracker.legs import Leg
from connectors.ami.tracker.moments import Moment
from connectors.ami.tracker.ordered import callback_asked, noticed, went_on
from connectors.ami.tracker.snapshots import face, kind_of_fact, snapshot
from hub.events.calls import CallFact, CallMerged, CallStarted
from hub.ports.telephony import StoredCall
from hub.values import CallId

Handler = Callable[[Exchange, Message, Moment], None]

HANDLERS: MappingProxyType[str, Handler] = MappingProxyType(
    {
        "Newchannel": dialling.on_newchannel,
        "Newstate": dialling.on_newstate,
        "DialBegin": dialling.on_dial_begin,
        "DialEnd": dialling.on_dial_end,
        "Newexten": dialplan.on_newexten,
        "UserEvent": dialplan.on_user_event,
        "BridgeEnter": bridging.on_bridge_enter,
        "BridgeLeave": bridging.on_bridge_leave,
        "Hold": bridging.on_hold,
        "Unhold": bridging.on_unhold,
        "LocalBridge": bridging.on_local_bridge,
        "Rename": bridging.on_rename,
        "HangupRequest": hangups.on_hangup_request,
        "SoftHangupRequest": hangups.on_soft_hangup_request,
        "Hangup": hangups.on_hangup,
        "QueueCallerJoin": queueing.on_join,
        "QueueCallerLeave": queueing.on_leave,
        "QueueMemberStatus": queueing.on_member_status,
        "QueueMemberAdded": queueing.on_member_status,
        "QueueMemberPause": queueing.on_member_status,
        "QueueMemberRemoved": queueing.on_member_removed,
        "AgentComplete": reconcile.on_agent_complete,
        "BlindTransfer": transfers.on_blind_transfer,
        "AttendedTransfer": transfers.on_attended_transfer,
        "Pickup": transfers.on_pickup,
        "ParkedCall": parking.on_parked,
        "UnParkedCall": parking.on_unparked,
        "ParkedCallTimeOut": parking.on_time_out,
        "VarSet": recording.on_var_set,
        "OriginateResponse": originating.on_originate_response,
    }
)


class Tracker:
    """Follows every conversation on one PBX."""

    WANTED: frozenset[str] = frozenset(HANDLERS)

    def __init__(self, settings: TrackerSettings) -> None:
        self._settings = settings
        self._exchange = Exchange(settings, dialling.begin)

    def feed(self, message: Message, arrived_at: datetime) -> list[TrackedFact]:
        """One message of the PBX, in the order of arrival."""
        handler = HANDLERS.get(message.name)
        if handler is None or message.kind != "event":
            return []
        now = Moment.of(message, arrived_at)
        exchange = self._exchange
        handler(exchange, message, now)
        if exchange.waiting:
            patience.look_again(exchange, now)
        return self._publish(now) if exchange.has_news() else []

    def session_started(self, boot: str, session: int, at: datetime) -> None:
        """We are logged in. A new boot means that every call of the old one is over, unseen."""
        exchange = self._exchange
        if exchange.boot and exchange.boot != boot:
            reconcile.leave_the_old_boot(exchange)
        exchange.boot = boot
        exchange.hears_hangup_requests = exchange.hears_announcements = False

    def recall(self, calls: Sequence[StoredCall], boots: Sequence[str], at: datetime) -> list[TrackedFact]:
        """Follow on what a former life of the hub had stored as living; call it after `session_started`
        and before anything else. Those of other boots are left alone. `boots`: how this one may have
        been called then."""
        recall.recall(self._exchange, calls, boots, Moment.arrived(at))
        return self._publish(Moment.arrived(at))

    def link_lost(self, at: datetime) -> list[TrackedFact]:
        """The line to the PBX is away: what lives now is no longer seen whole."""
        reconcile.doubt_everything(self._exchange, Moment.arrived(at))
        return self._publish(Moment.arrived(at))

    def gap(self, at: datetime) -> list[TrackedFact]:
        """Messages were dropped."""
        return self.link_lost(at)

    def reconcile(self, pbx: PbxSnapshot, at: datetime) -> Reconciliation:
        """Compare with what lives on the PBX: close what is gone, adopt what is new, keep the rest."""
        now = Moment.arrived(at)
        closed, adopted = reconcile.compare(self._exchange, pbx, now)
        return Reconciliation(facts=self._publish(now), closed=closed, adopted=adopted)

    def no_picture(self, at: datetime) -> list[TrackedFact]:
        """The PBX would not say what lives: calls of a former life of it are over, the others live by
        hearsay until they are heard of, and not for ever."""
        now = Moment.arrived(at)
        reconcile.close_orphans(self._exchange)
        reconcile.leave_unproven(self._exchange, now, ())
        return self._publish(now)

    def set_trunks(self, patterns: Sequence[str]) -> None:
        """Other endpoints are outside lines from here on; calls that run keep what they are."""
        self._exchange.endpoints.set_trunks(patterns)

    def expire(self, at: datetime) -> list[TrackedFact]:
        """Call it every second or so: what waited for a word that never came is settled."""
        now = Moment.arrived(at)
        patience.expire(self._exchange, now)
        return self._publish(now, with_quiet=True)

    @property
    def living(self) -> int:
        """How many conversations it holds, for the health text and the tests."""
        return len({id(one) for one in self._exchange.by_linkedid.values()}) + len(self._exchange.orphans)

    @property
    def weight(self) -> int:
        """How many objects it holds besides the bounded memory of dead Uniqueids: a soak watches it."""
        exchange = self._exchange
        held = (exchange.legs, exchange.bridges, exchange.halves, exchange.by_linkedid, exchange.waiting)
        return (
            sum([len(one) for one in held])
            + len(exchange.ended)
            + len(exchange.orphans)
            + len(exchange.dirty)
        )

    @property
    def endpoints(self) -> Endpoints:
        """Which endpoints are phones, outside lines, machines."""
        return self._exchange.endpoints

    def legs_of(self, call_id: str) -> tuple[Leg, ...]:
        """The telephones that are in this call now, mobiles and the outside party among them."""
        conversations = {id(one): one for one in self._exchange.by_linkedid.values()}.values()
        found = next((one for one in conversations if one.call_id == call_id and not one.is_over), None)
        return () if found is None else tuple(leg for leg in found.living if leg.is_real)

    @property
    def living_calls(self) -> tuple[CallId, ...]:
        """The calls that were told of and have not ended."""
        told = {one.call_id: one for one in self._exchange.by_linkedid.values() if one.step}
        return tuple(call_id for call_id, one in told.items() if one.is_call and not one.is_over)

    # ------------------------------------------------------------------ facts

    def _publish(self, now: Moment, *, with_quiet: bool = False) -> list[TrackedFact]:
        exchange = self._exchange
        facts: list[TrackedFact] = []
        ordered, exchange.ordered = exchange.ordered, []
        for what in ordered:
            fact = noticed(what, exchange.boot, self._settings.pbx, now)
            facts += [fact] if fact is not None else []
        merged, exchange.merged = exchange.merged, []
        for absorbed, survivor in merged:
            facts.append(self._merge(absorbed, survivor, now))
        dirty, exchange.dirty = exchange.dirty, {}
        for conversation, is_urgent in dirty.items():
            if not is_urgent and not with_quiet:
                conversation.quiet_since = conversation.quiet_since or now
                exchange.waiting[conversation] = None
                continue
            conversation.quiet_since = None
            if conversation.is_call:
                self._tell(conversation, now, facts)
        if exchange.named or exchange.noticed:
            facts += recording.told(exchange)
        asked, exchange.asked = exchange.asked, []
        return [*facts, *(callback_asked(conversation, now) for conversation in asked)]

    def _tell(self, conversation: Conversation, now: Moment, facts: list[TrackedFact]) -> None:
        """Facts of one conversation, if a person would see a difference."""
        new = face(conversation, self._settings, self._exchange.hears_hangup_requests)
        old = conversation.face
        if old is not None and old["state"] == "ended":
            new = {**old, "is_complete": conversation.is_complete}
        if old == new:
            return
        if old is None and new["state"] == "ended":
            old = {**new, "state": "ringing", "result": None, "missed_reason": None, "ended_at": None}
            facts.append(self._fact(conversation, CallStarted, old, now))
        kind = kind_of_fact(conversation, old, new)
        told = self._fact(conversation, kind, new, now)
        facts.append(told)
        seen = went_on(conversation, told, self._settings.pbx)
        if seen is not None:
            facts.append(seen)
        conversation.told_answers = conversation.answers

    def _fact(
        self, conversation: Conversation, kind: type[CallFact], new: dict[str, object], now: Moment
    ) -> TrackedFact:
        conversation.step += 1
        conversation.face = new
        call = snapshot(conversation, new, self._settings.country)
        event = kind(step=conversation.step, call=call)
        return TrackedFact(_external_id(conversation, kind.name), now.at, event)

    def _merge(self, absorbed: Conversation, survivor: Conversation, now: Moment) -> TrackedFact:
        absorbed.step += 1
        event = CallMerged(step=absorbed.step, call_id=absorbed.call_id, into_call_id=survivor.call_id)
        return TrackedFact(_external_id(absorbed, CallMerged.name), now.at, event)


def _external_id(conversation: Conversation, name: str) -> str:
    return f"{conversation.boot}:{conversation.key}:{name}:{conversation.step}"

"""What the tracker does when it could not see: cut lines, restarts, lost Hangups, hostile bytes."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest

from connectors.ami.message import Message
from connectors.ami.tracker import PbxSnapshot, TrackedFact, Tracker, TrackerSettings
from hub.events.calls import CallEnded, CallMerged, CallSnapshot

START = datetime(2026, 11, 23, 9, 2, tzinfo=UTC)
CALLER = {"Channel": "PJSIP/trunk-01", "Uniqueid": "shop-1795442000.1", "Linkedid": "shop-1795442000.1"}
PHONE = {"Channel": "PJSIP/101-02", "Uniqueid": "shop-1795442000.2", "Linkedid": "shop-1795442000.1"}
NOTHING = PbxSnapshot(channels=(), status=(), queues=(), parked=())


class Shop:
    """A tracker with a clock that the test moves."""

    def __init__(self, *, stamped: bool = True) -> None:
        self.tracker = Tracker(TrackerSettings())
        self.tracker.session_started("one", 1, START)
        self.seconds = 0.0
        self.stamped = stamped
        self.ahead = 0
        self.facts: list[TrackedFact] = []

    @property
    def now(self) -> datetime:
        return START + timedelta(seconds=self.seconds)

    def say(self, event: str, leg: dict[str, str] | None = None, /, **more: str) -> None:
        stamp = {"Timestamp": f"{self.now.timestamp() + self.ahead:.6f}"} if self.stamped else {}
        self.facts += self.tracker.feed(Message.of(event, {**stamp, **(leg or {}), **more}), self.now)

    def reconcile(self, snapshot: PbxSnapshot) -> tuple[int, int]:
        done = self.tracker.reconcile(snapshot, self.now)
        self.facts += done.facts
        return done.closed, done.adopted

    def ring(self) -> None:
        self.say("Newchannel", CALLER, ChannelState="4", CallerIDNum="0501234567", Exten="380670001122")
        self.say("Newchannel", PHONE, ChannelState="0", CallerIDNum="101")
        self.say("DialBegin", CALLER, **_dest(PHONE), DialString="101")
        self.say("Newstate", PHONE, ChannelState="5")

    def answer(self) -> None:
        self.say("DialEnd", CALLER, **_dest(PHONE), DialStatus="ANSWER")
        for count, leg in (("1", PHONE), ("2", CALLER)):
            self.say("BridgeEnter", leg, BridgeUniqueid="b", BridgeType="basic", BridgeNumChannels=count)

    @property
    def call(self) -> CallSnapshot:
        """The last that was told."""
        event = self.facts[-1].event
        assert hasattr(event, "call")
        return event.call


def _dest(leg: dict[str, str]) -> dict[str, str]:
    return {f"Dest{key}": value for key, value in leg.items()}


def row_of(leg: dict[str, str], state: str = "6", **more: str) -> Message:
    return Message.of("CoreShowChannel", {**leg, "ChannelState": state, "Duration": "00:00:07", **more})


def test_the_tail_of_a_call_that_nobody_followed_begins_no_call() -> None:
    shop = Shop()
    for leg in (PHONE, CALLER):
        shop.say("BridgeLeave", leg, BridgeUniqueid="b", BridgeType="basic", BridgeNumChannels="0")
        shop.say("Hangup", leg, Cause="16")
    shop.seconds = 60
    shop.facts += shop.tracker.expire(shop.now)
    assert shop.facts == []


def test_a_lost_line_makes_living_calls_incomplete_and_says_so_at_once() -> None:
    shop = Shop()
    shop.ring()
    shop.facts += shop.tracker.link_lost(shop.now)
    assert (shop.call.state, shop.call.is_complete) == ("ringing", False)


def test_what_is_gone_after_a_gap_ends_unknown_without_an_invented_end() -> None:
    shop = Shop()
    shop.ring()
    shop.seconds = 5
    shop.answer()
    shop.seconds = 15
    shop.facts += shop.tracker.link_lost(shop.now)
    shop.seconds = 60
    assert shop.reconcile(NOTHING) == (1, 0)
    call = shop.call
    assert (call.state, call.result, call.ended_at, call.is_complete) == ("ended", "unknown", None, False)
    assert call.talk_seconds == 10.0
    assert shop.tracker.living == 0


def test_what_lived_through_a_gap_goes_on_as_the_same_call() -> None:
    shop = Shop()
    shop.ring()
    shop.answer()
    shop.facts += shop.tracker.link_lost(shop.now)
    shop.seconds = 40
    assert shop.reconcile(
        PbxSnapshot((row_of(CALLER, BridgeId="b"), row_of(PHONE, BridgeId="b")), (), (), ())
    ) == (0, 0)
    shop.seconds = 50
    shop.say("HangupRequest", CALLER)
    shop.say("Hangup", CALLER)
    assert (shop.call.result, shop.call.talk_seconds, shop.call.is_complete) == ("answered", 50.0, False)


def test_a_talking_call_is_adopted_with_its_start_and_without_a_made_up_answer() -> None:
    shop = Shop()
    shop.seconds = 100
    rows = (
        row_of(CALLER, BridgeId="b", Application="Queue", CallerIDNum="0501234567", Exten="s"),
        row_of(PHONE, BridgeId="b", Application="AppQueue", CallerIDNum="101"),
    )
    status = Message.of("Status", {**CALLER, "DNID": "380670001122", "Seconds": "7"})
    assert shop.reconcile(PbxSnapshot(rows, (status,), (), ())) == (0, 1)
    call = shop.call
    assert (call.direction, call.state, call.answered_by) == ("inbound", "talking", "101")
    assert (call.from_number, call.to_number) == ("+380501234567", "+380670001122")
    assert call.started_at == START + timedelta(seconds=93)
    assert (call.answered_at, call.wait_seconds, call.is_complete) == (None, None, False)


def test_agent_complete_says_of_an_adopted_call_how_long_they_had_talked() -> None:
    shop = Shop()
    shop.seconds = 100
    rows = (
        row_of(CALLER, BridgeId="b", Application="Queue", CallerIDNum="0501234567", Duration="00:01:00"),
        row_of(PHONE, BridgeId="b", Application="AppQueue", CallerIDNum="101"),
    )
    shop.reconcile(PbxSnapshot(rows, (), (), ()))
    shop.seconds = 110
    shop.say("AgentComplete", CALLER, HoldTime="20", TalkTime="50")
    shop.say("Hangup", CALLER)
    assert (shop.call.wait_seconds, shop.call.talk_seconds) == (20.0, 50.0)


def test_a_waiting_caller_is_adopted_in_his_queue_and_a_parked_one_in_his_space() -> None:
    shop = Shop()
    shop.seconds = 100
    other = {"Channel": "PJSIP/trunk-09", "Uniqueid": "shop-1795442000.9", "Linkedid": "shop-1795442000.9"}
    rows = (row_of(CALLER, Application="Queue"), row_of(other, Application="Parked", BridgeId="lot"))
    entry = Message.of("QueueEntry", {**CALLER, "Queue": "600", "Wait": "5"})
    space = Message.of("ParkedCall", {"ParkeeUniqueid": other["Uniqueid"], "ParkingSpace": "701"})
    assert shop.reconcile(PbxSnapshot(rows, (), (entry,), (space,))) == (0, 2)
    calls = {fact.event.call.state: fact.event.call for fact in shop.facts if hasattr(fact.event, "call")}
    assert (calls["queued"].queue, calls["parked"].parked_at_space) == ("600", "701")


def test_an_adopted_call_counts_its_steps_from_a_number_that_no_earlier_life_of_ours_reached() -> None:
    shop = Shop()
    shop.ring()
    before = shop.facts[-1].event.step
    later = Shop()
    later.seconds = 3600
    later.reconcile(PbxSnapshot((row_of(CALLER), row_of(PHONE, "5")), (), (), ()))
    assert later.facts[-1].event.step > before + 1_000_000
    assert later.call.call_id == shop.call.call_id


def test_a_caller_who_is_missing_in_the_queues_is_not_gone() -> None:
    shop = Shop()
    shop.say("Newchannel", CALLER, ChannelState="4", CallerIDNum="0501234567", Exten="1")
    shop.say("QueueCallerJoin", CALLER, Queue="600")
    shop.reconcile(PbxSnapshot((row_of(CALLER, "4"),), (), (), ()))
    assert shop.call.state == "queued"


def test_the_same_uniqueid_after_a_restart_is_another_call() -> None:
    shop = Shop()
    shop.ring()
    first = shop.call.call_id
    shop.facts += shop.tracker.link_lost(shop.now)
    shop.tracker.session_started("two", 2, shop.now)
    shop.seconds = 30
    shop.ring()
    second = shop.call.call_id
    assert shop.reconcile(PbxSnapshot((row_of(CALLER, "4"), row_of(PHONE, "5")), (), (), ())) == (1, 0)
    results = {fact.event.call.call_id: fact.event.call for fact in shop.facts if hasattr(fact.event, "call")}
    assert first != second
    assert (results[first].result, results[second].state) == ("unknown", "ringing")


def test_a_gap_in_the_messages_is_told_by_every_living_call() -> None:
    shop = Shop()
    shop.ring()
    shop.facts += shop.tracker.gap(shop.now)
    assert not shop.call.is_complete


def test_a_caller_whose_hangup_got_lost_is_gone_within_seconds() -> None:
    shop = Shop()
    shop.ring()
    shop.say("HangupRequest", CALLER)
    shop.seconds = 20
    shop.facts += shop.tracker.expire(shop.now)
    assert isinstance(shop.facts[-1].event, CallEnded)
    assert (shop.call.result, shop.call.is_complete) == ("short_abandon", False)
    assert shop.tracker.living == 0


def test_a_call_that_says_nothing_for_half_a_day_is_closed_unknown() -> None:
    shop = Shop()
    shop.ring()
    assert shop.tracker.expire(shop.now + timedelta(hours=1)) == []
    shop.facts += shop.tracker.expire(shop.now + timedelta(hours=13))
    assert (shop.call.result, shop.call.ended_at) == ("unknown", None)


def test_without_timestamps_the_time_is_that_of_arrival() -> None:
    shop = Shop(stamped=False)
    shop.ring()
    shop.seconds = 4
    shop.answer()
    shop.seconds = 10
    shop.say("Hangup", CALLER)
    assert (shop.call.wait_seconds, shop.call.talk_seconds) == (4.0, 6.0)


def test_the_two_clocks_are_never_mixed_in_one_subtraction() -> None:
    shop = Shop()
    shop.ahead = 3600
    shop.ring()
    shop.stamped = False
    shop.seconds = 4
    shop.answer()
    shop.stamped = True
    shop.seconds = 10
    shop.say("Hangup", CALLER)
    assert (shop.call.wait_seconds, shop.call.talk_seconds) == (4.0, 6.0)


def test_a_timestamp_that_steps_back_makes_nothing_negative() -> None:
    shop = Shop()
    shop.seconds = 1
    shop.ring()
    shop.seconds = 0.8
    shop.answer()
    shop.say("Hangup", CALLER)
    call = shop.call
    assert (call.wait_seconds, call.talk_seconds) == (0.0, 0.0)
    assert call.ended_at is not None
    assert call.started_at <= call.ended_at


def test_other_trunks_hold_from_the_next_channel_on() -> None:
    shop = Shop()
    shop.tracker.set_trunks(["kyivstar_*"])
    shop.say("Newchannel", CALLER, ChannelState="4", CallerIDNum="0501234567", Exten="1")
    line = {
        "Channel": "PJSIP/kyivstar_1-03",
        "Uniqueid": "shop-1795442000.3",
        "Linkedid": "shop-1795442000.3",
    }
    shop.say("Newchannel", line, ChannelState="4", CallerIDNum="0501234567", Exten="1")
    assert [fact.event.call.trunk for fact in shop.facts if hasattr(fact.event, "call")] == ["kyivstar_1"]


@pytest.mark.parametrize("number", ["anonymous", "<unknown>", "", "Restricted"])
def test_a_withheld_number_is_null(number: str) -> None:
    shop = Shop()
    shop.say("Newchannel", CALLER, ChannelState="4", CallerIDNum=number, Exten="380670001122")
    assert shop.call.from_number is None


@pytest.mark.parametrize(("status", "reason"), [("2", "busy"), ("5", "unreachable")])
def test_a_caller_whom_no_member_could_take_is_missed_for_its_reason(status: str, reason: str) -> None:
    shop = Shop()
    member = Message.of(
        "QueueMember", {"Queue": "600", "Location": "PJSIP/101", "Status": status, "Paused": "0"}
    )
    shop.reconcile(PbxSnapshot((), (), (member,), ()))
    shop.say("Newchannel", CALLER, ChannelState="4", CallerIDNum="0501234567", Exten="1")
    shop.say("QueueCallerJoin", CALLER, Queue="600")
    shop.seconds = 30
    shop.say("HangupRequest", CALLER)
    shop.say("Hangup", CALLER)
    assert (shop.call.result, shop.call.missed_reason) == ("missed", reason)


def test_where_hangup_requests_are_filtered_away_a_phone_that_stopped_with_the_caller_tells_it() -> None:
    shop = Shop()
    shop.ring()
    shop.seconds = 3
    shop.say("DialEnd", CALLER, **_dest(PHONE), DialStatus="CANCEL")
    shop.say("Hangup", PHONE)
    shop.say("Hangup", CALLER)
    assert (shop.call.result, shop.call.parties[0].outcome) == ("short_abandon", "cancelled")
    assert shop.call.is_complete


def test_thousands_of_calls_leave_nothing_behind() -> None:
    shop = Shop()
    for number in range(2_000):
        for leg in (CALLER, PHONE):
            leg_now = {
                key: value.replace("1795442000", f"{1795442000 + number}") for key, value in leg.items()
            }
            shop.say("Newchannel", leg_now, ChannelState="4" if leg is CALLER else "0", Exten="1")
        for leg in (PHONE, CALLER):
            leg_now = {
                key: value.replace("1795442000", f"{1795442000 + number}") for key, value in leg.items()
            }
            shop.say("SoftHangupRequest", leg_now)
            shop.say("Hangup", leg_now)
        shop.facts.clear()
    assert shop.tracker.living == 0
    assert shop.tracker.weight <= 300


_HOSTILE = (
    "", "x" * 5000, "²", "9" * 400, "-1", "\u2028", "<unknown>", "nan", "inf", "1e400", "4", "5", "6",
    "PJSIP/trunk-1", "Local/1@x;1", "PJSIP/101-2", "shop-1.1", "shop-1.2", "PJSIP/1&PJSIP/2@trunk",
)  # fmt: skip
_HEADERS = (
    "Channel", "Uniqueid", "Linkedid", "ChannelState", "DestChannel", "DestUniqueid", "DestLinkedid",
    "DialString", "DialStatus", "BridgeUniqueid", "BridgeNumChannels", "Cause", "TechCause", "Timestamp",
    "Exten", "Extension", "Application", "AppData", "TalkTime", "Status", "Queue", "Interface",
    "ParkeeUniqueid", "ParkeeChannel", "ParkingSpace", "TransfererChannel", "TransfererUniqueid",
    "Newname", "Response", "CallerIDNum",
)  # fmt: skip


def test_hostile_headers_break_nothing() -> None:
    dice = random.Random(20261123)
    names = sorted(Tracker.WANTED)
    shop = Shop(stamped=False)
    for _ in range(4_000):
        shop.seconds += 1
        chosen = {header: dice.choice(_HOSTILE) for header in dice.sample(_HEADERS, 12)}
        shop.say(dice.choice(names), chosen)
    shop.seconds += 3 * 86_400
    for _ in range(2):
        shop.facts += shop.tracker.expire(shop.now)
    ended = {fact.event.call.call_id for fact in shop.facts if isinstance(fact.event, CallEnded)}
    started = {fact.event.call.call_id for fact in shop.facts if hasattr(fact.event, "call")}
    merged = {fact.event.call_id for fact in shop.facts if isinstance(fact.event, CallMerged)}
    assert started == ended | merged


def test_a_transfer_that_is_told_late_stands_before_the_one_that_came_after_it() -> None:
    shop = Shop()
    shop.ring()
    shop.answer()
    shop.seconds = 20
    shop.say("BlindTransfer", _sides(), Result="Success", Extension="106")
    shop.ahead = -3
    shop.say("BlindTransfer", _sides(), Result="Success", Extension="105")
    shop.say("Hangup", PHONE, Cause="16")
    told = [(one.to, (one.at - START).total_seconds()) for one in shop.call.transfers]
    assert told == [("105", 17), ("106", 20)]


def _sides() -> dict[str, str]:
    return {
        **{f"Transferer{key}": value for key, value in PHONE.items()},
        **{f"Transferee{key}": value for key, value in CALLER.items()},
    }


def test_of_many_calls_that_end_unseen_at_once_each_still_says_who_took_part() -> None:
    shop = Shop()
    for number in range(150):
        caller = {"Channel": f"PJSIP/trunk-{number:08x}", "Uniqueid": f"shop-1795442000.{2 * number}"}
        phone = {"Channel": f"PJSIP/101-{number:08x}", "Uniqueid": f"shop-1795442000.{2 * number + 1}"}
        caller["Linkedid"] = phone["Linkedid"] = caller["Uniqueid"]
        shop.say("Newchannel", caller, ChannelState="4", CallerIDNum="0501234567", Exten="380670001122")
        shop.say("Newchannel", phone, ChannelState="0", CallerIDNum="101")
        shop.say("DialBegin", caller, **_dest(phone), DialString="101")
        shop.say("DialEnd", caller, **_dest(phone), DialStatus="ANSWER")
        for count, leg in (("1", phone), ("2", caller)):
            shop.say(
                "BridgeEnter", leg, BridgeUniqueid=f"b{number}", BridgeType="basic", BridgeNumChannels=count
            )
    shop.facts += shop.tracker.link_lost(shop.now)
    shop.facts.clear()
    shop.reconcile(NOTHING)
    ends = [fact.event for fact in shop.facts if isinstance(fact.event, CallEnded)]
    assert len(ends) == 150
    assert all(len(end.call.legs) == 2 and end.call.answered_by == "101" for end in ends)

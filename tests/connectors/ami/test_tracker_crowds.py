"""A bridge with hundreds of members: each event costs in proportion to them, not to their square."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Iterable
from types import FrameType
from typing import Any

import pytest

from connectors.ami.message import Message
from connectors.ami.tracker import PbxSnapshot, Tracker, TrackerSettings
from connectors.ami.tracker.conversation import Conversation
from tests.connectors.ami.streams import LONG_AGO, TRUNKS

BRIDGE = "one-for-all"
EPOCH = 1_795_442_000
Name = Callable[[int], str]


def only_phones(number: int) -> str:
    """A room where everybody is of ours."""
    return f"PJSIP/{1000 + number}-{number:08x}"


def phones_and_callers(number: int) -> str:
    """A room where every other one came from outside."""
    return f"PJSIP/kyivstar_1-{number:08x}" if number % 2 else only_phones(number)


def _event(name: str, number: int, channel: str, **headers: str) -> Message:
    uniqueid = f"shop-{EPOCH + number}.{number}"
    return Message.of(
        name, Timestamp=f"{EPOCH + number}.5", Channel=channel, ChannelState="6",
        CallerIDNum=f"38067{1230000 + number}", Exten="8101", Uniqueid=uniqueid, Linkedid=uniqueid, **headers,
    )  # fmt: skip


def _in(name: str, number: int, channel: str) -> Message:
    return _event(name, number, channel, BridgeUniqueid=BRIDGE, BridgeType="base", BridgeTechnology="softmix")


def crowd(size: int, name: Name) -> Tracker:
    """A tracker that knows one bridge with so many members."""
    tracker = Tracker(TrackerSettings(trunks=TRUNKS))
    tracker.session_started("boot", 1, LONG_AGO)
    for number in range(size):
        tracker.feed(_event("Newchannel", number, name(number)), LONG_AGO)
        tracker.feed(_in("BridgeEnter", number, name(number)), LONG_AGO)
    return tracker


def lines_run(work: Callable[[], object]) -> int:
    """How many lines of Python were run for it."""
    count = 0

    def trace(_frame: FrameType, event: str, _arg: Any) -> Any:
        nonlocal count
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        work()
    finally:
        sys.settrace(before)
    return count


def one_comes_and_goes(tracker: Tracker, number: int, name: Name) -> None:
    """All that one more member does."""
    channel = name(number)
    events: Iterable[Message] = (
        _event("Newchannel", number, channel),
        _in("BridgeEnter", number, channel),
        _event("Hold", number, channel),
        _event("Unhold", number, channel),
        _in("BridgeLeave", number, channel),
        _event("Hangup", number, channel, Cause="16"),
    )
    for event in events:
        tracker.feed(event, LONG_AGO)


@pytest.mark.parametrize("name", [only_phones, phones_and_callers])
def test_twice_the_members_cost_an_event_no_more_than_twice_the_work(name: Name) -> None:
    few, many = crowd(80, name), crowd(160, name)
    little = lines_run(lambda: one_comes_and_goes(few, 81, name))
    much = lines_run(lambda: one_comes_and_goes(many, 161, name))
    assert much < 2.5 * little


@pytest.mark.parametrize("name", [only_phones, phones_and_callers])
def test_a_snapshot_of_a_crowd_costs_in_proportion_to_it(name: Name) -> None:
    assert _work_of_adopting(120, name) < 2.6 * _work_of_adopting(60, name)


def _work_of_adopting(size: int, name: Name) -> int:
    tracker = Tracker(TrackerSettings(trunks=TRUNKS))
    tracker.session_started("boot", 1, LONG_AGO)
    rows = tuple(
        _event("CoreShowChannel", number, name(number), BridgeId=BRIDGE, Application="ConfBridge")
        for number in range(size)
    )
    pbx = PbxSnapshot(channels=rows, status=(), queues=(), parked=())
    work = lines_run(lambda: tracker.reconcile(pbx, LONG_AGO))
    assert tracker.living == 1
    return work


def test_a_call_that_is_long_over_is_free_before_the_garbage_collector_looks() -> None:
    tracker = Tracker(TrackerSettings(trunks=TRUNKS))
    tracker.session_started("boot", 1, LONG_AGO)
    collects = gc.isenabled()
    gc.collect()
    before = _conversations()  # other tests' hubs may still hold some
    gc.disable()
    try:
        for number in range(1000):
            one_comes_and_goes(tracker, number, phones_and_callers)
        left = _conversations() - before
    finally:
        if collects:
            gc.enable()
    assert tracker.living == 0
    assert left < 400, "the last ones may still be asked for"


def _conversations() -> int:
    return sum(isinstance(one, Conversation) for one in gc.get_objects())

"""A picture of the PBX, brought up to the moment at which it is compared."""

from __future__ import annotations

import re

import pytest

from connectors.ami.filters import filter_actions
from connectors.ami.message import Message
from connectors.ami.snapshot import Lists, SnapshotWatch
from connectors.ami.tracker import Tracker
from tests.connectors.ami.ami_server import channel

NAME = "PJSIP/101-00000001"


def event(name: str, uniqueid: str = "1.1", **headers: str) -> Message:
    return Message.of(name, channel(NAME, uniqueid, **headers))


def row(name: str = "CoreShowChannel", uniqueid: str = "1.1", **headers: str) -> Message:
    return Message.of(name, channel(NAME, uniqueid, **headers))


def watched(*events: Message) -> SnapshotWatch:
    watch = SnapshotWatch()
    for each in events:
        watch.see(each)
    return watch


def test_what_nothing_was_heard_of_is_as_the_list_says() -> None:
    lists = Lists(channels=(row(),), queues=(row("QueueEntry", Queue="reception"),))
    assert watched(event("Newstate", "2.2")).corrected(lists).channels[0] is lists.channels[0]


def test_a_channel_that_hung_up_meanwhile_is_in_no_list() -> None:
    lists = Lists(
        channels=(row(),),
        status=(row("Status"),),
        queues=(row("QueueEntry", Queue="reception"), Message.of("QueueMember", Queue="reception")),
        parked=(Message.of("ParkedCall", ParkeeUniqueid="1.1"),),
    )
    picture = watched(event("Hangup")).corrected(lists)
    assert (picture.channels, picture.status, picture.parked) == ((), (), ())
    assert [each.name for each in picture.queues] == ["QueueMember"]


def test_a_channel_that_the_list_misses_although_it_was_heard_of_has_a_row() -> None:
    picture = watched(event("Newchannel"), event("Newstate", ChannelState="6")).corrected(Lists())
    (found,) = picture.channels
    assert (found.name, found.get("Uniqueid"), found.get("ChannelState")) == ("CoreShowChannel", "1.1", "6")


def test_a_uniqueid_born_again_lives() -> None:
    picture = watched(event("Hangup"), event("Newchannel")).corrected(Lists())
    assert len(picture.channels) == 1


def test_state_linkedid_and_bridge_are_the_newest() -> None:
    watch = watched(
        event("Newstate", ChannelState="6", ChannelStateDesc="Up", Linkedid="0.9"),
        event("BridgeEnter", ChannelState="6", ChannelStateDesc="Up", Linkedid="0.9", BridgeUniqueid="b2"),
    )
    lists = Lists(channels=(row(BridgeId="b1"),), status=(row("Status", BridgeID="b1", DNID="100"),))
    picture = watch.corrected(lists)
    assert [picture.channels[0].get(name) for name in ("ChannelState", "Linkedid", "BridgeId")] == [
        "6", "0.9", "b2",
    ]  # fmt: skip
    assert [picture.status[0].get(name) for name in ("BridgeID", "DNID")] == ["b2", "100"]


def test_a_left_bridge_is_no_bridge() -> None:
    picture = watched(event("BridgeLeave", BridgeUniqueid="b1")).corrected(
        Lists(channels=(row(BridgeId="b1"),))
    )
    assert picture.channels[0].get("BridgeId") == ""


def test_who_left_the_queue_does_not_wait_in_it() -> None:
    lists = Lists(queues=(row("QueueEntry", Queue="reception"), row("QueueEntry", "2.2", Queue="reception")))
    picture = watched(event("QueueCallerLeave", Queue="reception")).corrected(lists)
    assert [each.get("Uniqueid") for each in picture.queues] == ["2.2"]


@pytest.mark.parametrize("name", ["UnParkedCall", "ParkedCallTimeOut", "ParkedCallGiveUp"])
def test_who_was_fetched_from_parking_is_not_parked(name: str) -> None:
    lists = Lists(parked=(Message.of("ParkedCall", ParkeeUniqueid="1.1"),))
    assert watched(Message.of(name, ParkeeUniqueid="1.1")).corrected(lists).parked == ()


def test_no_filter_hides_what_the_tracker_reads() -> None:
    names = [
        value
        for action in filter_actions(Tracker.WANTED)
        for key, value in action.headers
        if key == "MatchCriteria" and "header(" not in value
    ]
    hidden = {found[1] for text in names if (found := re.search(r"name\((\w+)\)", text))}
    assert hidden & Tracker.WANTED == set()


@pytest.mark.parametrize(
    ("variable", "is_hidden"),
    [("MIXMONITOR_FILENAME", False), ("DIALSTATUS", True), ("M", True), ("MIX", True), ("MIXX", True),
     ("MI", True), ("MACRO", True), ("SIPDOMAIN", True)],
)  # fmt: skip
def test_the_filter_of_variables_lets_the_recording_through(variable: str, is_hidden: bool) -> None:
    (expression,) = [
        dict(action.headers)["Filter"]
        for action in filter_actions(Tracker.WANTED)
        if "VarSet" in dict(action.headers)["MatchCriteria"]
    ]
    assert bool(re.search(expression, variable)) is is_hidden

"""A hub that starts anew takes up the calls that its former life had stored."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from connectors.ami.identity import Boot, names_of
from connectors.ami.tracker import PbxSnapshot, Tracker, TrackerSettings
from hub.events.calls import CallFact, CallSnapshot
from hub.ports.telephony import StoredCall
from tests.connectors.ami.streams import TRUNKS, Played, Truth, examples, read_messages, recordings
from tests.connectors.ami.test_tracker_gaps import CALLER, NOTHING, PHONE, START, Shop, row_of

OF_ONE_SESSION = [truth for truth in (*examples(), *recordings()) if len(truth.sessions) == 1]
LATER = START + timedelta(seconds=30)


def stored(shop: Shop | Played) -> list[StoredCall]:
    """The calls as the house has them after the last fact of each, merged ones left out."""
    calls = {
        fact.event.call.call_id: StoredCall(step=fact.event.step, call=fact.event.call)
        if isinstance(fact.event, CallFact)
        else None
        for fact in shop.facts
        if isinstance(fact.event, CallFact)
    }
    merged = {fact.event.call_id for fact in shop.facts if not isinstance(fact.event, CallFact)}
    return [one for call_id, one in calls.items() if one is not None and call_id not in merged]


def next_life(calls: list[StoredCall], boots: tuple[str, ...] = ("one",)) -> Shop:
    shop = Shop()
    shop.seconds = 30
    shop.facts += shop.tracker.recall(calls, boots, shop.now)
    return shop


def told(call: CallSnapshot) -> Mapping[str, object]:
    names = set(CallSnapshot.__dataclass_fields__) - {"is_complete", "talk_seconds", "hold_seconds"}
    return {name: getattr(call, name) for name in names}


@pytest.mark.parametrize("truth", OF_ONE_SESSION, ids=str)
def test_what_was_stored_at_any_moment_is_told_again_as_it_was_but_incomplete(truth: Truth) -> None:
    messages = read_messages(truth.sessions[0])
    dice = random.Random(str(truth))
    for cut in sorted(dice.sample(range(len(messages)), 6)):
        former = Played(Tracker(TrackerSettings(trunks=TRUNKS)))
        former.tracker.session_started("boot", 1, former.at)
        for message in messages[:cut]:
            former.facts += former.tracker.feed(message, datetime.now(UTC))
        living = [one for one in stored(former) if one.call.state != "ended"]
        linkedids = {message.get("Linkedid") for message in messages[:cut]}
        rows = tuple(row_of({"Uniqueid": "", "Linkedid": linkedid}) for linkedid in linkedids)
        tracker = Tracker(TrackerSettings(trunks=TRUNKS))
        tracker.session_started("boot", 2, former.at)
        facts = tracker.recall(living, ("boot",), former.at)
        assert all(fact.event.call.is_complete is False for fact in facts if isinstance(fact.event, CallFact))
        again = {f.event.call.call_id: f.event for f in facts if isinstance(f.event, CallFact)}
        assert rows or not living
        for one in living:
            if one.call.call_id in again:
                assert told(again[one.call.call_id].call) == told(one.call)
                assert again[one.call.call_id].step > one.step
        assert len(living) - len(again) <= ("local" in truth.name)


def test_a_call_of_another_life_of_the_pbx_is_left_alone() -> None:
    shop = Shop()
    shop.ring()
    again = next_life(stored(shop), boots=("two",))
    assert (again.facts, again.tracker.living_calls) == ([], ())


def test_a_call_answered_before_goes_on_by_its_events_alone_where_no_picture_comes() -> None:
    shop = Shop()
    shop.ring()
    shop.seconds = 5
    shop.answer()
    again = next_life(stored(shop))
    again.seconds = 45
    for leg in (CALLER, PHONE):
        again.say("HangupRequest", leg)
        again.say("BridgeLeave", leg, BridgeUniqueid="b", BridgeType="basic", BridgeNumChannels="0")
        again.say("Hangup", leg, Cause="16")
    call = again.call
    assert (call.call_id, call.result, call.answered_by) == (shop.call.call_id, "answered", "101")
    assert (call.answered_at, call.wait_seconds, call.talk_seconds) == (shop.call.answered_at, 5.0, 40.0)
    assert (call.is_complete, again.tracker.living) == (False, 0)


def test_a_held_call_is_taken_up_as_held_and_its_seconds_go_on() -> None:
    shop = Shop()
    shop.ring()
    shop.answer()
    shop.seconds = 10
    shop.say("Hold", PHONE)
    again = next_life(stored(shop))
    again.reconcile(PbxSnapshot((row_of(CALLER, BridgeId="b"), row_of(PHONE, BridgeId="b")), (), (), ()))
    assert again.call.state == "on_hold"
    again.seconds = 40
    again.say("Unhold", PHONE)
    again.seconds = 50
    again.say("Hangup", CALLER)
    assert (again.call.talk_seconds, again.call.hold_seconds) == (50.0, 30.0)


def test_what_the_picture_does_not_show_ends_unknown_and_keeps_what_was_known() -> None:
    shop = Shop()
    shop.ring()
    shop.seconds = 5
    shop.answer()
    again = next_life(stored(shop))
    again.reconcile(NOTHING)
    call = again.call
    assert (call.result, call.ended_at, call.answered_by, call.wait_seconds) == ("unknown", None, "101", 5.0)
    assert again.tracker.living == 0


def test_a_call_begun_by_a_channel_that_is_not_told_of_is_known_by_the_picture() -> None:
    shop = Shop()
    shop.ring()
    (one,) = stored(shop)
    legs = tuple(replace(leg, uniqueid=f"chosen-{n}") for n, leg in enumerate(one.call.legs))
    again = next_life([replace(one, call=replace(one.call, legs=legs))])
    assert again.facts == []
    again.reconcile(PbxSnapshot((row_of(CALLER | {"Uniqueid": "chosen-0"}, "4"),), (), (), ()))
    assert again.call.call_id == one.call.call_id
    assert len(again.tracker.living_calls) == 1


def test_a_life_reckoned_by_the_minute_is_known_in_the_minute_beside() -> None:
    started = datetime(2026, 11, 23, 8, 0, 59, 900_000, tzinfo=UTC)
    first = Boot(f"up{started:%Y%m%dT%H%M}", started, is_exact=False)
    later = started + timedelta(seconds=0.2)
    assert first.id in names_of(Boot(f"up{later:%Y%m%dT%H%M}", later, is_exact=False))
    assert names_of(Boot("20261123T080000", started, is_exact=True)) == ("20261123T080000",)

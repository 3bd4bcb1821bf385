"""Every recorded stream gives exactly the calls that the phones made, however its bytes arrive."""

from __future__ import annotations

import random

import pytest

from connectors.ami.message import Message
from hub.events.recordings import RecordingNamed
from tests.connectors.ami.streams import (
    STREAMS,
    Played,
    Truth,
    examples,
    faults,
    play,
    play_sessions,
    read_arrivals,
    read_messages,
    recordings,
)

OF_ONE_SESSION = [truth for truth in (*examples(), *recordings()) if len(truth.sessions) == 1]


def _facts(played: Played) -> list[tuple[object, ...]]:
    return [(fact.external_id, fact.occurred_at, fact.event) for fact in played.facts]


@pytest.mark.parametrize("truth", OF_ONE_SESSION, ids=str)
def test_a_recorded_stream_gives_the_calls_that_the_phones_made(truth: Truth) -> None:
    assert faults(truth, play(read_messages(truth.sessions[0]))) == []


@pytest.mark.parametrize("truth", OF_ONE_SESSION, ids=str)
def test_doubled_events_give_the_same_calls_and_no_further_fact(truth: Truth) -> None:
    messages = read_messages(truth.sessions[0])
    once, twice = play(messages), play(messages, times=2)
    assert faults(truth, twice) == []
    assert _facts(twice) == _facts(once)


@pytest.mark.parametrize("truth", OF_ONE_SESSION, ids=str)
def test_bytes_in_any_chunks_give_the_same_facts(truth: Truth) -> None:
    path = truth.sessions[0]
    seed = random.Random(str(truth)).randrange(1, 2000)
    assert _facts(play(read_messages(path, chunk=seed))) == _facts(play(read_messages(path)))


def test_the_same_bytes_read_again_give_the_same_ids() -> None:
    messages = read_messages(STREAMS / "31_queue_local_agents_answered.ami.gz")
    assert [fact.external_id for fact in play(messages).facts] == [
        fact.external_id for fact in play(messages).facts
    ]


def test_the_same_uniqueid_under_another_boot_is_another_call() -> None:
    messages = read_messages(STREAMS / "44_internal.ami.gz")
    first, second = play(messages, boot="one").calls(), play(messages, boot="two").calls()
    assert first[0].call_id != second[0].call_id


def test_ids_are_short_safe_in_addresses_and_rise_with_the_start() -> None:
    calls = play(read_messages(STREAMS / "18_load_200_calls_20cps.ami.gz")).calls()
    assert all(len(call.call_id) <= 32 and call.call_id.isalnum() for call in calls)
    assert all(abs(int(call.call_id[:8], 16) - call.started_at.timestamp()) < 10 for call in calls)


def test_two_hundred_calls_at_twenty_a_second_are_told_apart() -> None:
    played = play(read_messages(STREAMS / "18_load_200_calls_20cps.ami.gz"))
    calls = played.calls()
    answered = [call for call in calls if call.result == "answered"]
    assert (len(calls), len(answered)) == (200, 175)
    assert all(1.0 <= call.talk_seconds <= 6.5 for call in answered)
    gave_up = [call for call in calls if call.result != "answered"]
    assert all(call.result == "missed" and 7.5 <= (call.wait_seconds or 0) <= 10.5 for call in gave_up)
    assert all(call.is_complete and call.queue == "flood" for call in calls)
    assert played.tracker.living == 0


@pytest.mark.parametrize("truth", OF_ONE_SESSION, ids=str)
def test_a_call_needs_few_facts(truth: Truth) -> None:
    played = play(read_messages(truth.sessions[0]))
    calls = max(1, len(played.calls()))
    parties = sum(len(call.parties) + 2 * len(call.transfers) for call in played.calls())
    told = [fact for fact in played.facts if not isinstance(fact.event, RecordingNamed)]
    assert len(told) <= 7 * calls + 2 * parties


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("truth", OF_ONE_SESSION, ids=str)
def test_lost_events_leave_nothing_stuck(truth: Truth, seed: int) -> None:
    dice = random.Random(f"{truth}{seed}")
    messages = [
        one for one in read_messages(truth.sessions[0]) if one.name == "Hangup" or dice.random() > 0.1
    ]
    _assert_nothing_is_stuck(messages)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("truth", OF_ONE_SESSION, ids=str)
def test_swapped_events_leave_nothing_stuck(truth: Truth, seed: int) -> None:
    dice = random.Random(f"{truth}{seed}")
    messages = read_messages(truth.sessions[0])
    for _ in range(len(messages) // 8):
        one, other = dice.randrange(len(messages)), dice.randrange(len(messages))
        messages[one], messages[other] = messages[other], messages[one]
    _assert_nothing_is_stuck(messages)


def _assert_nothing_is_stuck(messages: list[Message]) -> None:
    played = play(messages)
    assert [call for call in played.calls() if call.state != "ended"] == []
    for call in played.calls():
        duration = (call.ended_at - call.started_at).total_seconds() if call.ended_at else None
        assert 0 <= call.hold_seconds <= call.talk_seconds
        assert duration is None or call.talk_seconds <= duration + 0.05


@pytest.mark.parametrize("truth", [one for one in recordings() if len(one.sessions) > 1], ids=str)
def test_a_cut_line_and_a_killed_pbx_leave_no_ghost(truth: Truth) -> None:
    boots = [str(number if "killed" in truth.name else 1) for number in range(len(truth.sessions))]
    played = play_sessions([read_arrivals(path) for path in truth.sessions], boots)
    assert faults(truth, played) == []

"""Events of the PBX doubled and out of order."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import combinations

import pytest

from connectors.ami.message import Message
from connectors.ami.tracker import Tracker
from hub.events.calls import CallSnapshot
from tests.connectors.ami.streams import (
    STREAMS,
    Played,
    examples,
    faults,
    play,
    read_messages,
    recordings,
)
from tests.faults.figures import Fault

OF_ONE_SESSION = [truth for truth in (*examples(), *recordings()) if len(truth.sessions) == 1]
CALL = STREAMS / "01_queue_answered.ami.gz"


@pytest.mark.fault("F07")
def test_each_event_one_to_five_times_gives_the_same_facts(fault: Fault) -> None:
    for truth in fault.cases(OF_ONE_SESSION, sample=25):
        dice = fault.random(truth)
        messages = read_messages(truth.sessions[0])
        repeated = [one for message in messages for one in [message] * dice.randint(1, 5)]
        with fault.run(f"{truth}"):
            once, often = play(messages), play(repeated)
            assert faults(truth, often) == []
            assert [fact.event for fact in often.facts] == [fact.event for fact in once.facts]


@pytest.mark.fault("F08")
def test_no_pair_of_events_that_change_places_leaves_a_call_stuck(fault: Fault) -> None:
    messages = _of_the_call()
    truth, wrong = _told(play(messages)), 0
    for one, other in fault.cases(list(combinations(range(len(messages)), 2)), sample=120):
        with fault.run(f"{one} and {other} changed places"):
            wrong += _is_wrong_and_certain(_swapped(messages, one, other), truth)
    fault.measure("wrong and not marked", wrong, 0)


@pytest.mark.fault("F08")
def test_no_order_of_the_events_leaves_a_call_stuck(fault: Fault) -> None:
    messages = _of_the_call()
    truth, wrong = _told(play(messages)), 0
    for number, dice in enumerate(fault.runs(full=1000, sample=60)):
        shuffled = dice.sample(messages, len(messages))
        with fault.run(f"shuffle {number}"):
            wrong += _is_wrong_and_certain(shuffled, truth)
    fault.measure("wrong and not marked", wrong, 0)


@pytest.mark.fault("F08")
def test_no_order_of_neighbours_in_any_recorded_call_leaves_one_stuck(fault: Fault) -> None:
    """As a busy exchange would: events of one moment change places."""
    for truth in fault.cases(OF_ONE_SESSION, sample=25):
        messages = read_messages(truth.sessions[0])
        for dice in [fault.random(truth, number) for number in range(fault.count(full=20, sample=2))]:
            with fault.run(f"{truth}"):
                _assert_nothing_is_stuck(play(list(_neighbours_mixed(messages, dice))))


def _of_the_call() -> list[Message]:
    return [message for message in read_messages(CALL) if message.name in Tracker.WANTED]


def _swapped(messages: list[Message], one: int, other: int) -> list[Message]:
    swapped = list(messages)
    swapped[one], swapped[other] = swapped[other], swapped[one]
    return swapped


def _neighbours_mixed(messages: list[Message], dice: random.Random) -> Iterator[Message]:
    for begin in range(0, len(messages), 4):
        few = messages[begin : begin + 4]
        yield from dice.sample(few, len(few))


def _told(played: Played) -> dict[str, object]:
    (call,) = played.calls()
    return _without_moments(call)


def _without_moments(call: CallSnapshot) -> dict[str, object]:
    parties = {party.extension or party.number: party.outcome for party in call.parties}
    transfers = [(one.kind, one.from_extension, one.to) for one in call.transfers]
    names = ("direction", "from_number", "to_number", "queue", "result", "answered_by", "last_extension")
    return {name: getattr(call, name) for name in names} | {"parties": parties, "transfers": transfers}


def _is_wrong_and_certain(messages: list[Message], truth: dict[str, object]) -> bool:
    played = play(messages)
    _assert_nothing_is_stuck(played)
    return any(call.is_complete and _without_moments(call) != truth for call in played.calls())


def _assert_nothing_is_stuck(played: Played) -> None:
    assert [call.state for call in played.calls() if call.state != "ended"] == []

"""Text tables: what the PBX says, and the facts that follow from it, for every kind of call.

The events are those of a real Asterisk 22 (recorded/), cut down to what the tracker reads."""

from __future__ import annotations

import random
from itertools import combinations

import pytest

from tests.connectors.ami.streams import Played, play
from tests.connectors.ami.tables import Scenario, Teller, scenarios

TABLES = scenarios()


def test_there_is_a_table_for_every_kind_of_call() -> None:
    assert len(TABLES) > 50


@pytest.mark.parametrize("scenario", TABLES, ids=str)
def test_the_table_s_facts_follow_from_its_events(scenario: Scenario) -> None:
    teller = Teller()
    assert [teller.tell(fact) for fact in play(scenario.messages).facts] == scenario.facts


@pytest.mark.parametrize("scenario", TABLES, ids=str)
def test_five_times_the_same_event_is_once(scenario: Scenario) -> None:
    teller = Teller()
    assert [teller.tell(fact) for fact in play(scenario.messages, times=5).facts] == scenario.facts


def _is_ended(played: Played) -> bool:
    return all(call.state == "ended" for call in played.calls()) and bool(played.calls())


def test_any_two_events_of_a_call_may_change_places_and_it_still_ends() -> None:
    messages = next(table for table in TABLES if table.name == "blind_transfer").messages
    for one, other in combinations(range(len(messages)), 2):
        swapped = list(messages)
        swapped[one], swapped[other] = swapped[other], swapped[one]
        assert _is_ended(play(swapped)), (one, other)


def test_a_thousand_random_orders_of_a_call_leave_none_stuck() -> None:
    messages = list(next(table for table in TABLES if table.name == "attended_by_refer_replaces").messages)
    dice = random.Random(2026)
    for _ in range(1000):
        dice.shuffle(messages)
        assert _is_ended(play(messages))

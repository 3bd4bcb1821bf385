"""Text tables: what the PBX says, and the facts that follow from it, for every kind of call.

The events are those of a real Asterisk 22 (recorded/), cut down to what the tracker reads."""

from __future__ import annotations

import pytest

from tests.connectors.ami.streams import play
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

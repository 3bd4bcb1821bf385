"""How facts are gathered in a rush."""

from __future__ import annotations

from connectors.ami.pace import Pace


def stored_for(pace: Pace, seconds: float, *, facts: int, each: float) -> float:
    """Store so many facts at a time; when the last store was."""
    now = 0.0
    for number in range(int(seconds / each)):
        now = number * each
        pace.stored(facts, now)
    return now


def test_the_first_facts_are_stored_at_once() -> None:
    assert Pace().wait(1000.0) == 0.0


def test_facts_of_a_shop_with_a_call_a_second_never_wait_a_fifth_of_a_millisecond() -> None:
    pace = Pace()
    assert pace.wait(stored_for(pace, 10, facts=1, each=1 / 7)) < 0.0002


def test_in_a_rush_what_comes_within_fifteen_milliseconds_shares_a_store() -> None:
    pace = Pace()
    now = stored_for(pace, 10, facts=7, each=0.005)
    assert 0.015 <= pace.wait(now) <= 0.0181
    assert pace.wait(now + 0.0181) == 0.0


def test_no_rush_makes_anybody_wait_longer() -> None:
    pace = Pace()
    assert pace.wait(stored_for(pace, 10, facts=5000, each=0.01)) <= 0.0181


def test_three_seconds_after_the_rush_most_of_the_wait_is_gone() -> None:
    pace = Pace()
    now = stored_for(pace, 10, facts=7, each=0.005) + 3
    pace.stored(1, now)
    assert pace.wait(now) < 0.0015


def test_a_phone_that_begins_to_ring_waits_as_long_as_it_is_told_to() -> None:
    pace = Pace(pressing=0.004)
    now = stored_for(pace, 10, facts=7, each=0.005)
    assert 0.003 <= pace.wait(now, is_pressing=True) <= 0.004
    assert pace.wait(now) > 0.015

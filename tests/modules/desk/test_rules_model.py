"""The pop against a model of an exchange that does whatever it likes."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.modules.desk.rules import MOVES, DeskState, desk_state
from tests.modules.desk.model import HERS, Exchange, ModelCall

WALKS = st.lists(st.integers(min_value=0, max_value=10_000), max_size=40)


def states(exchange: Exchange) -> DeskState:
    return desk_state(exchange.followed(), HERS, {}, exchange.now)


def walk(picks: list[int]) -> Iterator[Exchange]:
    """The exchange after every move of a walk through what may happen."""
    exchange = Exchange()
    for pick in picks:
        moves = exchange.moves()
        moves[pick % len(moves)][1]()
        yield exchange


def her(call: ModelCall, doing: str) -> bool:
    return any(phone in HERS and row.doing == doing for phone, row in call.phones.items())


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(WALKS)
def test_the_desk_agrees_with_what_the_phones_really_do(picks: list[int]) -> None:
    for exchange in walk(picks):
        by_call: Mapping[str, str] = {pop.call_id: pop.state for pop in states(exchange).pops}
        for call in exchange.calls:
            state = by_call.get(call.call_id, "none")
            if call.state == "ended":
                assert state in ("none", "wrap_up")
            elif her(call, "talks"):
                assert state == ("held" if call.is_held else "talking")
            elif her(call, "rings"):
                assert state in ("ringing", "waiting", "calling")
            elif call.state == "parked":
                assert state in ("none", "parked", "wrap_up")
            else:
                assert state in ("none", "wrap_up")


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(WALKS)
def test_a_person_has_one_pop_per_call_and_the_talk_stands_first(picks: list[int]) -> None:
    for exchange in walk(picks):
        pops = states(exchange).pops
        assert len({pop.call_id for pop in pops}) == len(pops)
        talking = [pop.state in ("talking", "calling", "held") for pop in pops]
        assert talking == sorted(talking, reverse=True)
        assert not (any(talking) and any(pop.state == "ringing" for pop in pops))


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(WALKS)
def test_nothing_is_left_a_minute_after_the_last_call(picks: list[int]) -> None:
    exchange = [Exchange(), *walk(picks)][-1]
    for call in exchange.calls:
        exchange.hang_up(call)
    exchange.wait(61)
    assert states(exchange).pops == ()


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(WALKS)
def test_the_desk_depends_on_the_present_alone(picks: list[int]) -> None:
    """A tab that saw every step and one that comes now show the same, in any order of the calls."""
    exchange = [Exchange(), *walk(picks)][-1]
    calls = exchange.followed()
    assert desk_state(reversed(calls), HERS, {}, exchange.now) == states(exchange)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(WALKS)
def test_the_state_tells_when_it_changes_by_itself(picks: list[int]) -> None:
    for exchange in walk(picks):
        state = states(exchange)
        if state.until is not None:
            later = desk_state(exchange.followed(), HERS, {}, state.until)
            assert len(later.pops) < len(state.pops)


def test_the_table_of_moves_is_exactly_what_happens() -> None:
    chance = random.Random(20261123)
    seen: dict[str, set[str]] = {state: set() for state in MOVES}
    for _ in range(4000):
        before: dict[str, str] = {}
        for exchange in walk([chance.randrange(10_000) for _ in range(25)]):
            after = {pop.call_id: pop.state for pop in states(exchange).pops}
            for call_id in before.keys() | after.keys():
                one, two = before.get(call_id, "none"), after.get(call_id, "none")
                if one != two:
                    seen[one].add(two)
            before = dict(after)
    assert seen == {state: set(moves) for state, moves in MOVES.items()}

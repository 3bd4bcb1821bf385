"""The pop, story by story: what one person's desk shows as a call goes its way."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from hub.events.calls import Transfer
from hub.modules.desk import rules
from hub.modules.desk.rules import Dismissal, FollowedCall, desk_state
from hub.values import CallId
from tests.modules.desk.model import MOBILE, MORNING, Exchange

OKSANA = frozenset({"101", MOBILE})
IHOR = frozenset({"102"})
ANDRII = frozenset({"105"})


def shown(exchange: Exchange, phones: Collection[str], **more: Any) -> list[tuple[str, str]]:
    state = desk_state(exchange.followed(), phones, {}, exchange.now, **more)
    return [(pop.call_id, pop.state) for pop in state.pops]


@pytest.fixture
def exchange() -> Exchange:
    return Exchange()


def test_a_call_that_rings_at_nobody_pops_nowhere(exchange: Exchange) -> None:
    exchange.play("a caller dials")
    assert shown(exchange, OKSANA) == []


def test_a_call_that_rings_at_two_pops_at_both_and_not_at_the_third(exchange: Exchange) -> None:
    exchange.play("a caller dials", "101 rings", "102 rings")
    assert shown(exchange, OKSANA) == shown(exchange, IHOR) == [("c0", "ringing")]
    assert shown(exchange, ANDRII) == []


def test_two_phones_of_one_person_make_one_pop(exchange: Exchange) -> None:
    exchange.play("a caller dials", "101 rings", f"{MOBILE} rings")
    assert shown(exchange, OKSANA) == [("c0", "ringing")]


def test_answered_elsewhere_closes_at_once(exchange: Exchange) -> None:
    exchange.play("a caller dials", "101 rings", "102 rings", "102 answers")
    assert shown(exchange, OKSANA) == []
    assert shown(exchange, IHOR) == [("c0", "talking")]


def test_answering_on_the_mobile_keeps_the_card_of_the_same_person(exchange: Exchange) -> None:
    exchange.play("a caller dials", "101 rings", f"{MOBILE} rings", f"{MOBILE} answers")
    assert shown(exchange, OKSANA) == [("c0", "talking")]


def test_declining_closes_for_the_one_who_declined_only(exchange: Exchange) -> None:
    exchange.play("a caller dials", "101 rings", "102 rings", "102 declines")
    assert shown(exchange, IHOR) == []
    assert shown(exchange, OKSANA) == [("c0", "ringing")]


def test_a_caller_who_gave_up_leaves_no_card(exchange: Exchange) -> None:
    exchange.play("a caller dials", "101 rings", "hang up")
    assert shown(exchange, OKSANA) == []


def test_a_second_call_waits_while_the_person_talks(exchange: Exchange) -> None:
    exchange.play("a caller dials", "101 rings", "101 answers", "a caller dials", "101 rings")
    assert shown(exchange, OKSANA) == [("c0", "talking"), ("c1", "waiting")]


def test_a_second_call_rings_in_earnest_when_the_first_is_over(exchange: Exchange) -> None:
    exchange.play("a caller dials", "101 rings", "101 answers", "a caller dials", "101 rings")
    exchange.play("hang up", call=0)
    assert shown(exchange, OKSANA) == [("c1", "ringing"), ("c0", "wrap_up")]


def test_hold_and_resume_keep_the_card(exchange: Exchange) -> None:
    exchange.play("a caller dials", "101 rings", "101 answers", "hold")
    assert shown(exchange, OKSANA) == [("c0", "held")]
    exchange.play("resume")
    assert shown(exchange, OKSANA) == [("c0", "talking")]


def test_a_blind_transfer_takes_the_card_along(exchange: Exchange) -> None:
    exchange.play("a caller dials", "101 rings", "101 answers", "blind to 105")
    assert shown(exchange, ANDRII) == [("c0", "ringing")]
    assert shown(exchange, OKSANA) == [("c0", "wrap_up")]
    exchange.play("105 answers")
    assert shown(exchange, ANDRII) == [("c0", "talking")]


def test_a_consulted_colleague_sees_the_card_before_taking_the_call(exchange: Exchange) -> None:
    exchange.play("a caller dials", "101 rings", "101 answers", "105 is consulted")
    assert shown(exchange, ANDRII) == [("c0", "ringing")]
    assert shown(exchange, OKSANA) == [("c0", "held")]
    exchange.play("105 answers", "hand over")
    assert shown(exchange, ANDRII) == [("c0", "talking")]
    assert shown(exchange, OKSANA) == [("c0", "wrap_up")]


def test_a_parked_call_stays_with_the_one_who_parked_it(exchange: Exchange) -> None:
    exchange.play("a caller dials", "101 rings", "101 answers", "park")
    assert shown(exchange, OKSANA) == [("c0", "parked")]
    assert shown(exchange, IHOR) == []
    exchange.play("102 fetches it")
    assert shown(exchange, OKSANA) == [("c0", "wrap_up")]
    assert shown(exchange, IHOR) == [("c0", "talking")]


def test_a_parked_call_that_nobody_fetches_rings_again(exchange: Exchange) -> None:
    exchange.play("a caller dials", "101 rings", "101 answers", "park", "nobody fetches it")
    assert shown(exchange, OKSANA) == [("c0", "ringing")]


def test_the_card_stays_a_minute_after_the_talk_and_then_goes(exchange: Exchange) -> None:
    exchange.play("a caller dials", "101 rings", "101 answers", "hang up")
    state = desk_state(exchange.followed(), OKSANA, {}, exchange.now)
    assert state.until == exchange.now + rules.WRAP_UP
    exchange.play("a minute passes")
    assert shown(exchange, OKSANA) == []


def test_an_unsaved_note_keeps_the_card_open(exchange: Exchange) -> None:
    exchange.play("a caller dials", "101 rings", "101 answers", "hang up", "a minute passes")
    assert shown(exchange, OKSANA, kept=("c0",)) == [("c0", "wrap_up")]
    assert shown(exchange, IHOR, kept=("c0",)) == []


def test_an_outgoing_call_has_a_card_from_the_first_ring_to_the_note_after_it(exchange: Exchange) -> None:
    exchange.play("101 dials out")
    assert shown(exchange, OKSANA) == [("c0", "calling")]
    exchange.play("the other side answers")
    assert shown(exchange, OKSANA) == [("c0", "talking")]


def test_an_outgoing_call_that_nobody_took_leaves_room_for_a_note(exchange: Exchange) -> None:
    exchange.play("101 dials out", "hang up")
    assert shown(exchange, OKSANA) == [("c0", "wrap_up")]


def test_a_colleagues_call_pops_at_both_ends(exchange: Exchange) -> None:
    exchange.play("101 dials a colleague")
    assert shown(exchange, OKSANA) == [("c0", "calling")]
    assert shown(exchange, ANDRII) == [("c0", "ringing")]


def test_somebody_without_phones_sees_no_pop(exchange: Exchange) -> None:
    exchange.play("a caller dials", "101 rings", "101 answers")
    assert shown(exchange, ()) == []


def test_whoever_waits_longest_is_opened_first(exchange: Exchange) -> None:
    exchange.play("a caller dials", "101 rings", "seconds pass", "a caller dials", "101 rings")
    assert shown(exchange, OKSANA) == [("c0", "ringing"), ("c1", "ringing")]


def test_a_tab_may_open_another_call_than_the_most_urgent_one(exchange: Exchange) -> None:
    exchange.play("a caller dials", "101 rings", "101 answers", "a caller dials", "101 rings")
    state = desk_state(exchange.followed(), OKSANA, {}, exchange.now)
    assert (state.opened("c1"), state.opened("gone"), state.opened(None)) == (
        state.pops[1], state.pops[0], state.pops[0],
    )  # fmt: skip


def put_away(exchange: Exchange) -> dict[CallId, Dismissal]:
    pop = desk_state(exchange.followed(), OKSANA, {}, exchange.now).pops[0]
    return {pop.call_id: Dismissal(pop.stage, pop.transfers)}


def left_of(exchange: Exchange, dismissals: dict[CallId, Dismissal]) -> list[str]:
    return [pop.state for pop in desk_state(exchange.followed(), OKSANA, dismissals, exchange.now).pops]


def test_a_ringing_card_put_away_stays_away_when_the_queue_rings_again(exchange: Exchange) -> None:
    exchange.play("a caller dials", "101 rings")
    away = put_away(exchange)
    exchange.play("101 declines", "101 rings")
    assert left_of(exchange, away) == []


def test_a_ringing_card_put_away_comes_back_when_the_call_is_answered(exchange: Exchange) -> None:
    exchange.play("a caller dials", "101 rings")
    away = put_away(exchange)
    exchange.play("101 answers")
    assert left_of(exchange, away) == ["talking"]
    exchange.play("hang up")
    assert left_of(exchange, away) == ["wrap_up"]


def test_a_card_put_away_in_the_talk_has_no_wrap_up(exchange: Exchange) -> None:
    exchange.play("a caller dials", "101 rings", "101 answers")
    away = put_away(exchange)
    exchange.play("hold")
    assert left_of(exchange, away) == []
    exchange.play("hang up")
    assert left_of(exchange, away) == []


def test_a_card_put_away_comes_back_with_the_call(exchange: Exchange) -> None:
    exchange.play("a caller dials", "101 rings", "101 answers")
    away = put_away(exchange)
    exchange.play("blind to 105", "105 answers", "blind to 101")
    assert left_of(exchange, away) == ["ringing"]


def test_a_clock_of_the_exchange_that_is_wrong_leaves_no_card_for_ever(exchange: Exchange) -> None:
    call = exchange.play("a caller dials", "101 rings", "101 answers", "blind to 105").followed()
    ahead = [replace(party, left_at=MORNING + timedelta(days=1)) for party in call.parties]
    skewed = replace(call, parties=tuple(ahead))
    assert desk_state([skewed], OKSANA, {}, exchange.now).pops == ()


def test_who_parked_a_call_is_guessed_from_the_last_talk_where_the_exchange_does_not_say(
    exchange: Exchange,
) -> None:
    call: FollowedCall = exchange.play("a caller dials", "101 rings", "101 answers", "park").followed()
    nameless = replace(
        call, transfers=(Transfer(at=exchange.now, kind="park", from_extension=None, to="701"),)
    )
    assert [p.state for p in desk_state([nameless], OKSANA, {}, exchange.now).pops] == ["parked"]


def test_the_documented_table_is_the_table_in_the_code() -> None:
    rows = {}
    for line in (rules.__doc__ or "").splitlines():
        if line.count("|") == 2 and "moves to" not in line:
            state, _, moves = (cell.strip() for cell in line.split("|"))
            rows[state] = frozenset(moves.split())
    assert rows == dict(rules.MOVES)

"""The sums of a mailing, its pace, its texts: pure."""

from __future__ import annotations

from collections import Counter
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.errors import Conflict
from hub.events.messages import MessageState
from hub.modules.mailings.api import RowState, State
from hub.modules.mailings.charts import strip
from hub.modules.mailings.rules import (
    FASTEST,
    MOST_AT_ONCE,
    SLOWEST,
    WENT,
    batch,
    demand,
    row_state,
    sums_of,
)
from hub.modules.mailings.rules_lists import lines_of
from hub.modules.mailings.rules_texts import parts_of, unknown_in, written

ROWS = get_args(RowState)
TOLD = [one for one in get_args(MessageState) if one != "received"]


@given(st.lists(st.sampled_from(ROWS), max_size=60), st.data())
def test_whatever_is_told_in_whatever_order_everybody_is_counted_once(
    rows: list[RowState], data: st.DataObject
) -> None:
    for _ in range(data.draw(st.integers(0, 40)) if rows else 0):
        place = data.draw(st.integers(0, len(rows) - 1))
        rows[place] = row_state(rows[place], data.draw(st.sampled_from(TOLD)))
    sums = sums_of(Counter(rows))
    assert sums.size == len(rows)
    assert sums.going + sums.skipped == sums.size
    assert sum(part.count for part in strip(sums)) == sums.size
    assert sums.delivered <= sums.sent


@pytest.mark.parametrize("begin", ["skipped", "waiting"])
@given(told=st.lists(st.sampled_from(TOLD), max_size=20))
def test_whoever_was_not_written_to_is_never_sent_by_a_report(
    begin: RowState, told: list[MessageState]
) -> None:
    state = begin
    for one in told:
        state = row_state(state, one)
    assert state == begin


@given(st.sampled_from(TOLD))
def test_of_a_stopped_one_only_that_it_went_is_believed(told: MessageState) -> None:
    assert row_state("stopped", told) == (told if told in WENT else "stopped")


@given(st.integers(-5, 10_000))
def test_a_batch_and_its_pause_are_the_pace(pace: int) -> None:
    found = batch(pace)
    asked = max(SLOWEST, min(FASTEST, pace))
    assert 1 <= found.size <= MOST_AT_ONCE
    assert found.size / found.pause * 60 == pytest.approx(asked)


@pytest.mark.parametrize("state", ["done", "stopped"])
@pytest.mark.parametrize(
    "what", ["change", "count", "submit", "approve", "decline", "take_back", "stop", "remove"]
)
def test_a_mailing_that_is_over_lets_nothing_be_done(state: State, what: str) -> None:
    with pytest.raises(Conflict):
        demand(what, state)


def test_what_stands_in_braces_is_filled_in_and_nothing_else_is_read() -> None:
    values = {"name": "{shop} {{7*7}}", "shop": "Lito"}
    text, missing = written("{name}: {{7*7}} {% raw %} {car}", values, link="http://x/c/1", language="ru")
    assert text == "{shop} {{7*7}}: {{7*7}} {% raw %} {car}\nНе писать мне: http://x/c/1"
    assert missing == ("car",)
    assert unknown_in("{name} {balance}") == ("balance",)


def test_only_sms_are_paid_by_the_part() -> None:
    assert [parts_of("ї" * length, "sms") for length in (70, 71, 134, 135)] == [1, 2, 2, 3]
    assert parts_of("ї" * 500, "telegram") == 1


@given(st.lists(st.lists(st.text(max_size=30), max_size=4), max_size=20))
def test_any_file_at_all_is_read_without_a_fault(rows: list[list[str]]) -> None:
    for shown, kind, key in lines_of(rows, "UA"):
        assert kind in ("phone", "email", "")
        assert bool(key) == bool(kind)
        assert shown


@pytest.mark.parametrize(
    ("cells", "kind", "key"),
    [
        (["Ira", "050 123 45 67"], "phone", "+380501234567"),
        (["", " a.b@Example.COM "], "email", "a.b@example.com"),
        (["x@y.ua", "0501234567"], "phone", "+380501234567"),
        (["102"], "", ""),
        (["2026"], "", ""),
    ],
)
def test_a_line_is_its_number_else_its_address(cells: list[str], kind: str, key: str) -> None:
    (line,) = lines_of([["0501112233"], cells], "UA")[1:]
    assert line[1:] == (kind, key)

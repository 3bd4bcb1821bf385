"""Pure rules: rights, hours, passwords, names of phones."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.kernel.manifest import ROLES, grants_of
from hub.main import MODULES
from hub.modules.access.rules import (
    clean_extension,
    clean_login,
    covers,
    is_open,
    may_appoint,
    new_password,
    parse_minutes,
    rank_of,
    show_minutes,
    spans_fault,
)
from hub.modules.access.rules_passwords import password_fault, tried_first
from hub.modules.access.views import Span

GRANTS = grants_of(MODULES)
RIGHTS = st.dictionaries(st.sampled_from("abc"), st.sampled_from(["own", "shop", "all"]))


@pytest.mark.parametrize(
    ("mine", "theirs", "does"),
    [
        ({}, {}, True),
        ({}, {"a": "own"}, False),
        ({"a": "own"}, {"a": "own"}, True),
        ({"a": "shop"}, {"a": "all"}, False),
        ({"a": "all"}, {"a": "own"}, True),
        ({"a": "all"}, {"a": "own", "b": "own"}, False),
    ],
)
def test_rights_cover_what_they_hold_and_reach(
    mine: dict[str, str], theirs: dict[str, str], does: bool
) -> None:
    assert covers(mine, theirs) is does


@given(RIGHTS, RIGHTS, RIGHTS)
def test_covering_is_an_order(a: dict[str, str], b: dict[str, str], c: dict[str, str]) -> None:
    assert covers(a, a)
    if covers(a, b) and covers(b, c):
        assert covers(a, c)
    if covers(a, b) and covers(b, a):
        assert a == b


@pytest.mark.parametrize("giver", ROLES)
@pytest.mark.parametrize("given_role", ROLES)
def test_nobody_but_the_owner_makes_an_equal_or_a_better(giver: str, given_role: str) -> None:
    may = may_appoint(rank_of(giver), GRANTS[giver], rank_of(given_role), GRANTS[given_role])
    if giver == "owner":
        assert may
    elif may:
        assert ROLES.index(given_role) > ROLES.index(giver)
        assert covers(GRANTS[giver], GRANTS[given_role])


def test_a_manager_can_hire_a_receptionist() -> None:
    assert may_appoint(1, GRANTS["manager"], 2, GRANTS["receptionist"])
    assert not may_appoint(rank_of("no-such-role"), {}, rank_of("mechanic"), {})


def test_an_owner_whose_rights_were_narrowed_makes_no_owner() -> None:
    """A token of the role owner has only what its maker has left."""
    assert not may_appoint(0, GRANTS["manager"], 0, GRANTS["owner"])


def test_an_own_role_stands_where_its_model_stands_but_never_with_the_owner() -> None:
    assert rank_of("own:x", "receptionist") == rank_of("receptionist")
    assert rank_of("own:x", "owner") == 1
    assert rank_of("own:x", "nonsense") == len(ROLES)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("101", "101"),
        (" PJSIP/101 ", "101"),
        ("sip/ivan.k", "ivan.k"),
        ("10 1", None),
        ("", None),
        ("101\r\nAction: Originate", None),
        ("x" * 65, None),
        ("іван", None),
    ],
)
def test_an_extension_is_the_name_that_the_pbx_says(text: str, name: str | None) -> None:
    assert clean_extension(text) == name


@pytest.mark.parametrize(
    ("text", "login"),
    [(" Ivan ", "ivan"), ("олена.k", "олена.k"), ("a b", None), ("", None), ("x" * 65, None)],
)
def test_a_log_in_is_compared_without_case_and_spaces(text: str, login: str | None) -> None:
    assert clean_login(text) == login


@pytest.mark.parametrize(
    "password", ["", "short", "password1", "qwerty123", "ivanivan", "aaaaaaaaaaaa", "x" * 257]
)
def test_bad_passwords_are_refused(password: str) -> None:
    assert password_fault(password, "ivanivan") is not None


def test_the_commonest_passwords_are_refused_also_with_something_around_them() -> None:
    """ASVS 6.2.4 wants 3,000 of them: so many words with their usual tails, and all that are long enough."""
    assert len(tried_first()) == 30_000
    long_enough = [one for one in tried_first() if len(one) >= 10]
    assert len(long_enough) > 1_000
    assert [one for one in long_enough if password_fault(one, "ivan") is None] == []
    words = sorted(one for one in tried_first() if one.isalpha() and 6 <= len(one) <= 9)[:3_000]
    tailed = [f"{word.title()}{tail}" for word in words for tail in ("2026!", "_123456")]
    assert [one for one in tailed if password_fault(one, "ivan") is None] == []


@pytest.mark.parametrize("good", ["four plain words here", "Чайник стоїть на плиті", "bolt-lamp-river-seven"])
def test_several_words_are_a_good_password(good: str) -> None:
    assert password_fault(good, "ivan") is None


def test_one_time_passwords_are_good_and_never_the_same() -> None:
    made = {new_password() for _ in range(200)}
    assert len(made) == 200
    assert all(password_fault(one, "ivan") is None for one in made)


@pytest.mark.parametrize(
    ("clock", "is_in"),
    [("08:59", False), ("09:00", True), ("12:59", True), ("13:00", False), ("23:59", True)],
)
def test_the_opening_minute_is_in_and_the_closing_minute_is_out(clock: str, is_in: bool) -> None:
    spans = [Span(opens=540, closes=780), Span(opens=840, closes=1440)]
    assert is_open(datetime.fromisoformat(f"2026-01-05T{clock}:30+00:00"), spans) is is_in


@pytest.mark.parametrize(
    ("spans", "is_good"),
    [
        ([], True),
        ([(540, 1140)], True),
        ([(0, 1440)], True),
        ([(540, 780), (780, 1140)], True),
        ([(840, 1140), (540, 780)], True),
        ([(540, 540)], False),
        ([(1140, 540)], False),
        ([(540, 1441)], False),
        ([(-1, 10)], False),
        ([(540, 800), (780, 1140)], False),
    ],
)
def test_spans_of_a_day_come_one_after_another(spans: list[tuple[int, int]], is_good: bool) -> None:
    made = [Span(opens=opens, closes=closes) for opens, closes in spans]
    assert (spans_fault(made) is None) is is_good


@given(st.integers(0, 1440))
def test_minutes_are_read_back_as_they_are_shown(minutes: int) -> None:
    assert parse_minutes(show_minutes(minutes)) == minutes


@pytest.mark.parametrize("text", ["", "9", "24:01", "25:00", "09:60", "9:5", "-1:00", "noon", "٠٩:٠٠"])
def test_what_is_no_time_is_none(text: str) -> None:
    assert parse_minutes(text) is None

"""Whether it is open now and what changes next; how times are written; holidays of a country."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.modules.access.rules import is_open, show_minutes
from hub.modules.access.rules_hours import open_state, read_time, suggested
from hub.modules.access.views import HolidayView, Span

KYIV = ZoneInfo("Europe/Kyiv")
BREAK = (Span(opens=540, closes=780), Span(opens=840, closes=1080))
WEEK = {0: BREAK, 1: BREAK, 2: BREAK, 3: BREAK, 4: BREAK}
NEW_YEAR = HolidayView(day=date(2026, 1, 1), title="Новий рік", span=None)
SHORT = HolidayView(day=date(2026, 1, 2), title="", span=Span(opens=600, closes=720))


def at(local: str) -> datetime:
    return datetime.fromisoformat(local).replace(tzinfo=KYIV).astimezone(UTC)


@pytest.mark.parametrize(
    ("now", "is_open", "changes"),
    [
        ("2026-01-05T08:59", False, "2026-01-05T09:00"),
        ("2026-01-05T09:00", True, "2026-01-05T13:00"),
        ("2026-01-05T13:30", False, "2026-01-05T14:00"),
        ("2026-01-05T17:59", True, "2026-01-05T18:00"),
        ("2026-01-09T18:00", False, "2026-01-12T09:00"),  # Friday evening
        ("2025-12-31T19:00", False, "2026-01-02T10:00"),  # the holiday is closed, the day after is short
        ("2026-01-02T11:00", True, "2026-01-02T12:00"),
        ("2026-01-02T12:00", False, "2026-01-05T09:00"),
    ],
)
def test_what_holds_now_and_what_comes_next(now: str, is_open: bool, changes: str) -> None:
    state = open_state(WEEK, [NEW_YEAR, SHORT], at(now), KYIV)
    assert (state.is_open, state.changes_at) == (is_open, at(changes))


def test_a_shop_that_never_closes_or_never_opens_has_no_next_change() -> None:
    always = {day: (Span(opens=0, closes=1440),) for day in range(7)}
    assert open_state(always, [], at("2026-01-05T12:00"), KYIV).changes_at is None
    assert open_state({}, [], at("2026-01-05T12:00"), KYIV) == open_state(
        {}, [], at("2026-07-05T12:00"), KYIV
    )


def test_hours_over_midnight_close_when_the_night_ends() -> None:
    night = {4: (Span(opens=1200, closes=1440),), 5: (Span(opens=0, closes=120),)}
    state = open_state(night, [], at("2026-01-09T21:00"), KYIV)
    assert (state.is_open, state.changes_at) == (True, at("2026-01-10T02:00"))


SPANS = st.lists(st.integers(0, 1440), min_size=2, max_size=4, unique=True).map(sorted).map(
    lambda edges: tuple(Span(opens=a, closes=b) for a, b in zip(edges[::2], edges[1::2], strict=False))
)  # fmt: skip


@given(st.dictionaries(st.integers(0, 6), SPANS), st.integers(0, 520_000))
def test_a_minute_before_the_change_it_is_as_now_and_at_the_change_it_is_not(
    week: dict[int, tuple[Span, ...]], minute: int
) -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minute)
    state = open_state(week, [], now, ZoneInfo("UTC"))
    assert state.is_open == is_open(now, week.get(now.weekday(), ()))
    if state.changes_at is None:
        return
    before, then = state.changes_at - timedelta(minutes=1), state.changes_at
    assert is_open(before, week.get(before.weekday(), ())) == state.is_open or before < now
    assert is_open(then, week.get(then.weekday(), ())) != state.is_open


@given(st.integers(0, 1440))
def test_every_time_that_is_shown_can_be_read(minutes: int) -> None:
    assert read_time(show_minutes(minutes)) == minutes


@pytest.mark.parametrize(
    ("text", "minutes"),
    [("9", 540), ("9:30", 570), ("09.30", 570), ("930", 570), ("24:00", 1440), ("0", 0), ("24:30", None),
     ("25", None), ("9:60", None), ("", None), ("noon", None), ("٩", None), ("-1", None)],
)  # fmt: skip
def test_times_are_read_as_people_write_them(text: str, minutes: int | None) -> None:
    assert read_time(text) == minutes


def test_holidays_of_the_country_are_suggested_in_the_viewers_language_and_only_once() -> None:
    found = suggested("UA", "uk", date(2026, 8, 1), known=[date(2026, 12, 25)])
    assert ("День незалежності України" in {one.title for one in found}) is True
    assert date(2026, 12, 25) not in {one.day for one in found}
    assert min(one.day for one in found) >= date(2026, 8, 1)
    assert {one.day for one in suggested("PL", "en", date(2026, 1, 1))} >= {date(2026, 11, 11)}
    assert suggested("IO", "uk", date(2026, 1, 1)) == []


def test_holidays_whose_names_the_viewers_language_lacks_are_named_as_the_country_does() -> None:
    names = {one.title for one in suggested("UA", "ru", date(2026, 8, 1))}
    assert "День незалежності України" in names

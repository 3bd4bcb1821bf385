"""Working minutes: by hand-made tables, and by properties over every change of the clocks."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.modules.access.api import Span
from hub.modules.tasks.rules_time import Calendar, after_working, next_try

KYIV = ZoneInfo("Europe/Kyiv")
DAY = Span(opens=9 * 60, closes=18 * 60)
MORNING, AFTERNOON = Span(opens=9 * 60, closes=13 * 60), Span(opens=14 * 60, closes=18 * 60)
WEEK = dict.fromkeys(range(5), (DAY,)) | {5: (Span(opens=10 * 60, closes=15 * 60),)}
SHOP = Calendar(
    zone=KYIV,
    hours=WEEK,
    special={date(2026, 12, 25): None, date(2026, 12, 31): Span(opens=9 * 60, closes=12 * 60)},
)
BREAKS = Calendar(zone=KYIV, hours=dict.fromkeys(range(7), (AFTERNOON, MORNING)), special={})

DEADLINES = """
called at           minutes | due
2026-11-22 20:10    15      | 2026-11-23 09:15   Sunday night: Monday morning, nobody is woken
2026-11-24 12:31    15      | 2026-11-24 12:46   in hours
2026-11-24 17:50    15      | 2026-11-25 09:05   over the night
2026-11-24 17:45    15      | 2026-11-24 18:00   to the last minute
2026-11-24 18:00    15      | 2026-11-25 09:15   the closing is outside
2026-11-24 08:59    15      | 2026-11-24 09:15   before the opening
2026-11-28 14:55    15      | 2026-11-30 09:10   Saturday to Monday
2026-12-24 17:50    30      | 2026-12-26 10:20   over a holiday, into a Saturday
2026-12-31 11:50    30      | 2027-01-01 09:20   a short day
2026-03-27 17:50    20      | 2026-03-28 10:10   before the clocks go forward
2026-03-28 14:50    20      | 2026-03-30 09:10   over the night of 29 March
2026-10-24 14:50    20      | 2026-10-26 09:10   over the night of 25 October
2026-11-24 12:31    1000    | 2026-11-26 11:11   over two nights
"""


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=KYIV)


@pytest.mark.parametrize("row", DEADLINES.strip().splitlines()[1:], ids=lambda row: " ".join(row.split()))
def test_a_deadline_runs_while_the_shop_is_open(row: str) -> None:
    called, minutes, _, due = row[:20].strip(), float(row[20:28]), row[28], row[30:46]
    assert after_working(SHOP, local(called), minutes) == local(due)


def test_a_break_does_not_count() -> None:
    assert after_working(BREAKS, local("2026-11-24 12:50"), 15) == local("2026-11-24 14:05")


def test_where_nobody_said_when_the_shop_is_open_every_minute_counts() -> None:
    unset = Calendar(zone=KYIV, hours={}, special={})
    assert after_working(unset, local("2026-11-22 20:10"), 15) == local("2026-11-22 20:25")


def test_who_is_closed_for_longer_than_one_can_see_gets_plain_minutes() -> None:
    closed = {date(2026, 1, 1) + timedelta(days=n): None for n in range(900)}
    away = Calendar(zone=KYIV, hours=WEEK, special=closed)
    assert after_working(away, local("2026-11-22 20:10"), 15) == local("2026-11-22 20:25")


TRIES = """
tried at            next
2026-11-24 12:31    2026-11-24 13:00
2026-11-24 12:44    2026-11-24 13:00
2026-11-24 12:45    2026-11-24 13:15
2026-11-24 17:50    2026-11-25 09:15
2026-11-24 17:31    2026-11-25 09:00
2026-11-22 20:10    2026-11-23 09:30
"""


@pytest.mark.parametrize("row", TRIES.strip().splitlines()[1:], ids=lambda row: " ".join(row.split()))
def test_the_next_try_is_at_a_time_that_people_remember(row: str) -> None:
    assert next_try(SHOP, local(row[:20].strip()), 30) == local(row[20:].strip())


ZONES = ("Europe/Kyiv", "America/New_York", "Australia/Lord_Howe", "America/Sao_Paulo", "Asia/Beirut", "UTC")
SPANS = st.sampled_from(
    [(), (DAY,), (MORNING, AFTERNOON), (Span(opens=0, closes=1440),), (Span(opens=22 * 60, closes=1440),)]
)
DAYS = st.dates(date(2018, 1, 1), date(2027, 12, 31))
CALENDARS = st.builds(
    lambda zone, hours, special: Calendar(zone=ZoneInfo(zone), hours=dict(enumerate(hours)), special=special),
    st.sampled_from(ZONES),
    st.lists(SPANS, min_size=7, max_size=7).filter(any),
    st.dictionaries(DAYS, st.sampled_from([None, DAY]), max_size=5),
)
MOMENTS = st.integers(0, 9 * 365 * 1440).map(
    lambda n: datetime(2018, 1, 1, tzinfo=UTC) + timedelta(minutes=n)
)
# the nights of the changes are where it goes wrong, and chance finds them seldom
CHANGES = st.builds(
    lambda day, minutes: datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(minutes=minutes),
    st.sampled_from(
        [date(2026, 3, 28), date(2026, 3, 29), date(2026, 10, 24), date(2026, 10, 25), date(2026, 3, 8),
         date(2026, 11, 1), date(2018, 11, 3), date(2018, 2, 17), date(2026, 4, 4), date(2026, 10, 3)]
    ),
    st.integers(0, 2880),
)  # fmt: skip


def counted(calendar: Calendar, start: datetime, minutes: int) -> datetime:
    """The same by hand: minute by minute on the shop's own clock."""
    moment = start
    while minutes:
        local_time = moment.astimezone(calendar.zone)
        day, minute = local_time.date(), local_time.hour * 60 + local_time.minute
        only = calendar.special.get(day)
        spans = ([only] if only else []) if day in calendar.special else calendar.hours[day.weekday()]
        if any(span.opens <= minute < span.closes for span in spans):
            minutes -= 1
        moment += timedelta(minutes=1)
    return moment


@given(CALENDARS, MOMENTS | CHANGES, st.integers(1, 90))
@settings(max_examples=150, deadline=None)
def test_it_equals_counting_minute_by_minute_on_the_shops_clock(
    calendar: Calendar, start: datetime, minutes: int
) -> None:
    assert after_working(calendar, start, minutes) == counted(calendar, start, minutes)


@given(CALENDARS, MOMENTS | CHANGES, st.integers(1, 3000), st.integers(1, 3000))
@settings(max_examples=200, deadline=None)
def test_minutes_add_up_and_time_does_not_run_backwards(
    calendar: Calendar, start: datetime, first: int, second: int
) -> None:
    middle = after_working(calendar, start, first)
    assert middle >= start + timedelta(minutes=first)
    assert after_working(calendar, middle, second) == after_working(calendar, start, first + second)
    assert after_working(calendar, start + timedelta(minutes=1), first) >= middle


@given(CALENDARS, MOMENTS | CHANGES)
@settings(max_examples=150, deadline=None)
def test_the_next_try_is_later_and_in_hours(calendar: Calendar, tried: datetime) -> None:
    later = next_try(calendar, tried, 30)
    assert later > tried
    just_before = later - timedelta(seconds=1)
    assert calendar.is_open(later) or calendar.is_open(just_before)

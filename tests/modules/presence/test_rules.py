"""One state a person, the strongest wins."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.modules.presence.rules import (
    STRENGTH,
    CallFactOf,
    Choice,
    MemberFact,
    PhoneFact,
    Presence,
    presence_of,
)

NOW = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)


def ago(minutes: float) -> datetime:
    return NOW - timedelta(minutes=minutes)


def phone(condition: str, minutes: float = 5) -> PhoneFact:
    return PhoneFact(condition=condition, since=ago(minutes))  # type: ignore[arg-type]  # a test's own words


RUNG = CallFactOf(rang_at=ago(2), answered_at=None)
TALK = CallFactOf(rang_at=ago(2), answered_at=ago(1))
PAUSED = MemberFact(is_paused=True, paused_at=ago(4))
LUNCH = Choice(kind="away", since=ago(3), reason="Lunch", until=ago(-20))


@pytest.mark.parametrize(
    ("known", "state", "since"),
    [
        ({"phones": [phone("free")]}, "free", ago(5)),
        ({"phones": [phone("unreachable")]}, "unreachable", ago(5)),
        ({"phones": [phone("unreachable", 9), phone("unreachable", 2)]}, "unreachable", ago(2)),
        ({"phones": [phone("unreachable"), phone("free", 1)]}, "free", ago(1)),
        ({"phones": [phone("free"), phone("ringing", 1)]}, "ringing", ago(1)),
        ({"phones": [phone("ringing", 1), phone("on_hold", 7)]}, "talking", ago(7)),
        ({"phones": [phone("unknown")]}, "unknown", None),
        ({"phones": [phone("busy")]}, "talking", ago(5)),
        ({"phones": [phone("busy", 1)], "calls": [RUNG]}, "ringing", ago(2)),
        ({"phones": [phone("busy", 1)], "calls": [RUNG, TALK]}, "talking", ago(1)),
        ({}, "unknown", None),
        # the mobile is no device of the PBX: a call of ours tells
        ({"phones": [phone("free")], "calls": [TALK]}, "talking", ago(1)),
        ({"calls": [CallFactOf(rang_at=ago(2), answered_at=None)]}, "ringing", ago(2)),
        ({"phones": [phone("free"), phone("talking")], "choice": LUNCH}, "talking", ago(5)),
        ({"phones": [phone("unreachable")], "choice": LUNCH}, "away", ago(3)),
        ({"phones": [phone("free")], "members": [PAUSED]}, "paused", ago(4)),
        (
            {"phones": [phone("free")], "members": [MemberFact(is_paused=True), MemberFact(is_paused=False)]},
            "free",
            ago(5),
        ),
        ({"phones": [phone("unreachable")], "members": [MemberFact(is_paused=True)]}, "unreachable", ago(5)),
        (
            {"phones": [phone("free"), PhoneFact(condition="do_not_disturb", since=ago(2), is_switch=True)]},
            "do_not_disturb",
            ago(2),
        ),
        # a switch that is off is no telephone
        ({"phones": [PhoneFact(condition="free", since=ago(2), is_switch=True)]}, "unknown", None),
        ({"phones": [phone("talking")], "unknown_since": ago(1)}, "unknown", ago(1)),
    ],
)  # fmt: skip
def test_the_strongest_state_wins(known: dict[str, object], state: str, since: datetime | None) -> None:
    found = presence_of(NOW, **known)  # type: ignore[arg-type]  # a test's own words
    assert (found.state, found.since) == (state, since)


def test_what_was_said_until_a_time_ends_with_it() -> None:
    until = Choice(kind="away", since=ago(30), reason="Lunch", until=NOW)
    assert presence_of(ago(0.1), phones=[phone("free")], choice=until).state == "away"
    assert presence_of(NOW, phones=[phone("free")], choice=until).state == "free"


def test_reason_and_end_are_those_of_the_state_that_won() -> None:
    away = presence_of(NOW, phones=[phone("free")], choice=LUNCH)
    assert (away.reason, away.until) == ("Lunch", ago(-20))
    talking = presence_of(NOW, phones=[phone("talking")], choice=LUNCH)
    assert (talking.reason, talking.until) == ("", None)


moments = st.integers(0, 600).map(ago)
phones = st.lists(
    st.builds(
        PhoneFact,
        condition=st.sampled_from(("free", "ringing", "talking", "on_hold", "unreachable", "unknown")),
        since=moments,
    ),
    max_size=4,
)
members = st.lists(
    st.builds(MemberFact, is_paused=st.booleans(), reason=st.just("r"), paused_at=st.none() | moments),
    max_size=3,
)
calls = st.lists(
    st.builds(CallFactOf, rang_at=st.none() | moments, answered_at=st.none() | moments), max_size=3
)
choices = st.none() | st.builds(
    Choice, kind=st.sampled_from(("away", "do_not_disturb", "here")), since=moments, until=st.none() | moments
)


def strength(one: Presence) -> int:
    return STRENGTH.index(one.state)


@given(phones, members, calls, choices, st.randoms())
def test_the_order_of_what_is_known_does_not_matter(
    known: list[PhoneFact],
    queues: list[MemberFact],
    talks: list[CallFactOf],
    choice: Choice | None,
    chance: Random,
) -> None:
    before = presence_of(NOW, phones=known, members=queues, calls=talks, choice=choice)
    for one in (known, queues, talks):
        chance.shuffle(one)
    after = presence_of(NOW, phones=known, members=queues, calls=talks, choice=choice)
    assert (before.state, before.since) == (after.state, after.since)


@given(phones, calls, choices, phones)
def test_a_further_device_in_use_never_makes_somebody_freer(
    known: list[PhoneFact], talks: list[CallFactOf], choice: Choice | None, more: list[PhoneFact]
) -> None:
    busy = [one for one in more if one.condition in ("talking", "on_hold", "ringing")]
    before = presence_of(NOW, phones=known, calls=talks, choice=choice)
    assert strength(presence_of(NOW, phones=[*known, *busy], calls=talks, choice=choice)) <= strength(before)


@given(phones, members, calls, choices)
def test_nobody_is_free_whose_phones_nobody_knows(
    known: list[PhoneFact], queues: list[MemberFact], talks: list[CallFactOf], choice: Choice | None
) -> None:
    found = presence_of(NOW, phones=known, members=queues, calls=talks, choice=choice)
    assert found.state != "free" or any(one.condition == "free" for one in known)
    lost = presence_of(NOW, phones=known, members=queues, calls=talks, choice=choice, unknown_since=NOW)
    assert (lost.state, lost.since) == ("unknown", NOW)

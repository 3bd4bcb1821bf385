"""When the board alarms."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.modules.queues.rules import Figures, Limits, alarms, limit_faults, limits_of

CALM = Figures(
    waiting=0, longest_wait=0.0, service_level=95.0, calls=20, members_free=2, is_open=True
)  # fmt: skip


def said(**changed: object) -> list[tuple[str, str]]:
    figures = replace(CALM, **changed)  # type: ignore[arg-type]  # a test's own words
    return [(one.kind, one.level) for one in alarms(figures, Limits())]


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, []),
        ({"waiting": 1}, []),
        ({"waiting": 2}, [("waiting", "warning")]),
        ({"waiting": 3}, [("waiting", "problem")]),
        ({"waiting": 1, "longest_wait": 39.0}, []),
        ({"waiting": 1, "longest_wait": 40.0}, [("longest_wait", "warning")]),
        ({"waiting": 1, "longest_wait": 60.0}, [("longest_wait", "problem")]),
        ({"service_level": 84.0}, [("service_level", "warning")]),
        ({"service_level": 79.9}, [("service_level", "problem")]),
        ({"service_level": 0.0, "calls": 4}, []),
        ({"service_level": None}, []),
        ({"members_free": 0}, [("members_free", "problem")]),
        ({"members_free": 0, "is_open": False}, []),
        ({"members_free": None}, []),
    ],
)
def test_a_limit_that_is_passed_is_said(changed: dict[str, object], expected: list[tuple[str, str]]) -> None:
    assert said(**changed) == expected


FIGURES = st.builds(
    Figures,
    waiting=st.integers(0, 20),
    longest_wait=st.floats(0, 900),
    service_level=st.none() | st.floats(0, 100),
    calls=st.integers(0, 50),
    members_free=st.none() | st.integers(0, 9),
    is_open=st.booleans(),
)


@given(FIGURES)
def test_with_every_limit_at_nothing_nothing_alarms(figures: Figures) -> None:
    assert alarms(figures, Limits(waiting=0, longest_wait=0, service_level=0, members_free=0)) == ()


@given(FIGURES)
def test_one_more_who_waits_never_calms_an_alarm(figures: Figures) -> None:
    more = replace(figures, waiting=figures.waiting + 1)
    before = {one.kind for one in alarms(figures, Limits()) if one.level == "problem"}
    assert before <= {one.kind for one in alarms(more, Limits()) if one.level == "problem"}


@pytest.mark.parametrize(
    "stored", [None, 5, [], {"waiting": "3"}, {"waiting": -1, "odd": 2}, {"waiting": True}]
)
def test_what_is_stored_and_makes_no_sense_is_as_at_the_beginning(stored: object) -> None:
    assert limits_of(stored) == Limits()


def test_what_is_out_of_bounds_is_named() -> None:
    faults = limit_faults(Limits(waiting=-1, longest_wait=3601, service_level=101, members_free=0))
    assert set(faults) == {"waiting", "longest_wait", "service_level"}

"""The rules of call-backs, as tables."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from hub.events.calls import Leg, LegRole
from hub.modules.tasks.rules import (
    calls_for_help,
    may_call,
    miss_kind,
    read_line,
    subject_of,
    try_outcome,
)
from tests.factories.calls import at, ended, snapshot

CALLS = """
direction result        talk wait | miss          try
inbound   missed           0   60 | missed        -
inbound   voicemail        0   60 | voicemail     -
inbound   short_abandon    0    3 | short_abandon -
inbound   answered        53    7 | -             reached
inbound   answered      15.0    7 | -             reached
inbound   answered      14.9    7 | -             asked
inbound   unknown          0    - | -             -
outbound  answered        53    7 | -             reached
outbound  answered         9    7 | -             asked
outbound  no_answer        0   30 | -             no_answer
outbound  busy             0    2 | -             busy
outbound  cancelled        0   10 | -             no_answer
outbound  cancelled        0  9.9 | -             -
outbound  cancelled        0    - | -             -
outbound  failed           0    1 | -             -
outbound  unknown          0    - | -             -
internal  answered        53    7 | -             -
internal  no_answer        0   30 | -             -
"""


@pytest.mark.parametrize("row", CALLS.strip().splitlines()[1:], ids=lambda row: " ".join(row.split()))
def test_what_a_call_says_of_call_backs(row: str) -> None:
    direction, result, talk, wait, _, miss, tried = row.split()
    waited = None if wait == "-" else float(wait)
    call = ended("1", 0, result, direction=direction, talk_seconds=float(talk), wait_seconds=waited)
    assert miss_kind(call) == (None if miss == "-" else miss)
    assert try_outcome(call, 15.0) == (None if tried == "-" else tried)


def test_a_call_that_goes_on_says_nothing_yet() -> None:
    assert miss_kind(snapshot()) is None
    assert try_outcome(snapshot(state="talking", talk_seconds=60.0), 15.0) is None


WANTED = """
relation candidates      colleague | wanted
-        -               no        | yes
client   -               no        | yes
supplier -               no        | no
staff    -               no        | no
spam     -               no        | no
other    -               no        | no
-        client,client   no        | yes
-        client,supplier no        | yes
-        supplier,spam   no        | no
-        -               yes       | no
client   -               yes       | no
"""


@pytest.mark.parametrize("row", WANTED.strip().splitlines()[1:], ids=lambda row: " ".join(row.split()))
def test_who_is_worth_a_call_back(row: str) -> None:
    relation, candidates, colleague, _, wanted = row.split()
    known = [] if candidates == "-" else candidates.split(",")
    said = may_call(None if relation == "-" else relation, known, colleague == "yes")
    assert said == (wanted == "yes")


@pytest.mark.parametrize(
    ("kind", "others", "helps"),
    [
        ("missed", (), True),
        ("voicemail", (), True),
        ("short_abandon", (), False),
        ("short_abandon", (-600,), True),
        ("short_abandon", (-601,), False),
        ("short_abandon", (300,), True),  # told in another order
        ("short_abandon", (-4000, 4000), False),
    ],
)
def test_two_short_calls_within_ten_minutes_ask_for_a_call_back(
    kind: str, others: tuple[int, ...], helps: bool
) -> None:
    near = [at(seconds) for seconds in others]
    assert calls_for_help(kind, at(0), near, timedelta(minutes=10)) is helps


def test_there_is_one_call_back_for_a_client_or_else_a_number() -> None:
    assert subject_of("c1", "+380501234567") == "client:c1"
    assert subject_of(None, "+380501234567") == "number:+380501234567"
    assert subject_of(None, None) is None


@pytest.mark.parametrize(
    ("line", "number", "text", "is_reached"),
    [
        ("0501234567 comes on Friday", "0501234567", "comes on Friday", True),
        ("Ірина: 050 123-45-67, завтра о 9", "050 123-45-67", "Ірина: , завтра о 9", True),
        ("+38 (050) 123 45 67", "+38 (050) 123 45 67", "", True),
        ("- 0501234567", "0501234567", "", False),
        ("– 0501234567 не взяв", "0501234567", "не взяв", False),
        ("4 tyres for 067 111 22 33", "067 111 22 33", "4 tyres for", True),
    ],
)
def test_a_line_holds_a_number_and_what_was_said(line: str, number: str, text: str, is_reached: bool) -> None:
    entry = read_line(line)
    assert entry is not None
    assert (entry.number, entry.text, entry.is_reached) == (number, text, is_reached)


@pytest.mark.parametrize("line", ["", "comes on Friday", "12:30", "room 101", "x0501234567x"])
def test_a_line_without_a_number_is_none(line: str) -> None:
    assert read_line(line) is None


def test_a_click_whose_own_phone_was_not_picked_up_is_no_try() -> None:
    """The client's phone never rang."""
    own = leg("1.1", "phone")
    call = ended("1", 0, "no_answer", direction="outbound", wait_seconds=30.0, legs=(own,))
    assert try_outcome(call, 15.0) is None
    rung = replace(call, legs=(own, leg("1.2", "outside")))
    assert try_outcome(rung, 15.0) == "no_answer"


def leg(uniqueid: str, role: LegRole) -> Leg:
    return Leg(
        uniqueid=uniqueid, channel="PJSIP/x-1", role=role, label="x", started_at=at(0), answered_at=None,
        ended_at=at(30),
    )  # fmt: skip

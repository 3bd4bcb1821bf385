"""What the PBX says of phones and queue members, word by word, and after a gap."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.ami.message import Message
from connectors.ami.phones import Phones
from connectors.ami.tracker.endpoints import Endpoints
from hub.events.phones import PhonesChanged


def phones() -> Phones:
    return Phones("ami", Endpoints(("trunk*",), ("900",)))


def device(name: str, state: str) -> Message:
    return Message.of("DeviceStateChange", Device=name, State=state)


def member(event: str = "QueueMemberStatus", **headers: str) -> Message:
    told = {
        "Queue": "reception", "MemberName": "Anna", "Interface": "PJSIP/101",
        "StateInterface": "PJSIP/101", "Status": "1", "Paused": "0",
    }  # fmt: skip
    return Message.of(event, {**told, **headers})


def told(*messages: Message) -> PhonesChanged | None:
    follower = phones()
    for message in messages:
        follower.feed(message)
    return follower.news()


@pytest.mark.parametrize(
    ("name", "state", "expected"),
    [
        ("PJSIP/101", "NOT_INUSE", ("101", "free")),
        ("PJSIP/101", "INUSE", ("101", "talking")),
        ("PJSIP/101", "BUSY", ("101", "busy")),
        ("PJSIP/101", "RINGING", ("101", "ringing")),
        ("PJSIP/101", "RINGINUSE", ("101", "talking")),
        ("SIP/101", "ONHOLD", ("101", "on_hold")),
        ("PJSIP/101", "UNAVAILABLE", ("101", "unreachable")),
        ("PJSIP/101", "INVALID", ("101", "unreachable")),
        ("PJSIP/101", "UNKNOWN", ("101", "unknown")),
        ("Custom:DND101", "INUSE", ("101", "do_not_disturb")),
        ("Custom:DND101", "NOT_INUSE", ("101", "free")),
    ],
)
def test_a_device_state_in_our_words(name: str, state: str, expected: tuple[str, str]) -> None:
    found = told(device(name, state))
    assert found is not None
    assert [(one.extension, one.condition) for one in found.phones] == [expected]


@pytest.mark.parametrize(
    "name",
    [
        "PJSIP/trunk-kyivstar",
        "PJSIP/900",
        "Local/101@from-queue",
        "Queue:r",
        "MWI:101",
        "PJSIP/",
        "",
    ],
)
def test_what_is_no_phone_of_a_person_says_nothing(name: str) -> None:
    assert told(device(name, "INUSE")) is None


@pytest.mark.parametrize(
    ("hint", "status", "expected"),
    [
        ("PJSIP/101", "8", "ringing"),
        ("PJSIP/101", "2", "busy"),
        ("PJSIP/101", "4", "unreachable"),
        ("PJSIP/101&Custom:DND101", "1", None),
        ("PJSIP/trunk1", "1", None),
        ("PJSIP/101", "-1", None),
        ("", "0", None),
    ],
)
def test_a_hint_with_one_device_tells_of_it(hint: str, status: str, expected: str | None) -> None:
    found = told(Message.of("ExtensionStatus", Exten="101", Hint=hint, Status=status))
    assert (found.phones[0].condition if found is not None else None) == expected


def test_a_state_that_is_none_says_nothing() -> None:
    assert told(device("PJSIP/101", "ON THE MOON"), device("PJSIP/101", "")) is None


def test_the_same_again_is_no_news_and_of_two_the_newer_is_told() -> None:
    follower = phones()
    for state in ("RINGING", "INUSE"):
        follower.feed(device("PJSIP/101", state))
    news = follower.news()
    assert news is not None
    assert [one.condition for one in news.phones] == ["talking"]
    follower.feed(device("PJSIP/101", "INUSE"))
    assert follower.news() is None


@pytest.mark.parametrize(
    ("interface", "state_interface"),
    [
        ("PJSIP/101", "PJSIP/101"), ("Local/101@from-queue/n", "PJSIP/101"),
        ("Local/101@from-queue/n", "hint:101@ext-local"), ("SIP/101", ""),
    ],
)  # fmt: skip
def test_a_member_is_known_by_the_phone_that_is_rung(interface: str, state_interface: str) -> None:
    found = told(member(Interface=interface, StateInterface=state_interface))
    assert found is not None
    assert [one.extension for one in found.members] == ["101"]


def test_a_pause_has_its_reason_and_since_when() -> None:
    found = told(member("QueueMemberPause", Paused="1", PausedReason="Обід", LastPause="1767596530"))
    assert found is not None
    [one] = found.members
    assert (one.is_paused, one.reason) == (True, "Обід")
    assert one.paused_at is not None
    assert one.paused_at.isoformat() == "2026-01-05T07:02:10+00:00"


def test_a_member_who_left_the_queue_is_gone() -> None:
    found = told(member(), member("QueueMemberRemoved"))
    assert found is not None
    assert [one.is_gone for one in found.members] == [True]


def test_after_a_gap_the_lists_decide_but_for_what_was_heard_since() -> None:
    follower = phones()
    follower.feed(device("PJSIP/101", "NOT_INUSE"))
    follower.feed(device("PJSIP/102", "INUSE"))
    follower.feed(device("PJSIP/109", "INUSE"))
    follower.session_started()
    follower.feed(device("PJSIP/102", "NOT_INUSE"))
    rows = [device("PJSIP/101", "RINGING"), device("PJSIP/102", "INUSE")]
    queues = [
        Message.of("QueueParams", Queue="empty"),
        Message.of("QueueMember", Queue="reception", Name="A", Location="PJSIP/101", Status="6", Paused="0"),
    ]
    whole = follower.picture(rows, queues)
    assert whole.is_whole
    assert {one.extension: one.condition for one in whole.phones} == {"101": "ringing", "102": "free"}
    assert [(one.queue, one.condition) for one in whole.members] == [("reception", "ringing")]
    assert whole.queues == ("empty", "reception")
    assert follower.news() is None


STATES = st.sampled_from(("NOT_INUSE", "INUSE", "RINGING", "UNAVAILABLE", "ONHOLD"))
EVENTS = st.lists(st.tuples(st.sampled_from(("101", "102", "103")), STATES), max_size=30)


def applied(facts: Iterable[PhonesChanged | None]) -> dict[str, str]:
    known: dict[str, str] = {}
    for fact in facts:
        if fact is not None:
            known = {} if fact.is_whole else known
            known |= {one.extension: one.condition for one in fact.phones}
    return known


@given(EVENTS, st.sets(st.integers(0, 30)), st.integers(0, 30))
def test_however_often_it_is_told_the_end_is_what_the_pbx_said_last(
    events: list[tuple[str, str]], told_after: set[int], listed_after: int
) -> None:
    """A picture at any place among the events, made of the true states there, changes nothing."""
    follower, true, facts = phones(), {}, []
    for place, (name, state) in enumerate(events):
        if place == listed_after:
            follower.session_started()
            facts.append(follower.picture([device(f"PJSIP/{one}", now) for one, now in true.items()], []))
        true[name] = state
        follower.feed(device(f"PJSIP/{name}", state))
        if place in told_after:
            facts.append(follower.news())
    facts.append(follower.news())
    words = {"NOT_INUSE": "free", "INUSE": "talking", "RINGING": "ringing"}
    words |= {"UNAVAILABLE": "unreachable", "ONHOLD": "on_hold"}
    assert applied(facts) == {name: words[state] for name, state in true.items()}


def test_what_was_understood_of_a_phone_is_not_kept_once_it_is_ticked_as_an_outside_line() -> None:
    endpoints = Endpoints(("trunk*",), ())
    follower = Phones("ami", endpoints)
    follower.feed(device("PJSIP/beeline", "INUSE"))
    assert follower.news() is not None
    follower.feed(device("PJSIP/beeline", "NOT_INUSE"))
    endpoints.set_trunks(("beeline",))
    follower.news()
    follower.feed(device("PJSIP/beeline", "INUSE"))
    assert follower.news() is None


def test_a_phone_that_says_the_same_again_later_is_told_again() -> None:
    follower = phones()
    heard = []
    for state in ("INUSE", "NOT_INUSE", "INUSE"):
        follower.feed(device("PJSIP/101", state))
        news = follower.news()
        heard += [one.condition for one in news.phones] if news is not None else []
    assert heard == ["talking", "free", "talking"]

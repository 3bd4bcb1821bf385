"""The provider's words become ours: what became of a request, how far messages have come."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.http_sms.translate import Told, arrivals, look, outcome_of, states_in, text_at
from hub.events.messages import MessageStatusChanged
from hub.ports.intake import Arrival
from tests.connectors.http_sms.stage import AT, SAMPLES, TURBOSMS

ID = "f83f8868-5e46-c6cf-e4fb-615e5a293754"


def sample(name: str) -> bytes:
    return (SAMPLES / f"{name}.json").read_bytes()


def facts(found: list[Arrival]) -> list[tuple[str, str, str, str]]:
    events = [one.event for one in found]
    assert all(isinstance(one, MessageStatusChanged) for one in events)
    return [
        (e.channel, e.provider_id, e.state, e.carried_by)
        for e in events
        if isinstance(e, MessageStatusChanged)
    ]


@pytest.mark.parametrize(
    ("name", "verdict", "said"),
    [
        ("accepted", "sent", ""), ("repeated", "sent", ""), ("stop_list", "blocked", "stopped messages"),
        ("bad_token", "account", "token"), ("no_money", "account", "top it up"),
        ("strange_sender", "refused", "sender's name"), ("new_code", "refused",
    "NOT_ALLOWED_SOMETHING_NEW (code 477)"), ],
)  # fmt: skip
def test_recorded_answers_give_their_facts(name: str, verdict: str, said: str) -> None:
    outcome = outcome_of(TURBOSMS, sample(name))
    assert outcome.verdict == verdict
    assert said in outcome.text
    assert (outcome.id == ID) == (verdict == "sent")


def test_recorded_states_give_their_facts() -> None:
    ask = TURBOSMS.ask
    assert ask is not None
    told = list(states_in(ask, sample("statuses")))
    found = [
        arrival
        for one in told
        for arrival in arrivals(TURBOSMS, "http_sms", one, AT, channels=("viber",), created_at=AT)
    ]
    assert facts(found) == [
        ("viber", ID, "read", "viber"),
        ("viber", "a4d1f7a2-5e3c-78c9-134b-000000000002", "failed", "sms"),
    ]


def test_what_fails_by_viber_is_no_end_until_it_is_old() -> None:
    failed = Told("1", "Undelivered", "viber")
    young = arrivals(TURBOSMS, "x", failed, AT, channels=("viber",), created_at=AT, first_seconds=600.0)
    assert young == []
    long_ago = AT - timedelta(hours=2)
    old = arrivals(TURBOSMS, "x", failed, AT, channels=("viber",), created_at=long_ago, first_seconds=600.0)
    assert facts(old) == [("viber", "1", "failed", "viber")]
    assert facts(arrivals(TURBOSMS, "x", Told("1", "UNDELIV"), AT, channels=("sms",))) == [
        ("sms", "1", "failed", "")
    ]


def test_a_report_that_names_no_channel_speaks_of_every_channel() -> None:
    found = arrivals(TURBOSMS, "x", Told("1", "DELIVRD"), AT, channels=("sms", "viber"))
    assert facts(found) == [("sms", "1", "delivered", ""), ("viber", "1", "delivered", "")]
    assert len({one.external_id for one in found}) == 2


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=20), inner, max_size=3),
    max_leaves=12,
)


@given(st.binary(max_size=200) | JSON.map(lambda value: json.dumps(value).encode()))
def test_no_answer_is_believed_to_be_sent_without_an_id(body: bytes) -> None:
    outcome = outcome_of(TURBOSMS, body)
    assert outcome.verdict != "sent" or outcome.id
    assert TURBOSMS.ask is not None
    assert all(one.id and one.word for one in states_in(TURBOSMS.ask, body))


@given(JSON)
def test_looking_into_anything_finds_plain_short_texts_or_nothing(document: object) -> None:
    wrapped = {"response_result": [document]}
    assert len(text_at(wrapped, "response_result.0", "response_result.0.message_id")) <= 200
    assert look(wrapped, "response_result.1.message_id") is None


def test_a_bomb_of_brackets_is_no_answer() -> None:
    assert outcome_of(TURBOSMS, b"[" * 500_000).verdict == "unknown"

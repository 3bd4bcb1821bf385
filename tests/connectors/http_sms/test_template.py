"""Whatever a message says, it stays in its place of the request."""

from __future__ import annotations

import json
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.http_sms.template import encoded, fill, form_of

NASTY = '"},"x":{"a":"{token}&sms[text]=1\r\nX-A: b%00{to}{{id}}'


@given(st.text())
def test_a_text_comes_out_of_json_as_it_went_in(text: str) -> None:
    whole = text.encode("utf-8", "replace").decode()
    filled = fill(
        {"sms": {"text": "{text}", "sender": "{sms_sender}"}}, {"text": whole, "sms_sender": "Shop"}
    )
    body, kind = encoded("json", filled)
    assert json.loads(body) == {"sms": {"text": whole, "sender": "Shop"}}
    assert kind == "application/json"


@given(st.text(min_size=1))
def test_a_text_comes_out_of_a_form_as_it_went_in(text: str) -> None:
    whole = text.encode("utf-8", "replace").decode()
    body, _ = encoded("form", fill({"sms[text]": "{text}", "to": "{to}"}, {"text": whole, "to": "+380"}))
    assert parse_qsl(body.decode("ascii"), keep_blank_values=True) == [("sms[text]", whole), ("to", "+380")]


def test_what_a_value_says_is_no_template() -> None:
    assert fill("{text} {to}", {"text": NASTY, "to": "{token}", "token": "secret"}) == f"{NASTY} {{token}}"


def test_a_name_alone_keeps_its_kind_and_a_list_its_members() -> None:
    assert fill({"ttl": "{viber_seconds}", "ids": "{ids}"}, {"viber_seconds": 60, "ids": ["a", "b"]}) == {
        "ttl": 60, "ids": ["a", "b"],
    }  # fmt: skip
    assert form_of({"id": ["a", "b&c"]}) == "id=a&id=b%26c"


@pytest.mark.parametrize("text", ["{text.__class__}", "{0}", "{}", "{text!r}", "${text}", "{{7*7}}"])
def test_there_is_nothing_in_a_template_that_could_run(text: str) -> None:
    assert fill(text, {"text": "hello"}) == text.replace("{text}", "hello")

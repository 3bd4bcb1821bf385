"""The gate: what may be dialled, and what must never be."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.errors import HubError, Invalid, NotAllowed
from hub.modules.dialling.rules import Who, admit
from hub.modules.dialling.rules_settings import DialSettings, RoleRule
from tests.modules.dialling.numbers import ALLOWED, REFUSED

WHO = Who(country="UA", rule=RoleRule(), colleagues=("102", "201"), is_person=True)
SETTINGS = DialSettings()


def test_the_list_of_what_is_refused_is_long_enough() -> None:
    assert len(REFUSED) >= 200


@pytest.mark.parametrize("text", REFUSED, ids=ascii)
def test_it_is_not_dialled(text: str) -> None:
    with pytest.raises((Invalid, NotAllowed)):
        admit(text, WHO, SETTINGS, "national")


@pytest.mark.parametrize(("text", "digits"), ALLOWED.items())
def test_an_honest_number_is_dialled_as_it_was_read(text: str, digits: str) -> None:
    assert admit(text, WHO, SETTINGS, "national").digits == digits


@given(st.text(max_size=40) | st.text("0123456789+-() &,;@*#\r\n", max_size=24))
def test_whatever_is_typed_the_pbx_is_given_plain_digits_of_one_number(text: str) -> None:
    try:
        target = admit(text, WHO, SETTINGS, "plus")
    except HubError:
        return
    assert re.fullmatch(r"\+?[0-9]{3,15}", target.digits)
    assert target.kind != "outside" or target.number.startswith("+380")


@pytest.mark.parametrize(
    ("number_format", "digits", "abroad"),
    [
        ("national", "0501234567", "0048221234567"),
        ("plus", "+380501234567", "+48221234567"),
        ("digits", "380501234567", "48221234567"),
    ],
)
def test_a_trunk_is_given_numbers_in_its_own_writing(number_format: str, digits: str, abroad: str) -> None:
    who = replace(WHO, rule=RoleRule(countries=("PL",)))
    made = [admit(one, who, SETTINGS, number_format).digits for one in ("0501234567", "+48221234567")]  # type: ignore[arg-type]  # a parameter
    assert made == [digits, abroad]


@pytest.mark.parametrize(
    ("number", "code"),
    [
        ("+380900234567", "dial.premium"),
        ("+48221234567", "dial.abroad"),
        ("+18765551234", "dial.abroad"),
        ("+870773111222", "dial.satellite"),
        ("15888", "dial.short"),
    ],
)
def test_a_refusal_says_why(number: str, code: str) -> None:
    with pytest.raises(NotAllowed) as caught:
        admit(number, WHO, SETTINGS, "national")
    assert caught.value.code == code


def test_what_the_owner_allows_a_role_is_dialled_and_nothing_beside_it() -> None:
    who = replace(WHO, rule=RoleRule(countries=("PL",), prefixes=("+380900",)))
    assert admit("+48221234567", who, SETTINGS, "plus").number == "+48221234567"
    assert admit("0900234567", who, SETTINGS, "plus").number == "+380900234567"
    for other in ("+4930123456", "+48701234567"):
        with pytest.raises(NotAllowed):
            admit(other, who, SETTINGS, "plus")


def test_what_is_blocked_is_blocked_for_everybody() -> None:
    who = replace(WHO, rule=RoleRule(prefixes=("+38050",)))
    with pytest.raises(NotAllowed) as caught:
        admit("0501234567", who, DialSettings(blocked=("+380501",)), "national")
    assert caught.value.code == "dial.blocked"


@pytest.mark.parametrize("number", ["112", "101", "103", "104"])
def test_a_person_may_dial_an_emergency_number_and_a_program_may_not(number: str) -> None:
    assert admit(number, WHO, SETTINGS, "national").kind == "emergency"
    with pytest.raises(NotAllowed) as caught:
        admit(number, replace(WHO, is_person=False), SETTINGS, "national")
    assert caught.value.code == "dial.emergency_by_hand"


def test_a_colleagues_extension_is_a_colleague_even_where_it_looks_like_an_emergency() -> None:
    assert admit("102", WHO, SETTINGS, "national").kind == "colleague"

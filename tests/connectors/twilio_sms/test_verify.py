"""No forged request is believed, and no genuine one refused, whatever its shape."""

from __future__ import annotations

from urllib.parse import quote_plus

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.twilio_sms.config import STATUS_PATH
from connectors.twilio_sms.signature import Form, addresses, is_signed, sign
from connectors.twilio_sms.verify import (
    ANOTHERS,
    CUT,
    NO_ADDRESS,
    UNSIGNED,
    WRONG,
    sms_verifier,
    status_verifier,
)
from hub.ports.hooks import Forged, Genuine, HookRequest
from tests.connectors.twilio_sms.stage import OLD_TOKEN, config, request, sample, signature

SID = "SM0123456789abcdef0123456789abcdef"
SMS = sample("sms")


def judged(asked: HookRequest, **more: object) -> Genuine | Forged:
    return sms_verifier(config(**more))(asked)


def reason(asked: HookRequest, **more: object) -> str:
    found = judged(asked, **more)
    return found.reason if isinstance(found, Forged) else "believed"


@pytest.mark.fault("F25")
@pytest.mark.parametrize(
    ("asked", "more"),
    [
        (request(SMS), {}),
        (request(sample("mms_of_a_service")), {}),
        (request(SMS, token=OLD_TOKEN), {}),
        (request(SMS, query="shop=1&x=%D1%96"), {}),
        (request(SMS, public="https://shop.example:443"), {}),
        (request(SMS), {"public_url": "https://shop.example:443"}),
        (request(SMS, public="https://shop.example:8443"), {"public_url": "https://shop.example:8443"}),
        (request(SMS, public="http://shop.example:80"), {"public_url": "http://shop.example"}),
        (request(SMS.replace("NumMedia=0", "NumMedia=2&MediaUrl0=b&MediaUrl0=a")), {}),
        (request(SMS + "&SomethingNew=1&SomethingNew=2&Empty="), {}),
        (request(SMS, query=SMS, method="GET"), {}),
        (request(SMS.replace("Body=", "Body=%F0%9F%98%80%E2%80%AE")), {}),
    ],
    ids=[
        "plain", "a service and its files", "the old token while rotating", "a query", "a port that is said",
        "a port that is left out", "a port of its own", "http", "repeated files", "fields that are new",
        "by GET", "an emoji",
    ],
)  # fmt: skip
def test_a_genuine_request_is_believed_in_every_shape(asked: HookRequest, more: dict[str, object]) -> None:
    assert isinstance(judged(asked, **more), Genuine)


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        (request(SMS, signed=""), UNSIGNED),
        (request(SMS, signed="AAAA"), WRONG),
        (request(SMS, signed="\udcffé"), WRONG),
        (request(SMS, signed="A" * 10_000), WRONG),
        (request(SMS, token="somebody else's"), WRONG),
        (request(SMS, public="http://shop.example"), WRONG),
        (request(SMS, public="https://other.example"), WRONG),
        (request(SMS, path=STATUS_PATH, signed=request(SMS).headers["x-twilio-signature"]), WRONG),
        (request(SMS, signed=request(SMS + "x").headers["x-twilio-signature"]), WRONG),
        (request(SMS.replace("AC0123", "AC9999")), ANOTHERS),
        (request(SMS.replace(f"&MessageSid={SID}", "")), CUT),
        (request(SMS.replace(f"&MessageSid={SID}", f"&MessageSid={SID}0")), CUT),
        (request(SMS + f"&MessageSid={SID}"), CUT),
        (request(SMS + "&From=%2B380671112233"), CUT),
        (request(SMS + "&Body=again"), CUT),
        (request(SMS, headers={"x-twilio-webhooks-signature-settings": "algorithm=NONE"}), WRONG),
    ],
)  # fmt: skip
def test_what_is_not_proved_is_refused_with_its_reason(asked: HookRequest, why: str) -> None:
    assert reason(asked) == why


def test_what_a_request_says_of_its_own_host_proves_nothing() -> None:
    told = {"host": "other.example", "x-forwarded-host": "other.example", "x-forwarded-proto": "http"}
    assert reason(request(SMS, public="http://other.example", headers=told)) == WRONG
    assert isinstance(judged(request(SMS, headers=told)), Genuine)


def test_without_a_public_address_nothing_can_be_proved() -> None:
    assert reason(request(SMS), public_url="") == NO_ADDRESS


def test_ten_thousand_parameters_are_refused_before_anything_is_worked_out() -> None:
    found = judged(request("&".join(f"a{n}=1" for n in range(10_000)), signed="x"))
    assert isinstance(found, Forged)
    assert found.status == 413


def test_a_report_is_one_by_its_sid_and_its_state() -> None:
    verify = status_verifier(config())
    found = verify(request(sample("delivered"), path=STATUS_PATH, query="m=01m"))
    assert isinstance(found, Genuine)
    assert found.identity == f"{SID}:delivered"


def test_a_request_whose_parts_are_cut_anew_bears_the_same_proof() -> None:
    """`MessageSid=SM01…` sent as `MessageSi=dSM01…` has the same signature."""
    shifted = SMS.replace("&ToZip=&", "&ToZi=p&")
    first, second = judged(request(SMS)), judged(request(shifted))
    assert request(SMS).headers == request(shifted).headers
    assert isinstance(first, Genuine)
    assert isinstance(second, Genuine)
    assert first.signed == second.signed
    assert reason(request(SMS.replace("&MessageSid=S", "&MessageSi=dS"))) == CUT


fields = st.lists(st.tuples(st.text(min_size=1, max_size=8), st.text(max_size=12)), max_size=8)


@settings(max_examples=150, deadline=None)
@given(fields, st.sampled_from(["https://a.example/x", "https://a.example:8443/x?y=%D1%96"]))
def test_the_signature_is_the_one_that_twilios_library_makes(pairs: list[tuple[str, str]], url: str) -> None:
    pairs = [(a.encode("utf-8", "replace").decode(), b.encode("utf-8", "replace").decode()) for a, b in pairs]
    body = "&".join(f"{quote_plus(name)}={quote_plus(value)}" for name, value in pairs)
    form = Form(tuple((name.encode(), value.encode()) for name, value in pairs))
    made = sign("secret", url, form)
    assert made == signature(url, body, "secret")
    assert is_signed(made, ["other", "secret"], url, form)


def test_an_address_is_known_with_its_port_and_without() -> None:
    assert addresses("https://a.example/x") == ["https://a.example/x", "https://a.example:443/x"]
    assert addresses("https://a.example:443/x") == ["https://a.example:443/x", "https://a.example/x"]
    assert addresses("https://a.example:bad/x") == ["https://a.example:bad/x"]

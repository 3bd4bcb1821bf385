"""A report is believed for its proof alone, and once."""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.http_sms.profile import WebhookSpec
from connectors.http_sms.verify import NO_REPORT, NO_SECRET, UNSIGNED, WRONG, verifier
from hub.ports.hooks import Forged, Genuine
from hub.secret import Secret
from tests.connectors.http_sms.stage import SAMPLES, SECRET, TURBOSMS, request

WEBHOOK = TURBOSMS.webhook
assert WEBHOOK is not None
VERIFY = verifier(WEBHOOK, Secret(SECRET))


def report(signature: str | None = None, **more: Any) -> bytes:
    made = json.loads((SAMPLES / "report.json").read_text(encoding="utf-8")) | more
    made["signature"] = signature if signature is not None else sha1(f"{SECRET}{made['id']}")
    return json.dumps(made).encode()


def sha1(text: str) -> str:
    return hashlib.sha1(text.encode()).hexdigest()


@pytest.mark.parametrize("over", ["{secret}{id}", "{id}{secret}"])
def test_a_signed_report_is_believed_in_either_order_of_secret_and_id(over: str) -> None:
    proof = sha1(over.format(secret=SECRET, id="5f3c9a7e-0001"))
    for written in (proof, proof.upper()):
        assert VERIFY(request(report(written))) == Genuine(identity="5f3c9a7e-0001", signed=b"5f3c9a7e-0001")


def test_the_same_proof_with_another_message_is_the_same_delivery() -> None:
    data = {"message_id": "another", "status": "UNDELIV"}
    assert VERIFY(request(report(data=data))) == VERIFY(request(report()))


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (report(""), UNSIGNED), (report("0" * 40), WRONG), (report(sha1(f"other{'5f3c9a7e-0001'}")), WRONG),
        (report(sha1(SECRET), id=""), NO_REPORT), (report(id=None, signature=sha1(SECRET)), NO_REPORT),
        (report(data={}), NO_REPORT), (report(data=[]), NO_REPORT), (b"{}", UNSIGNED), (b"", UNSIGNED),
        (report(data={"message_id": "x"}), NO_REPORT),
    ],
)  # fmt: skip
def test_what_is_forged_or_no_report_is_refused_with_its_reason(body: bytes, reason: str) -> None:
    judged = VERIFY(request(body))
    assert isinstance(judged, Forged)
    assert judged.reason == reason


def test_without_a_secret_nothing_is_believed() -> None:
    assert WEBHOOK is not None
    judged = verifier(WEBHOOK, Secret(""))(request(report(sha1("5f3c9a7e-0001"))))
    assert judged == Forged(reason=NO_SECRET)


@given(st.binary(max_size=300))
def test_noise_is_never_believed(body: bytes) -> None:
    assert isinstance(VERIFY(request(body)), Forged)


def test_an_hmac_of_the_body_and_a_shared_secret_are_proofs_too() -> None:
    spec = WebhookSpec(proof="hmac-sha256", signature="header:X-Signature", id="id", state="state")
    body = b'{"id": "1", "state": "DELIVRD"}'
    proof = hmac.new(SECRET.encode(), body, "sha256").hexdigest()
    verify = verifier(spec, Secret(SECRET))
    assert verify(request(body, headers={"x-signature": proof})) == Genuine(identity="1:DELIVRD:")
    assert isinstance(verify(request(body + b" ", headers={"x-signature": proof})), Forged)
    shared = verifier(replace(spec, proof="shared", signature="query:key"), Secret(SECRET))
    assert shared(request(b"id=1&state=READ", query=f"key={SECRET}")) == Genuine(identity="1:READ:")
    assert isinstance(shared(request(b"id=1&state=READ", query="key=x")), Forged)
    assert isinstance(shared(request(b"id=1&id=2&state=READ", query=f"key={SECRET}")), Forged)

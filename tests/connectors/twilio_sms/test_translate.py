"""From Twilio's forms to facts."""

from __future__ import annotations

import pytest

from connectors.twilio_sms.config import STATUS_PATH
from connectors.twilio_sms.faults import fault_of
from connectors.twilio_sms.translate import received, reported
from hub.events.messages import Attached, MessageReceived, MessageStatusChanged
from tests.connectors.twilio_sms.stage import ACCOUNT, AT, request, sample

SID = "SM0123456789abcdef0123456789abcdef"
MEDIA = (
    f"https://api.twilio.com/2010-04-01/Accounts/{ACCOUNT}/Messages/MM0123456789abcdef0123456789abcdef/Media"
)


def test_a_recorded_message_gives_its_fact() -> None:
    [arrival] = received(request(sample("sms")))
    assert (arrival.source, arrival.external_id, arrival.occurred_at) == ("twilio_sms", SID, AT)
    assert arrival.event == MessageReceived(
        channel="sms", account="+380441234567", address="+380671112233", provider_id=SID,
        text="Привіт, коли забирати?", written_at=AT,
    )  # fmt: skip


def test_files_come_along_by_their_addresses() -> None:
    [arrival] = received(request(sample("mms_of_a_service")))
    assert isinstance(arrival.event, MessageReceived)
    assert arrival.event.attachments == (
        Attached(ref=f"{MEDIA}/ME1", content_type="image/jpeg"),
        Attached(ref=f"{MEDIA}/ME2", content_type="video/mp4"),
    )


def test_a_report_brings_our_own_id_back() -> None:
    [arrival] = reported(request(sample("delivered"), path=STATUS_PATH, query="m=01m5"))
    assert arrival.external_id == f"{SID}:delivered"
    assert arrival.event == MessageStatusChanged(
        channel="sms", provider_id=SID, state="delivered", message_id="01m5"
    )


@pytest.mark.parametrize("query", ["", "m=", "m=a&m=b", "m=../x", "m=%00", "x=1"])
def test_a_report_without_our_id_is_one_still(query: str) -> None:
    [arrival] = reported(request(sample("delivered"), path=STATUS_PATH, query=query))
    assert isinstance(arrival.event, MessageStatusChanged)
    assert arrival.event.message_id is None


def test_a_failure_says_why_and_whether_the_address_is_dead() -> None:
    [arrival] = reported(request(sample("undelivered"), path=STATUS_PATH))
    assert isinstance(arrival.event, MessageStatusChanged)
    assert (arrival.event.state, arrival.event.is_blocked) == ("failed", True)
    assert arrival.event.error == "This number does not exist."


@pytest.mark.parametrize("status", ["accepted", "scheduled", "queued", "sending", "something-new"])
def test_what_is_on_its_way_tells_nothing(status: str) -> None:
    body = sample("delivered").replace("MessageStatus=delivered", f"MessageStatus={status}")
    assert reported(request(body, path=STATUS_PATH)) == []


@pytest.mark.parametrize(
    ("code", "is_blocked"),
    [
        ("21610", True), ("30003", False), ("30004", True), ("30005", True), ("30006", True),
        ("30007", False), ("99999", False), ("", False), ("<b>", False),
    ],
)  # fmt: skip
def test_every_code_has_words(code: str, is_blocked: bool) -> None:
    fault = fault_of(code)
    assert fault.text.endswith((".", ")."))
    assert fault.is_blocked is is_blocked
    assert "<" not in fault.text

"""What goes out: once, or said in words what came of it; and files are fetched from Twilio alone."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from connectors.twilio_sms.connector import TwilioSms
from connectors.twilio_sms.media import place_of
from hub.clock import SystemClock
from hub.ports.errors import AuthFailed, ConnectorError, TransientError
from hub.ports.messaging import OutgoingFile, Refused, UnknownOutcome
from tests.connectors.twilio_sms.stage import (
    ACCOUNT,
    OURS,
    PUBLIC,
    THEIRS,
    Line,
    config,
    line,
    outgoing,
    practice,
)

MEDIA = f"/2010-04-01/Accounts/{ACCOUNT}/Messages/MM1/Media/ME1"


@pytest.fixture
async def up() -> AsyncIterator[Line]:
    async with practice() as twilio, line(twilio) as made:
        yield made


async def test_a_message_goes_out_with_the_address_of_its_report(up: Line) -> None:
    sent = await up.connector.send(outgoing("Готово " * 20))
    [made] = up.account.sent()
    assert (made.sid, made.sender, made.to) == (sent.provider_id, OURS, THEIRS)
    assert made.callback == f"{PUBLIC}/hooks/twilio/status?m=01m"
    assert sent.parts == 3


async def test_a_thread_goes_on_from_the_number_that_they_wrote_to(up: Line) -> None:
    await up.connector.send(outgoing(account="+380440000001"))
    assert up.account.sent()[0].sender == "+380440000001"


async def test_a_service_chooses_the_number_itself() -> None:
    service = "MG0123456789abcdef0123456789abcdef"
    async with practice() as twilio, line(twilio, sender=service) as up:
        await up.connector.send(outgoing(account="+380440000001"))
        [made] = up.account.sent()
        assert (made.service, made.sender) == (service, "")


@pytest.mark.parametrize(("sender", "can_reply"), [(OURS, True), ("MYSHOP", False), ("12345", True)])
def test_nobody_can_answer_to_a_name(sender: str, can_reply: bool) -> None:
    channel = TwilioSms(config(sender=sender), SystemClock()).channels()["sms"]
    assert (channel.account, channel.can_reply, channel.can_media) == (sender, can_reply, False)


@pytest.mark.fault("F36")
@pytest.mark.parametrize(
    ("mischief", "kind", "sent"),
    [
        ("429", TransientError, 0), ("500", TransientError, 0),
        ("silence", UnknownOutcome, 0), ("lost", UnknownOutcome, 1),
    ],
)  # fmt: skip
async def test_what_twilio_answers_is_said_in_our_words(
    up: Line, mischief: str, kind: type[ConnectorError], sent: int
) -> None:
    up.account.mischief.append(mischief)
    up.account.retry_after = 35
    with pytest.raises(kind) as told:
        await up.connector.send(outgoing())
    assert len(up.account.sent()) == sent
    if mischief == "429":
        assert getattr(told.value, "retry_after", 0) == 35


@pytest.mark.parametrize(
    ("code", "is_blocked"), [(21610, True), (21211, True), (21614, True), (21408, False), (21606, False)]
)
async def test_a_refusal_is_final_and_says_whether_the_address_is_dead(
    up: Line, code: int, is_blocked: bool
) -> None:
    up.account.refusals[THEIRS] = (400, code, "no")
    with pytest.raises(Refused) as refused:
        await up.connector.send(outgoing())
    assert (refused.value.code, refused.value.is_blocked) == (str(code), is_blocked)


async def test_a_full_queue_is_no_refusal(up: Line) -> None:
    up.account.refusals[THEIRS] = (400, 21611, "queue full")
    with pytest.raises(TransientError):
        await up.connector.send(outgoing())


async def test_a_token_that_was_taken_back_is_loud(up: Line) -> None:
    up.account.tokens = ["another"]
    with pytest.raises(AuthFailed):
        await up.connector.send(outgoing())


async def test_a_message_whose_answer_was_lost_is_found_and_not_sent_again(up: Line) -> None:
    message = outgoing("unique")
    up.account.mischief.append("lost")
    with pytest.raises(UnknownOutcome):
        await up.connector.send(message)
    [made] = up.account.sent()
    found = await up.connector.find(message)
    again = await up.connector.send(outgoing("unique", created_at=message.created_at, tries=2))
    assert found is not None
    assert found.provider_id == again.provider_id == made.sid
    assert len(up.account.sent()) == 1


async def test_what_never_went_out_is_not_there_whatever_else_was_sent(up: Line) -> None:
    await up.connector.send(outgoing("another text", id="01a"))
    await up.connector.send(outgoing("ok", id="01b"))
    await up.connector.send(outgoing("ok", id="01c", address="+380500000000"))
    later = outgoing("ok", id="01d")
    assert await up.connector.find(later) is None
    assert (
        await up.connector.find(outgoing("ok", id="01e", created_at=later.created_at + timedelta(minutes=1)))
        is None
    )


async def test_two_of_the_same_text_are_for_a_person_to_tell_apart(up: Line) -> None:
    for _ in range(2):
        up.account.create({"To": THEIRS, "Body": "ok", "From": OURS})
    with pytest.raises(UnknownOutcome):
        await up.connector.find(outgoing("ok"))


async def test_it_is_found_behind_more_than_one_page(up: Line) -> None:
    message = outgoing("the first")
    up.account.create({"To": THEIRS, "Body": "the first", "From": OURS})
    for number in range(120):
        up.account.create({"To": THEIRS, "Body": f"more {number}", "From": OURS})
    assert await up.connector.find(message) is not None


async def test_a_list_that_comes_in_many_pieces_is_read_to_its_end(up: Line) -> None:
    up.account.create({"To": THEIRS, "Body": "the first", "From": OURS})
    for _ in range(49):
        up.account.create({"To": THEIRS, "Body": "я" * 1600, "From": OURS})
    assert await up.connector.find(outgoing("the first")) is not None


def picture(path: Path) -> OutgoingFile:
    return OutgoingFile(path=path / "x", content_type="image/png", name="x.png", url=f"{PUBLIC}/files/x")


@pytest.mark.parametrize("counted", [1, 0])
async def test_a_picture_without_words_is_not_taken_for_another(
    up: Line, tmp_path: Path, counted: int
) -> None:
    message = outgoing("", files=(picture(tmp_path),))
    assert await up.connector.find(message) is None
    up.account.create({"To": THEIRS, "From": OURS}, [("image/png", b"another")] * counted)
    with pytest.raises(UnknownOutcome):
        await up.connector.find(message)
    with pytest.raises(UnknownOutcome):
        await up.connector.send(replace(message, tries=2))
    assert len(up.account.sent()) == 1


async def test_a_text_is_not_found_in_a_picture_with_the_same_words(up: Line, tmp_path: Path) -> None:
    up.account.create({"To": THEIRS, "From": OURS, "Body": "ok"}, [("image/png", b"x")])
    assert await up.connector.find(outgoing("ok")) is None
    two = outgoing("ok", files=(picture(tmp_path), picture(tmp_path)))
    assert await up.connector.find(two) is None


async def test_a_file_cannot_go_by_sms(up: Line, tmp_path: Path) -> None:
    file = OutgoingFile(path=tmp_path / "x", content_type="image/png", name="x")
    with pytest.raises(Refused):
        await up.connector.send(outgoing(files=(file,)))


@pytest.mark.fault("F90")
@pytest.mark.parametrize(
    "ref",
    [
        "http://127.0.0.1/x", "http://169.254.169.254/latest/meta-data", "https://[::1]/x", "file:///etc/passwd",
        f"https://api.twilio.com.evil.example{MEDIA}", f"https://api.twilio.com@127.0.0.1{MEDIA}",
        f"https://api.twilio.com:8443{MEDIA}", f"http://api.twilio.com{MEDIA}",
        f"https://api.twilio.com{MEDIA}/../../../../x", f"https://api.twilio.com{MEDIA}?x=http://127.0.0.1",
        f"https://api.twilio.com{MEDIA}\n", "",
        f"https://api.twilio.com{MEDIA.replace(ACCOUNT, 'AC' + '9' * 32)}",
    ],
)  # fmt: skip
async def test_no_file_is_fetched_from_anywhere_but_this_account(up: Line, ref: str) -> None:
    with pytest.raises(Refused):
        _ = [piece async for piece in up.connector.fetch("sms", ref)]


def test_a_file_of_this_account_is_asked_of_the_api() -> None:
    made = config(api_base="http://127.0.0.1:1")
    assert place_of(made, f"https://api.twilio.com{MEDIA}") == f"http://127.0.0.1:1{MEDIA}"

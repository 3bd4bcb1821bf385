"""What goes out: once, by Viber first where it is so meant, or said in words what came of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from hub.ports.errors import ConnectorError, NotReady, TransientError
from hub.ports.messaging import OutgoingFile, Refused, UnknownOutcome
from tests.connectors.http_sms.stage import DIGITS, SENDER, TURBOSMS, VIBER, Line, line, outgoing, practice

NASTY = '"}, "sms": {"text": "x", {token} &to=1\r\nX: y 🚗'


@pytest.fixture
async def up() -> AsyncIterator[Line]:
    async with practice() as provider, line(provider) as made:
        yield made


async def test_viber_goes_first_with_an_sms_behind_it(up: Line) -> None:
    sent = await up.connector.send(outgoing(NASTY))
    made = up.last
    assert (made.id, made.phone, made.leg) == (sent.provider_id, DIGITS, "viber")
    assert (made.sender, made.viber, made.sms) == (VIBER, NASTY, NASTY)


async def test_an_sms_is_an_sms_alone(up: Line) -> None:
    await up.connector.send(outgoing(channel="sms"))
    assert (up.last.leg, up.last.viber, up.last.sender) == ("sms", "", SENDER)


@pytest.mark.fault("F36")
@pytest.mark.parametrize(
    ("mischief", "kind", "sent"),
    [
        ("429", TransientError, 0), ("500", UnknownOutcome, 0), ("page", UnknownOutcome, 0),
        ("silence", UnknownOutcome, 0), ("lost", UnknownOutcome, 1), ("broken", UnknownOutcome, 1),
    ],
)  # fmt: skip
async def test_what_the_provider_answers_is_said_in_our_words(
    up: Line, mischief: str, kind: type[ConnectorError], sent: int
) -> None:
    up.account.mischief.append(mischief)
    with pytest.raises(kind) as told:
        await up.connector.send(outgoing())
    assert type(told.value) is kind
    assert len(up.account.sent()) == sent
    if isinstance(told.value, TransientError):
        assert told.value.retry_after == 7.0


@pytest.mark.parametrize("mischief", ["lost", "broken", "500", "page"])
async def test_what_is_in_doubt_goes_again_and_is_one_message(up: Line, mischief: str) -> None:
    up.account.mischief.append(mischief)
    message = outgoing()
    with pytest.raises(UnknownOutcome):
        await up.connector.send(message)
    assert await up.connector.find(message) is None
    sent = await up.connector.send(replace(message, tries=2))
    assert [one.id for one in up.account.sent()] == [sent.provider_id]


async def test_what_the_provider_may_have_forgotten_a_person_decides(up: Line) -> None:
    old = outgoing()
    old = replace(old, created_at=old.created_at - timedelta(hours=2))
    with pytest.raises(UnknownOutcome):
        await up.connector.find(old)
    with pytest.raises(UnknownOutcome):
        await up.connector.send(replace(old, tries=2))
    with pytest.raises(UnknownOutcome):
        await up.connector.find(outgoing(account="+380441234567"))
    assert up.account.sent() == []


async def test_a_provider_that_remembers_nothing_is_never_asked_twice() -> None:
    async with practice() as provider, line(provider, profile=replace(TURBOSMS, remembers_hours=0.0)) as up:
        with pytest.raises(UnknownOutcome):
            await up.connector.find(outgoing())


@pytest.mark.parametrize(
    ("code", "word", "is_blocked"),
    [(404, "NOT_ALLOWED_NUMBER_STOPLIST", True), (406, "NOT_ALLOWED_RECIPIENT_COUNTRY", False)],
)
async def test_a_refusal_says_whether_the_address_takes_anything(
    up: Line, code: int, word: str, is_blocked: bool
) -> None:
    up.account.refusals[DIGITS] = (code, word)
    with pytest.raises(Refused) as told:
        await up.connector.send(outgoing())
    assert (told.value.code, told.value.is_blocked) == (str(code), is_blocked)


async def test_a_message_of_the_last_seconds_waits(up: Line) -> None:
    up.account.refusals[DIGITS] = (427, "NOT_ALLOWED_MESSAGE_DUPLICATE")
    with pytest.raises(TransientError) as told:
        await up.connector.send(outgoing())
    assert told.value.retry_after == 90.0


async def test_a_file_does_not_go_by_sms(up: Line) -> None:
    file = OutgoingFile(path=Path("x"), content_type="image/png", name="x.png")
    with pytest.raises(Refused):
        await up.connector.send(outgoing(files=(file,)))


async def test_nothing_was_sent_where_nobody_listens() -> None:
    async with practice() as provider, line(provider) as up:
        await provider.stop()
        with pytest.raises((TransientError, NotReady)) as told:
            await up.connector.send(outgoing())
        assert not isinstance(told.value, UnknownOutcome)

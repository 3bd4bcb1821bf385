"""What the shop sends arrives on the practice phone: by Viber where there is one, else by SMS."""

from __future__ import annotations

import pytest

from connectors.practice_provider.connector import SENDER, PracticeShortMessages
from connectors.practice_provider.server import PracticeProvider
from hub.clock import SystemClock
from hub.errors import Invalid
from hub.ports.messaging import PracticePhone
from tests.connectors.contract import stops_in_time
from tests.connectors.http_sms.stage import line, outgoing, practice
from tests.kernel.waiting import until


async def test_it_stops_in_time() -> None:
    made = PracticeShortMessages("http://127.0.0.1:1", SystemClock())
    await stops_in_time(made, lambda heard: bool(heard.states))


async def test_nobody_answers_to_a_name() -> None:
    made: PracticePhone = PracticeShortMessages("http://127.0.0.1:1", SystemClock())
    assert (made.number, made.can_write) == (SENDER, False)
    with pytest.raises(Invalid):
        await made.write("+380671112233", "hello")


@pytest.mark.slow
@pytest.mark.parametrize(("number", "leg"), [("+380671112233", "viber"), ("+380671112239", "sms")])
async def test_who_has_no_viber_gets_an_sms(number: str, leg: str) -> None:
    async with practice() as provider, line(provider) as up:
        provider.reports = True
        await up.connector.send(outgoing(address=number))

        async def is_there() -> bool:
            return up.last.status == "Delivered"

        await until(is_there)
        assert up.last.leg == leg
        moved = [(one["leg"], one["status"]) for one in provider.account.ledger if one["what"] == "moved"]
        fell = [("viber", "Undelivered"), ("sms", "Sent")] if leg == "sms" else []
        assert moved == [("viber", "Sent"), *fell, (leg, "Delivered")]


async def test_what_one_sent_is_shown_by_the_number() -> None:
    made = PracticeShortMessages("http://127.0.0.1:1", SystemClock())
    provider = PracticeProvider(made.account)
    await provider.start()
    try:
        made.account.create("380671112233", {"text": "по Viber"}, {"text": "SMS"})
        assert made.numbers() == ("+380671112233",)
        [text] = made.texts("+380671112233")
        assert (text.text, text.channel, text.is_of_the_shop) == ("по Viber", "viber", True)
    finally:
        await provider.stop()

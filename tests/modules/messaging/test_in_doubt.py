"""What may have gone out, as a person meets it: told why, and decided."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import pytest

from hub.ports.messaging import UnknownOutcome
from tests.factories.site import Client, get_text, send_form, site_of
from tests.modules.messaging.wire import OLEH, House, Wire, wrote


@pytest.fixture
async def site(house: House) -> AsyncIterator[Client]:
    client = await site_of(house.hub)
    yield client
    await client.close()


async def test_a_message_in_doubt_is_decided_by_a_person(house: House, site: Client, wire: Wire) -> None:
    def cannot_say(_message: object) -> None:
        raise UnknownOutcome("It cannot be asked.")

    wire.faults, wire.found = [UnknownOutcome("Not seen.")], cannot_say
    message = await house.queue()
    await house.sent()
    assert (await send_form(site, f"/inbox/messages/{message.id}/decide", {"said": "again"}))[0] == 409
    house.clock.advance(11)
    await house.sent()
    _, text = await get_text(site, "/inbox?box=doubt")
    assert "Під питанням" in text
    assert re.search(r'class="inbox-row', text)
    assert (await send_form(site, f"/inbox/messages/{message.id}/decide", {"said": "again"}))[0] == 303
    await house.sent()
    assert [one.id for one in wire.ledger] == [message.id]


async def test_a_message_in_doubt_says_why_in_the_viewers_language(
    house: House, site: Client, wire: Wire
) -> None:
    def cannot_say(_message: object) -> None:
        raise UnknownOutcome(
            "Telegram cannot be asked whether it has a message: look into the chat, and decide."
        )

    await house.tell(wrote())
    wire.faults = [UnknownOutcome("Only a part of the message went out."), UnknownOutcome("")]
    wire.found = cannot_say
    partly, other = await house.queue("Адреса"), await house.queue("Ще", address=OLEH)
    await house.sent()
    house.clock.advance(11)
    await house.sent()
    for message, why in (
        (partly, "Надіслано лише частину повідомлення."), (other, "подивіться в чат і вирішіть."),
    ):  # fmt: skip
        _, text = await get_text(site, f"/inbox/{message.conversation_id}")
        assert why in text
        assert "Запитайте клієнта або надішліть ще раз." in text
        assert "Невідомо, чи воно пішло." not in text
    await send_form(site, f"/inbox/messages/{partly.id}/decide", {"said": "again"})
    assert (await house.message(partly.id)).error == ""

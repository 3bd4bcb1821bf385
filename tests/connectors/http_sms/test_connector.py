"""The link while it runs: it says how it is, and learns how far messages have come."""

from __future__ import annotations

import asyncio
import json

import pytest

from hub.events.messages import MessageStatusChanged
from hub.ports.connector import Connector
from hub.ports.errors import AuthFailed, NotReady, TransientError
from hub.ports.hooks import Genuine, TakesHooks
from hub.ports.messaging import AsksStates, MessageSender, Refused, SentMessage
from hub.secret import Secret
from tests.connectors.contract import Heard, stops_in_time
from tests.connectors.http_sms.stage import (
    SECRET,
    SENDER,
    TOKEN,
    VIBER,
    Line,
    line,
    made,
    outgoing,
    practice,
    request,
    settings,
)


async def test_it_stops_in_time() -> None:
    async with practice() as provider:
        connector: Connector = made(api_base=provider.base)
        assert isinstance(connector, TakesHooks)
        assert isinstance(connector, MessageSender)
        assert isinstance(connector, AsksStates)
        await stops_in_time(connector, lambda heard: bool(heard.states))


async def test_it_says_how_it_is() -> None:
    async with practice() as provider:
        async with line(provider) as up:
            assert up.heard.states[0] == ("ready", f"TurboSMS: sms {SENDER}, viber {VIBER}")
            assert up.connector.takes_messages
        assert not up.connector.takes_messages


def test_it_carries_what_it_has_a_name_for_and_nobody_answers_to_a_name() -> None:
    both = made().channels()
    assert {name: (one.account, one.can_reply, one.falls_to) for name, one in both.items()} == {
        "sms": (SENDER, False, ""), "viber": (VIBER, False, "sms"),
    }  # fmt: skip
    assert set(made(viber_sender="").channels()) == {"sms"}
    assert not made(sms_sender="", viber_sender="").channels()


async def test_trouble_is_said_in_our_words() -> None:
    async with practice() as provider:
        heard = Heard()
        with pytest.raises(AuthFailed, match="token"):
            await made(api_base=provider.base, token=Secret("x")).run(heard, heard)
        with pytest.raises(AuthFailed, match="HUB_HTTP_SMS__SMS_SENDER"):
            await made(api_base=provider.base, sms_sender="", viber_sender="").run(heard, heard)
        with pytest.raises(AuthFailed, match="not on the open Internet"):
            await made(api_base=provider.base, hosts=()).run(heard, heard)
    with pytest.raises(NotReady):
        await made(api_base=provider.base).run(heard, heard)
    with pytest.raises(NotReady):
        await made(api_base=provider.base).send(outgoing())


async def test_an_empty_account_is_loud_and_takes_nothing_until_it_is_looked_at() -> None:
    async with practice() as provider:
        provider.account.is_empty = True
        connector, heard = made(api_base=provider.base), Heard()
        running = asyncio.create_task(connector.run(heard, heard))
        await heard.until(lambda: connector.takes_messages)
        with pytest.raises(AuthFailed, match="top it up"):
            await connector.send(outgoing())
        with pytest.raises(AuthFailed, match="refused a message"):
            await running
        assert not connector.takes_messages
        assert provider.account.sent() == []


async def sent(up: Line, channel: str = "viber") -> SentMessage:
    message = outgoing(channel=channel)
    made = await up.connector.send(message)
    return SentMessage(channel=channel, provider_id=made.provider_id, created_at=message.created_at)


async def test_how_far_it_came_is_asked_for() -> None:
    async with practice() as provider, line(provider) as up:
        message = await sent(up)
        await up.connector.ask([message])
        assert up.heard.arrivals == []
        provider.account.move(up.last, "Undelivered")
        await up.connector.ask([message])
        assert up.heard.arrivals == []
        provider.account.move(up.last, "Delivered", "sms")
        await up.connector.ask([message])
        event = up.heard.arrivals[0].event
        assert isinstance(event, MessageStatusChanged)
        assert (event.channel, event.provider_id) == ("viber", message.provider_id)
        assert (event.state, event.carried_by) == ("delivered", "sms")
        await up.connector.ask([message])
        assert len(up.heard.ids) == 1
        await provider.stop()
        with pytest.raises(TransientError):
            await up.connector.ask([message])


async def test_many_are_asked_for_in_portions() -> None:
    async with practice() as provider, line(provider) as up:
        message = await sent(up)
        strangers = [
            SentMessage(channel="sms", provider_id=f"x{n}", created_at=message.created_at) for n in range(150)
        ]
        await up.connector.ask([message, *strangers])
        assert [len(one["ids"]) for one in provider.account.ledger if one["what"] == "status"] == [100, 51]


async def test_the_same_report_twice_is_one_fact() -> None:
    async with practice() as provider, line(provider) as up:
        await sent(up)
        [hook] = up.connector.hooks()
        first, second = (provider.report_of(up.last, "DELIVRD", identity) for identity in ("e1", "e2"))
        assert hook.verify(request(json.dumps(first).encode())) == Genuine(identity="e1", signed=b"e1")
        found = [hook.translate(request(json.dumps(one).encode())) for one in (first, first, second)]
        assert len({arrival.external_id for one in found for arrival in one}) == 2
        channels = {a.event.channel for a in found[0] if isinstance(a.event, MessageStatusChanged)}
        assert channels == {"sms", "viber"}


async def test_there_are_no_files_of_theirs() -> None:
    with pytest.raises(Refused):
        _ = [piece async for piece in made().fetch("sms", "x")]


def test_its_secrets_stand_nowhere() -> None:
    connector = made()
    shown = f"{settings()!r} {vars(connector)!r} {vars(connector._api)!r}"
    assert TOKEN not in shown
    assert SECRET not in shown


async def test_it_can_be_examined_while_it_does_not_run() -> None:
    async with practice() as provider:
        [good] = await made(api_base=provider.base).examine()
        [bad] = await made(api_base=provider.base, token=Secret("x")).examine()
        asked = await made(api_base=provider.base, webhook_secret=Secret("")).examine()
    assert (good.level, bad.level) == ("ok", "problem")
    assert "250.00" in good.text
    assert "token" in bad.text
    assert "HUB_HTTP_SMS__WEBHOOK_SECRET" in asked[1].hint

"""The link while it runs: it logs in, says how it is, and looks for what did not reach us."""

from __future__ import annotations

import pytest

from connectors.twilio_sms.connector import TwilioSms
from hub.clock import SystemClock
from hub.events.messages import MessageReceived
from hub.ports.connector import Connector
from hub.ports.errors import AuthFailed, NotReady
from hub.ports.hooks import TakesHooks
from hub.ports.messaging import MessageSender
from hub.secret import Secret
from tests.connectors.contract import Heard, stops_in_time
from tests.connectors.twilio_sms.stage import OLD_TOKEN, OURS, THEIRS, TOKEN, config, line, outgoing, practice


async def test_it_stops_in_time() -> None:
    async with practice() as twilio:
        connector: Connector = TwilioSms(config(api_base=twilio.base), SystemClock())
        assert isinstance(connector, TakesHooks)
        assert isinstance(connector, MessageSender)
        await stops_in_time(connector, lambda heard: bool(heard.states))


async def test_it_says_how_it_is() -> None:
    async with practice() as twilio:
        async with line(twilio) as up:
            assert up.heard.states[0] == ("ready", f"SMS by {OURS} (Practice)")
            assert up.connector.takes_messages
        assert not up.connector.takes_messages
        async with line(twilio, sender="") as up:
            assert "HUB_TWILIO__FROM_NUMBER" in up.heard.states[0][1]
            assert not up.connector.takes_messages
        async with line(twilio, public_url="") as up:
            assert "HUB_SERVER__PUBLIC_URL" in up.heard.states[0][1]


async def test_the_old_token_serves_while_the_new_one_is_not_known_yet() -> None:
    async with practice() as twilio:
        twilio.account.tokens = [OLD_TOKEN]
        async with line(twilio) as up:
            assert (await up.connector.send(outgoing())).provider_id


async def test_a_refused_log_in_and_trouble_are_said_in_our_words() -> None:
    async with practice() as twilio:
        heard = Heard()
        stranger = TwilioSms(config(api_base=twilio.base, tokens=(Secret("x"),)), SystemClock())
        with pytest.raises(AuthFailed, match="HUB_TWILIO__AUTH_TOKEN"):
            await stranger.run(heard, heard)
        twilio.account.status = "suspended"
        with pytest.raises(AuthFailed, match="suspended"):
            await TwilioSms(config(api_base=twilio.base), SystemClock()).run(heard, heard)
    gone = TwilioSms(config(api_base=twilio.base), SystemClock())
    with pytest.raises(NotReady):
        await gone.run(heard, heard)
    with pytest.raises(NotReady):
        await gone.send(outgoing())


async def test_what_did_not_reach_us_comes_late_and_once() -> None:
    async with practice() as twilio:
        first, answer = await twilio.write(
            THEIRS, OURS, "while you were away", {"ME1": ("image/png", b"png")}
        )
        await twilio.write(THEIRS, "+380440000000", "to another number of the account")
        assert answer == 0
        async with line(twilio) as up:
            await up.heard.until(lambda: bool(up.heard.arrivals))
            second, _ = await twilio.write(THEIRS, OURS, "and later")
            await up.heard.until(lambda: second.sid in up.heard.ids)
            assert up.heard.ids == [first.sid, second.sid]
            event = up.heard.arrivals[0].event
            assert isinstance(event, MessageReceived)
            assert (event.text, event.address) == ("while you were away", THEIRS)
            [file] = event.attachments
            assert b"".join([piece async for piece in up.connector.fetch("sms", file.ref)]) == b"png"


def test_its_tokens_stand_nowhere() -> None:
    assert TOKEN not in repr(config())
    assert TOKEN not in repr(vars(TwilioSms(config(), SystemClock())))

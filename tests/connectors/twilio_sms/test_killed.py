"""F44, F45 for Twilio, whose list is asked after a kill: before a send, and between the send and its note.
Its ledger says how often a message went out."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from connectors.twilio_sms.connector import TwilioSms
from hub.clock import Clock, SystemClock
from hub.settings import MessagingSettings, Settings
from tests.connectors.contract import connected
from tests.connectors.twilio_sms.stage import config, practice
from tests.faults.figures import Fault
from tests.modules.messaging.killed import Carrier, killed, recovered

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]


@asynccontextmanager
async def opened(base: str, clock: Clock) -> AsyncIterator[TwilioSms]:
    """Logged in."""
    link = TwilioSms(config(api_base=base, catch_up_seconds=3600.0), clock)
    async with connected(link):
        yield link


def carrier(run: int) -> Carrier:
    """To a client of its own: of two like texts to one number a person decides which is which."""
    return Carrier(opened, {"channel": "sms", "address": f"+38050{1_000_000 + run}"})


@pytest.mark.fault("F44", "F45")
@pytest.mark.parametrize("point", ["queued", "claimed", "sent"])
async def test_a_kill_around_a_send_loses_nothing_and_doubles_nothing(
    settings: Settings, tmp_path: Path, fault: Fault, point: str
) -> None:
    settings = replace(settings, messaging=MessagingSettings(files=str(tmp_path / "files")))
    async with practice() as twilio:
        for number in range(fault.count(full=200 if point == "sent" else 100, sample=1)):
            before = len(twilio.account.sent())
            message_id = await killed(settings, tmp_path, carrier(number), twilio.base, point)
            async with opened(twilio.base, SystemClock()) as link:
                state = await recovered(settings, tmp_path, link, message_id)
            told = (state, len(twilio.account.sent()) - before)
            fault.check(f"{point} {number}: {told}", told == ("sent", 1))

"""F44, F45 for Telegram, which cannot be asked what it has: killed around a send. Its ledger says how often
the message went out."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from connectors.telegram.connector import Telegram
from hub.clock import Clock, SystemClock
from hub.settings import MessagingSettings, Settings
from tests.connectors.contract import connected
from tests.connectors.telegram.stage import BOT_ID, IRYNA, Box, config, practice
from tests.faults.figures import Fault
from tests.modules.messaging.killed import Carrier, killed, recovered

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]


@asynccontextmanager
async def opened(base: str, clock: Clock) -> AsyncIterator[Telegram]:
    """Logged in."""
    link = Telegram(config(api_base=base), clock)
    box = Box(link)
    link.stored_by(box)
    link.marked_by(box)
    async with connected(link):
        yield link


CARRIER = Carrier(
    opened, {"channel": "telegram", "address": str(IRYNA)}, writes_first=True, account=f"bot{BOT_ID}"
)


@pytest.mark.fault("F44", "F45")
@pytest.mark.parametrize(
    ("point", "ends", "went"), [("queued", "sent", 1), ("claimed", "unknown", 0), ("sent", "unknown", 1)]
)
async def test_a_kill_around_a_send_doubles_nothing_and_hides_nothing(
    settings: Settings, tmp_path: Path, fault: Fault, point: str, ends: str, went: int
) -> None:
    settings = replace(settings, messaging=MessagingSettings(files=str(tmp_path / "files")))
    async with practice() as telegram:
        for number in range(fault.count(full=200 if point == "sent" else 100, sample=1)):
            before = len(telegram.world.noted("sent"))
            message_id = await killed(settings, tmp_path, CARRIER, telegram.base, point)
            async with opened(telegram.base, SystemClock()) as link:
                state = await recovered(settings, tmp_path, link, message_id)
            told = (state, len(telegram.world.noted("sent")) - before)
            fault.check(f"{point} {number}: {told}", told == (ends, went))

"""A hub with a bot."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from hub.clock import FrozenClock
from hub.settings import MessagingSettings, Settings
from tests.modules.bot.stage import BotWire
from tests.modules.messaging.wire import House, house_of


@pytest.fixture
def wire() -> BotWire:
    return BotWire()


@pytest.fixture
async def house(
    settings: Settings, frozen_clock: FrozenClock, tmp_path: Path, wire: BotWire
) -> AsyncIterator[House]:
    settings = replace(settings, messaging=MessagingSettings(files=str(tmp_path / "attachments"), poll=0.05))
    async with house_of(settings, frozen_clock, tmp_path, wire) as made:
        yield made

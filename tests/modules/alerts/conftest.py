"""A hub with a bot, and a group that is bound."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from hub.clock import FrozenClock
from hub.settings import MessagingSettings, Settings
from tests.factories.tasks import open_hours
from tests.modules.alerts.stage import Staff
from tests.modules.bot.stage import BotWire
from tests.modules.messaging.wire import house_of


@pytest.fixture
async def unbound(settings: Settings, frozen_clock: FrozenClock, tmp_path: Path) -> AsyncIterator[Staff]:
    settings = replace(settings, messaging=MessagingSettings(files=str(tmp_path / "attachments"), poll=0.05))
    wire = BotWire()
    async with house_of(settings, frozen_clock, tmp_path, wire) as house:
        await open_hours(house.hub)
        yield Staff(house, wire)


@pytest.fixture
async def staff(unbound: Staff) -> Staff:
    await unbound.bind()
    return unbound

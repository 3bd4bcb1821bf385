"""A shop that writes by itself."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from hub.clock import FrozenClock
from hub.kernel.manifest import Module
from hub.modules.catalogue import MODULES
from hub.settings import MessagingSettings, Settings
from tests.factories.tasks import open_hours
from tests.modules.autotexts.stage import NOON, Stage
from tests.modules.bot.stage import BotWire
from tests.modules.messaging.wire import house_of


@pytest.fixture
async def stage(settings: Settings, tmp_path: Path) -> AsyncIterator[Stage]:
    async with stage_of(settings, tmp_path) as made:
        yield made


@pytest.fixture
async def public_stage(settings: Settings, tmp_path: Path) -> AsyncIterator[Stage]:
    """With an address in the Internet."""
    server = replace(settings.server, public_url="http://shop.example")
    async with stage_of(replace(settings, server=server), tmp_path) as made:
        yield made


@asynccontextmanager
async def stage_of(
    settings: Settings, tmp_path: Path, modules: Sequence[Module] = MODULES
) -> AsyncIterator[Stage]:
    clock = FrozenClock(NOON)
    messaging = MessagingSettings(files=str(tmp_path / "attachments"), poll=0.05)
    settings = replace(settings, messaging=messaging)
    wire = BotWire()
    async with house_of(settings, clock, tmp_path, wire, modules) as house:
        await open_hours(house.hub)
        yield Stage(house, wire, clock)

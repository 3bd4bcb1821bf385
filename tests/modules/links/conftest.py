"""A hub with a wire, as messaging's tests have it, at an address that links can be made for."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from hub.clock import FrozenClock
from hub.settings import MessagingSettings, Settings
from tests.modules.messaging.conftest import wire
from tests.modules.messaging.wire import House, Wire, house_of

__all__ = ["house", "wire"]
PUBLIC = "https://pitline.example"


@pytest.fixture
async def house(
    settings: Settings, frozen_clock: FrozenClock, tmp_path: Path, wire: Wire
) -> AsyncIterator[House]:
    settings = replace(
        settings, server=replace(settings.server, public_url=PUBLIC),
        messaging=MessagingSettings(files=str(tmp_path / "attachments"), poll=0.05),
    )  # fmt: skip
    async with house_of(settings, frozen_clock, tmp_path, wire) as made:
        yield made

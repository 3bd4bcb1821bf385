"""A shop that writes mailings."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hub.clock import FrozenClock
from hub.settings import Settings
from tests.modules.mailings.stage import Shop, shop_of


@pytest.fixture
async def shop(settings: Settings, frozen_clock: FrozenClock, tmp_path: Path) -> AsyncIterator[Shop]:
    """It opens on Monday, 9:02."""
    async with shop_of(settings, frozen_clock, tmp_path) as made:
        yield made

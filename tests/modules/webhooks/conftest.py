"""A receiver and a hub that tells it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from hub.app import Hub
from hub.settings import Settings
from tests.modules.webhooks.receiver import Receiver, hub_that_tells, receiver


@pytest.fixture
def webhooks() -> dict[str, Any]:
    """Settings of webhooks that differ in a test."""
    return {}


@pytest.fixture
async def hub(settings: Settings, tmp_path: Path, webhooks: dict[str, Any]) -> AsyncIterator[Hub]:
    async with hub_that_tells(settings, tmp_path, **webhooks) as made:
        yield made


@pytest.fixture
async def program() -> AsyncIterator[Receiver]:
    async with receiver() as made:
        yield made

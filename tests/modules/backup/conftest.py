"""The web admin's stage, for the parts of /system about backups."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from hub.app import Hub
from hub.clock import FrozenClock
from hub.modules.access.api import hash_password
from tests.webui.stage import PASSWORD, Shop, open_shop


@pytest.fixture(scope="session")
def password_hash() -> str:
    return asyncio.run(hash_password(PASSWORD))


@pytest.fixture
async def shop(hub: Hub, frozen_clock: FrozenClock, password_hash: str) -> AsyncIterator[Shop]:
    async with open_shop(hub, frozen_clock, password_hash) as made:
        yield made

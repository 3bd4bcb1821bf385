"""Fixtures of the web admin: a hub, and its pages over HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from hub.app import Hub
from hub.clock import FrozenClock
from hub.modules.access.api import hash_password
from tests.webui.stage import PASSWORD, WIDE, Shop, open_shop
from webui.brakes import Limits


@pytest.fixture(scope="session")
def password_hash() -> str:
    return asyncio.run(hash_password(PASSWORD))


@pytest.fixture
def limits() -> Limits:
    """So wide that no test meets them by accident."""
    return WIDE


@pytest.fixture
async def shop(
    hub: Hub, frozen_clock: FrozenClock, limits: Limits, password_hash: str
) -> AsyncIterator[Shop]:
    async with open_shop(hub, frozen_clock, password_hash, limits) as made:
        yield made

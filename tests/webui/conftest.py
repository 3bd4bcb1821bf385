"""Fixtures of the web admin: a hub, and its pages over HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hub.app import Hub
from hub.clock import FrozenClock
from hub.modules.access.api import hash_password
from hub.settings import Settings
from tests.webui.stage import PASSWORD, WIDE, Shop, migrate_file, open_hub, open_shop
from webui.brakes import Limits


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return migrate_file(tmp_path_factory.mktemp("migrated") / "pitline.db")


@pytest.fixture(scope="session")
def password_hash() -> str:
    return asyncio.run(hash_password(PASSWORD))


@pytest.fixture
async def hub(
    settings: Settings, frozen_clock: FrozenClock, tmp_path: Path, migrated_file: Path
) -> AsyncIterator[Hub]:
    """As the one for all tests, on a copy of a migrated file."""
    async with open_hub(settings, frozen_clock, tmp_path, migrated_file) as made:
        yield made


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

"""The same hub as the web admin's tests have, and its access api."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest

from hub.app import Hub
from hub.clock import FrozenClock
from hub.kernel.web import Viewer
from hub.modules.access.api import AccessApi, hash_password
from hub.settings import Settings
from tests.webui.stage import PASSWORD, Shop, migrate_file, open_hub, open_shop

Open = Callable[[], AbstractAsyncContextManager[AccessApi]]


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
    async with open_hub(settings, frozen_clock, tmp_path, migrated_file) as made:
        yield made


@pytest.fixture
async def shop(hub: Hub, frozen_clock: FrozenClock, password_hash: str) -> AsyncIterator[Shop]:
    async with open_shop(hub, frozen_clock, password_hash) as made:
        yield made


@pytest.fixture
def access(hub: Hub) -> Open:
    """`async with access() as api:` is one committed unit of work."""
    installation = hub.installation

    @asynccontextmanager
    async def opened() -> AsyncIterator[AccessApi]:
        async with installation.transactions.writing(actor=None, shop_id=installation.default_shop) as uow:
            yield AccessApi(uow, installation.deps)

    return opened


@pytest.fixture
def as_role(hub: Hub) -> Callable[[str], Viewer]:
    """Somebody who has a role."""

    def made(role: str) -> Viewer:
        shop_id = hub.installation.default_shop
        return Viewer(
            kind="person", id=f"the {role}", name=role, role=role, shop_id=shop_id,
            rights=hub.installation.deps.grants[role], shop_ids=frozenset({shop_id}), language="en",
        )  # fmt: skip

    return made

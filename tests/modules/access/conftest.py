"""The same hub as the web admin's tests have, and its access api."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest

from hub.app import Hub
from hub.clock import FrozenClock
from hub.kernel.web import Viewer
from hub.modules.access.api import AccessApi, hash_password
from tests.webui.stage import PASSWORD, Shop, open_shop

Open = Callable[[], AbstractAsyncContextManager[AccessApi]]


@pytest.fixture(scope="session")
def password_hash() -> str:
    return asyncio.run(hash_password(PASSWORD))


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

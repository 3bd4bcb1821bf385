"""A web admin over a real hub, and browsers and programs that knock at its door."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiohttp import CookieJar
from aiohttp.test_utils import TestClient, TestServer

from hub.app import Hub
from hub.clock import FrozenClock
from hub.kernel.database import Database
from hub.kernel.journal import FileJournal
from hub.kernel.migrating import migrate
from hub.modules.access.api import AccessApi, PersonView, hash_password
from hub.modules.catalogue import MODULES
from hub.settings import Settings
from webui.app import make_app
from webui.brakes import Limit, Limits

PASSWORD = "four plain words here"
WIDE = Limits(
    token=Limit("token", 1e6, 10**6),
    person=Limit("person", 1e6, 10**6),
    stranger=Limit("stranger", 1e6, 10**6),
)


@dataclass
class Shop:
    """A running web admin, for tests."""

    hub: Hub
    clock: FrozenClock
    server: TestServer
    hash: str
    clients: list[TestClient[Any, Any]] = field(default_factory=list)

    def browser(self) -> TestClient[Any, Any]:
        """A browser without cookies, which follows no redirects by itself."""
        client = TestClient(self.server, cookie_jar=CookieJar(unsafe=True))
        self.clients.append(client)
        return client

    async def person(self, role: str, login: str = "", **more: Any) -> PersonView:
        """An employee who may sign in with PASSWORD."""
        more = {"is_one_time": False, **more}
        installation = self.hub.installation
        async with installation.transactions.writing(actor=None, shop_id=installation.default_shop) as uow:
            return await AccessApi(uow, installation.deps).create_person(
                role.title(), role, login=login or role, password_hash=self.hash, **more
            )

    async def signed_in(self, role: str, login: str = "") -> TestClient[Any, Any]:
        """The browser of somebody who has this role."""
        await self.person(role, login)
        return await self.sign_in(login or role)

    async def sign_in(self, login: str, password: str = PASSWORD) -> TestClient[Any, Any]:
        client = self.browser()
        answer = await client.post(
            "/login", data={"login": login, "password": password}, allow_redirects=False
        )
        assert answer.status == 303, await answer.text()
        return client

    async def token(self, role: str) -> str:
        """A token of this role."""
        installation = self.hub.installation
        async with installation.transactions.writing(actor=None, shop_id=installation.default_shop) as uow:
            _, secret = await AccessApi(uow, installation.deps).tokens.create(f"test {role}", role)
        return secret

    async def audit(self) -> list[tuple[str, str]]:
        """Action and outcome of every row, newest first."""
        installation = self.hub.installation
        shop = installation.default_shop
        async with installation.transactions.reading(actor=None, shop_id=shop) as uow:
            rows = await AccessApi(uow, installation.deps).audit.page([shop], limit=500)
        return [(row.action, row.outcome) for row in rows]


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database that is up to date; copying it is faster than migrating one for every test."""
    path = tmp_path_factory.mktemp("migrated") / "pitline.db"

    async def make() -> None:
        database = Database(f"sqlite+aiosqlite:///{path}")
        await database.open()
        await migrate(database)
        await database.close()

    asyncio.run(make())
    return path


@pytest.fixture
async def hub(
    settings: Settings, frozen_clock: FrozenClock, tmp_path: Path, migrated_file: Path
) -> AsyncIterator[Hub]:
    """As the one for all tests, on a copy of a migrated file."""
    target = tmp_path / "data" / "pitline.db"
    target.parent.mkdir()
    shutil.copy(migrated_file, target)
    made = Hub(settings, MODULES, clock=frozen_clock, journal=FileJournal(tmp_path / "journal", 30))
    await made.open()
    yield made
    await made.close()


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
    server = TestServer(make_app(hub.installation, limits))
    await server.start_server()
    made = Shop(hub, frozen_clock, server, password_hash)
    yield made
    for client in made.clients:
        await client.close()
    await server.close()

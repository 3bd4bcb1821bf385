"""A web admin over a real hub, and browsers and programs that knock at its door."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import CookieJar
from aiohttp.test_utils import TestClient, TestServer

from hub.app import Hub
from hub.clock import FrozenClock
from hub.modules.access.api import AccessApi, AuditFilter, AuditView, PersonView
from tests.webui.described import watched
from webui.app import make_app
from webui.brakes import Limit, Limits

PASSWORD = "four plain words here"
WIDE = Limits(
    token=Limit("token", 1e6, 10**6),
    person=Limit("person", 1e6, 10**6),
    stranger=Limit("stranger", 1e6, 10**6),
    refusal=Limit("refusal", 1e6, 10**6),
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

    async def token(self, role: str, **more: Any) -> str:
        """A token of this role."""
        installation = self.hub.installation
        async with installation.transactions.writing(actor=None, shop_id=installation.default_shop) as uow:
            _, secret = await AccessApi(uow, installation.deps).tokens.create(f"test {role}", role, **more)
        return secret

    async def audit(self) -> list[tuple[str, str]]:
        """Action and outcome of every entry, newest first."""
        return [(entry.action, entry.outcome) for entry in await self.entries()]

    async def entries(self, limit: int = 10_000) -> list[AuditView]:
        """The newest entries of the audit log, every one as a rule, newest first."""
        installation = self.hub.installation
        shop = installation.default_shop
        async with installation.transactions.reading(actor=None, shop_id=shop) as uow:
            audit = AccessApi(uow, installation.deps).audit
            return await audit.page(AuditFilter(shops=[shop]), limit=limit)


@asynccontextmanager
async def open_shop(
    hub: Hub, clock: FrozenClock, password_hash: str, limits: Limits = WIDE
) -> AsyncIterator[Shop]:
    """The web admin of a hub."""
    app = make_app(hub.installation, limits)
    watch = watched(app)
    server = TestServer(app)
    await server.start_server()
    made = Shop(hub, clock, server, password_hash)
    yield made
    for client in made.clients:
        await client.close()
    await server.close()
    assert watch.faults == []

"""A web admin over a hub, for tests of modules' pages and of the API."""

from __future__ import annotations

from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from hub.app import Hub
from hub.kernel.shops import FIRST_SHOP
from hub.modules.access.api import AccessApi
from tests.webui.described import watched
from webui.app import make_app

Client = TestClient[web.Request, web.Application]


async def token_of(hub: Hub, role: str = "owner") -> str:
    """A new token's key."""
    async with hub.transactions.writing(actor=None, shop_id=FIRST_SHOP) as uow:
        return (await AccessApi(uow, hub.installation.deps).tokens.create(f"test {role}", role))[1]


async def site_of(hub: Hub, role: str | None = "owner") -> Client:
    """A client whose requests carry a token of the role; None = a stranger. Close it."""
    headers = {"Authorization": f"Bearer {await token_of(hub, role)}"} if role is not None else {}
    app = make_app(hub.installation)
    watch = watched(app)

    async def judge(_app: web.Application) -> None:
        assert watch.faults == []

    app.on_cleanup.append(judge)
    client: Client = TestClient(TestServer(app), headers=headers)
    await client.start_server()
    return client


async def get_json(client: Client, path: str, **query: Any) -> tuple[int, Any]:
    """Status and body."""
    async with client.get(path, params=query) as answer:
        return answer.status, await answer.json()


async def get_text(client: Client, path: str, **query: Any) -> tuple[int, str]:
    """Status and body, redirects not followed."""
    async with client.get(path, params=query, allow_redirects=False) as answer:
        return answer.status, await answer.text()


async def send_json(client: Client, method: str, path: str, body: Any) -> tuple[int, Any]:
    """Status and body of a change."""
    async with client.request(method, path, json=body) as answer:
        return answer.status, await answer.json()


async def send_form(client: Client, path: str, fields: Any) -> tuple[int, str, str]:
    """Status, where to go on, and body of a posted form."""
    async with client.post(path, data=fields, allow_redirects=False) as answer:
        return answer.status, answer.headers.get("Location", ""), await answer.text()

"""A provider of bells: it signs the body, and rings `bell:number` in it."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from sqlalchemy import func, select

from hub.app import Hub
from hub.kernel.hooks.tables import hook_refused, hook_requests
from hub.ports.connector import Status
from hub.ports.hooks import Forged, Genuine, Hook, HookAnswer, HookRequest
from hub.ports.intake import Arrival, Intake
from tests.kernel.rig import Rang
from webui.hooks import add_hooks

PATH = "/hooks/bells"


def signature(secret: str, body: bytes) -> str:
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


class Provider:
    """A connector that is called, and does nothing by itself."""

    name = "bells"

    def __init__(self, secret: str = "right") -> None:
        self.secret = secret

    async def run(self, intake: Intake, status: Status) -> None:
        status.report("ready", "listens")
        await asyncio.Event().wait()

    def hooks(self) -> Sequence[Hook]:
        answer = HookAnswer(body=b"<Thanks/>", content_type="text/xml")
        return [Hook(path=PATH, verify=self.verify, translate=translate, answer=answer, largest=10_000)]

    def verify(self, request: HookRequest) -> Genuine | Forged:
        if b"broken verify" in request.body:
            raise KeyError("a fault of the program")
        if request.headers.get("x-bell-signature") != signature(self.secret, request.body):
            return Forged(reason="The signature is wrong.")
        return Genuine(identity=request.body.decode("utf-8", "replace").split(",")[0])


def translate(request: HookRequest) -> list[Arrival]:
    text = request.body.decode("utf-8", "replace")
    if "unreadable" in text:
        raise ValueError("nobody can read this")
    if "silent" in text:
        return []
    bell, number = text.split(",")[0].split(":")
    return [
        Arrival(
            source="bells",
            external_id=text.split(",")[0],
            occurred_at=request.received_at,
            event=Rang(bell=bell, number=int(number)),
        )
    ]


@dataclass
class Line:
    """The provider's way to a hub, by real HTTP."""

    client: TestClient[Any, Any]
    secret: str = "right"

    async def ring(self, text: str, headers: Mapping[str, str] | None = None) -> tuple[int, str]:
        """Status and text of the answer."""
        body = text.encode("utf-8", "surrogateescape")
        signed = {"X-Bell-Signature": signature(self.secret, body)}
        async with self.client.post(PATH, data=body, headers={**signed, **(headers or {})}) as answer:
            return answer.status, await answer.text()


@asynccontextmanager
async def line_to(hub: Hub) -> AsyncIterator[Line]:
    """The addresses of a hub, without the rest of the web admin."""
    app = web.Application()
    add_hooks(app, hub.installation)
    async with TestClient(TestServer(app)) as client:
        yield Line(client)


async def kept(hub: Hub) -> dict[str, int]:
    """How many requests lie in the inbox by their state, and how many in the quarantine."""
    states = select(hook_requests.c.state, func.count()).group_by(hook_requests.c.state)
    rows = await hub.database.read(lambda connection: connection.execute(states).all())
    count = select(func.count()).select_from(hook_refused)
    refused = await hub.database.read(lambda connection: connection.scalar(count))
    found = {str(state): int(number) for state, number in rows}
    return found | ({"refused": int(refused)} if refused else {})


def moment() -> datetime:
    return datetime(2026, 1, 5, 7, 0, tzinfo=UTC)

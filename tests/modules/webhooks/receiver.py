"""A program that is told: it keeps what comes and answers as it was told to; and a hub that tells it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer
from sqlalchemy import select

from connectors.outbound.addresses import Allowed
from connectors.outbound.client import HttpOutbound
from hub.app import Hub
from hub.clock import SystemClock
from hub.events.base import Event
from hub.kernel.context import WorkerContext
from hub.kernel.journal.files import FileJournal
from hub.kernel.shops import FIRST_SHOP
from hub.log import get_logger
from hub.main import MODULES
from hub.modules.webhooks.api import EndpointEntry, EndpointView, WebhooksApi
from hub.modules.webhooks.models import Attempt, Delivery
from hub.modules.webhooks.sender import Sender
from hub.settings import Settings, WebhooksSettings
from tests.patience import within

QUICK = WebhooksSettings(timeout=1.0, backoff=(0.05, 0.1), poll=0.05)


@dataclass
class Received:
    """One request."""

    headers: dict[str, str]
    body: bytes
    at: float


@dataclass
class Receiver:
    """Answers with the next of `answers` (status, headers, text), or 204 when there is none left."""

    url: str = ""
    seen: list[Received] = field(default_factory=list)
    answers: list[tuple[int, dict[str, str], str]] = field(default_factory=list)
    always: tuple[int, dict[str, str], str] = (204, {}, "")
    pause: float = 0.0
    running: int = 0
    most: int = 0

    async def take(self, request: web.Request) -> web.Response:
        self.running += 1
        self.most = max(self.most, self.running)
        headers = {name.lower(): value for name, value in request.headers.items()}
        try:
            body = await request.read()
            await asyncio.sleep(self.pause)
        finally:
            self.running -= 1
        self.seen.append(Received(headers, body, time.monotonic()))
        status, more, text = self.answers.pop(0) if self.answers else self.always
        return web.Response(status=status, headers=more, text=text if status != 204 else None)


@asynccontextmanager
async def receiver() -> AsyncIterator[Receiver]:
    made = Receiver()
    app = web.Application()
    app.router.add_post("/hook", made.take)
    server = TestServer(app)
    await server.start_server()
    made.url = str(server.make_url("/hook"))
    yield made
    await server.close()


@asynccontextmanager
async def hub_that_tells(settings: Settings, folder: Path, **more: Any) -> AsyncIterator[Hub]:
    """Nothing runs by itself; `sender_of` sends."""
    clock = SystemClock()
    settings = replace(settings, webhooks=replace(QUICK, **more))
    outbound = HttpOutbound(Allowed.of(["127.0.0.1"]), clock)
    hub = Hub(settings, MODULES, clock=clock, journal=FileJournal(folder / "journal", 30), outbound=outbound)
    await hub.open()
    yield hub
    await outbound.close()
    await hub.close()


def sender_of(hub: Hub) -> Sender:
    deps = hub.installation.deps
    assert deps.outbound is not None
    context = WorkerContext(
        transactions=hub.transactions, deps=deps, shop_id=FIRST_SHOP, work=asyncio.Event(),
        log=get_logger("test"),
    )  # fmt: skip
    return Sender(context, deps.outbound)


async def send_once(hub: Hub) -> None:
    """Everything that is due now, once."""
    sender = sender_of(hub)
    await sender.step()
    await sender.idle()


async def send_until(hub: Hub, is_done: Callable[[], bool], seconds: float = 10.0) -> None:
    """The worker, until something is so and the results are written."""
    sender = sender_of(hub)
    task = asyncio.create_task(sender.run())
    try:
        async with asyncio.timeout(within(seconds)):
            while not is_done():
                await asyncio.sleep(0.01)
                if task.done():
                    await task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await sender.idle()


async def add_endpoint(hub: Hub, url: str, *events: str, **more: Any) -> tuple[EndpointView, str]:
    entry = EndpointEntry(url=url, events=events or ("*",), **more)
    async with hub.transactions.writing(actor=None, shop_id=FIRST_SHOP) as uow:
        return await WebhooksApi(uow, hub.installation.deps).endpoints.create(entry, None)


async def endpoint_of(hub: Hub, endpoint_id: str) -> EndpointView:
    async with hub.transactions.reading(actor=None, shop_id=FIRST_SHOP) as uow:
        return await WebhooksApi(uow, hub.installation.deps).endpoints.one(endpoint_id, None)


async def publish(hub: Hub, *events: Event) -> None:
    async with hub.transactions.writing(actor=None, shop_id=FIRST_SHOP) as uow:
        for event in events:
            uow.publish(event)


async def deliveries(hub: Hub) -> list[Delivery]:
    """Rows, oldest first."""
    async with hub.transactions.reading(actor=None, shop_id=FIRST_SHOP) as uow:
        return list((await uow.session.scalars(select(Delivery).order_by(Delivery.id))).all())


async def attempts(hub: Hub) -> list[Attempt]:
    async with hub.transactions.reading(actor=None, shop_id=FIRST_SHOP) as uow:
        return list((await uow.session.scalars(select(Attempt).order_by(Attempt.at, Attempt.id))).all())

"""A shop with a bot: the whole hub with its web admin, and the practice Telegram, whose ledger judges. What
the shop has is read from its database, never from its own counters."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp.test_utils import TestServer
from sqlalchemy import text

from connectors.practice_telegram.server import PracticeTelegram
from connectors.practice_telegram.world import World
from connectors.telegram.config import HOOK_PATH
from connectors.telegram.connector import Telegram
from hub.app import Hub
from hub.clock import Clock, SystemClock
from hub.kernel.journal.files import FileJournal
from hub.modules.catalogue import MODULES
from hub.modules.messaging.api import MessageEntry, MessagingApi, PlaceView, Priority
from hub.secret import Secret
from hub.settings import Settings
from tests.connectors.telegram.stage import IRYNA, SECRET, TOKEN, config
from tests.kernel.waiting import until
from tests.webui.stage import WIDE
from webui.app import make_app

INBOUND = text("SELECT provider_id, text FROM messaging_messages WHERE direction = 'inbound' ORDER BY n")
OUTBOUND = text(
    "SELECT id, state, text, error FROM messaging_messages WHERE direction = 'outbound' ORDER BY n"
)
OPEN = text(
    "SELECT (SELECT count(*) FROM hook_requests WHERE state = 'waiting')"
    " + (SELECT count(*) FROM event_delivery WHERE state = 'pending')"
)


@dataclass
class BotShop:
    """The shop, and the other side."""

    hub: Hub
    telegram: PracticeTelegram
    url: str
    http: aiohttp.ClientSession

    async def bring(self, update: Mapping[str, Any], secret: str | None = SECRET) -> int:
        """An update by webhook; the answer's status."""
        headers = {"Content-Type": "application/json"}
        if secret is not None:
            headers["X-Telegram-Bot-Api-Secret-Token"] = secret
        async with self.http.post(
            self.url + HOOK_PATH, data=json.dumps(update).encode(), headers=headers
        ) as answer:
            return answer.status

    async def messages(self) -> Counter[str]:
        """How often each text of a client stands in a thread."""
        rows = await self.hub.database.read(lambda connection: connection.execute(INBOUND).all())
        return Counter(str(row.text) for row in rows)

    async def ours(self) -> list[Any]:
        """Messages of ours, in order."""
        return list(await self.hub.database.read(lambda connection: connection.execute(OUTBOUND).all()))

    async def worked(self, seconds: float = 60.0) -> None:
        """Until nothing that came waits any more."""

        async def is_quiet() -> bool:
            return await self.hub.database.read(lambda connection: connection.scalar(OPEN)) == 0

        await until(is_quiet, seconds)

    async def queue(
        self, words: str, to: int = IRYNA, priority: Priority = "dialogue", place: PlaceView | None = None
    ) -> str:
        """A message of the shop's; its id."""
        installation = self.hub.installation
        async with installation.transactions.writing(actor=None, shop_id=installation.default_shop) as uow:
            entry = MessageEntry(
                text=words, channel="telegram", address=str(to), priority=priority, place=place
            )
            return (await MessagingApi(uow, installation.deps).queue_message(entry)).id

    async def ended(self, *states: str, count: int = 1, seconds: float = 30.0) -> list[Any]:
        """Our messages, once so many have come to one of these states."""

        async def have_ended() -> bool:
            return sum(row.state in states for row in await self.ours()) >= count

        await until(have_ended, seconds)
        return await self.ours()

    @property
    def sent(self) -> list[str]:
        """What the other side has, in order."""
        return [one["text"] for one in self.telegram.world.noted("sent")]


@asynccontextmanager
async def bot_shop(
    settings: Settings, folder: Path, *, by_webhook: bool = False, world: World | None = None,
    clock: Clock | None = None, is_strict: bool = False,
) -> AsyncIterator[BotShop]:  # fmt: skip
    """It runs, and the link is up."""
    telegram = PracticeTelegram(world or World(TOKEN, clock or SystemClock()), is_strict=is_strict)
    await telegram.start()
    telegram.world.person(IRYNA, "Ірина", "+380971239876")
    way = {"is_webhook": True, "secret": Secret(SECRET), "public_url": "https://shop.example"}
    connector = Telegram(
        config(api_base=telegram.base, **(way if by_webhook else {})), clock or SystemClock()
    )
    settings = replace(
        settings, messaging=replace(settings.messaging, files=str(folder / "files"), poll=0.1)
    )  # fmt: skip
    hub = Hub(
        settings, MODULES, clock=clock or SystemClock(), journal=FileJournal(folder / "journal", 30),
        connectors=[connector], senders=[connector],
    )  # fmt: skip
    await hub.start()
    server = TestServer(make_app(hub.installation, WIDE))
    await server.start_server()
    telegram.reach = str(server.make_url("")).rstrip("/")

    async def is_up() -> bool:
        return hub.supervisor.health()["telegram"].state == "ready"

    async with aiohttp.ClientSession() as http:
        try:
            await until(is_up, 90.0)
            yield BotShop(hub, telegram, telegram.reach, http)
        finally:
            await server.close()
            await hub.stop()
            await telegram.stop()

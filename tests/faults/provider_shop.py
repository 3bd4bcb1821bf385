"""A shop that sends by a provider with Viber and SMS: the whole hub with its web admin, and the practice
provider, whose ledger judges. What the shop has is read from its database."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp.test_utils import TestServer
from sqlalchemy import text

from connectors.http_sms.connector import HttpSms
from connectors.practice_provider.account import ProviderAccount
from connectors.practice_provider.server import PracticeProvider
from hub.app import Hub
from hub.clock import Clock, SystemClock
from hub.kernel.journal.files import FileJournal
from hub.modules.catalogue import MODULES
from hub.modules.messaging.api import MessageEntry, MessagingApi
from hub.settings import Settings
from tests.connectors.http_sms.stage import SECRET, THEIRS, TOKEN, made
from tests.kernel.waiting import until
from tests.webui.stage import WIDE
from webui.app import make_app

HOOK = "/hooks/http_sms"
_OUTBOUND = text(
    "SELECT id, state, carried_by, parts, error FROM messaging_messages WHERE direction = 'outbound'"
)
_WAITING = text(
    "SELECT (SELECT count(*) FROM hook_requests WHERE state = 'waiting')"
    " + (SELECT count(*) FROM event_delivery WHERE state = 'pending')"
)


@dataclass
class ProviderShop:
    """The shop, and the line to it."""

    hub: Hub
    provider: PracticeProvider
    connector: HttpSms
    http: aiohttp.ClientSession

    @property
    def account(self) -> ProviderAccount:
        return self.provider.account

    async def bring(self, report: Mapping[str, Any] | bytes) -> int:
        """Whoever brings it; what was answered."""
        body = report if isinstance(report, bytes) else json.dumps(report).encode()
        async with self.http.post(self.provider.hook, data=body) as answer:
            return answer.status

    async def queue(self, words: str = "Готово", to: str = THEIRS, channel: str = "viber") -> str:
        """A message of the shop's; its id."""
        installation = self.hub.installation
        async with installation.transactions.writing(actor=None, shop_id=installation.default_shop) as uow:
            entry = MessageEntry(text=words, channel=channel, address=to)
            return (await MessagingApi(uow, installation.deps).queue_message(entry)).id

    async def outbound(self) -> dict[str, Any]:
        """Rows of the shop's messages, by id."""
        rows = await self.hub.database.read(lambda connection: connection.execute(_OUTBOUND).all())
        return {str(row.id): row for row in rows}

    async def all_in(self, *states: str, seconds: float = 30.0) -> None:
        """Until every message is in one of these states."""

        async def are() -> bool:
            return all(row.state in states for row in (await self.outbound()).values())

        await until(are, seconds)

    async def worked(self, seconds: float = 30.0) -> None:
        """Until nothing that came waits any more."""

        async def is_quiet() -> bool:
            return await self.hub.database.read(lambda connection: connection.scalar(_WAITING)) == 0

        await until(is_quiet, seconds)


@asynccontextmanager
async def provider_shop(
    settings: Settings, folder: Path, clock: Clock | None = None
) -> AsyncIterator[ProviderShop]:
    """It runs."""
    provider = PracticeProvider(ProviderAccount(TOKEN, SECRET, SystemClock()))
    await provider.start()
    connector = made(clock=clock, api_base=provider.base)
    settings = replace(settings, messaging=replace(settings.messaging, files=str(folder / "files"), poll=0.1))
    hub = Hub(
        settings, MODULES, clock=clock or SystemClock(), journal=FileJournal(folder / "journal", 30),
        connectors=[connector], senders=[connector],
    )  # fmt: skip
    await hub.start()
    server = TestServer(make_app(hub.installation, WIDE))
    await server.start_server()
    provider.hook = str(server.make_url(HOOK))
    async with aiohttp.ClientSession() as http:
        try:
            yield ProviderShop(hub, provider, connector, http)
        finally:
            await server.close()
            await hub.stop()
            await provider.stop()

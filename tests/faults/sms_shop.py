"""A shop that Twilio brings messages to: the whole hub with its web admin, and the practice Twilio, whose
ledger judges. What the shop has is read from its database, never from its own counters."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlencode

import aiohttp
from aiohttp.test_utils import TestServer
from sqlalchemy import select, text

from connectors.practice_twilio.account import Account
from connectors.practice_twilio.server import PracticeTwilio
from connectors.twilio_sms.config import SMS_PATH
from connectors.twilio_sms.connector import TwilioSms
from hub.app import Hub
from hub.clock import Clock, SystemClock
from hub.kernel.hooks.tables import hook_refused, hook_requests
from hub.kernel.journal.files import FileJournal
from hub.kernel.storage.database import Database
from hub.modules.catalogue import MODULES
from hub.modules.messaging.api import MessageEntry, MessagingApi
from hub.settings import Settings
from tests.connectors.twilio_sms.stage import ACCOUNT, OURS, PUBLIC, THEIRS, TOKEN, config, signature
from tests.kernel.waiting import until
from tests.patience import within
from tests.webui.stage import WIDE
from webui.app import make_app

WAITING = text(
    "SELECT (SELECT count(*) FROM hook_requests WHERE state = 'waiting')"
    " + (SELECT count(*) FROM event_delivery WHERE state = 'pending')"
)
INBOUND = text("SELECT provider_id, text FROM messaging_messages WHERE direction = 'inbound'")
OUTBOUND = text("SELECT id, state, provider_id FROM messaging_messages WHERE direction = 'outbound'")


@dataclass
class SmsShop:
    """The shop, and the line to it."""

    hub: Hub
    twilio: PracticeTwilio
    url: str
    http: aiohttp.ClientSession

    async def send(
        self, body: str, *, query: str = "", path: str = SMS_PATH, signed: str | None = None,
        token: str = TOKEN, public: str = PUBLIC, headers: Mapping[str, str] | None = None,
    ) -> tuple[int, bytes]:  # fmt: skip
        """Bring a form as it is written; status and bytes of the answer."""
        target = path + (f"?{query}" if query else "")
        made = signature(public + target, body, token) if signed is None else signed
        sent = {"Content-Type": "application/x-www-form-urlencoded", "X-Twilio-Signature": made}
        async with self.http.post(
            self.url + target, data=body.encode("latin-1"), headers={**sent, **(headers or {})}
        ) as answer:
            return answer.status, await answer.read()

    async def messages(self) -> Counter[str]:
        """How often each message of a client stands in its thread, by its Sid."""
        rows = await self.hub.database.read(lambda connection: connection.execute(INBOUND).all())
        return Counter(str(row.provider_id) for row in rows)

    async def texts(self) -> dict[str, str]:
        rows = await self.hub.database.read(lambda connection: connection.execute(INBOUND).all())
        return {str(row.provider_id): str(row.text) for row in rows}

    async def outbound(self) -> dict[str, tuple[str, str]]:
        """State and Sid of each message of ours, by our id."""
        rows = await self.hub.database.read(lambda connection: connection.execute(OUTBOUND).all())
        return {str(row.id): (str(row.state), str(row.provider_id)) for row in rows}

    async def refused(self) -> int:
        query = select(hook_refused.c.id)
        return len(await self.hub.database.read(lambda connection: connection.scalars(query).all()))

    async def bodies(self) -> dict[str, bytes]:
        """The raw bytes of every request that was believed, by the message that it is."""
        query = select(hook_requests.c.identity, hook_requests.c.body)
        rows = await self.hub.database.read(lambda connection: connection.execute(query).all())
        return {row.identity: bytes(row.body) for row in rows}

    async def worked(self, seconds: float = 30.0) -> None:
        """Until nothing that came waits any more."""

        async def is_quiet() -> bool:
            return await self.hub.database.read(lambda connection: connection.scalar(WAITING)) == 0

        await until(is_quiet, seconds)

    async def queue(self, words: str, to: str = THEIRS) -> str:
        """A message of the shop's; its id."""
        installation = self.hub.installation
        async with installation.transactions.writing(actor=None, shop_id=installation.default_shop) as uow:
            entry = MessageEntry(text=words, channel="sms", address=to)
            return (await MessagingApi(uow, installation.deps).queue_message(entry)).id


@asynccontextmanager
async def sms_shop(settings: Settings, folder: Path, clock: Clock | None = None) -> AsyncIterator[SmsShop]:
    """It runs."""
    clock = clock or SystemClock()
    twilio = PracticeTwilio(Account(ACCOUNT, [TOKEN], SystemClock()), public=PUBLIC)
    await twilio.start()
    connector = TwilioSms(config(api_base=twilio.base, catch_up_seconds=3600.0), clock)
    settings = replace(
        settings,
        server=replace(settings.server, public_url=PUBLIC),
        messaging=replace(settings.messaging, files=str(folder / "files"), poll=0.2),
    )
    hub = Hub(
        settings, MODULES, clock=clock, journal=FileJournal(folder / "journal", 30),
        connectors=[connector], senders=[connector],
    )  # fmt: skip
    await hub.start()
    server = TestServer(make_app(hub.installation, WIDE))
    await server.start_server()
    twilio.reach = str(server.make_url("")).rstrip("/")
    async with aiohttp.ClientSession() as http:
        try:
            yield SmsShop(hub, twilio, twilio.reach, http)
        finally:
            await server.close()
            await hub.stop()
            await twilio.stop()


async def in_threads(url: str, seconds: float) -> Counter[str]:
    """How often each message stands in its thread, once nothing waits any more."""
    database = Database(url)
    await database.open()
    try:
        async with asyncio.timeout(within(seconds)):
            while await database.read(lambda connection: connection.scalar(WAITING)):
                await asyncio.sleep(0.2)
        rows = await database.read(lambda connection: connection.execute(INBOUND).all())
        return Counter(str(row.provider_id) for row in rows)
    finally:
        await database.close()


async def states_of_ours(url: str) -> dict[str, str]:
    """The state of each message of ours that its provider has, by the provider's id."""
    database = Database(url)
    await database.open()
    try:
        rows = await database.read(lambda connection: connection.execute(OUTBOUND).all())
        return {str(row.provider_id): str(row.state) for row in rows if row.provider_id is not None}
    finally:
        await database.close()


def form(number: int, words: str = "Привіт", **more: str) -> str:
    """A message of a client's, by its number, as the wire has it."""
    sid = f"SM{number:032x}"
    fields = {
        "ToCountry": "UA", "SmsMessageSid": sid, "NumMedia": "0", "FromCity": "", "Body": words,
        "To": OURS, "MessageSid": sid, "AccountSid": ACCOUNT, "From": THEIRS, "ApiVersion": "2010-04-01",
    } | more  # fmt: skip
    return urlencode({name: value for name, value in fields.items() if value != "-"})

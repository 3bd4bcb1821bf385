"""A shop that writes mailings: the whole hub with a wire that keeps a ledger. Batches and sending go by hand,
the relay and the jobs by themselves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from hub.clock import FrozenClock
from hub.kernel.context import WorkerContext
from hub.kernel.shops import FIRST_SHOP
from hub.log import get_logger
from hub.modules.consents.api import ConsentEntry, ConsentsApi, Subject
from hub.modules.crm.api import ClientView
from hub.modules.mailings import jobs
from hub.modules.mailings.api import Audience, MailingEntry, MailingsApi, MailingView, RowView
from hub.modules.mailings.feeder import step
from hub.settings import ServerSettings, Settings
from tests.factories.crm import make_client
from tests.kernel.waiting import until
from tests.modules.messaging.wire import House, Wire, house_of

ANNA, BOHDAN = "person:anna", "person:bohdan"
PUBLIC = "http://shop.example"
TEXT = "{name}, time for winter tyres. Call {shop}."


def mobile(number: int) -> str:
    return f"+38050{number:07d}"


def entry(**more: Any) -> MailingEntry:
    """To everybody by SMS, unless it says something else."""
    values = {"title": "Tyres", "text": TEXT, "channels": ("sms",), "audience": Audience(), **more}
    return MailingEntry(**values)


@dataclass
class Shop:
    """It, with what tests do."""

    house: House

    @property
    def clock(self) -> FrozenClock:
        return self.house.clock

    @property
    def wire(self) -> Wire:
        return self.house.wire

    async def client(self, number: int, *, agrees: bool = True, **more: Any) -> ClientView:
        """A client with a mobile, who has signed that advertising is welcome."""
        numbers = more.pop("numbers", (mobile(number),))
        made = await make_client(self.house.hub, f"Client {number}", *numbers, **more)
        if agrees:
            await self.says(made.id, "granted")
        return made

    async def says(self, client_id: str, act: Any, **more: Any) -> None:
        values = {"topic": "marketing", "form": "signature", "evidence": "sheet", "source": "desk", **more}
        async with self.house.uow() as uow:
            ledger = ConsentsApi(uow, self.house.hub.installation.deps).ledger
            await ledger.record(ConsentEntry(subject=Subject(client_id=client_id), act=act, **values))

    @asynccontextmanager
    async def api(self, actor: str | None = ANNA) -> AsyncIterator[MailingsApi]:
        async with self.house.uow(actor) as uow:
            yield MailingsApi(uow, self.house.hub.installation.deps)

    async def draft(self, **more: Any) -> MailingView:
        """Anna's, to everybody by SMS, unless it says something else; not counted yet."""
        async with self.api() as api:
            return await api.drafts.create(entry(**more), "Anna")

    async def counted(self, mailing_id: str) -> MailingView:
        """Its list is made by the job."""
        async with self.house.uow(ANNA) as uow:
            deps = self.house.hub.installation.deps
            asked = {"mailing_id": mailing_id}
            run_id = await deps.jobs.enqueue(uow, jobs.count, asked)
            await MailingsApi(uow, deps).drafts.counts(mailing_id, run_id)

        async def is_counted() -> bool:
            return (await self.view(mailing_id)).is_counted

        await until(is_counted)
        return await self.view(mailing_id)

    async def approved(self, **more: Any) -> MailingView:
        """Written and counted by Anna, approved by Bohdan."""
        made = await self.counted((await self.draft(**more)).id)
        async with self.api() as api:
            await api.flow.submit(made.id, None, None)
        async with self.api(BOHDAN) as api:
            return await api.flow.approve(made.id, None, None, by=BOHDAN, name="Bohdan", is_alone=False)

    async def view(self, mailing_id: str) -> MailingView:
        async with self.api() as api:
            return await api.reading.one(mailing_id)

    async def rows(self, mailing_id: str, **where: Any) -> tuple[RowView, ...]:
        async with self.api() as api:
            return (await api.reading.recipients(mailing_id, limit=1000, **where)).items

    def worker(self) -> WorkerContext:
        return WorkerContext(
            transactions=self.house.hub.transactions, deps=self.house.hub.installation.deps,
            shop_id=FIRST_SHOP, work=asyncio.Event(), log=get_logger("test"),
        )  # fmt: skip

    async def feed(self, seconds: float = 0.0) -> None:
        """Time passes, and the feeder looks once."""
        self.clock.advance(seconds)
        await step(self.worker())

    async def send(self) -> None:
        """All that waits leaves, and what became of it is known."""
        sender, before = self.house.sender(), -1
        while len(self.wire.ledger) != before:
            before = len(self.wire.ledger)
            await self.house.sent(sender)
        await self.rest()

    async def rest(self) -> None:
        """Nothing waits for a handler."""

        async def is_quiet() -> bool:
            return not (await self.house.hub.system.report()).pending_deliveries

        await until(is_quiet)


@asynccontextmanager
async def shop_of(
    settings: Settings, clock: FrozenClock, folder: Path, wire: Wire | None = None
) -> AsyncIterator[Shop]:
    settings = replace(settings, server=ServerSettings(public_url=PUBLIC))
    async with house_of(settings, clock, folder, wire or Wire()) as house:
        await house.hub.relay.start()
        house.hub.jobs.start()
        yield Shop(house)
        await house.hub.jobs.stop()
        await house.hub.relay.stop(1.0)

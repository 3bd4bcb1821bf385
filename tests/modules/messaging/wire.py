"""A link that carries messages, with a ledger of what came to it; and a hub that sends by it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hub.app import Hub
from hub.clock import FrozenClock
from hub.events.messages import MessageReceived, MessageStatusChanged, ReachChanged
from hub.kernel.context import UnitOfWork, WorkerContext
from hub.kernel.journal.files import FileJournal
from hub.kernel.manifest import Module
from hub.kernel.shops import FIRST_SHOP
from hub.log import get_logger
from hub.modules.catalogue import MODULES
from hub.modules.messaging.api import MessageEntry, MessageFilter, MessageView, MessagingApi
from hub.modules.messaging.sender import Sender
from hub.ports.errors import TransientError
from hub.ports.intake import Arrival
from hub.ports.messaging import Channel, OutgoingMessage, Sent
from hub.settings import Settings

IRYNA = "+380501234567"
OLEH = "+380671112233"
OURS = "+380445000000"
AT = datetime(2026, 1, 5, 7, 2, 10, tzinfo=UTC)

SMS = Channel(
    name="sms", account=OURS, can_reply=True, can_buttons=False, can_media=True, can_write_first=True,
    longest=1600, per_second=1000.0, per_chat=0.0,
)  # fmt: skip
TELEGRAM = Channel(
    name="telegram", account="bot", can_reply=True, can_buttons=True, can_media=True, can_write_first=False,
    longest=4096, per_second=1000.0, per_chat=0.0, can_place=True,
)  # fmt: skip


@dataclass
class Wire:
    """Implements ports.messaging.MessageSender. `faults` are raised one after another instead of sending; one
    that `keeps` has taken the message all the same. Whose address is `held` waits for its event. `found`
    answers `find`: by default the ledger does."""

    carried: dict[str, Channel] = field(default_factory=lambda: {"sms": SMS, "telegram": TELEGRAM})
    ledger: list[OutgoingMessage] = field(default_factory=list)
    asked: list[OutgoingMessage] = field(default_factory=list)
    faults: list[Exception] = field(default_factory=list)
    keeps: bool = False
    found: Callable[[OutgoingMessage], Sent | None] | None = None
    is_up: bool = True
    pause: float = 0.0
    held: dict[str, asyncio.Event] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    away: bool = False

    def channels(self) -> Mapping[str, Channel]:
        return self.carried

    @property
    def takes_messages(self) -> bool:
        return self.is_up

    async def send(self, message: OutgoingMessage) -> Sent:
        await asyncio.sleep(self.pause)
        if message.address in self.held:
            await self.held[message.address].wait()
        if self.faults:
            fault = self.faults.pop(0)
            if self.keeps:
                self.ledger.append(message)
            raise fault
        self.ledger.append(message)
        return Sent(provider_id=f"SM{message.id}", parts=1)

    async def find(self, message: OutgoingMessage) -> Sent | None:
        self.asked.append(message)
        if self.found is not None:
            return self.found(message)
        has_it = any(one.id == message.id for one in self.ledger)
        return Sent(provider_id=f"SM{message.id}") if has_it else None

    async def fetch(self, channel: str, ref: str) -> AsyncGenerator[bytes, None]:
        if self.away:
            raise TransientError("The provider does not answer.")
        yield self.files[ref]


@dataclass
class House:
    """A hub with a wire. The sender runs by hand."""

    hub: Hub
    wire: Wire
    clock: FrozenClock
    _told: int = 0

    def sender(self, process: str = "") -> Sender:
        """One process's sender, as the worker would run it."""
        return Sender(
            WorkerContext(
                transactions=self.hub.transactions, deps=self.hub.installation.deps, shop_id=FIRST_SHOP,
                work=asyncio.Event(), log=get_logger("test"),
            ),
            process,
        )  # fmt: skip

    async def sent(self, sender: Sender | None = None) -> None:
        """Send what is due, once."""
        one = sender or self.sender()
        await one.step()
        await one.idle()

    @asynccontextmanager
    async def uow(self, actor: str | None = "person:tester") -> AsyncIterator[UnitOfWork]:
        async with self.hub.transactions.writing(actor=actor, shop_id=FIRST_SHOP) as uow:
            yield uow

    @asynccontextmanager
    async def api(self) -> AsyncIterator[MessagingApi]:
        async with self.uow() as uow:
            yield MessagingApi(uow, self.hub.installation.deps)

    async def queue(self, text: str = "Ready", **more: Any) -> MessageView:
        """To Iryna by SMS, unless it says something else."""
        values = {"channel": "sms", "address": IRYNA, "priority": "dialogue", **more}
        async with self.api() as api:
            return await api.queue_message(MessageEntry(text=text, **values))

    async def message(self, message_id: str) -> MessageView:
        async with self.api() as api:
            return await api.reading.message(message_id, None)

    async def messages(self, **where: Any) -> tuple[MessageView, ...]:
        """The oldest first."""
        async with self.api() as api:
            page = await api.reading.messages(MessageFilter(**where), cursor=None, limit=200)
        return page.items[::-1]

    async def tell(self, *events: MessageReceived | MessageStatusChanged, times: int = 2) -> None:
        """Facts of a connector, one by one; every handler may run twice."""
        for event in events:
            for _ in range(times):
                await self.tell_at_once(event)

    async def tell_at_once(self, *events: MessageReceived | MessageStatusChanged | ReachChanged) -> None:
        """Facts of a connector, one batch of them."""
        now, begin = self.clock.now(), self._told
        self._told += len(events)
        arrivals = [
            Arrival(source="wire", external_id=f"{begin + place}", occurred_at=now, event=event)
            for place, event in enumerate(events)
        ]
        await self.hub.intake.accept(arrivals)
        await self.hub.relay.work_off()


def wrote(text: str = "Is it ready?", number: int = 1, **more: Any) -> MessageReceived:
    """A message of Iryna's by SMS."""
    values = {
        "channel": "sms", "account": OURS, "address": IRYNA, "provider_id": f"IN{number}", "written_at": AT,
        **more,
    }  # fmt: skip
    return MessageReceived(text=text, **values)


def status(state: Any, provider_id: str, **more: Any) -> MessageStatusChanged:
    """What the provider tells of a message of ours."""
    return MessageStatusChanged(channel="sms", provider_id=provider_id, state=state, **more)


@asynccontextmanager
async def house_of(
    settings: Settings, clock: Any, folder: Path, wire: Wire, modules: Sequence[Module] = MODULES
) -> AsyncIterator[House]:
    hub = Hub(settings, modules, clock=clock, journal=FileJournal(folder / "journal", 30), senders=[wire])
    await hub.open()
    yield House(hub, wire, clock)
    await hub.close()

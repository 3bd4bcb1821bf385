"""Tells the groups: claimed in one short transaction, said with none open, its end written in another. An
alert whose end was not seen is not said again: twice is worse than once too few, and the page shows it."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from hub.errors import Unavailable
from hub.kernel.context import WorkerContext
from hub.kernel.processes.outgoing import OutgoingWorker
from hub.kernel.storage.orm import new_id
from hub.modules.alerts.service_posts import DOUBT
from hub.modules.alerts.service_sending import Claim, SendingService
from hub.ports.errors import ConnectorError, PermanentError, TransientError
from hub.ports.messaging import ChatBot, MessageSender, Refused, UnknownOutcome

PACE = 3.1
"""Seconds between two messages to one group: messengers let a bot say about 20 a minute there."""
_REST = 15.0
_GLANCE = 60
"""Characters that are read while they are shown for a moment; what is longer has to be closed."""


async def send(ctx: WorkerContext) -> None:
    """The worker: until it is cancelled. Without a bot it does nothing."""
    if not any(isinstance(one, ChatBot) for one in ctx.deps.senders):
        return
    sender = Sender(ctx)
    try:
        await sender.run()
    finally:
        await sender.stop()


class Sender(OutgoingWorker):
    """One process's sender; only that which holds the bot's link says anything."""

    patience = 1.0
    looks_again = True

    def __init__(self, ctx: WorkerContext, process: str = "", pace: float = PACE) -> None:
        super().__init__(ctx)
        self.process = process or new_id(ctx.deps.clock)
        self.poll = ctx.deps.settings.messaging.poll
        self.pace = pace
        self._next: dict[str, float] = {}
        self._in_hand: set[str] = set()

    async def step(self) -> float:
        """Claim what may go and set it on its way. Seconds until a group may be told more."""
        bots = self._up()
        if not bots:
            return 0.0
        async with self._reading() as service:
            if not await service.has_work():
                return 0.0
        if not await self.may_send():
            return 0.0
        now = time.monotonic()
        resting = {group: until for group, until in self._next.items() if until > now}
        async with self._writing() as service:
            replies = await service.replies()
            claims = [
                (bot, claim)
                for name, bot in bots.items()
                for claim in await service.claim(name, self.busy() | set(resting))
            ]
        bot = next(iter(bots.values()))
        for press, text in replies:
            self.set_off(self._reply(bot, press, text), name=f"press-{press}")
        for bot, claim in claims:
            resting[claim.group] = now + self.pace
            self.set_off(self._say(bot, claim), name=f"alert-{claim.id}", to=claim.group)
        self._next = resting
        return max(0.02, min(resting.values()) - now) if resting else 0.0

    def _up(self) -> dict[str, ChatBot]:
        return {
            name: one
            for one in self.ctx.deps.senders
            if isinstance(one, ChatBot) and isinstance(one, MessageSender) and one.takes_messages
            for name in one.channels()
        }

    async def _reply(self, bot: ChatBot, press: str, text: str) -> None:
        try:
            await bot.answer_press(press, text, is_alert=len(text) > _GLANCE)
        except ConnectorError as fault:
            self.ctx.log.info("a press was not answered in words", text=fault.text)

    async def _say(self, bot: ChatBot, claim: Claim) -> None:
        self._in_hand.add(claim.id)
        try:
            await self._note(claim, *await self._try(bot, claim))
        except Unavailable as fault:
            # Said it may be: the row still says so, and is settled when its claim runs out.
            self.ctx.log.warning("the end of an alert waits for the database", code=fault.code, id=claim.id)
        finally:
            self._in_hand.discard(claim.id)

    async def _try(self, bot: ChatBot, claim: Claim) -> tuple[str, str | float]:
        """What became of it (`told`, `again`, `failed`, `moved`), and with what."""
        try:
            if claim.provider_id is not None:
                await bot.change(claim.group, claim.provider_id, claim.text, claim.buttons)
                return "told", claim.provider_id
            return "told", (await bot.post(claim.group, claim.text, claim.buttons)).provider_id
        except TransientError as fault:
            return "again", fault.retry_after or 0.0
        except UnknownOutcome:
            # A change is the same however often it is made.
            return ("again", _REST) if claim.provider_id is not None else ("failed", DOUBT)
        except Refused as fault:
            return ("moved", fault.moved_to) if fault.moved_to else ("failed", fault.text)
        except PermanentError as fault:
            return "failed", fault.text
        except ConnectorError:
            return "again", _REST

    async def _note(self, claim: Claim, end: str, value: str | float) -> None:
        async with self._writing() as service:
            if end == "told":
                await service.told(claim, str(value))
            elif end == "again":
                await service.again(claim, float(value))
            else:
                await service.failed(claim, str(value), str(value) if end == "moved" else "")

    @asynccontextmanager
    async def _reading(self) -> AsyncIterator[SendingService]:
        async with self.ctx.transactions.reading(actor=None, shop_id=self.ctx.shop_id) as uow:
            yield SendingService(uow, self.ctx.deps, self.process, self._in_hand)

    @asynccontextmanager
    async def _writing(self) -> AsyncIterator[SendingService]:
        async with self.ctx.transactions.writing(actor=None, shop_id=self.ctx.shop_id) as uow:
            yield SendingService(uow, self.ctx.deps, self.process, self._in_hand)

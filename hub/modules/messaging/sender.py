"""Sends what waits: claimed in one short transaction, sent with none open, its end written in another. Only
the process that holds a channel's link sends on it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from hub.errors import Unavailable
from hub.kernel.context import WorkerContext
from hub.kernel.processes.outgoing import OutgoingWorker
from hub.kernel.storage.orm import new_id
from hub.modules.messaging.channels import carriers
from hub.modules.messaging.pace import Pace
from hub.modules.messaging.service_sending import CLAIM_SECONDS, Claim, SendingService
from hub.ports.errors import ConnectorError, PermanentError, TransientError
from hub.ports.messaging import MessageSender, Refused, Sent, UnknownOutcome

_REST = 15.0
"""Seconds for a channel whose link went down under a message."""
_AT_ONCE = 50
_TRIES = 5
"""Of noting what became of a message."""
_SHORT = 0.02


async def send(ctx: WorkerContext) -> None:
    """The worker: until it is cancelled. Without a channel it does nothing."""
    if not ctx.deps.senders:
        return
    sender = Sender(ctx)
    try:
        await sender.run()
    finally:
        await sender.stop()


class Sender(OutgoingWorker):
    """One process's sender. Channels do not wait for each other, nor chats. What does not end in time is in
    doubt when the hub starts again."""

    patience = 1.0
    longest = 900.0
    """Seconds that a provider, or the disk under it, may take; then the message is in doubt."""
    looks_again = True

    def __init__(self, ctx: WorkerContext, process: str = "") -> None:
        super().__init__(ctx)
        self.process = process or new_id(ctx.deps.clock)
        self.poll = ctx.deps.settings.messaging.poll
        self._paces: dict[str, Pace] = {}
        self._in_hand: dict[str, float] = {}
        """Since when."""
        self._held_at = 0.0

    async def step(self) -> float:
        """Claim what may go and set it on its way; ask about what is in doubt. Seconds until more of what
        waits may go (0: nothing is known to wait)."""
        await self._hold()
        async with self._reading() as service:
            if not await service.has_work():
                return 0.0
        if not await self.may_send():
            return 0.0
        up = self._up()
        async with self._writing() as service:
            await service.expire()
            claims = await service.doubts(up, _AT_ONCE)
            barred = service.barred
            for name in up:
                pace = self._pace(name, up[name])
                room = min(pace.free(), _AT_ONCE - self.under_way - len(claims))
                busy = pace.busy() | self.busy()
                found = await service.claim(name, busy, room)
                for claim in found:
                    pace.spend(claim.message.address)
                claims += found
        for claim in claims:
            to = claim.message.address
            self.set_off(
                self._carry(claim, up[claim.message.channel]), name=f"message-{claim.message.id}", to=to
            )
        if barred:
            await self._bar(barred)
        more = min((self._paces[name].wait() for name in up), default=0.0) if claims else 0.0
        return max(_SHORT, more) if more else 0.0

    async def _hold(self) -> None:
        """A large file, a slow provider: nobody else is to take what this process still has in hand. In vain,
        it is tried at the next step: there is time for more than one before a claim runs out."""
        now = self.ctx.deps.clock.monotonic()
        if not self._held():
            self._held_at = now
        elif now - self._held_at >= CLAIM_SECONDS / 4:
            try:
                async with self._writing() as service:
                    await service.hold()
                self._held_at = now
            except Unavailable as fault:
                self.ctx.log.warning("claims could not be renewed", code=fault.code)

    async def _bar(self, message_ids: list[str]) -> None:
        """Once what was claimed is on its way: nothing here may lose it. In vain, the next step finds them
        again."""
        try:
            async with self._writing() as service:
                await service.bar(message_ids)
        except Unavailable as fault:
            self.ctx.log.warning("what may not be sent waits for the database", code=fault.code)

    def _held(self) -> list[str]:
        """What is in hand, and not for so long that its task must hang."""
        since = self.ctx.deps.clock.monotonic() - self.longest
        return [message_id for message_id, begun in self._in_hand.items() if begun > since]

    def _up(self) -> dict[str, MessageSender]:
        every = carriers(self.ctx.deps.senders)
        return {name: sender for name, sender in every.items() if sender.takes_messages}

    def _pace(self, name: str, sender: MessageSender) -> Pace:
        channel = sender.channels()[name]
        known = self._paces.get(name)
        if known is None:
            known = self._paces[name] = Pace(channel, time.monotonic)
        known.channel = channel
        return known

    async def _carry(self, claim: Claim, sender: MessageSender) -> None:
        message = claim.message
        self._in_hand[message.id] = self.ctx.deps.clock.monotonic()
        try:
            if claim.is_doubted:
                await self._ask(claim, sender)
                return
            await self._send(claim, sender)
        except Unavailable as fault:
            # Sent it may be: the row still says so, and is in doubt when its claim runs out.
            self.ctx.log.warning(
                "the end of a message waits for the database", code=fault.code, id=message.id
            )
        finally:
            self._in_hand.pop(message.id, None)

    async def _send(self, claim: Claim, sender: MessageSender) -> None:
        message = claim.message
        try:
            async with asyncio.timeout(self.longest):
                sent: Sent = await sender.send(message)
        except TransientError as fault:
            wait = fault.retry_after
            self._pause(message.channel, wait)
            await self._note(lambda service: service.again(message.id, wait))
            self._log(claim, "again", fault.text)
        except Refused as fault:
            refusal = fault
            await self._note(lambda service: service.refused(message.id, refusal))
            self._log(claim, "refused", fault.text)
        except (UnknownOutcome, TimeoutError) as fault:
            why = fault.text if isinstance(fault, UnknownOutcome) else ""
            await self._note(lambda service: service.in_doubt(message.id, why))
            self._log(claim, "unknown", why or "no end")
        except PermanentError as fault:
            refusal = Refused(fault.text)
            await self._note(lambda service: service.refused(message.id, refusal))
            self._log(claim, "refused", fault.text)
        except ConnectorError as fault:
            self._pause(message.channel, _REST)
            await self._note(lambda service: service.again(message.id, 0.0, counts=False))
            self._log(claim, "away", fault.text)
        else:
            await self._note(lambda service: service.went(message.id, sent))
            self._log(claim, "sent", "")

    async def _ask(self, claim: Claim, sender: MessageSender) -> None:
        message = claim.message
        try:
            async with asyncio.timeout(self.longest):
                found = await sender.find(message)
        except UnknownOutcome as fault:
            why = fault.text
            await self._note(lambda service: service.still_unknown(message.id, why, is_final=True))
            self._log(claim, "a person decides", fault.text)
        except (ConnectorError, TimeoutError) as fault:
            why = fault.text if isinstance(fault, ConnectorError) else ""
            await self._note(lambda service: service.still_unknown(message.id, why, is_final=False))
            self._log(claim, "asked in vain", why or "no end")
        else:
            if found is None:
                await self._note(lambda service: service.not_found(message.id))
                self._log(claim, "was not sent", "")
                return
            sent = found
            await self._note(lambda service: service.went(message.id, sent))
            self._log(claim, "found", "")

    async def _note(self, work: Callable[[SendingService], Awaitable[None]]) -> None:
        """What became of one: where transactions have crossed, once more, or it would be in doubt for
        nothing. Raises Unavailable."""
        for left in reversed(range(_TRIES)):
            try:
                async with self._writing() as service:
                    await work(service)
                return
            except Unavailable as fault:
                if not left or fault.code != "database.conflict":
                    raise

    def _pause(self, channel: str, seconds: float) -> None:
        if seconds > 0 and channel in self._paces:
            self._paces[channel].pause(seconds)

    def _log(self, claim: Claim, end: str, said: str) -> None:
        message = claim.message
        self.ctx.log.info(
            "message", id=message.id, channel=message.channel, tries=message.tries, end=end, said=said
        )

    @asynccontextmanager
    async def _writing(self) -> AsyncIterator[SendingService]:
        async with self.ctx.transactions.writing(actor=None, shop_id=self.ctx.shop_id) as uow:
            yield SendingService(uow, self.ctx.deps, self.process, self._held())

    @asynccontextmanager
    async def _reading(self) -> AsyncIterator[SendingService]:
        async with self.ctx.transactions.reading(actor=None, shop_id=self.ctx.shop_id) as uow:
            yield SendingService(uow, self.ctx.deps, self.process, self._held())

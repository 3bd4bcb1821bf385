"""Sends what is due: claim in one short transaction, ask with none open, write the result in another."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from sqlalchemy import Connection

from hub.errors import Unavailable
from hub.kernel.context import WorkerContext
from hub.modules.webhooks import outgoing
from hub.modules.webhooks.outgoing import Claim, Result
from hub.modules.webhooks.rules import headers_of
from hub.ports.errors import ConnectorError, TransientError
from hub.ports.outbound import Outbound

R = TypeVar("R")
TOPIC = "webhook"
_BREATH, _SHORT_BREATH = 0.25, 0.05
"""Seconds between two looks: for what is new, and for what waits for a request to end."""


async def send(ctx: WorkerContext) -> None:
    """The worker: until it is cancelled. Without a way out (a command, a test) it does nothing."""
    if ctx.deps.outbound is None:
        return
    sender = Sender(ctx, ctx.deps.outbound)
    try:
        await sender.run()
    finally:
        await sender.stop()


@dataclass(slots=True)
class Sender:
    """One process's sender. Endpoints do not wait for each other: each has its own few requests."""

    ctx: WorkerContext
    outbound: Outbound
    looks: int = 0
    """How often it has looked for work."""
    _running: set[asyncio.Task[None]] = field(default_factory=set)
    _more_waits: bool = False
    _has_ended: bool = False

    async def run(self) -> None:
        """Look for work when a commit has made some, when a request has ended and more waits, and once a
        poll."""
        poll = self.ctx.deps.settings.webhooks.poll
        while True:
            self.ctx.work.clear()
            self._has_ended = False
            looked = time.monotonic()
            await self.step()
            try:
                async with asyncio.timeout(poll):
                    await self.ctx.work.wait()
            except TimeoutError:
                continue
            # The first is sent at once. What follows close behind is looked for together: calls are told
            # many times a second, and each look costs the line to the PBX a part of the processor.
            breath = _SHORT_BREATH if self._has_ended else _BREATH
            await asyncio.sleep(max(0.0, looked + breath - time.monotonic()))

    async def stop(self) -> None:
        """Requests under way are broken off; their claims run out and another try is made."""
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        await self.outbound.close()

    async def step(self) -> None:
        """Claim what is due and set it on its way."""
        self.looks += 1
        quarantine = self.ctx.deps.quarantine
        if quarantine is not None and await quarantine.state() is not None:
            return
        clock, settings = self.ctx.deps.clock, self.ctx.deps.settings.webhooks
        transactions, seal = self.ctx.transactions, self.ctx.deps.seal
        async with transactions.reading(actor=None, shop_id=self.ctx.shop_id) as uow:
            self._more_waits = await uow.read(lambda connection: outgoing.is_due(connection, clock))
        if not self._more_waits:
            return
        for claim in await self._write(lambda connection: outgoing.claim(connection, clock, settings, seal)):
            task = asyncio.create_task(self._deliver(claim), name=f"webhook-{claim.delivery_id}")
            self._running.add(task)
            task.add_done_callback(self._ended)

    async def idle(self) -> None:
        """Wait until nothing is under way."""
        while self._running:
            await asyncio.gather(*self._running, return_exceptions=True)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        if self._more_waits:
            self._has_ended = True
            self.ctx.work.set()
        if not task.cancelled() and (error := task.exception()) is not None:
            self.ctx.log.error("a webhook's result could not be written", exc_info=error)

    async def _deliver(self, claim: Claim) -> None:
        result = await self._ask(claim)
        clock, settings = self.ctx.deps.clock, self.ctx.deps.settings.webhooks
        try:
            await self._write(
                lambda connection: outgoing.settle(connection, clock, claim, result, settings),
                hint=claim.endpoint_id,
            )
        except Unavailable as fault:
            self.ctx.log.warning("a webhook's result waits for the database", code=fault.code)
        log = self.ctx.log.info if result.is_taken else self.ctx.log.warning
        log(
            "webhook", endpoint=claim.endpoint_id, event_id=claim.message_id, status=result.status,
            ms=result.ms, attempt=claim.attempts + 1, error=result.error,
        )  # fmt: skip

    async def _ask(self, claim: Claim) -> Result:
        at, began = self.ctx.deps.clock.now(), time.monotonic()
        if not claim.keys:
            return Result(at=at, ms=0, error="Its secret cannot be opened. Make a new one.")
        headers = headers_of(claim.keys, claim.message_id, at, claim.body)
        seconds = self.ctx.deps.settings.webhooks.timeout
        try:
            reply = await self.outbound.post(claim.url, headers=headers, body=claim.body, seconds=seconds)
        except ConnectorError as error:
            wait = error.retry_after if isinstance(error, TransientError) else None
            ms = round((time.monotonic() - began) * 1000)
            return Result(at=at, ms=ms, error=error.text, retry_after=wait)
        error_text = "" if 200 <= reply.status < 300 else _refusal(reply.status)
        return Result(
            at=at, ms=reply.ms, status=reply.status, error=error_text, answer=reply.body,
            retry_after=reply.retry_after,
        )  # fmt: skip

    async def _write(self, work: Callable[[Connection], R], hint: str = "") -> R:
        async with self.ctx.transactions.writing(actor=None, shop_id=self.ctx.shop_id) as uow:
            done = await uow.session.run_sync(lambda session: work(session.connection()))
            if hint:
                uow.hint(TOPIC, hint, 0)
        return done


def _refusal(status: int) -> str:
    if 300 <= status < 400:
        return "It sends elsewhere; redirects are not followed."
    return "It has gone." if status == 410 else "It refused."

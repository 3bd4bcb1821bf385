"""Sends what is due: claim in one short transaction, ask with none open, write the result in another."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Connection

from hub.errors import Unavailable
from hub.kernel.context import WorkerContext
from hub.kernel.processes.outgoing import OutgoingWorker
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


class Sender(OutgoingWorker):
    """One process's sender. Endpoints do not wait for each other: each has its own few requests. What is
    broken off is tried again when its claim has run out."""

    def __init__(self, ctx: WorkerContext, outbound: Outbound) -> None:
        super().__init__(ctx)
        self.outbound = outbound
        self.poll = ctx.deps.settings.webhooks.poll
        self.looks = 0
        """How often it has looked for work."""

    def breath(self) -> float:
        """The first is sent at once. What follows close behind is looked for together: calls are told many
        times a second, and each look costs the line to the PBX a part of the processor."""
        return _SHORT_BREATH if self.looks_again else _BREATH

    async def stop(self) -> None:
        """And the way out is closed."""
        await super().stop()
        await self.outbound.close()

    async def step(self) -> float:
        """Claim what is due and set it on its way."""
        self.looks += 1
        if not await self.may_send():
            return 0.0
        clock, settings = self.ctx.deps.clock, self.ctx.deps.settings.webhooks
        transactions, seal = self.ctx.transactions, self.ctx.deps.seal
        async with transactions.reading(actor=None, shop_id=self.ctx.shop_id) as uow:
            self.looks_again = await uow.read(lambda connection: outgoing.is_due(connection, clock))
        if not self.looks_again:
            return 0.0
        for claim in await self._write(lambda connection: outgoing.claim(connection, clock, settings, seal)):
            self.set_off(self._deliver(claim), name=f"webhook-{claim.delivery_id}", to=claim.endpoint_id)
        return 0.0

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

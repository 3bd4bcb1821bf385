"""Sends what is wanted: claimed in one short transaction, sent with none open, its answer written in
another. Only the process that holds the line to the PBX sends."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from hub.errors import HubError, Unavailable
from hub.kernel.context import WorkerContext
from hub.modules.dialling.ordering import command_of
from hub.modules.dialling.service_state import Claim, StateService, control_of
from hub.ports.commands import CallControl, CommandResult

_POLL = 1.0


async def send(ctx: WorkerContext) -> None:
    """The worker: until it is cancelled. Without a PBX that takes orders it does nothing."""
    control = control_of(ctx.deps)
    if control is None:
        return
    sender = Sender(ctx, control)
    try:
        await sender.run()
    finally:
        await sender.stop()


@dataclass(slots=True)
class Sender:
    """One process's sender. Orders do not wait for each other."""

    ctx: WorkerContext
    control: CallControl
    _running: set[asyncio.Task[None]] = field(default_factory=set)

    async def run(self) -> None:
        """Look when a commit has made work, and once a second for what waits or grows old."""
        while True:
            self.ctx.work.clear()
            await self.step()
            try:
                async with asyncio.timeout(_POLL):
                    await self.ctx.work.wait()
            except TimeoutError:
                continue

    async def stop(self) -> None:
        """What is under way is broken off: it is sent already, and its answer unknown."""
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    async def step(self) -> None:
        """Claim what waits and set it on its way; look after what is open."""
        async with self.ctx.transactions.reading(actor=None, shop_id=self.ctx.shop_id) as uow:
            if not await StateService(uow, self.ctx.deps).has_work():
                return
        quarantine = self.ctx.deps.quarantine
        may_send = self.control.takes_orders and (quarantine is None or await quarantine.state() is None)
        async with self.ctx.transactions.writing(actor=None, shop_id=self.ctx.shop_id) as uow:
            states = StateService(uow, self.ctx.deps)
            claims = await states.claim() if may_send else []
            await states.expire()
        for claim in claims:
            task = asyncio.create_task(self._deliver(claim), name=f"order-{claim.id}")
            self._running.add(task)
            task.add_done_callback(self._ended)

    async def idle(self) -> None:
        """Wait until nothing is under way."""
        while self._running:
            await asyncio.gather(*self._running, return_exceptions=True)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self.ctx.log.error("what became of an order could not be written", exc_info=error)

    async def _deliver(self, claim: Claim) -> None:
        deps = self.ctx.deps
        try:
            async with self.ctx.transactions.reading(actor=None, shop_id=self.ctx.shop_id) as uow:
                command = await command_of(claim, uow, deps)
        except HubError as fault:
            async with self.ctx.transactions.writing(actor=None, shop_id=self.ctx.shop_id) as uow:
                await StateService(uow, deps).refused(claim.id, fault)
            return
        result = await self.control.carry_out(command)
        await self._write(claim, result)
        self.ctx.log.info("an order", command=claim.id, kind=claim.kind, result=result.kind, said=result.text)

    async def _write(self, claim: Claim, result: CommandResult) -> None:
        try:
            async with self.ctx.transactions.writing(actor=None, shop_id=self.ctx.shop_id) as uow:
                await StateService(uow, self.ctx.deps).answered(claim.id, result)
        except Unavailable as fault:
            # Sent it is; what the PBX shows of it decides.
            self.ctx.log.warning("an order's answer waits for the database", code=fault.code)

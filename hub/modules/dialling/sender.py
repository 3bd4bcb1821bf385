"""Sends what is wanted: claimed in one short transaction, sent with none open, its answer written in
another. Only the process that holds the line to the PBX sends."""

from __future__ import annotations

from hub.errors import HubError, Unavailable
from hub.kernel.context import WorkerContext
from hub.kernel.processes.outgoing import OutgoingWorker
from hub.modules.dialling.ordering import command_of
from hub.modules.dialling.service_state import Claim, StateService, control_of
from hub.ports.commands import CallControl, CommandResult


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


class Sender(OutgoingWorker):
    """One process's sender. Orders do not wait for each other. What is under way when the hub stops is sent
    already, and its answer unknown."""

    def __init__(self, ctx: WorkerContext, control: CallControl) -> None:
        super().__init__(ctx)
        self.control = control

    async def step(self) -> float:
        """Claim what waits and set it on its way; look after what is open or grows old."""
        async with self.ctx.transactions.reading(actor=None, shop_id=self.ctx.shop_id) as uow:
            if not await StateService(uow, self.ctx.deps).has_work():
                return 0.0
        may_send = self.control.takes_orders and await self.may_send()
        async with self.ctx.transactions.writing(actor=None, shop_id=self.ctx.shop_id) as uow:
            states = StateService(uow, self.ctx.deps)
            claims = await states.claim() if may_send else []
            await states.expire()
        for claim in claims:
            self.set_off(self._deliver(claim), name=f"order-{claim.id}")
        return 0.0

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

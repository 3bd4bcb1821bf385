"""Tells the PBX to leave something out of a recording, to go on, or to stop. Only the process that holds the
line tells it; each of these may be told again, since a second time changes nothing."""

from __future__ import annotations

import asyncio
import math
import time

from hub.kernel.context import WorkerContext
from hub.kernel.processes.outgoing import OutgoingWorker
from hub.ports.commands import (
    BeginRecording,
    CallControl,
    Command,
    CommandResult,
    MuteRecording,
    StopRecording,
)
from recordings.service_basis import BasisService
from recordings.service_guard import SEEN_WITHIN, GuardService
from recordings.views_basis import BasisView, PauseView


async def guard(ctx: WorkerContext) -> None:
    """The worker: until it is cancelled. Without a PBX that takes orders it does nothing."""
    telephony = ctx.deps.telephony
    if not isinstance(telephony, CallControl):
        return
    worker = Guard(ctx, telephony)
    try:
        await worker.run()
    finally:
        await worker.stop()


class Guard(OutgoingWorker):
    """One process's."""

    looks_again = True
    tells_again = 30.0
    """Seconds after which the line hears anew what the shops have decided: another process may have saved."""

    def __init__(self, ctx: WorkerContext, control: CallControl) -> None:
        super().__init__(ctx)
        self.control = control
        self._told_the_line = -math.inf
        self._waits_for_yes = False
        self._begun: frozenset[str] = frozenset()

    async def step(self) -> float:
        """Set on its way whatever is due."""
        if time.monotonic() - self._told_the_line >= self.tells_again:
            async with self.ctx.transactions.reading(actor=None, shop_id=self.ctx.shop_id) as uow:
                self._waits_for_yes = await BasisService(uow, self.ctx.deps).tell_the_line()
            self._told_the_line = time.monotonic()
        if not self.control.takes_orders:
            return 0.0
        if self._waits_for_yes:
            await self._begin_agreed()
        async with self.ctx.transactions.reading(actor=None, shop_id=self.ctx.shop_id) as uow:
            if not await GuardService(uow, self.ctx.deps).has_work():
                return 0.0
        if not await self.may_send():
            return 0.0
        async with self.ctx.transactions.writing(actor=None, shop_id=self.ctx.shop_id) as uow:
            pauses, stops = await GuardService(uow, self.ctx.deps).due()
        busy = self.busy()
        for stop in stops:
            if stop.call_id not in busy:
                self.set_off(self._stop(stop), name="stop-recording", to=stop.call_id)
        busy |= {one.call_id for one in stops}  # what is to be stopped is not made to sound before
        for pause in pauses:
            if pause.call_id not in busy:
                work = self._mute(pause) if pause.state == "wanted" else self._sound(pause)
                busy |= {pause.call_id}
                self.set_off(work, name=f"pause-{pause.id}", to=pause.call_id)
        return 0.0

    async def _begin_agreed(self) -> None:
        """Where we order recordings ourselves: each call once, when a yes was said."""
        async with self.ctx.transactions.reading(actor=None, shop_id=self.ctx.shop_id) as uow:
            agreed = frozenset(await BasisService(uow, self.ctx.deps).agreed())
        new = agreed - self._begun
        if new and not await self.may_send():
            return
        for call_id in sorted(new):
            # To nobody: a pause or a stop of the same call does not wait for its answer.
            self.set_off(self._begin(call_id), name="begin-recording")
        self._begun = agreed

    async def _begin(self, call_id: str) -> None:
        result = await self._told(BeginRecording(command_id=call_id, call_id=call_id))
        await self._breathe(result)
        if result.kind in ("unknown", "unsent"):
            self._begun -= {call_id}

    async def _mute(self, pause: PauseView) -> None:
        result = await self._told(MuteRecording(command_id=pause.id, call_id=pause.call_id, is_muted=True))
        at = self.ctx.deps.clock.now()
        async with self.ctx.transactions.writing(actor=None, shop_id=self.ctx.shop_id) as uow:
            await GuardService(uow, self.ctx.deps).muted(pause.id, result, at, pause.rev)

    async def _sound(self, pause: PauseView) -> None:
        at = self.ctx.deps.clock.now()
        result = await self._told(MuteRecording(command_id=pause.id, call_id=pause.call_id, is_muted=False))
        async with self.ctx.transactions.writing(actor=None, shop_id=self.ctx.shop_id) as uow:
            await GuardService(uow, self.ctx.deps).sounded(pause.id, result, at)
        await self._breathe(result)

    async def _stop(self, stop: BasisView) -> None:
        result = await self._told(StopRecording(command_id=stop.call_id, call_id=stop.call_id))
        async with self.ctx.transactions.writing(actor=None, shop_id=self.ctx.shop_id) as uow:
            await GuardService(uow, self.ctx.deps).stopped(stop.call_id, result, stop.rev)
        await self._breathe(result)

    async def _told(self, command: Command) -> CommandResult:
        try:
            async with asyncio.timeout(SEEN_WITHIN.total_seconds()):
                result = await self.control.carry_out(command)
        except TimeoutError:
            result = CommandResult(kind="unknown", text="no answer in time")
        self.ctx.log.info("told of a recording", order=type(command).__name__, result=result.kind)
        return result

    async def _breathe(self, result: CommandResult) -> None:
        """What the PBX has not answered is told again, with a breath between."""
        if result.kind in ("unknown", "unsent"):
            await asyncio.sleep(self.poll)

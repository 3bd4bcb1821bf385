"""The worker: hands on what is due, in every process; whichever is first has the batch."""

from __future__ import annotations

import asyncio

from hub.errors import HubError, Unavailable
from hub.kernel.context import WorkerContext
from hub.modules.mailings.service_feeding import FeedingService

POLL = 1.0
_SHORTEST = 0.05


async def feed(ctx: WorkerContext) -> None:
    """Until it is cancelled."""
    while True:
        ctx.work.clear()
        wait = await step(ctx)
        try:
            async with asyncio.timeout(wait):
                await ctx.work.wait()
        except TimeoutError:
            continue


async def step(ctx: WorkerContext) -> float:
    """Every mailing that is due gets its batch. Seconds until the next look."""
    async with ctx.transactions.reading(actor=None, shop_id=ctx.shop_id) as uow:
        due = await FeedingService(uow, ctx.deps).due()
    quarantine = ctx.deps.quarantine
    if not due or (quarantine is not None and await quarantine.state() is not None):
        return POLL
    handed = 0
    for mailing_id, shop_id in due:
        try:
            async with ctx.transactions.writing(actor=None, shop_id=shop_id) as uow:
                handed += await FeedingService(uow, ctx.deps).feed(mailing_id)
        except Unavailable as fault:
            ctx.log.warning("a mailing waits for the database", id=mailing_id, code=fault.code)
            return POLL
        except HubError as fault:
            ctx.log.warning("a mailing waits", id=mailing_id, code=fault.code, text=fault.text)
            async with ctx.transactions.writing(actor=None, shop_id=shop_id) as uow:
                await FeedingService(uow, ctx.deps).put_off(mailing_id)
    async with ctx.transactions.reading(actor=None, shop_id=ctx.shop_id) as uow:
        following = await FeedingService(uow, ctx.deps).next_at()
    if following is None:
        return POLL
    seconds = (following - ctx.deps.clock.now()).total_seconds()
    return max(_SHORTEST, min(POLL, seconds))

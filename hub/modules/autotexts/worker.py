"""Looks at what is due, one short unit of work for each run."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from hub.errors import HubError, Unavailable
from hub.kernel.context import WorkerContext
from hub.modules.autotexts.api import AutoTextsApi

LONGEST_WAIT = 5.0
"""Seconds after which it looks in any case: another process may have made work."""
_SHORTEST_WAIT = 0.05


async def run(ctx: WorkerContext) -> None:
    """Until it is cancelled."""
    while True:
        ctx.work.clear()
        wait = await step(ctx)
        with suppress(TimeoutError):
            await asyncio.wait_for(ctx.work.wait(), max(_SHORTEST_WAIT, wait))


async def step(ctx: WorkerContext) -> float:
    """Decide what is due; seconds until there is more."""
    clock = ctx.deps.clock
    async with ctx.transactions.reading(actor=None, shop_id=ctx.shop_id) as uow:
        due = await AutoTextsApi(uow, ctx.deps).runs.due(clock.now())
    for run_id, shop_id in due:
        try:
            async with ctx.transactions.writing(actor=None, shop_id=shop_id) as uow:
                await AutoTextsApi(uow, ctx.deps).runs.look_at(run_id)
        except Unavailable:
            raise
        except HubError as error:
            ctx.log.warning("a run waits", run=run_id, code=error.code, text=error.text)
            async with ctx.transactions.writing(actor=None, shop_id=shop_id) as uow:
                await AutoTextsApi(uow, ctx.deps).runs.put_off(run_id)
    async with ctx.transactions.reading(actor=None, shop_id=ctx.shop_id) as uow:
        next_at = await AutoTextsApi(uow, ctx.deps).runs.next_at()
    if next_at is None:
        return LONGEST_WAIT
    return min(LONGEST_WAIT, (next_at - clock.now()).total_seconds())

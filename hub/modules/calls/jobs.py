"""What calls does by the clock."""

from __future__ import annotations

from hub.kernel.jobs.definition import JobContext
from hub.modules.calls.api import CallsApi

_A_RUN = 2000


async def add_up_days(ctx: JobContext) -> None:
    """Days that are over are added up for the reports. They are read beside the writers: a day takes a while,
    and whoever rings must not wait for it."""
    async with ctx.reading() as uow:
        days = await ctx.apis(uow).of(CallsApi).days.uncounted(_A_RUN)
    for number, (shop_id, day) in enumerate(days):
        async with ctx.writing() as uow:
            mark = await ctx.apis(uow).of(CallsApi).days.begin(shop_id, day)
        async with ctx.reading() as uow:
            counts = await ctx.apis(uow).of(CallsApi).days.count(shop_id, day)
        if counts is not None:
            async with ctx.writing() as uow:
                await ctx.apis(uow).of(CallsApi).days.finish(shop_id, day, mark, counts)
        ctx.progress(number + 1, len(days), "Days of calls are added up")
    await _add_up_months(ctx)


async def _add_up_months(ctx: JobContext) -> None:
    """The same with months, of everybody and of each person."""
    async with ctx.reading() as uow:
        due = await ctx.apis(uow).of(CallsApi).months.uncounted(_A_RUN)
    for number, (shop_id, month, who) in enumerate(due):
        async with ctx.writing() as uow:
            mark = await ctx.apis(uow).of(CallsApi).months.begin(shop_id, month, who)
        async with ctx.reading() as uow:
            counts = await ctx.apis(uow).of(CallsApi).months.count(shop_id, month, who)
        async with ctx.writing() as uow:
            await ctx.apis(uow).of(CallsApi).months.finish(shop_id, month, who, mark, counts)
        ctx.progress(number + 1, len(due), "Months of calls are added up")

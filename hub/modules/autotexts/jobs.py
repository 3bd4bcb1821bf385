"""What automatic messages do by the clock."""

from __future__ import annotations

from datetime import timedelta

from hub.kernel.jobs.definition import JobContext
from hub.modules.autotexts.api import AutoTextsApi

KEPT = timedelta(days=400)
"""Longer than a year: what comes once a year knows by it that it has been."""
MOST_NEW = 400
"""A season's messages of one rule, each half an hour: so a large segment is written to little by little."""


async def greet(ctx: JobContext) -> None:
    """Birthdays and seasons of today; a stretch of clients at a time."""
    async with ctx.reading() as uow:
        rules = await ctx.apis(uow).of(AutoTextsApi).yearly.rules()
    for rule in rules:
        cursor: str | None = None
        new = 0
        while new < MOST_NEW:
            async with ctx.writing() as uow:
                yearly = ctx.apis(uow).of(AutoTextsApi).yearly
                shop_id = rule.entry.shop_id or ctx.shop_id
                made, cursor = await yearly.greet(rule, shop_id, ctx.clock.now(), cursor)
            new += made
            if cursor is None:
                break


async def forget(ctx: JobContext) -> None:
    """Decisions of more than a year ago."""
    async with ctx.writing() as uow:
        await ctx.apis(uow).of(AutoTextsApi).runs.forget(ctx.clock.now() - KEPT)

"""What the bot does again and again."""

from __future__ import annotations

from datetime import timedelta

from hub.kernel.jobs.definition import JobContext
from hub.modules.bot.api import BotApi

_KEPT = timedelta(days=30)


async def forget(ctx: JobContext) -> None:
    """Buttons and links that were over a month ago."""
    async with ctx.writing() as uow:
        await ctx.apis(uow).of(BotApi).buttons.forget(ctx.deps.clock.now() - _KEPT)

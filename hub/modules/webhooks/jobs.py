"""What webhooks does again and again."""

from __future__ import annotations

from hub.kernel.jobs.definition import JobContext
from hub.modules.webhooks.api import WebhooksApi


async def forget_old(ctx: JobContext) -> None:
    """Park what has waited too long, drop what is older than the log is kept."""
    async with ctx.writing() as uow:
        await ctx.apis(uow).of(WebhooksApi).log.forget_old()

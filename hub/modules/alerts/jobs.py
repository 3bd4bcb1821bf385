"""What alerts does again and again."""

from __future__ import annotations

from datetime import timedelta

from hub.kernel.jobs.definition import JobContext
from hub.modules.alerts.api import AlertsApi

_KEPT = timedelta(days=90)


async def watch(ctx: JobContext) -> None:
    """Links to the outside that are dead are told, and those that work again."""
    if ctx.deps.system is None:
        return
    found = dict(ctx.deps.system.connectors())
    async with ctx.writing() as uow:
        await ctx.apis(uow).of(AlertsApi).facts.links(found)


async def remind(ctx: JobContext) -> None:
    """Whoever asked to be forgotten is told, and again before the law's month is over."""
    async with ctx.writing() as uow:
        await ctx.apis(uow).of(AlertsApi).facts.erasures()


async def forget(ctx: JobContext) -> None:
    """Alerts of long ago."""
    async with ctx.writing() as uow:
        await ctx.apis(uow).of(AlertsApi).posts.forget(ctx.clock.now() - _KEPT)

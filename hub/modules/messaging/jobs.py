"""What messaging does again and again."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from hub.kernel.jobs.definition import JobContext
from hub.modules.messaging.api import MessagingApi
from hub.modules.messaging.store import every, remove

_YOUNG = 3600.0
"""Seconds in which a file may stand on the disk before its row is committed."""
_AT_ONCE = 500


async def wake(ctx: JobContext) -> None:
    """Threads that were put off come back."""
    async with ctx.writing() as uow:
        await ctx.apis(uow).of(MessagingApi).threads.wake()


async def tidy(ctx: JobContext) -> None:
    """Files that no row speaks of: uploads that were not sent, what was erased, what a crash left behind."""
    async with ctx.writing() as uow:
        await ctx.apis(uow).of(MessagingApi).files.forget_unsent()
        folder = Path(ctx.deps.settings.messaging.files)
    old = time.time() - _YOUNG
    there = [path for path, written in await asyncio.to_thread(every, folder) if written < old]
    for begin in range(0, len(there), _AT_ONCE):
        part = there[begin : begin + _AT_ONCE]
        async with ctx.reading() as uow:
            known = await ctx.apis(uow).of(MessagingApi).files.known(part)
        await asyncio.to_thread(remove, folder, tuple(path for path in part if path not in known))

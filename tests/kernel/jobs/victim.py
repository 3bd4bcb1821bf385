"""A hub whose job never ends: it says when it has begun, and waits to be killed."""

from __future__ import annotations

import asyncio
import os
import sys
from dataclasses import replace

from hub import log
from hub.kernel.jobs.definition import JobContext
from hub.settings import DatabaseSettings, JournalSettings, SealingSettings, Settings
from tests.kernel.jobs.rig import ask, at_work, jobs_hub, leave, work


async def run(url: str) -> None:
    settings = replace(
        Settings(),
        database=DatabaseSettings(url=url),
        journal=JournalSettings(folder="/nowhere"),
        sealing=SealingSettings(key_file=os.environ["KEY_FILE"]),
    )

    async def endless(ctx: JobContext) -> None:
        await leave(ctx, "half", ctx.fence)
        print("begun", ctx.run_id, flush=True)
        await asyncio.sleep(60)

    async with at_work(jobs_hub(settings, work(endless), lease=0.5)) as hub:
        await ask(hub)
        await asyncio.sleep(60)


if __name__ == "__main__":
    log.configure("text", "critical", sys.stderr)
    asyncio.run(run(sys.argv[1]))

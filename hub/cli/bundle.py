"""`doctor bundle`: the support bundle as a file, beside a running hub or without one."""

from __future__ import annotations

import asyncio
from pathlib import Path

from hub.settings import Settings


async def write_bundle(settings: Settings, path: Path) -> None:
    """Write it; raises HubError where the database cannot be opened. The log is in it only when it is made
    from the page: this process is not the one that runs."""
    from hub.main import opened_hub

    async with opened_hub(settings) as hub:
        content = await hub.support.bundle()
    await asyncio.to_thread(path.write_bytes, content)

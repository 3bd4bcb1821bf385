"""A hub that takes in facts as fast as it can and says which ones it has accepted, until it is killed."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import replace

from hub import log
from hub.settings import DatabaseSettings, JournalSettings, RelaySettings, Settings
from tests.kernel.rig import Bells, make_hub, rang


async def run(url: str, start: int) -> None:
    settings = replace(
        Settings(),
        database=DatabaseSettings(url=url),
        journal=JournalSettings(folder="/nowhere"),
        relay=RelaySettings(lease=0.2),
    )
    hub = make_hub(settings, Bells().module())
    await hub.start()
    print("ready", flush=True)

    async def feed(bell: str) -> None:
        for number in range(start, start + 100_000):
            await hub.intake.accept([rang(bell, number)])
            print(bell, number, flush=True)

    await asyncio.gather(*(feed(f"b{number}") for number in range(5)))


if __name__ == "__main__":
    log.configure("text", "critical", sys.stderr)
    asyncio.run(run(sys.argv[1], int(sys.argv[2])))

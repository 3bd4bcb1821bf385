"""A hub that takes in facts as fast as it can and says which ones it has accepted, until it is killed.

python -m tests.kernel.stream.victim URL FIRST_NUMBER [FAILING]

With FAILING there is the batch handler alone, and so many of a thousand of its facts fail.
"""

from __future__ import annotations

import asyncio
import os
import random
import sys
from dataclasses import replace

from hub import log
from hub.settings import DatabaseSettings, JournalSettings, RelaySettings, SealingSettings, Settings
from tests.kernel.rig import Bells, Rang, make_hub, rang


async def run(url: str, start: int, failing: int | None) -> None:
    chance = random.Random(start)

    def trouble(_handler: str, event: Rang) -> None:
        if failing is not None and chance.randrange(1000) < failing:
            raise RuntimeError(f"{event.number} fails this time")

    settings = replace(
        Settings(),
        database=DatabaseSettings(url=url),
        journal=JournalSettings(folder="/nowhere"),
        sealing=SealingSettings(key_file=os.environ["KEY_FILE"]),
        relay=RelaySettings(lease=0.2, backoff=(0.02,) * 20),
    )
    hub = make_hub(settings, Bells(trouble).module(ordinary=failing is None))
    await hub.start()
    print("ready", flush=True)

    async def feed(bell: str) -> None:
        for number in range(start, start + 100_000):
            await hub.intake.accept([rang(bell, number)])
            print(bell, number, flush=True)

    await asyncio.gather(*(feed(f"b{number}") for number in range(5)))


if __name__ == "__main__":
    log.configure("text", "critical", sys.stderr)
    asyncio.run(run(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]) if sys.argv[3:] else None))

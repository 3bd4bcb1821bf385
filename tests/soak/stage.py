"""What the faults of a soak are done to, and the memory that the hubs were seen to take."""

from __future__ import annotations

import asyncio
import random
import time
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from pathlib import Path

from tests.faults.ledger import Row
from tests.faults.shop_pbx import ShopPbx
from tests.flows.black_hole import Cable
from tests.flows.hub_process import HubProcess

AWAY, SWALLOWED, SETTLES = 3.0, 12.0, 60.0
_WARM = 20.0
Deed = Callable[[], Awaitable[None]]


class Stage(ABC):
    """The PBX, the cable to it, and the hubs; below it what is done to one kind of database."""

    def __init__(self, pbx: ShopPbx, cable: Cable, hubs: Sequence[HubProcess]) -> None:
        self.pbx = pbx
        self.cable = cable
        self.hubs = hubs
        self.memory: list[float] = []
        self._since = {hub: time.monotonic() for hub in hubs}

    @abstractmethod
    def kinds(self) -> Sequence[Deed]:
        """Its faults, each a coroutine whose name is printed."""

    @abstractmethod
    async def found(self) -> dict[str, list[Row]]:
        """The calls of the database by the number that called, read past every hub."""

    async def trouble(self) -> list[str]:
        """What else is not as it should be at the end."""
        return []

    async def cut(self) -> None:
        """Every AMI line is reset."""
        self.pbx.cut()

    async def swallow(self) -> None:
        """Noticed by the hub's own pings alone."""
        self.cable.swallow()
        await asyncio.sleep(SWALLOWED)
        self.cable.mend()

    async def restart_pbx(self) -> None:
        """It dies with its calls and comes back as a new life."""
        await self.pbx.kill()
        await asyncio.sleep(AWAY)
        await self.pbx.start()

    async def restart(self, hub: HubProcess) -> None:
        """SIGKILL, and start it anew."""
        hub.kill()
        await self.come_back(hub)

    async def come_back(self, hub: HubProcess) -> None:
        """Start what was killed."""
        self._since.pop(hub, None)
        await hub.start()
        self._since[hub] = time.monotonic()

    async def watch_memory(self) -> None:
        """Megabytes of a process, in the mean of those that have been running for a while."""
        while True:
            await asyncio.sleep(5)
            warm = [hub for hub, since in self._since.items() if time.monotonic() - since > _WARM]
            with suppress(AssertionError, OSError, StopIteration, ZeroDivisionError):
                self.memory.append(sum(resident(hub.pid) for hub in warm) / len(warm))

    async def run(self, every: float, chance: random.Random, until: float) -> Counter[str]:
        """One fault after another, each kind before any comes again; the last one early enough to be got
        over. `until` by the monotonic clock."""
        done: Counter[str] = Counter()
        kinds = self.kinds()
        while True:
            for fault in chance.sample(kinds, len(kinds)):
                if time.monotonic() + every > until:
                    return done
                await asyncio.sleep(every)
                print(f"{time.strftime('%H:%M:%S')} {fault.__name__}", flush=True)
                await fault()
                done[fault.__name__] += 1

    async def settled(self) -> bool:
        """Whether every call of the database is over, within a minute."""
        until = time.monotonic() + SETTLES
        while time.monotonic() < until:
            if all(row[0] == "ended" for rows in (await self.found()).values() for row in rows):
                return True
            await asyncio.sleep(0.5)
        return False


def resident(pid: int) -> float:
    """Resident memory in MB."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmRSS")).split()[1]) / 1024

"""`python -m tests.soak`: calls over AMI against a real hub process on SQLite, with a fault a minute.

Link cut, black hole, PBX killed and started anew, database locked for ten seconds, hub killed (SIGKILL).
The judge is the exchange's own ledger against a direct read of the database: no call that the hub could
see is lost, none is doubled, what it saw whole is right, what it saw in part is over and says so.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import random
import sqlite3
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.bench.machine import machine
from tests.faults.ledger import in_database, lost_and_doubled
from tests.faults.shop_pbx import ShopPbx, shop_pbx
from tests.flows.black_hole import Cable
from tests.flows.hub_process import HubProcess
from tests.soak.calls import Day, is_honest, is_right

LOCKED, AWAY, SETTLES = 10.0, 3.0, 60.0
MOST_GROWTH = 1.10


@dataclass
class Stage:
    """What the faults are done to, and the memory that the hub was seen to take."""

    pbx: ShopPbx
    cable: Cable
    hub: HubProcess
    memory: list[float] = field(default_factory=list)
    started: float = 0.0

    @property
    def database(self) -> Path:
        return self.hub.folder / "hub.db"

    async def cut(self) -> None:
        self.pbx.cut()

    async def swallow(self) -> None:
        """Noticed by the hub's own pings alone."""
        self.cable.swallow()
        await asyncio.sleep(12)
        self.cable.mend()

    async def restart_pbx(self) -> None:
        await self.pbx.kill()
        await asyncio.sleep(AWAY)
        await self.pbx.start()

    async def lock_database(self) -> None:
        holder = sqlite3.connect(self.database, isolation_level=None, timeout=5)
        holder.execute("BEGIN IMMEDIATE")
        await asyncio.sleep(LOCKED)
        holder.execute("ROLLBACK")
        holder.close()

    async def kill_hub(self) -> None:
        self.hub.kill()
        await self.hub.start()
        self.started = time.monotonic()

    async def watch_memory(self) -> None:
        """Megabytes that the process holds, once it has been running for a while."""
        while True:
            await asyncio.sleep(5)
            if time.monotonic() - self.started > 20:
                with suppress(AssertionError, OSError, StopIteration):
                    self.memory.append(resident(self.hub.pid))


def resident(pid: int) -> float:
    """Resident memory in MB."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmRSS")).split()[1]) / 1024


async def faults(stage: Stage, every: float, chance: random.Random, until: float) -> Counter[str]:
    """One after another, each kind before any comes again; the last one early enough to be got over."""
    kinds: Sequence[Callable[[], Awaitable[None]]] = (
        stage.cut, stage.swallow, stage.restart_pbx, stage.lock_database, stage.kill_hub,
    )  # fmt: skip
    done: Counter[str] = Counter()
    while True:
        for fault in chance.sample(kinds, len(kinds)):
            if time.monotonic() + every > until:
                return done
            await asyncio.sleep(every)
            print(f"{time.strftime('%H:%M:%S')} {fault.__name__}", flush=True)
            await fault()
            done[fault.__name__] += 1


async def settled(database: Path) -> bool:
    """Whether every call of the database is over, within a minute."""
    until = time.monotonic() + SETTLES
    while time.monotonic() < until:
        if all(row[0] == "ended" for rows in in_database(database).values() for row in rows):
            return True
        await asyncio.sleep(0.5)
    return False


def verdict(stage: Stage, day: Day, done: Counter[str], *, is_settled: bool) -> bool:
    """Print the figures; whether all is well."""
    found = in_database(stage.database)
    seen = [call for call in day.calls if day.watch.could_see(call)]
    whole = [call for call in seen if day.watch.saw_whole(call)]
    lost, _ = lost_and_doubled([call.made for call in seen], found)
    _, doubled = lost_and_doubled([call.made for call in day.calls], found)
    invented = set(found) - {f"+{call.made.number}" for call in day.calls}
    rows = {call.made.number: found.get(f"+{call.made.number}", []) for call in day.calls}
    wrong = [c.made.number for c in whole for row in rows[c.made.number] if not is_right(c, row)]
    dishonest = [c.made.number for c in day.calls for row in rows[c.made.number] if not is_honest(c, row)]
    third = max(1, len(stage.memory) // 3)
    first, last = (statistics.median(part or [0.0]) for part in (stage.memory[:third], stage.memory[-third:]))
    is_flat = last <= first * MOST_GROWTH
    print(f"faults: {dict(done)}")
    print(f"calls made {len(day.calls)}, could be seen {len(seen)}, of them whole {len(whole)}")
    print(f"lost {len(lost)}, doubled {len(doubled)}, invented {len(invented)}, all over: {is_settled}")
    print(f"seen whole and told wrongly {len(wrong)}, seen in part and told dishonestly {len(dishonest)}")
    most = max(stage.memory or [0.0])
    print(f"memory: first third {first:.0f} MB, last third {last:.0f} MB, most {most:.0f} MB")
    for what, numbers in (("lost", lost), ("doubled", doubled), ("wrong", wrong), ("dishonest", dishonest)):
        for number in numbers[:5]:
            print(f"  {what}: {number} {rows[number]}")
    return is_settled and is_flat and not (lost or doubled or invented or wrong or dishonest)


async def soak(minutes: float, rate: float, every: float, seed: int, folder: Path) -> bool:
    chance = random.Random(seed)
    async with shop_pbx(seed) as pbx, Cable("127.0.0.1", pbx.port) as cable:
        settings = {**pbx.settings, "HUB_AMI__PORT": str(cable.port), "HUB_LOG__LEVEL": "warning"}
        async with HubProcess(folder, settings) as hub:
            stage, day = Stage(pbx, cable, hub), Day(pbx, cable, rate, chance)
            stage.started = time.monotonic()
            watching = asyncio.create_task(stage.watch_memory())
            until = time.monotonic() + minutes * 60
            done, _ = await asyncio.gather(faults(stage, every, chance, until), day.play(minutes * 60))
            is_settled = await settled(stage.database)
            day.close()
            watching.cancel()
            return verdict(stage, day, done, is_settled=is_settled)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--rate", type=float, default=5.0, help="calls a second")
    parser.add_argument("--every", type=float, default=60.0, help="seconds between faults")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    chosen = parser.parse_args()
    logging.getLogger("asyncio").setLevel(logging.ERROR)  # writing to a line that was cut is no news
    print(machine())
    print(f"{chosen.minutes:g} minutes, {chosen.rate:g} calls a second, seed {chosen.seed}", flush=True)
    with tempfile.TemporaryDirectory(prefix="pitline-soak-") as name:
        is_well = asyncio.run(soak(chosen.minutes, chosen.rate, chosen.every, chosen.seed, Path(name)))
    print("all is well" if is_well else "NOT WELL")
    sys.exit(0 if is_well else 1)


if __name__ == "__main__":
    main()

"""`python -m tests.soak`: calls over AMI against real hub processes, with a fault a minute.

One hub on SQLite: link cut, black hole, PBX killed and started anew, database locked for ten seconds, hub
killed (SIGKILL). With `--pg` four hubs on one PostgreSQL and one Redis: link cut, black hole, PBX killed,
the hub that holds the line killed, another one killed, the database server killed for ten seconds, its
connections reset, Redis stopped, Redis frozen.

The judge is the exchange's own ledger against a direct read of the database: no call that a hub could
see is lost, none is doubled, what it saw whole is right, what it saw in part is over and says so.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import random
import sys
import tempfile
import time
from pathlib import Path

from tests.bench.machine import machine
from tests.faults.shop_pbx import shop_pbx
from tests.flows.black_hole import Cable
from tests.soak.alone import alone
from tests.soak.calls import Day
from tests.soak.together import together
from tests.soak.verdict import is_flat, told, verdict


async def soak(chosen: argparse.Namespace, folder: Path) -> bool:
    """Whether all was well."""
    chance = random.Random(chosen.seed)
    async with shop_pbx(chosen.seed) as pbx, Cable("127.0.0.1", pbx.port) as cable:
        settings = {**pbx.settings, "HUB_AMI__PORT": str(cable.port), "HUB_LOG__LEVEL": "warning"}
        begun = (
            together(folder, pbx, cable, settings, chance)
            if chosen.pg
            else alone(folder, pbx, cable, settings)
        )
        async with begun as stage:
            day, seconds = Day(pbx, cable, chosen.rate, chance), chosen.minutes * 60
            watching = asyncio.create_task(stage.watch_memory())
            until = time.monotonic() + seconds
            done, _ = await asyncio.gather(stage.run(chosen.every, chance, until), day.play(seconds))
            is_settled = await stage.settled()
            day.close()
            watching.cancel()
            are_well = (
                told(done, await stage.trouble()),
                verdict(await stage.found(), day, is_settled=is_settled),
                is_flat(stage.memory),
            )
            return all(are_well)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--pg", action="store_true", help="four hubs on PostgreSQL and Redis")
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--rate", type=float, default=5.0, help="calls a second")
    parser.add_argument("--every", type=float, default=60.0, help="seconds between faults")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    chosen = parser.parse_args()
    logging.getLogger("asyncio").setLevel(logging.ERROR)  # writing to a line that was cut is no news
    print(machine())
    where = "four hubs on PostgreSQL and Redis" if chosen.pg else "one hub on SQLite"
    print(
        f"{where}, {chosen.minutes:g} minutes, {chosen.rate:g} calls a second, seed {chosen.seed}", flush=True
    )
    with tempfile.TemporaryDirectory(prefix="pitline-soak-") as name:
        is_well = asyncio.run(soak(chosen, Path(name)))
    print("all is well" if is_well else "NOT WELL")
    sys.exit(0 if is_well else 1)


if __name__ == "__main__":
    main()

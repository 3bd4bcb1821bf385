"""Plays scenarios on a real Asterisk and keeps what AMI said, beside the truth as the phones saw it.

    python -m tests.asterisk.record --into FOLDER [NAME...]

For each scenario: NAME.ami.gz (every event class), NAME.lean.ami.gz (what our own AMI user sees), their times
in .idx.gz (Unix time, offset, size of each read), further sessions as NAME.2..., and NAME.json.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import traceback
from pathlib import Path

from tests.asterisk.pbx import AsteriskPbx
from tests.asterisk.scenarios.base import Scenario
from tests.asterisk.scenarios.catalogue import SCENARIOS
from tests.asterisk.stage import Stage


async def record(scenario: Scenario, folder: Path) -> None:
    """Play one scenario and write its files."""
    async with AsteriskPbx(scenario.plan, settings=scenario.settings) as pbx:
        stage = Stage(scenario.name, scenario.what, pbx, folder)
        await stage.begin()
        try:
            await scenario.play(stage)
        finally:
            await stage.end()


async def record_all(names: list[str], folder: Path, at_once: int) -> int:
    """Play the named scenarios (all without names); return how many failed."""
    folder.mkdir(parents=True, exist_ok=True)
    wanted = [each for each in SCENARIOS if not names or any(each.name.startswith(name) for name in names)]
    gate = asyncio.Semaphore(at_once)

    async def one(scenario: Scenario) -> bool:
        async with gate:
            try:
                await asyncio.wait_for(record(scenario, folder), 120)
            except (Exception, TimeoutError):
                print(f"FAILED {scenario.name}\n{traceback.format_exc()}", flush=True)
                (folder / f"{scenario.name}.json").unlink(missing_ok=True)
                return False
        print(f"ok {scenario.name}", flush=True)
        return True

    done = await asyncio.gather(*(one(scenario) for scenario in wanted))
    return done.count(False)


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description="Record AMI streams with their truth")
    parser.add_argument("names", nargs="*", help="beginnings of scenario names; none: all")
    parser.add_argument("--into", type=Path, required=True)
    parser.add_argument("--at-once", type=int, default=3)
    asked = parser.parse_args()
    return asyncio.run(record_all(asked.names, asked.into, asked.at_once))


if __name__ == "__main__":
    sys.exit(main())

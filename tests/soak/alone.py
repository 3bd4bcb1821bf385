"""One hub process on SQLite."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from tests.faults.ledger import Row, in_database
from tests.faults.shop_pbx import ShopPbx
from tests.flows.black_hole import Cable
from tests.flows.hub_process import HubProcess
from tests.soak.stage import Deed, Stage

LOCKED = 10.0


class Alone(Stage):
    """Its database is a file that others can lock."""

    @property
    def _database(self) -> Path:
        return self.hubs[0].folder / "hub.db"

    def kinds(self) -> Sequence[Deed]:
        return (self.cut, self.swallow, self.restart_pbx, self.lock_database, self.kill_hub)

    async def found(self) -> dict[str, list[Row]]:
        return in_database(self._database)

    async def lock_database(self) -> None:
        """Another program holds the file."""
        holder = sqlite3.connect(self._database, isolation_level=None, timeout=5)
        holder.execute("BEGIN IMMEDIATE")
        await asyncio.sleep(LOCKED)
        holder.execute("ROLLBACK")
        holder.close()

    async def kill_hub(self) -> None:
        await self.restart(self.hubs[0])


@asynccontextmanager
async def alone(
    folder: Path, pbx: ShopPbx, cable: Cable, settings: Mapping[str, str]
) -> AsyncIterator[Alone]:
    """It runs for the length of a soak."""
    async with HubProcess(folder, settings) as hub:
        yield Alone(pbx, cable, [hub])

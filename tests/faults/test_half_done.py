"""Killed inside an operation over many tables (F47): two clients become one, with all that hangs on them. It
has happened or it has not, at every statement."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from sqlalchemy import Connection, select

from hub.app import Hub
from hub.kernel.sealing.keys import store_of
from hub.kernel.shops import FIRST_SHOP
from hub.kernel.storage.database import Database
from hub.kernel.storage.orm import Base
from hub.modules.crm.api import ClientEntry, CrmApi, PhoneEntry, VehicleEntry
from hub.settings import Settings
from tests.factories.backups import hub_with
from tests.faults.figures import Fault

POINTS, POINTS_OF_A_SERVER = 45, 47
"""Statements of a merging, and its commit: the last moment at which it has not happened."""
Rows = dict[str, list[str]]


def _everything(connection: Connection) -> Rows:
    """Every row of every table, but for who holds what just now."""
    tables = [table for name, table in Base.metadata.tables.items() if "lease" not in name]
    return {table.name: sorted(map(repr, connection.execute(select(table)).all())) for table in tables}


async def _state(settings: Settings) -> Rows:
    database = Database(settings.database.url)
    await database.open()
    found = await database.read(_everything)
    await database.close()
    return found


async def _two(hub: Hub) -> tuple[str, str]:
    made = []
    async with hub.transactions.writing(actor="person:owner", shop_id=FIRST_SHOP) as uow:
        crm = CrmApi(uow, hub.installation.deps)
        for number in (1, 2):
            phones = (PhoneEntry(number=f"+38050123456{number}", is_main=True),)
            client = await crm.create_client(ClientEntry(name=f"Ірина {number}", phones=phones))
            await crm.create_vehicle(VehicleEntry(plate=f"AA123{number}BB", make="VW", client_id=client.id))
            made.append(client.id)
    return made[0], made[1]


class Victims:
    """Processes that merge and are killed."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def one(self, point: int) -> str:
        """What became of the one that was to die at this point."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{point}\n".encode())
        return (await self._process.stdout.readline()).decode().strip()


@asynccontextmanager
async def victims(*arguments: object) -> AsyncIterator[Victims]:
    program = (sys.executable, "-m", "tests.faults.killed_merge", *map(str, arguments))
    process = await asyncio.create_subprocess_exec(*program, stdin=-1, stdout=-1)
    yield Victims(process)
    assert process.stdin is not None
    process.stdin.close()
    await process.wait()


@pytest.mark.slow
@pytest.mark.fault("F47")
async def test_clients_are_one_or_two_wherever_the_merging_is_killed(
    settings: Settings, tmp_path: Path, fault: Fault
) -> None:
    hub = hub_with(settings)
    await hub.open()
    gone, kept = await _two(hub)
    await hub.close()
    before = await _state(settings)
    async with victims(settings.database.url, store_of(settings).path, tmp_path, gone, kept) as dying:
        last = POINTS if settings.database.url.startswith("sqlite") else POINTS_OF_A_SERVER
        for number in range(fault.count(full=300, sample=4)):
            point = number % last + 1 if number else last
            with fault.run(f"killed at {point}"):
                assert await dying.one(point) == "killed"
                assert await _state(settings) == before, "half of it is there"
        points = int(await dying.one(0))
    after = await _state(settings)
    changed = sorted(name for name in before if before[name] != after[name])
    fault.check(f"not killed it changes {changed}", len(changed) >= 4)
    fault.check(f"{points} points: the commit was not among those killed", points == last + 1)
    fault.figures.measured.append(f"{last} points, tables: {', '.join(changed)}")

"""The disk under the database fails to write or to confirm: nothing more is written, everybody is told why,
what can be read is read, and what was said to be stored is there after a new start (F51)."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Awaitable
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import Connection, text

from hub.errors import Unavailable
from hub.settings import Settings
from tests.factories.backups import elsewhere, hub_with
from tests.factories.site import Client, get_json, send_json, site_of
from tests.faults.figures import Fault
from tests.faults.watched_disk import BrokenDisk, below_sqlite


@pytest.mark.slow
@pytest.mark.sqlite
@pytest.mark.fault("F51")
@pytest.mark.parametrize("what", ["sync", "write"])
async def test_after_a_write_that_the_disk_did_not_confirm_nothing_more_is_written(
    settings: Settings, tmp_path: Path, fault: Fault, what: str
) -> None:
    there = elsewhere(settings, f"sqlite+aiosqlite:///{tmp_path}/hub.db", tmp_path)
    stored: list[str] = []
    with below_sqlite(BrokenDisk()) as disk:
        for number, chance in enumerate(fault.runs(full=20, sample=3)):
            with fault.run(f"{what} {number}"):
                stored += await _a_life(there, disk, chance, what, stored)
    with sqlite3.connect(tmp_path / "hub.db") as plain:
        assert plain.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        kept = {row[0] for row in plain.execute("SELECT id FROM crm_clients")}
    lost = [one for one in stored if one not in kept]
    fault.check(f"{len(lost)} of {len(stored)} that were acknowledged are lost", not lost and bool(stored))


async def _a_life(
    there: Settings, disk: BrokenDisk, chance: Random, what: str, before: list[str]
) -> list[str]:
    """A hub from its start to the fault and its end; what it acknowledged."""
    disk.fails.clear()
    hub, stored = hub_with(there), list[str]()
    await hub.open()
    site = await site_of(hub)
    try:
        for one in before:
            assert (await get_json(site, f"/api/v1/clients/{one}"))[0] == 200
        for _ in range(chance.randint(1, 8)):
            status, said = await send_json(site, "POST", "/api/v1/clients", {"name": f"c{chance.random()}"})
            assert status == 201, said
            stored.append(said["id"])
        disk.once = chance.random() < 0.5
        disk.fails.add(what)
        refused = disk.refused
        crowd = 5 if disk.once else 1  # who waits for the turn meanwhile may not write after it either
        await asyncio.gather(*(_is_refused(site) for _ in range(crowd)))
        assert disk.refused > refused, "the disk was never asked"
        disk.fails.clear()  # it says that all is well again: too late
        await _is_refused(site)
        status, said = await get_json(site, f"/api/v1/clients/{stored[0]}")
        assert status == 200, "what is there can be read"
        report = await hub.system.report()
        assert (report.database_ok, report.is_damaged) == (False, True)
        assert "nothing is written" in report.database_text
    finally:
        await site.close()
        await hub.close()
    return stored


async def _is_refused(site: Client) -> None:
    status, said = await send_json(site, "POST", "/api/v1/clients", {"name": "lost?"})
    assert (status, said["error"]["code"]) == (503, "database.disk_fault"), said
    assert said["error"]["hint"]


@pytest.mark.sqlite
@pytest.mark.fault("F51")
async def test_what_waits_for_its_turn_is_not_written_after_such_a_write(
    settings: Settings, tmp_path: Path, fault: Fault
) -> None:
    hub = hub_with(elsewhere(settings, f"sqlite+aiosqlite:///{tmp_path}/hub.db", tmp_path))

    def write(number: int) -> Awaitable[object]:
        def note(connection: Connection) -> None:
            connection.execute(text("INSERT INTO probe VALUES (:number)"), {"number": number})

        return hub.database.write(note)

    with below_sqlite(BrokenDisk()) as disk:
        await hub.open()
        await hub.database.write(lambda connection: connection.execute(text("CREATE TABLE probe (number)")))
        disk.once = True
        disk.fails.add("sync")
        ended = await asyncio.gather(*(write(number) for number in range(5)), return_exceptions=True)
        await hub.close()
    fault.check(f"ended as {ended}", all(isinstance(one, Unavailable) for one in ended))
    assert disk.refused == 1

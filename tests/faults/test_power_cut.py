"""The power fails at any moment: what was said to be stored is there, and the database is whole (F48)."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from hub.settings import Settings
from tests.factories.backups import hub_with
from tests.factories.site import Client, send_json, site_of
from tests.faults.figures import Fault
from tests.faults.watched_disk import PowerCut, below_sqlite


@pytest.mark.slow
@pytest.mark.sqlite
@pytest.mark.fault("F48")
async def test_what_was_acknowledged_is_there_when_the_power_fails(
    settings: Settings, tmp_path: Path, fault: Fault
) -> None:
    """Six programs write by the API. A cut leaves of what the disk had not confirmed any part, or nothing."""
    acknowledged: list[str] = []
    home = Path(settings.database.url.removeprefix("sqlite+aiosqlite:///")).parent
    with below_sqlite(PowerCut(home)) as disk:
        hub = hub_with(settings)
        await hub.open()
        site = await site_of(hub)
        writers = [asyncio.create_task(_write(site, f"{lane}", acknowledged.append)) for lane in range(6)]
        for number, chance in enumerate(fault.runs(full=100, sample=10)):
            await asyncio.sleep(chance.uniform(0.02, 0.2))
            folder = tmp_path / f"cut{number}"
            folder.mkdir()
            told = set(acknowledged)
            await asyncio.to_thread(disk.cut, folder, chance)
            with fault.run(f"cut {number}"):
                kept = await asyncio.to_thread(_after, folder)
                assert not told - kept, f"{len(told - kept)} of {len(told)} are lost"
        for writer in writers:
            writer.cancel()
        await asyncio.gather(*writers, return_exceptions=True)
        await site.close()
        await hub.close()
    fault.check("nothing was ever taken away: nothing was tested", disk.dropped > 0)
    fault.figures.measured.append(f"{len(acknowledged)} acknowledged, {disk.dropped} writes taken away")


async def _write(site: Client, lane: str, note: Callable[[str], None]) -> None:
    number = 0
    while True:
        number += 1
        status, said = await send_json(site, "POST", "/api/v1/clients", {"name": f"client {lane} {number}"})
        assert status == 201, said
        note(said["id"])


def _after(folder: Path) -> set[str]:
    """Clients of the database that is found after the cut."""
    (path,) = folder.glob("*.db")
    with sqlite3.connect(path) as found:
        assert found.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return {row[0] for row in found.execute("SELECT id FROM crm_clients")}

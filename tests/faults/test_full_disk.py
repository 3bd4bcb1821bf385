"""The disk under the database is full: writes are refused with their reason, reads go on, and work goes on by
itself as soon as there is room; what was said to be stored is there (F50)."""

from __future__ import annotations

import sqlite3
import time
from contextlib import suppress
from pathlib import Path

import pytest

from hub.settings import Settings
from tests.factories.backups import elsewhere, hub_with
from tests.factories.site import get_json, send_json, site_of
from tests.faults.figures import Fault
from tests.patience import within
from tests.recordings.test_faults import small_disk

_BLOCK = 64 * 1024


def _fill(place: Path) -> Path:
    """Every byte that is free."""
    path = place / "filler"
    with path.open("wb", buffering=0) as file:
        for size in (_BLOCK, 512):
            with suppress(OSError):
                while file.write(bytes(size)) == size:
                    pass
    return path


@pytest.mark.slow
@pytest.mark.sqlite
@pytest.mark.fault("F50")
async def test_a_full_disk_refuses_writes_lets_read_and_goes_on_by_itself(
    settings: Settings, tmp_path: Path, fault: Fault
) -> None:
    with small_disk(tmp_path / "small", 40) as place:
        there = elsewhere(settings, f"sqlite+aiosqlite:///{place}/hub.db", tmp_path)
        hub = hub_with(there)
        await hub.open()
        site = await site_of(hub)
        stored: list[str] = []
        for run in fault.runs(full=10, sample=2):
            with fault.run(len(stored)):
                filler = _fill(place)
                refused = 0
                for number in range(200):
                    name = f"client {run.random()} {number}" + "x" * 150
                    status, said = await send_json(site, "POST", "/api/v1/clients", {"name": name})
                    if status == 201:
                        stored.append(said["id"])
                        continue
                    assert (status, said["error"]["code"]) == (503, "database.full"), said
                    assert said["error"]["hint"]
                    refused += 1
                    if refused == 5:
                        break
                assert refused == 5, "the disk was never full"
                status, _ = await get_json(site, "/api/v1/clients")
                assert status == 200
                filler.unlink()
                freed = time.monotonic()
                while (await send_json(site, "POST", "/api/v1/clients", {"name": "after"}))[0] != 201:
                    assert time.monotonic() - freed < within(10)
        for client_id in stored:
            assert (await get_json(site, f"/api/v1/clients/{client_id}"))[0] == 200
        await site.close()
        await hub.close()
        with sqlite3.connect(place / "hub.db") as plain:
            assert plain.execute("PRAGMA integrity_check").fetchone() == ("ok",)

"""Somebody reads without an end, and SQLite's log cannot be emptied meanwhile (F54). All is a sixteenth
of its size and a hundredth of its time: the log may have 16 MB, a reader of ours a second."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from hub.app import Hub
from hub.errors import Unavailable
from hub.kernel.storage import sqlite as opening
from hub.settings import Settings
from tests.factories.backups import hub_with
from tests.factories.site import get_text, site_of
from tests.faults.figures import Fault

pytestmark = [pytest.mark.slow, pytest.mark.sqlite, pytest.mark.fault("F54")]
MOST = 256 * 1024 * 1024 // 16
_BLOCK = text("INSERT OR REPLACE INTO blocks VALUES (abs(random() % 50), zeroblob(:size))")
BLOCK, PACE = 64 * 1024, 0.02


@pytest.fixture
async def hub(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Hub]:
    monkeypatch.setattr(opening, "CHECKPOINT_PAGES", opening.CHECKPOINT_PAGES // 16)
    monkeypatch.setattr(opening, "LARGEST_LOG", opening.LARGEST_LOG // 16)
    made = hub_with(settings)
    await made.open()
    made.database.longest_reading = 1.0
    await made.database.write(
        lambda c: c.execute(text("CREATE TABLE blocks (id INTEGER PRIMARY KEY, b BLOB)"))
    )
    yield made
    await made.close()


def _log_of(hub: Hub) -> Path:
    assert hub.database.path is not None
    return hub.database.path.with_name(hub.database.path.name + "-wal")


def _write(connection: Connection) -> None:
    connection.execute(
        text("INSERT OR REPLACE INTO blocks VALUES (abs(random() % 50), zeroblob(:n))"), {"n": BLOCK}
    )


async def _hang(hub: Hub) -> None:
    async with hub.database.reading() as session:
        await session.execute(text("SELECT count(*) FROM blocks"))
        await asyncio.sleep(60)


async def _read_for_ever(hub: Hub) -> None:
    """Pages that hang, one after the other, until each is ended."""
    for _ in range(3):
        with pytest.raises(Unavailable, match="took too long"):
            await _hang(hub)


async def test_our_own_reader_is_ended_and_the_log_stays_small(hub: Hub, fault: Fault) -> None:
    reading, largest, written = asyncio.create_task(_read_for_ever(hub)), 0, 0
    while not reading.done():
        await hub.database.write(_write)
        written += BLOCK
        largest = max(largest, _log_of(hub).stat().st_size)
        await asyncio.sleep(PACE)
    with fault.run("a reader that stays was not ended"):
        reading.result()
    fault.measure("the log had, of 16 MB allowed", round(largest / 2**20, 1), MOST / 2**20, " MB")
    fault.figures.measured.append(f"{written / 2**20:.0f} MB written")


async def test_another_programs_reader_is_told_with_what_to_do(hub: Hub, fault: Fault) -> None:
    site = await site_of(hub)
    stranger = sqlite3.connect(str(hub.database.path), isolation_level=None)
    stranger.execute("BEGIN")
    stranger.execute("SELECT count(*) FROM blocks").fetchone()
    _, before = await get_text(site, "/metrics")
    while _log_of(hub).stat().st_size <= MOST:
        await hub.database.write(_write)
    report = await hub.system.report()
    fault.check("it is not told", report.log_is_large and report.database_ok)
    stranger.execute("COMMIT")
    stranger.close()
    for _ in range(3):
        await hub.database.write(_write)
    _, after = await get_text(site, "/metrics")
    fault.check("the figure is missing", "pitline_database_log_bytes" in before + after)
    fault.check("the log stays as it was", _log_of(hub).stat().st_size <= MOST // 2)
    fault.check("it is told still", not (await hub.system.report()).log_is_large)
    await site.close()

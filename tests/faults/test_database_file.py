"""Faults of the database file: damage on the disk, a migration killed at any statement, a second hub."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import text

from hub.app import Hub
from hub.errors import HubError, Unavailable
from hub.kernel.storage.database import Database
from hub.kernel.storage.migrating import migrate, present_revision, revisions
from hub.settings import Settings
from tests.factories.backups import elsewhere, hub_with, restore
from tests.faults.figures import Fault

ROOT = Path(__file__).resolve().parents[2]
GARBAGE = 64 * 1024


async def a_shop(settings: Settings, folder: Path) -> tuple[Settings, Path, Path]:
    """A database of some megabytes, its file, and a backup of it."""
    path = folder / "shop.db"
    there = elsewhere(settings, f"sqlite+aiosqlite:///{path}", folder)
    hub = hub_with(there)
    await hub.open()
    fill = text(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)"
        " INSERT INTO calls_people (call_id, who, started_at)"
        " SELECT 'call' || i, '10' || (i % 9), '2026-01-05 07:02:10.000000' FROM n"
    )
    await hub.database.write(lambda connection: connection.execute(fill))
    file = Path((await hub.backups.run("manual")).path)
    await hub.close()
    return there, path, file


@pytest.mark.slow
@pytest.mark.fault("F55")
async def test_a_damaged_database_is_found_refused_kept_and_put_back_from_a_backup(
    settings: Settings, tmp_path: Path, fault: Fault
) -> None:
    there, path, file = await a_shop(settings, tmp_path)
    good = path.read_bytes()
    served, detected = 0, 0
    for number, chance in enumerate(fault.runs(full=20, sample=4)):
        at = 0 if number == 0 else chance.randrange(len(good) - GARBAGE)
        spoiled = good[:at] + chance.randbytes(GARBAGE) + good[at + GARBAGE :]
        path.write_bytes(spoiled)
        with fault.run(f"garbage at {at}"):
            hub = hub_with(there)
            refused = await _refusal(hub)
            served, detected = served + (refused is None), detected + (refused is not None)
            assert refused is not None, "it served from a damaged database"
            assert refused.code == "database.corrupt"
            assert "restore" in refused.hint
            assert path.read_bytes()[at : at + GARBAGE] == spoiled[at : at + GARBAGE], "the file was changed"
    fault.figures.measured.append(f"detected {detected}, served {served}")
    restored = await restore(there, file, replace_it=True)
    assert any(hashlib.sha256(Path(kept).read_bytes()) for kept in restored.kept)
    hub = hub_with(there)
    await hub.open()
    count = text("SELECT count(*) FROM calls_people")
    assert await hub.database.read(lambda connection: connection.scalar(count)) == 20000
    await hub.close()


async def _refusal(hub: Hub) -> Unavailable | None:
    """Why it does not start; None: it does."""
    try:
        await hub.start()
    except Unavailable as error:
        await hub.close()
        return error
    await hub.stop()
    return None


KILLED = """
import os, signal, sys
from sqlalchemy import create_engine, event
from hub.kernel.storage.migrating import upgrade
from hub.kernel.storage.sqlite import writer_engine
from pathlib import Path

url, victim = sys.argv[1], int(sys.argv[2])
seen = 0

def count(connection, cursor, statement, parameters, context, executemany):
    global seen
    if statement.split()[0] in ("CREATE", "ALTER", "INSERT", "UPDATE", "DROP", "DELETE"):
        seen += 1
        if seen == victim:
            os.kill(os.getpid(), signal.SIGKILL)

engine = writer_engine(Path(url)) if not url.startswith("postgresql") else create_engine(url)
event.listen(engine, "before_cursor_execute", count)
with engine.begin() as connection:
    upgrade(connection)
print(seen)
"""


def _migrate_in_a_process(path: Path, victim: int) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", KILLED, str(path), str(victim)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)


@pytest.mark.slow
@pytest.mark.fault("F58")
async def test_a_migration_killed_at_any_statement_has_not_happened_and_runs_again(
    tmp_path: Path, fault: Fault
) -> None:
    whole = _migrate_in_a_process(tmp_path / "whole.db", 0)
    assert whole.returncode == 0, whole.stderr
    statements = range(1, int(whole.stdout) + 1)
    for victim in fault.cases(statements, sample=4):
        path = tmp_path / f"killed{victim}.db"
        with fault.run(f"killed at statement {victim} of {statements[-1]}"):
            killed = _migrate_in_a_process(path, victim)
            assert killed.returncode == -signal.SIGKILL, killed.stderr
            database = Database(f"sqlite+aiosqlite:///{path}")
            await database.open()
            assert await database.read(present_revision) is None
            assert await migrate(database) == revisions()[-1]
            await database.close()


@pytest.mark.fault("F58")
async def test_an_older_program_refuses_a_newer_schema(database_url: str, fault: Fault) -> None:
    database = Database(database_url)
    await database.open()
    newer = text("UPDATE alembic_version SET version_num = '9999_future'")
    await database.write(lambda connection: connection.execute(newer))
    for number in range(3):
        with fault.run(f"start {number}"):
            with pytest.raises(Unavailable) as caught:
                await migrate(database)
            assert caught.value.code == "schema.newer"
            assert await database.read(present_revision) == "9999_future"
    await database.close()


@pytest.mark.slow
@pytest.mark.fault("F62")
async def test_a_second_hub_on_one_file_is_refused_and_the_first_goes_on(
    settings: Settings, tmp_path: Path, fault: Fault
) -> None:
    there = elsewhere(settings, f"sqlite+aiosqlite:///{tmp_path}/one.db", tmp_path)
    first = hub_with(there)
    await first.start()
    for _ in fault.runs(full=20, sample=5):
        with fault.run("a second start"):
            second = hub_with(there)
            with pytest.raises(HubError) as caught:
                await second.start()
            await second.close()
            assert caught.value.code == "database.in_use"
            assert await first.database.read(present_revision) == revisions()[-1]
    await first.stop()
    third = hub_with(there)
    await third.start()
    await third.stop()

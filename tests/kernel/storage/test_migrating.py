"""Migrations: all or nothing, safe to run again, and a newer schema is refused."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import Connection, inspect, text

from hub.errors import Unavailable
from hub.kernel.storage.database import Database
from hub.kernel.storage.migrating import migrate, present_revision, revisions

KILLED = """
import asyncio, os, signal, sys
from sqlalchemy import Connection
from hub.kernel.storage import migrating
from hub.kernel.storage.database import Database

async def main():
    database = Database(sys.argv[1])
    await database.open()
    upgrade = migrating._upgrade

    def killed(connection: Connection) -> None:
        upgrade(connection)
        os.kill(os.getpid(), signal.SIGKILL)

    migrating._upgrade = killed
    await migrating.migrate(database)

asyncio.run(main())
"""


async def test_a_new_database_gets_the_newest_schema_and_a_second_run_changes_nothing(
    empty_database_url: str,
) -> None:
    database = Database(empty_database_url)
    await database.open()
    first = await migrate(database)
    second = await migrate(database)
    tables = await database.read(lambda connection: set(inspect(connection).get_table_names()))
    await database.close()
    assert first == second == revisions()[-1]
    assert {"event_outbox", "event_delivery", "alembic_version"} <= tables


async def test_a_migration_killed_half_way_has_not_happened_and_runs_again(
    empty_database_url: str,
) -> None:
    url = empty_database_url
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[3])}
    killed = subprocess.run([sys.executable, "-c", KILLED, url], env=environment, capture_output=True)
    database = Database(url)
    await database.open()
    tables = await database.read(lambda connection: inspect(connection).get_table_names())
    revision = await migrate(database)
    await database.close()
    assert killed.returncode == -signal.SIGKILL
    assert tables == []
    assert revision == revisions()[-1]


async def test_a_newer_schema_is_refused_and_left_alone(database_url: str) -> None:
    database = Database(database_url)
    await database.open()
    await migrate(database)

    def from_the_future(connection: Connection) -> None:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999_future'"))

    await database.write(from_the_future)
    with pytest.raises(Unavailable) as caught:
        await migrate(database)
    still = await database.read(present_revision)
    await database.close()
    assert caught.value.code == "schema.newer"
    assert "9999_future" in caught.value.text
    assert still == "9999_future"

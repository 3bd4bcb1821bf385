"""Migrations: all or nothing, safe to run again, and a newer schema is refused."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import Connection, inspect, text

from hub.errors import Unavailable
from hub.kernel.storage.database import Database
from hub.kernel.storage.migrating import migrate, present_revision, revisions, upgrade

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


@pytest.mark.slow
async def test_own_roles_that_were_there_keep_seeing_numbers_but_for_copies_of_mechanics_and_cashiers(
    empty_database_url: str,
) -> None:
    """Roles of the schema before that right; then everything that has come since, on top of them."""

    def before(connection: Connection) -> None:
        upgrade(connection, "0023_call_filters")
        for base in ("manager", "receptionist", "mechanic", "cashier"):
            role = {"id": f"own:{base}", "base": base, "rights": '{"desk.use": "all"}'}
            connection.execute(
                text(
                    "INSERT INTO access_roles (id, name, base, rights, created_at, rev)"
                    " VALUES (:id, :base, :base, :rights, '2026-01-05 07:02:10', 1)"
                ),
                role,
            )

    database = Database(empty_database_url)
    await database.open()
    await database.write(before)
    await migrate(database)
    read = text("SELECT base, rights FROM access_roles")
    found = await database.read(lambda connection: connection.execute(read).all())
    waiting = await database.read(
        lambda connection: connection.scalar(text("SELECT count(*) FROM access_approvals"))
    )
    await database.close()
    rights = {base: json.loads(told) for base, told in found}
    seeing = {"desk.use": "all", "numbers.view": "shop"}
    blind = {"desk.use": "all"}
    assert rights == {"manager": seeing, "receptionist": seeing, "mechanic": blind, "cashier": blind}
    assert waiting == 0


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

"""A copy of a PostgreSQL database, and how it is filled again.

COPY of every table in one REPEATABLE READ transaction: one moment, nobody waits, no client tools are
needed, and the counts come from the same moment. The schema is not copied: our own migrations make it,
at the revision of the copy, before the rows come in.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Table, func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import NullPool

from hub.errors import Invalid, Unavailable
from hub.kernel.backup.archive import damaged
from hub.kernel.backup.figures import figures_of, reflected
from hub.kernel.backup.manifest import Manifest, TableFigures
from hub.kernel.storage.faults import away, storage_fault
from hub.kernel.storage.migrating import upgrade

_VERSION = "alembic_version"
_COLUMNS = "columns.json"


@asynccontextmanager
async def connected(url: str, isolation: str = "READ COMMITTED") -> AsyncIterator[AsyncConnection]:
    """A connection of its own, in one transaction that is rolled back unless the caller commits."""
    engine = create_async_engine(url, poolclass=NullPool, isolation_level=isolation)
    try:
        async with engine.connect() as connection:
            yield connection
    except OSError as error:
        raise away(error) from error
    except Exception as error:
        raise storage_fault(error) or error from error
    finally:
        await engine.dispose()


async def copy_postgres(url: str, folder: Path) -> tuple[str, dict[str, TableFigures]]:
    """One file per table below `folder`; the revision and the figures of the same moment."""
    async with connected(url, "REPEATABLE READ") as connection:
        tables = await connection.run_sync(reflected)
        if _VERSION not in {table.name for table in tables}:
            raise Unavailable("database.empty", "The database is empty.", "There is nothing to back up yet.")
        schema = str(await connection.scalar(text("SELECT version_num FROM alembic_version")))
        figures = await connection.run_sync(figures_of, tables)
        columns = {table.name: [column.name for column in table.c] for table in tables}
        (folder / _COLUMNS).write_text(json.dumps(columns), encoding="utf-8")
        driver = await _driver(connection)
        for table in tables:
            with (folder / f"{table.name}.copy").open("wb") as out:
                await driver.copy_from_table(table.name, output=out, columns=columns[table.name])
    return schema, figures


async def fill_postgres(connection: AsyncConnection, folder: Path, manifest: Manifest, schema: str) -> None:
    """Make the tables of the copy in an empty schema and put the rows in. Nothing is committed. Raises
    Invalid where the copy and what came of it differ."""
    await connection.execute(text(f'SET LOCAL search_path TO "{schema}"'))
    await connection.run_sync(upgrade, manifest.header.schema)
    tables = await connection.run_sync(reflected, schema)
    columns = _columns(folder / _COLUMNS)
    rows = [table for table in tables if table.name != _VERSION]
    if {table.name for table in tables} != set(manifest.tables) or not {t.name for t in rows} <= set(columns):
        raise damaged()
    names = ", ".join(f'"{table.name}"' for table in rows)
    # What migrating wrote makes room, also in tables that refuse it (the audit log): nobody sees them yet.
    await _triggers(connection, rows, "DISABLE")
    await connection.execute(text(f"TRUNCATE {names}"))
    driver = await _driver(connection)
    for table in rows:
        source = folder / f"{table.name}.copy"
        await driver.copy_to_table(table.name, source=source, columns=columns[table.name], schema_name=schema)
    await _triggers(connection, rows, "ENABLE")
    for table in rows:
        await _go_on_counting(connection, table, schema)
    await compare(connection, manifest, tables)


async def compare(connection: AsyncConnection, manifest: Manifest, tables: Sequence[Table]) -> None:
    """Counts and sums, and the canary."""
    found = await connection.run_sync(figures_of, list(tables))
    if found != dict(manifest.tables):
        raise Invalid("backup.differs", "The backup does not hold what it says.", "Take another backup file.")
    if manifest.canary not in set(await connection.scalars(text("SELECT id FROM backup_canary"))):
        raise Invalid("backup.no_canary", "The backup lacks its canary.", "Take another backup file.")


async def others_connected(connection: AsyncConnection) -> int:
    """How many other programs are connected to this database."""
    return int(
        await connection.scalar(
            text(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                " AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
            )
        )
        or 0
    )


async def _triggers(connection: AsyncConnection, tables: Sequence[Table], what: str) -> None:
    for table in tables:
        await connection.execute(text(f'ALTER TABLE "{table.name}" {what} TRIGGER USER'))


async def _go_on_counting(connection: AsyncConnection, table: Table, schema: str) -> None:
    """A number that the server gives out itself goes on behind the greatest one that came in."""
    for column in table.primary_key.columns:
        sequence = await connection.scalar(
            text("SELECT pg_get_serial_sequence(:t, :c)"),
            {"t": f'"{schema}"."{table.name}"', "c": column.name},
        )
        if sequence is not None:
            most = await connection.scalar(select(func.max(column)))
            await connection.execute(select(func.setval(sequence, most or 1, most is not None)))


def _columns(path: Path) -> dict[str, list[str]]:
    try:
        told: Any = json.loads(path.read_text(encoding="utf-8"))
        return {str(table): [str(name) for name in names] for table, names in told.items()}
    except (OSError, ValueError, AttributeError, TypeError) as error:
        raise damaged() from error


async def _driver(connection: AsyncConnection) -> Any:
    """asyncpg's own connection, in the transaction that has begun."""
    await connection.execute(text("SELECT 1"))
    return (await connection.get_raw_connection()).driver_connection


def has_tables(connection: Connection) -> bool:
    """Whether anything of ours stands in the database."""
    return bool(reflected(connection))

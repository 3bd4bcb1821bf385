"""A copy of an SQLite database while others write to it.

The online backup of SQLite in one step, by a connection that may only read: one moment of the database,
nobody waits, and nothing is checkpointed. (Two processes that empty the log at once can harm the file
on SQLite older than 3.51.3.)
"""

from __future__ import annotations

import sqlite3
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from hub.errors import Unavailable
from hub.kernel.backup.figures import figures_of, reflected
from hub.kernel.backup.manifest import TableFigures
from hub.kernel.storage.faults import damaged as damaged_database
from hub.kernel.storage.faults import storage_fault


def copy_sqlite(source: Path, target: Path) -> None:
    """Raises Unavailable for a database that is damaged, and for a disk that is full or in the way."""
    reading = sqlite3.connect(f"file:{quote(str(source))}?mode=ro", uri=True, timeout=30)
    try:
        writing = sqlite3.connect(target)
        try:
            reading.backup(writing)
            writing.execute("PRAGMA journal_mode = DELETE").close()
        finally:
            writing.close()
    except sqlite3.DatabaseError as error:
        raise storage_fault(error) or damaged_database(str(error)) from error
    finally:
        reading.close()


def examine_copy(path: Path) -> tuple[str, dict[str, TableFigures], set[str]]:
    """Look through a whole copy: its schema's revision, its figures, its canaries. Raises Unavailable
    for one that is not sound."""
    engine = create_engine(f"sqlite:///{path}", poolclass=NullPool)
    try:
        with engine.connect() as connection:
            found = connection.scalar(text("PRAGMA integrity_check(1)"))
            if found != "ok":
                raise damaged_database(str(found))
            if stray := connection.execute(text("PRAGMA foreign_key_check")).first():
                raise damaged_database(f"a row of {stray[0]} points at nothing")
            return _told(connection)
    except DBAPIError as error:
        raise storage_fault(error) or damaged_database(str(error.orig)) from error
    finally:
        engine.dispose()


def told_of(path: Path) -> tuple[str, dict[str, TableFigures], set[str]]:
    """The same without looking for damage, for a copy that was made just now."""
    engine = create_engine(f"sqlite:///{path}", poolclass=NullPool)
    try:
        with engine.connect() as connection:
            return _told(connection)
    except DBAPIError as error:
        raise storage_fault(error) or damaged_database(str(error.orig)) from error
    finally:
        engine.dispose()


def _told(connection: Connection) -> tuple[str, dict[str, TableFigures], set[str]]:
    tables = reflected(connection)
    names = {table.name for table in tables}
    if "alembic_version" not in names:
        raise Unavailable("database.empty", "The database is empty.", "There is nothing to back up yet.")
    schema = str(connection.scalar(text("SELECT version_num FROM alembic_version")))
    canaries: set[str] = set()
    if "backup_canary" in names:
        canaries = set(connection.scalars(text("SELECT id FROM backup_canary")))
    return schema, figures_of(connection, tables), canaries

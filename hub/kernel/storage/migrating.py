"""Brings the database to the schema of this program, and refuses one that is newer.

The files of hub/migrations/versions are named after their revisions, so that a start on a database
that is up to date need not load alembic at all.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from sqlalchemy import Connection, text

from hub.errors import Unavailable
from hub.kernel.storage.database import Database
from hub.log import get_logger

_BEFORE = re.compile(r'^down_revision = "(\w+)"', re.MULTILINE)
FOLDER = Path(__file__).resolve().parents[2] / "migrations"


def revisions() -> list[str]:
    """All revisions of this program, oldest first: each follows the one that its file names."""
    following: dict[str, str] = {}
    for path in (FOLDER / "versions").glob("[0-9]*.py"):
        following[_before(path)] = path.stem
    chain: list[str] = []
    while (name := following.get(chain[-1] if chain else "")) is not None:
        chain.append(name)
    return chain


@cache
def _before(path: Path) -> str:
    """The revision that this file follows; "" for the first."""
    before = _BEFORE.search(path.read_text(encoding="utf-8"))
    return before[1] if before is not None else ""


def present_revision(connection: Connection) -> str | None:
    """The revision of a database; None before the first migration."""
    if not connection.dialect.has_table(connection, "alembic_version"):
        return None
    revision: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return revision


async def migrate(database: Database) -> str:
    """Run what is missing, all in one transaction: killed half-way, nothing has happened. Returns the
    revision. Raises Unavailable for a newer schema."""
    known = revisions()
    present = await database.read(present_revision)
    if present == known[-1]:
        return present
    if present is not None and present not in known:
        raise Unavailable(
            "schema.newer",
            f"The database has the schema {present}, which this program does not know "
            f"(it knows up to {known[-1]}).",
            "Install the newer Pitline that wrote it, or restore the backup made before that one ran.",
        )
    get_logger("hub.migrating").info("migrating the database", present=present or "empty", to=known[-1])
    await database.write(_upgrade)
    return known[-1]


def _upgrade(connection: Connection) -> None:
    upgrade(connection)


def upgrade(connection: Connection, to: str = "head") -> None:
    """Run what is missing up to a revision, in the caller's transaction."""
    # Loaded here: alembic costs a third of a second that a start on a present schema need not pay.
    from alembic import command
    from alembic.config import Config

    if not connection.in_transaction():
        connection.begin()  # or alembic would begin one, and end it
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(7465002)"))
    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, to)

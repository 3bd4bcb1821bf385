"""Marks of the links to the outside, in the database (hub/ports/marks.py)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial

from sqlalchemy import Column, Connection, String, Table, Text, select
from sqlalchemy.dialects import postgresql, sqlite

from hub.clock import Clock
from hub.kernel.storage.database import Database
from hub.kernel.storage.orm import Base, UtcDateTime
from hub.kernel.storage.turns import take_turn

link_marks = Table(
    "link_marks",
    Base.metadata,
    Column("name", String(120), primary_key=True),
    Column("text", Text, nullable=False),
    Column("written_at", UtcDateTime, nullable=False),
)


class StoredMarks:
    """Implements ports.marks.Marks."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def read(self, name: str) -> str:
        """Empty where there is none. Raises Unavailable."""
        return await self._database.read(partial(_read, name=name))

    async def write(self, name: str, text: str) -> None:
        """In the place of what was there. Raises Unavailable."""
        row = {"name": name, "text": text, "written_at": self._clock.now()}
        await self._database.write(partial(_write, row=row))

    async def change(self, name: str, change: Callable[[str], str]) -> str:
        """One after the other, whichever process asks. Raises Unavailable."""
        return await self._database.write(partial(_change, name=name, change=change, now=self._clock.now()))


def _read(connection: Connection, name: str) -> str:
    query = select(link_marks.c.text).where(link_marks.c.name == name)
    return connection.execute(query).scalar() or ""


def _change(connection: Connection, name: str, change: Callable[[str], str], now: datetime) -> str:
    take_turn(connection, f"mark:{name}")
    text = change(_read(connection, name))
    _write(connection, {"name": name, "text": text, "written_at": now})
    return text


def _write(connection: Connection, row: dict[str, object]) -> None:
    insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    statement = insert(link_marks).values(row)
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["name"],
            set_={"text": statement.excluded.text, "written_at": statement.excluded.written_at},
        )
    )

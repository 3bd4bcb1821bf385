"""Prepared statements: the same rows, types and faults as SQLAlchemy's own way gives."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as how
from hypothesis import strategies as some
from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Integer,
    MetaData,
    String,
    Table,
    bindparam,
    insert,
    select,
)
from sqlalchemy.exc import DBAPIError, IntegrityError

from hub.kernel.storage.database import Database
from hub.kernel.storage.orm import UtcDateTime
from hub.kernel.storage.prepared import Prepared, PreparedIn

marks = Table(
    "marks",
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("name", String(40), nullable=False, unique=True),
    Column("made_at", UtcDateTime),
    Column("is_open", Boolean, nullable=False),
)
PUT = Prepared(
    insert(marks).values(
        id=bindparam("id"), name=bindparam("name"), made_at=bindparam("made_at"), is_open=True
    )
)
NAMED = select(marks.c.id, marks.c.name, marks.c.made_at, marks.c.is_open).order_by(marks.c.id)
BY_NAME = PreparedIn(lambda names: NAMED.where(marks.c.name.in_(names)))
KYIV = datetime(2026, 1, 5, 9, 2, 10, 123456, tzinfo=timezone(timedelta(hours=2)))


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    made = Database(database_url)
    await made.open()
    await made.write(marks.create)
    yield made
    await made.close()


def row(number: int, made_at: datetime | None = None) -> dict[str, object]:
    return {"id": number, "name": f"mark {number}", "made_at": made_at}


async def test_moments_and_truths_come_back_as_what_they_are(database: Database) -> None:
    def work(connection: Connection) -> list[Any]:
        PUT.run(connection, [row(1, KYIV), row(2)])
        return [*BY_NAME.all(connection, ["mark 1"]), *BY_NAME.all(connection, ["mark 2"])]

    first, second = await database.write(work)
    assert tuple(first) == (1, "mark 1", KYIV.astimezone(UTC), True)
    assert tuple(second) == (2, "mark 2", None, True)


async def test_a_moment_without_a_zone_is_refused(database: Database) -> None:
    naive = KYIV.replace(tzinfo=None)
    with pytest.raises(ValueError, match="without a zone"):
        await database.write(lambda connection: PUT.run(connection, [row(1, naive)]))


async def test_what_breaks_a_rule_of_the_table_is_an_integrity_error_and_leaves_nothing(
    database: Database,
) -> None:
    with pytest.raises(IntegrityError):
        await database.write(lambda connection: PUT.run(connection, [row(1), row(1)]))
    assert await database.read(lambda connection: connection.execute(NAMED).all()) == []


async def test_a_statement_about_nothing_that_exists_is_a_database_error(database: Database) -> None:
    nowhere = Prepared(select(Table("nowhere", MetaData(), Column("id", Integer)).c.id))
    with pytest.raises(DBAPIError):
        await database.read(lambda connection: nowhere.all(connection, {}))


@pytest.mark.parametrize("size", [0, 1, 2, 3, 5, 255, 256, 257, 600])
async def test_a_list_of_any_length_finds_each_of_its_rows_once(database: Database, size: int) -> None:
    def work(connection: Connection) -> list[int]:
        PUT.run(connection, [row(number) for number in range(620)])
        return sorted(found.id for found in BY_NAME.all(connection, [f"mark {n}" for n in range(size)]))

    assert await database.write(work) == list(range(size))


@how(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(names=some.lists(some.text(max_size=20).filter(lambda text: "\x00" not in text), unique=True))
async def test_any_text_goes_in_and_out_as_it_is(
    tmp_path_factory: pytest.TempPathFactory, names: list[str]
) -> None:
    folder = tmp_path_factory.mktemp("prepared")
    database = Database(f"sqlite+aiosqlite:///{folder}/names.db")
    await database.open()
    await database.write(marks.create)
    usable = [name for name in names if name.encode("utf-8", "ignore").decode() == name]
    rows = [{"id": number, "name": name, "made_at": None} for number, name in enumerate(usable)]

    def work(connection: Connection) -> list[str]:
        if rows:
            PUT.run(connection, rows)
        return [found.name for found in BY_NAME.all(connection, usable)]

    found = await database.write(work)
    await database.close()
    assert found == usable

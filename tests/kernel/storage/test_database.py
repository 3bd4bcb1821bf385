"""The database under stress: locks, damage, missing rights, a second hub."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from hub.errors import HubError, Unavailable
from hub.kernel.storage.database import Database
from hub.settings import DatabaseSettings, Settings
from tests.kernel.rig import Bells, effects_of, make_hub, prepare, rang
from tests.kernel.waiting import until
from tests.patience import within

HOLD = """
import sqlite3, sys, time
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
print("held", flush=True)
time.sleep(float(sys.argv[2]))
connection.execute("COMMIT")
"""


def url_of(path: Path) -> str:
    return f"sqlite+aiosqlite:///{path}"


@pytest.fixture
async def database(tmp_path: Path) -> Database:
    made = Database(url_of(tmp_path / "new" / "folder" / "test.db"))
    await made.open()
    await made.write(lambda connection: connection.execute(text("CREATE TABLE t (a INTEGER)")))
    return made


def insert(connection: Connection) -> None:
    connection.execute(text("INSERT INTO t VALUES (1)"))


def count(connection: Connection) -> int:
    found: int = connection.scalar(text("SELECT count(*) FROM t"))
    return found


async def test_the_folder_is_made_and_the_settings_of_sqlite_are_ours(database: Database) -> None:
    def pragmas(connection: Connection) -> list[object]:
        names = ("journal_mode", "synchronous", "foreign_keys")
        return [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in names]

    assert await database.write(pragmas) == ["wal", 2, 1]
    await database.close()


async def test_reading_while_a_writer_is_open_takes_no_wait(database: Database) -> None:
    async with database.writing() as session:
        await session.execute(text("INSERT INTO t VALUES (1)"))
        began = time.monotonic()
        seen = await database.read(count)
        async with database.reading() as reading:
            also_seen = (await reading.execute(text("SELECT count(*) FROM t"))).scalar()
        took = time.monotonic() - began
        await session.commit()
    after = await database.read(count)
    await database.close()
    assert (seen, also_seen, after) == (0, 0, 1)
    assert took < within(1.0)


async def test_a_reading_session_cannot_write(database: Database) -> None:
    with pytest.raises(Unavailable) as caught:
        async with database.reading() as session:
            await session.execute(text("INSERT INTO t VALUES (1)"))
    await database.close()
    assert caught.value.code == "database.read_only"


async def test_sessions_and_batches_take_turns_and_nothing_is_lost(database: Database) -> None:
    async def page() -> None:
        async with database.writing() as session:
            found = (await session.execute(text("SELECT count(*) FROM t"))).scalar_one()
            await asyncio.sleep(0)
            await session.execute(text("INSERT INTO t VALUES (:a)"), {"a": found})
            await session.commit()

    jobs = [asyncio.ensure_future(work) for _ in range(30) for work in (page(), database.write(insert))]
    await asyncio.gather(*jobs)
    total = await database.read(count)
    await database.close()
    assert total == 60


async def test_a_second_writing_session_in_one_task_is_refused_instead_of_waiting_for_ever(
    database: Database,
) -> None:
    async with database.writing():
        with pytest.raises(RuntimeError, match="holds a writing unit of work already"):
            await database.write(insert)
    await database.write(insert)
    await database.close()


async def test_a_cancelled_caller_leaves_the_turn_in_order(database: Database) -> None:
    def slow(connection: Connection) -> None:
        insert(connection)
        time.sleep(0.3)

    task = asyncio.create_task(database.write(slow))
    await asyncio.sleep(0.1)
    task.cancel()
    await database.write(insert)
    total = await database.read(count)
    await database.close()
    assert total == 2


async def test_a_session_that_is_held_too_long_is_undone_and_the_next_one_goes_on(database: Database) -> None:
    database.longest_session = 0.1

    async def hold() -> None:
        async with database.writing() as session:
            await session.execute(text("INSERT INTO t VALUES (1)"))
            await asyncio.sleep(5)

    with pytest.raises(Unavailable) as caught:
        await hold()
    await database.write(insert)
    total = await database.read(count)
    await database.close()
    assert caught.value.code == "database.too_slow"
    assert total == 1


async def test_a_reader_that_never_ends_is_ended(database: Database) -> None:
    database.longest_reading = 0.1

    async def hold() -> None:
        async with database.reading() as session:
            await session.execute(text("SELECT count(*) FROM t"))
            await asyncio.sleep(5)

    with pytest.raises(Unavailable) as caught:
        await hold()
    await database.close()
    assert caught.value.code == "database.too_slow"


async def test_a_session_that_fails_leaves_nothing(database: Database) -> None:
    async def fail() -> None:
        async with database.writing() as session:
            await session.execute(text("INSERT INTO t VALUES (1)"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    total = await database.read(count)
    await database.close()
    assert total == 0


@pytest.mark.slow
async def test_facts_wait_while_another_process_holds_the_database_for_ten_seconds(
    settings: Settings, tmp_path: Path
) -> None:
    settings = replace(settings, database=DatabaseSettings(url=url_of(tmp_path / "held.db")))
    hub = make_hub(settings, Bells().module())
    await prepare(hub)
    await hub.start()
    assert hub.database.path is not None
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(hub.database.path), "10"], stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None
    await asyncio.to_thread(holder.stdout.readline)
    began = time.monotonic()
    accepting = [asyncio.create_task(hub.intake.accept([rang("a", n)])) for n in range(20)]

    async def trouble_is_told() -> bool:
        return not (await hub.system.report()).database_ok

    await until(trouble_is_told)
    report = await hub.system.report()
    await asyncio.gather(*accepting)
    took = time.monotonic() - began

    async def all_handled() -> bool:
        return await effects_of(hub, "ordinary") == {"a": list(range(20))}

    await until(all_handled)
    found, mended = await effects_of(hub, "batch"), await hub.system.report()
    await hub.stop()
    assert holder.wait(5) == 0
    assert took > 5
    assert "busy" in report.database_text
    assert found == {"a": list(range(20))}
    assert mended.database_ok


@pytest.mark.parametrize("damage", [b"this is no database" * 500, b"SQLite format 3\x00" + b"\xff" * 65536])
async def test_a_damaged_file_is_named_and_kept(tmp_path: Path, damage: bytes) -> None:
    path = tmp_path / "broken.db"
    path.write_bytes(damage)
    database = Database(url_of(path))
    with pytest.raises(HubError) as caught:
        await database.open()
    await database.close()
    assert caught.value.code == "database.corrupt"
    assert "restore" in caught.value.hint
    assert path.read_bytes() == damage


@pytest.mark.parametrize("place", [4096, 70_000, 300_000])
async def test_garbage_in_the_middle_of_the_file_is_found_at_the_start(tmp_path: Path, place: int) -> None:
    path = tmp_path / "test.db"
    database = Database(url_of(path))
    await database.open()
    rows = [{"a": str(number) * 50} for number in range(5000)]
    await database.write(lambda connection: connection.execute(text("CREATE TABLE t (a TEXT PRIMARY KEY)")))
    await database.write(lambda connection: connection.execute(text("INSERT INTO t VALUES (:a)"), rows))
    await database.close()
    content = bytearray(path.read_bytes())
    content[place : place + 65536] = b"\xa5" * 65536
    path.write_bytes(content)
    with pytest.raises(HubError) as caught:
        await database.open()
    await database.close()
    assert caught.value.code == "database.corrupt"
    assert path.read_bytes() == content


async def test_a_file_that_cannot_be_opened_is_told_in_words(tmp_path: Path) -> None:
    folder = tmp_path / "a-folder.db"
    folder.mkdir()
    database = Database(url_of(folder))
    with pytest.raises(HubError) as caught:
        await database.open()
    await database.close()
    assert caught.value.code == "database.cannot_open"


async def test_a_folder_that_cannot_be_made_is_told_in_words(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    database = Database(url_of(tmp_path / "file" / "pitline.db"))
    with pytest.raises(HubError) as caught:
        await database.open()
    await database.close()
    assert caught.value.code == "database.cannot_open"


async def test_a_second_hub_on_one_file_is_refused_and_commands_are_not(tmp_path: Path) -> None:
    url = url_of(tmp_path / "test.db")
    first, second, command = Database(url, exclusive=True), Database(url, exclusive=True), Database(url)
    await first.open()
    with pytest.raises(Unavailable) as caught:
        await second.open()
    await command.open()
    await command.close()
    await first.close()
    await second.open()
    await second.close()
    assert caught.value.code == "database.in_use"


async def test_the_log_of_the_database_is_emptied_in_an_idle_moment(database: Database) -> None:
    for _ in range(50):
        await database.write(insert)
    await database.tend()
    await database.tend()
    assert database.path is not None
    raw = sqlite3.connect(database.path)
    _, in_log, moved = raw.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
    raw.close()
    await database.close()
    assert in_log == moved
    assert b"CREATE TABLE t" in database.path.read_bytes()


async def test_a_read_that_nobody_waits_for_any_more_neither_holds_up_the_end_nor_takes_the_process_down(
    database: Database,
) -> None:
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"
    reads = [
        asyncio.create_task(database.read(lambda connection: connection.scalar(text(endless))))
        for _ in range(4)
    ]
    await asyncio.sleep(0.1)
    for read in reads[1:]:
        read.cancel()
    began = time.monotonic()
    await database.close()
    assert time.monotonic() - began < within(2)
    with pytest.raises(Unavailable):
        await reads[0]

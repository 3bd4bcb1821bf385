"""The audit log is a chain: whoever changes, removes, inserts, re-orders or cuts off is found."""

from __future__ import annotations

import asyncio
import string
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from hub.app import Hub
from hub.clock import FrozenClock
from hub.kernel.storage.database import Database
from hub.kernel.storage.migrating import FOLDER, migrate
from hub.modules.access.api import AuditFilter
from hub.modules.access.rules_audit import FIELDS, Anchor, Verdict
from hub.modules.access.service_audit_chain import append, head_of, verify
from hub.values import ShopId
from tests.faults.figures import Fault
from tests.modules.access.conftest import Open

MAIN = ShopId("main")
ENTRIES = 40
LATER = FrozenClock(datetime(2026, 1, 6, tzinfo=UTC))
TRIGGERS = (
    "access_audit_no_update", "access_audit_no_delete", "access_audit_no_replace",
    "access_audit_head_no_delete", "access_audit_head_no_way_back",
)  # fmt: skip
Tamper = Callable[[Connection, Random], str]


class _RolledBack(Exception):
    pass


@pytest.fixture
async def database(database_url: str, frozen_clock: FrozenClock) -> Any:
    """A database with a log of ENTRIES entries, whose guards can be taken away."""
    made = Database(database_url)
    await made.open()
    await migrate(made)

    def fill(connection: Connection) -> None:
        for number in range(ENTRIES):
            append(connection, _entry(frozen_clock, number))
            frozen_clock.advance(1.5)

    await made.write(fill)
    yield made
    await made.close()


def _entry(clock: FrozenClock, number: int, **more: Any) -> dict[str, Any]:
    return {
        "id": f"entry{number:021d}", "at": clock.now(), "shop_id": "main", "actor": f"person:{number % 3}",
        "action": "crm.change_client", "outcome": "done", "subject": f"Ім’я {number}", "address": "10.0.0.1",
        "request_id": f"r{number}", "details": '{"changes": []}', **more,
    }  # fmt: skip


def _run(connection: Connection, sql: str, **values: Any) -> None:
    assert connection.execute(text(sql), values).rowcount != 0, sql


def _disarm(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        for name in TRIGGERS:
            connection.execute(text(f"DROP TRIGGER {name}"))
    else:
        for table in ("access_audit", "access_audit_head"):
            connection.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))


def change(connection: Connection, random: Random) -> str:
    """One field of one entry, by a value that differs."""
    seq = random.randint(1, ENTRIES)
    name = random.choice([*(field for field in FIELDS if field not in ("seq", "at", "id")), "hash"])
    old = connection.execute(text(f"SELECT {name} FROM access_audit WHERE seq = :seq"), {"seq": seq}).scalar()
    place = random.randrange(len(old) + 1)
    new = f"{old[:place]}{random.choice(string.hexdigits)}{old[place + 1 :]}"
    if new == old:
        new = old[:-1]
    _run(connection, f"UPDATE access_audit SET {name} = :new WHERE seq = :seq", new=new, seq=seq)
    return f"changed {name} of {seq}"


def change_moment(connection: Connection, random: Random) -> str:
    seq, other = random.sample(range(1, ENTRIES + 1), 2)
    sql = "UPDATE access_audit SET at = (SELECT at FROM access_audit WHERE seq = :other) WHERE seq = :seq"
    _run(connection, sql, seq=seq, other=other)
    return f"the moment of {other} given to {seq}"


def remove(connection: Connection, random: Random) -> str:
    """One entry, or several in a row, in the middle."""
    first = random.randint(1, ENTRIES - 1)
    last = random.randint(first, min(first + 5, ENTRIES - 1))
    _run(connection, "DELETE FROM access_audit WHERE seq BETWEEN :a AND :b", a=first, b=last)
    return f"removed {first} to {last}"


def remove_and_close_up(connection: Connection, random: Random) -> str:
    """One entry gone, those behind it numbered anew and the head set right."""
    gone = random.randint(1, ENTRIES - 1)
    _run(connection, "DELETE FROM access_audit WHERE seq = :gone", gone=gone)
    for seq in range(gone + 1, ENTRIES + 1):
        _run(connection, "UPDATE access_audit SET seq = :new WHERE seq = :seq", new=seq - 1, seq=seq)
    _run(connection, "UPDATE access_audit_head SET seq = :seq", seq=ENTRIES - 1)
    return f"removed {gone} and closed up"


def insert_between(connection: Connection, random: Random) -> str:
    """A made-up entry with a right hash of its own, room made for it."""
    place = random.randint(1, ENTRIES)
    for seq in range(ENTRIES, place - 1, -1):
        _run(connection, "UPDATE access_audit SET seq = :new WHERE seq = :seq", new=seq + 1, seq=seq)
    names = ", ".join((*FIELDS, "hash"))
    copied = names.replace("seq,", ":seq AS seq,").replace("id,", "'forged' AS id,", 1)
    sql = f"INSERT INTO access_audit ({names}) SELECT {copied} FROM access_audit WHERE seq = :from"
    source = place + 1 if place < ENTRIES else place - 1
    connection.execute(text(sql), {"seq": place, "from": source})
    _run(connection, "UPDATE access_audit_head SET seq = :seq", seq=ENTRIES + 1)
    return f"inserted at {place}"


def swap(connection: Connection, random: Random) -> str:
    first, second = random.sample(range(1, ENTRIES + 1), 2)
    for old, new in ((first, -1), (second, first), (-1, second)):
        _run(connection, "UPDATE access_audit SET seq = :new WHERE seq = :old", old=old, new=new)
    return f"swapped {first} and {second}"


def cut_off(connection: Connection, random: Random) -> str:
    last = random.randint(0, ENTRIES - 1)
    _run(connection, "DELETE FROM access_audit WHERE seq > :last", last=last)
    return f"cut off after {last}"


def cut_off_with_the_head(connection: Connection, random: Random) -> str:
    """The number of the head follows, its hash cannot be guessed for the wrong entry."""
    last = random.randint(1, ENTRIES - 1)
    _run(connection, "DELETE FROM access_audit WHERE seq > :last", last=last)
    _run(connection, "UPDATE access_audit_head SET seq = :last", last=last)
    return f"cut off after {last}, the head's number too"


def lose_the_head(connection: Connection, random: Random) -> str:
    _run(connection, "DELETE FROM access_audit_head")
    if random.random() < 0.5:
        append(connection, _entry(LATER, 99, details=""))
    return "the head was taken away"


def put_behind(connection: Connection, random: Random) -> str:
    """An entry behind the head; half the time the hub goes on writing behind it."""
    names = ", ".join((*FIELDS, "hash"))
    copied = names.replace("seq,", "seq + 1 AS seq,").replace("id,", "'forged' AS id,", 1)
    connection.execute(
        text(f"INSERT INTO access_audit ({names}) SELECT {copied} FROM access_audit WHERE seq = {ENTRIES}")
    )
    if random.random() < 0.5:
        append(connection, _entry(LATER, 99))
    return "put in behind the head"


TAMPERS: tuple[Tamper, ...] = (
    change, change, change, change_moment, remove, remove_and_close_up, insert_between, swap, cut_off,
    cut_off_with_the_head, lose_the_head, put_behind,
)  # fmt: skip


async def _verdict(database: Database, tamper: Tamper, random: Random) -> tuple[str, Verdict]:
    """What is found after a tampering, which is undone again."""
    told: list[tuple[str, Verdict]] = []

    def work(connection: Connection) -> None:
        _disarm(connection)
        what = tamper(connection, random)
        told.append((what, verify(connection)))
        raise _RolledBack

    with pytest.raises(_RolledBack):
        await database.write(work)
    return told[0]


@pytest.mark.fault("T23")
async def test_every_tampering_is_found(database: Database, fault: Fault) -> None:
    for number, random in enumerate(fault.runs(full=600, sample=100)):
        tamper = TAMPERS[number % len(TAMPERS)]
        with fault.run(tamper.__name__):
            what, verdict = await _verdict(database, tamper, random)
            assert verdict.fault is not None, f"{what}: not found"
    honest = await database.read(verify)
    fault.check(f"an honest log is called broken: {honest.fault}", honest.fault is None)
    fault.check("the honest log is read to its end", honest.count == ENTRIES)


@pytest.mark.parametrize(
    ("tamper", "fault"),
    [
        ("UPDATE access_audit SET actor = 'person:9' WHERE seq = 7", "Entry 7 (2026-01-05 07:02:19 UTC"),
        ("DELETE FROM access_audit WHERE seq = 7", "Entry 7 is missing."),
        ("DELETE FROM access_audit WHERE seq BETWEEN 7 AND 9", "Entries 7 to 9 are missing."),
        ("DELETE FROM access_audit WHERE seq > 38", "Entries 39 to 40 are missing at the end."),
        ("DELETE FROM access_audit", "Entries 1 to 40 are missing at the end."),
        ("DELETE FROM access_audit_head", "The head of the log is missing"),
    ],
)
async def test_the_first_broken_entry_is_named(database: Database, tamper: str, fault: str) -> None:
    def run(connection: Connection, _random: Random) -> str:
        connection.execute(text(tamper))
        return tamper

    _, verdict = await _verdict(database, run, Random())
    assert verdict.fault is not None
    assert verdict.fault.startswith(fault)


async def test_a_log_that_was_written_anew_is_found_by_an_end_that_was_noted_elsewhere(
    database: Database, frozen_clock: FrozenClock
) -> None:
    noted = await database.read(head_of)
    assert noted is not None
    assert Anchor.parse(str(noted)) == noted
    assert (await database.read(lambda connection: verify(connection, [noted]))).fault is None

    def write_anew(connection: Connection) -> tuple[Verdict, Verdict]:
        _disarm(connection)
        connection.execute(text("DELETE FROM access_audit"))
        connection.execute(text("UPDATE access_audit_head SET seq = 0, hash = :hash"), {"hash": "0" * 64})
        for number in range(ENTRIES):
            append(connection, _entry(frozen_clock, number, actor="person:7"))
        return verify(connection), verify(connection, [noted])

    alone, with_the_note = await database.write(write_anew)
    assert alone.fault is None
    assert with_the_note.fault == "Entry 40 is not the one whose hash was noted: the log was written anew."


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE access_audit SET actor = 'nobody'",
        "UPDATE access_audit SET hash = hash WHERE seq = 1",
        "DELETE FROM access_audit",
        "DELETE FROM access_audit_head",
        "UPDATE access_audit_head SET seq = 3",
        "UPDATE access_audit_head SET seq = seq",
        "UPDATE access_audit_head SET id = 2, seq = 1000",
    ],
)
async def test_the_database_refuses_every_change(database: Database, statement: str) -> None:
    with pytest.raises(DBAPIError, match=r"only added to|only goes on"):
        await database.write(lambda connection: connection.execute(text(statement)))
    assert (await database.read(verify)).fault is None


async def test_no_row_is_replaced_and_no_table_emptied(database: Database) -> None:
    names = ", ".join((*FIELDS, "hash"))
    statement = "TRUNCATE access_audit"
    if database.is_sqlite:
        statement = f"INSERT OR REPLACE INTO access_audit ({names}) SELECT {names} FROM access_audit"
    with pytest.raises(DBAPIError, match="only added to"):
        await database.write(lambda connection: connection.execute(text(statement)))


async def test_many_writers_at_once_make_one_chain(database: Database, frozen_clock: FrozenClock) -> None:
    """On PostgreSQL a second pool stands for a second process; on SQLite all write in turn."""
    others = [database] if database.is_sqlite else [database, Database(database._url)]
    for other in others[1:]:
        await other.open()

    def add(number: int) -> Callable[[Connection], None]:
        return lambda connection: append(connection, _entry(frozen_clock, 1000 + number))

    await asyncio.gather(*(others[number % len(others)].write(add(number)) for number in range(60)))
    for other in others[1:]:
        await other.close()
    verdict = await database.read(verify)
    assert (verdict.fault, verdict.count) == (None, ENTRIES + 60)


async def test_a_log_from_before_the_chain_is_linked_when_the_database_is_brought_up_to_date(
    empty_database_url: str,
) -> None:
    database = Database(empty_database_url)
    await database.open()

    def prepare(connection: Connection) -> None:
        config = Config()
        config.set_main_option("script_location", str(FOLDER))
        config.attributes["connection"] = connection
        command.upgrade(config, "0007_door")
        for number in range(3):
            connection.execute(
                text(
                    "INSERT INTO access_audit (id, at, shop_id, actor, action, outcome, subject, address,"
                    " request_id, details) VALUES (:id, '2026-01-05 07:00:00.123456+00:00', 'main', NULL,"
                    " 'old', 'done', 'Я', '', '', '')"
                ),
                {"id": f"old{number}"},
            )

    await database.write(prepare)
    await migrate(database)
    verdict = await database.read(verify)
    assert (verdict.fault, verdict.count) == (None, 3)
    await database.write(lambda connection: append(connection, _entry(LATER, 4)))
    verdict = await database.read(verify)
    assert (verdict.fault, verdict.count) == (None, 4)
    await database.close()


async def test_what_a_unit_of_work_notes_is_linked_when_it_commits_and_gone_when_it_does_not(
    hub: Hub, access: Open
) -> None:
    async with access() as api:
        api.audit.add("test.first", "done", subject="x" * 500, details={"who": "Я"})
        api.audit.add("test.second", "failed")
    with suppress(_RolledBack):
        async with access() as api:
            api.audit.add("test.never", "done")
            raise _RolledBack
    async with access() as api:
        rows = await api.audit.page(AuditFilter(shops=[MAIN]))
        verdict = await api.audit.verify()
    assert [(row.seq, row.action, len(row.subject)) for row in rows] == [
        (2, "test.second", 0), (1, "test.first", 200),
    ]  # fmt: skip
    assert (verdict.fault, verdict.count, verdict.last.hash) == (None, 2, rows[0].hash)


async def test_the_filters_find_what_they_say(hub: Hub, access: Open, frozen_clock: FrozenClock) -> None:
    begun = frozen_clock.now()
    async with access() as api:
        api.audit.add("crm.change_client", "done", subject="c_1", actor="person:a", details={"x": "Ivan%"})
    frozen_clock.advance(3600)
    async with access() as api:
        api.audit.add("calls.add_note", "refused", subject="c21", actor="token:b")
        api.audit.add("system", "done")

    async def found(**wanted: Any) -> list[str]:
        async with access() as api:
            where = AuditFilter(shops=[wanted.pop("shop", MAIN)], **wanted)
            return [row.action for row in await api.audit.page(where)]

    hour = begun + timedelta(minutes=30)
    assert await found() == ["system", "calls.add_note", "crm.change_client"]
    assert await found(shop=ShopId("other")) == []
    assert await found(actor="person:a") == ["crm.change_client"]
    assert await found(actor="") == ["system"]
    assert await found(action="note") == ["calls.add_note"]
    assert await found(subject="c_") == ["crm.change_client"]
    assert await found(subject="Ivan%") == ["crm.change_client"]
    assert await found(subject="%") == ["crm.change_client"]
    assert await found(since=hour) == ["system", "calls.add_note"]
    assert await found(until=hour) == ["crm.change_client"]
    assert await found(only_refused=True) == ["calls.add_note"]

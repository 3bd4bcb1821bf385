"""A database as a network of shops has after some years: clients with a phone and a car each, and
their past calls, by five lines to eight people; a sixth of them is lost, a tenth is out of hours. Raw SQL,
since it is the size that matters here, not the way in."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import chain
from pathlib import Path
from typing import Any

import asyncpg
from sqlalchemy import Boolean

from hub.kernel.storage.orm import Base, UtcDateTime
from tests.bench.load_exchange import caller_number

NOW = datetime.now(UTC).replace(tzinfo=None, microsecond=0)
CALLS_A_DAY = 1000
LINES = tuple(f"+38044123456{n}" for n in range(7, 2, -1))
PHONES = tuple(f"10{n}" for n in range(1, 9))
_LOST = (("missed", "rang_out"), ("short_abandon", "rang_out"), ("missed", "busy"), ("voicemail", "declined"))


Rows = Iterator[dict[str, object]]


def seed(path: Path, *, clients: int, calls: int) -> None:
    """Fill a migrated SQLite file."""
    database = sqlite3.connect(path)
    database.execute("PRAGMA synchronous=OFF")
    shop = str(database.execute("SELECT id FROM access_shops ORDER BY id LIMIT 1").fetchone()[0])
    with database:
        for table, rows in _tables(clients, calls, shop):
            _insert(database, table, rows)
    database.execute("ANALYZE")
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()


async def seed_server(url: str, *, clients: int, calls: int) -> None:
    """Fill a migrated PostgreSQL database; `url` as asyncpg takes it."""
    connection = await asyncpg.connect(url)
    shop = str(await connection.fetchval("SELECT id FROM access_shops ORDER BY id LIMIT 1"))
    for table, rows in _tables(clients, calls, shop):
        first = next(rows)
        columns = [Base.metadata.tables[table].c[name] for name in first]
        turns = [_TURNS.get(type(column.type)) for column in columns]
        records = (
            tuple(
                turn(value) if turn is not None and value is not None else value
                for turn, value in zip(turns, row.values(), strict=True)
            )
            for row in chain([first], rows)
        )
        await connection.copy_records_to_table(table, records=records, columns=list(first), timeout=None)
    await connection.execute("VACUUM ANALYZE")
    await connection.close()


_TURNS: dict[type, Callable[[Any], Any]] = {
    Boolean: bool, UtcDateTime: lambda moment: moment.replace(tzinfo=UTC)
}  # fmt: skip
"""SQLite takes 0 and 1, and moments without a zone."""


def _tables(clients: int, calls: int, shop: str) -> list[tuple[str, Rows]]:
    return [
        ("crm_clients", (_client(n) for n in range(clients))),
        ("crm_words", (_word(n) for n in range(clients))),
        ("crm_phones", (_phone(n) for n in range(clients))),
        ("crm_vehicles", (_vehicle(n) for n in range(clients))),
        ("crm_ownerships", (_ownership(n) for n in range(clients))),
        ("calls_calls", (_call(n, clients, shop) for n in range(calls))),
        ("calls_people", (_person(n) for n in range(calls))),
    ]


def _insert(database: sqlite3.Connection, table: str, rows: Rows) -> None:
    first = next(rows)
    columns = ", ".join(first)
    marks = ", ".join(f":{name}" for name in first)
    statement = f"INSERT INTO {table} ({columns}) VALUES ({marks})"
    database.execute(statement, first)
    database.executemany(statement, rows)


def _client(n: int) -> dict[str, object]:
    return {
        "id": f"client{n:08d}", "kind": "person", "relation": "client", "name": f"Клієнт {n}",
        "name_key": f" клієнт {n}", "emails": "[]", "tags": "[]", "created_at": NOW, "updated_at": NOW,
    }  # fmt: skip


def _word(n: int) -> dict[str, object]:
    return {"client_id": f"client{n:08d}", "word": f"клієнт{n}"}


def _phone(n: int) -> dict[str, object]:
    number = "+" + caller_number(n).decode()
    return {
        "id": f"phone{n:08d}", "client_id": f"client{n:08d}", "position": 0, "number": number,
        "raw": number, "is_main": 1, "key": number, "tail": number[:0:-1],
    }  # fmt: skip


def _vehicle(n: int) -> dict[str, object]:
    plate = f"AA{n % 10000:04d}{'ABCEHIKMOPTX'[n // 10000 % 12]}B"
    return {
        "id": f"car{n:08d}", "plate": plate, "plate_key": plate, "make": "Škoda", "model": "Octavia",
        "title_key": "škoda octavia", "created_at": NOW, "updated_at": NOW,
    }  # fmt: skip


def _ownership(n: int) -> dict[str, object]:
    return {"id": f"own{n:08d}", "client_id": f"client{n:08d}", "vehicle_id": f"car{n:08d}"}


def _started(n: int) -> datetime:
    return NOW - timedelta(seconds=(n + 1) * 86400 / CALLS_A_DAY)


def _call(n: int, clients: int, shop: str) -> dict[str, object]:
    started = _started(n)
    number = "+" + caller_number(n % clients).decode()
    who, line = PHONES[n * 5 % 8], LINES[n * 3 % 5]
    result, reason = _LOST[n // 6 % 4] if n % 6 == 0 else ("answered", None)
    talked = reason is None
    party = {
        "extension": who, "number": None, "via": "phone", "name": None,
        "rang_at": f"{started.isoformat()}Z", "answered_at": f"{started.isoformat()}Z" if talked else None,
        "left_at": f"{started.isoformat()}Z", "outcome": "answered" if talked else "no_answer",
    }  # fmt: skip
    return {
        "id": f"past{n:09d}", "rev": 5, "step": 5, "shop_id": shop, "direction": "inbound",
        "from_number": number, "to_number": line, "other_number": number, "other_key": number,
        "our_key": line, "line": line, "state": "ended", "result": result, "missed_reason": reason,
        "in_hours": int(n % 10 != 4), "started_at": started, "offered_at": started,
        "answered_at": started + timedelta(seconds=n % 30) if talked else None,
        "ended_at": started + timedelta(seconds=120), "wait_seconds": float(n % 30),
        "talk_seconds": 120.0 - n % 30 if talked else 0.0, "hold_seconds": 0.0,
        "answered_by": who if talked else None, "last_extension": who if talked else None,
        "parties": json.dumps([party]), "transfers": "[]", "legs": "[]",
        "client_id": f"client{n % clients:08d}", "relation": "client", "is_complete": 1,
    }  # fmt: skip


def _person(n: int) -> dict[str, object]:
    return {"call_id": f"past{n:09d}", "who": PHONES[n * 5 % 8], "started_at": _started(n)}

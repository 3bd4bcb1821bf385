"""The kernel's part of the hot path: a fact is accepted, three batch handlers have run, the hint is
out. On a database with so many past calls; beside it the same rows written by bare sqlite3.

    python -m tests.bench.bench_hot_path [--rows 1000000] [--rate 100] [--seconds 20] [--url URL]
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import sqlite3
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    bindparam,
    insert,
    select,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite

from hub import log
from hub.app import Hub
from hub.clock import SystemClock
from hub.events.calls import CallFact, CallRinging
from hub.kernel.context import BatchContext, Delivered
from hub.kernel.journal.files import FileJournal
from hub.kernel.manifest import Module, on_batch
from hub.kernel.stream.samples import sample_of
from hub.ports.intake import Arrival
from hub.settings import DatabaseSettings, JournalSettings, Settings
from hub.values import CallId
from tests.bench.machine import machine

FACTS_PER_CALL = 5
SAMPLE = sample_of(CallRinging)

_tables = MetaData()
calls = Table(
    "bench_calls",
    _tables,
    Column("id", String(40), primary_key=True),
    Column("step", Integer, nullable=False),
    Column("state", String(10), nullable=False),
    Column("number", String(20), index=True),
    Column("client_id", String(30)),
    Column("started_at", String(30), nullable=False, index=True),
    Column("body", Text, nullable=False),
)
phones = Table(
    "bench_phones",
    _tables,
    Column("number", String(20), primary_key=True),
    Column("client_id", String(30), nullable=False),
)
board = Table(
    "bench_board",
    _tables,
    Column("extension", String(10), primary_key=True),
    Column("call_id", String(40), nullable=False),
    Column("rev", Integer, nullable=False),
)


@lru_cache
def upsert(dialect: str, table: Table, *fields: str) -> Any:
    """Insert or overwrite, on either database. Built once: building costs as much as running it."""
    statement: Any = sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)
    return statement.on_conflict_do_update(
        index_elements=[next(iter(table.primary_key.columns))],
        set_={field: statement.excluded[field] for field in fields},
    )


KNOWN_PHONES = select(phones).where(phones.c.number.in_(bindparam("numbers", expanding=True)))
KNOWN_CALLS = select(calls.c.id).where(calls.c.id.in_(bindparam("ids", expanding=True)))


def on_calls(ctx: BatchContext, batch: Sequence[Delivered[CallFact]]) -> None:
    """The call's row, as the calls module writes it."""
    numbers = sorted({d.event.call.from_number for d in batch if d.event.call.from_number})
    clients = {
        row.number: row.client_id for row in ctx.connection.execute(KNOWN_PHONES, {"numbers": numbers})
    }
    latest = {d.event.call.call_id: d.event for d in batch}
    rows = [
        {
            "id": call_id, "step": event.step, "state": event.call.state, "number": event.call.from_number,
            "client_id": clients.get(event.call.from_number or ""), "body": "x" * 600,
            "started_at": event.call.started_at.isoformat(),
        }
        for call_id, event in latest.items()
    ]  # fmt: skip
    ctx.connection.execute(
        upsert(ctx.connection.dialect.name, calls, "step", "state", "client_id", "body"), rows
    )
    for call_id, event in latest.items():
        ctx.hint("call", call_id, event.step)


def on_board(ctx: BatchContext, batch: Sequence[Delivered[CallFact]]) -> None:
    """Who rings where, as the desk keeps it."""
    latest = {int(d.event.step) % 20: d.event for d in batch}
    rows = [{"extension": str(e), "call_id": f.call.call_id, "rev": f.step} for e, f in latest.items()]
    ctx.connection.execute(upsert(ctx.connection.dialect.name, board, "call_id", "rev"), rows)


def on_count(ctx: BatchContext, batch: Sequence[Delivered[CallFact]]) -> None:
    """A third one, that only reads."""
    ids = [d.event.call.call_id for d in batch]
    ctx.connection.execute(KNOWN_CALLS, {"ids": ids}).all()


def bench_module() -> Module:
    subscriptions = []
    for handler in (on_calls, on_board, on_count):
        handler.__module__ = "bench.handlers"
        subscriptions.append(on_batch([CallRinging], handler))
    return Module(name="bench", title="Bench", folder=Path(__file__).parent, handlers=tuple(subscriptions))


def fact(call: int, step: int, at: datetime) -> Arrival:
    """A ringing fact of realistic size."""
    sample = SAMPLE
    number = f"+38050{call % 100_000:07d}"
    party = sample.call.parties[0]
    snapshot = replace(
        sample.call, call_id=CallId(f"live-{call}"), from_number=number, started_at=at,
        parties=tuple(replace(party, extension=str(101 + n)) for n in range(3)), legs=sample.call.legs * 4,
    )  # fmt: skip
    return Arrival(
        source="bench",
        external_id=f"{call}:{step}",
        occurred_at=at,
        event=CallRinging(step=step, call=snapshot),
    )


def fill(connection: Connection, rows: int) -> None:
    """Past calls and known phones."""
    _tables.create_all(connection)
    start = datetime(2025, 1, 1, tzinfo=UTC)
    for first in range(0, rows, 50_000):
        connection.execute(
            insert(calls),
            [
                {
                    "id": f"past-{n}", "step": 5, "state": "ended", "number": f"+38050{n % 100_000:07d}",
                    "client_id": None, "started_at": (start + timedelta(seconds=30 * n)).isoformat(),
                    "body": "x" * 600,
                }
                for n in range(first, min(rows, first + 50_000))
            ],
        )  # fmt: skip
    for first in range(0, 100_000, 50_000):
        numbers = range(first, first + 50_000)
        connection.execute(
            insert(phones), [{"number": f"+38050{n:07d}", "client_id": f"client-{n}"} for n in numbers]
        )


class Watch:
    """When the hint of each fact came."""

    def __init__(self, hub: Hub) -> None:
        self._subscription = hub.live.subscribe(100_000)
        self.seen: dict[str, float] = {}
        self.latest: dict[str, int] = {}
        self._task = asyncio.create_task(self._run())

    async def _run(self) -> None:
        while True:
            hint = await self._subscription.next()
            if hint is not None:
                for step in range(self.latest.get(hint.id, 0) + 1, hint.rev + 1):
                    self.seen[f"{hint.id}:{step}"] = time.perf_counter()
                self.latest[hint.id] = max(hint.rev, self.latest.get(hint.id, 0))


async def latency(hub: Hub, watch: Watch, rate: float, seconds: float, first: int) -> list[float]:
    """Open-loop arrivals; milliseconds from `accept` to the hint, of every fact."""
    sent: dict[str, float] = {}
    total = int(rate * seconds)
    begin = time.perf_counter() + 0.05
    running: set[asyncio.Task[None]] = set()
    for number in range(total):
        call, step = first + number // FACTS_PER_CALL, number % FACTS_PER_CALL + 1
        await asyncio.sleep(max(0.0, begin + number / rate - time.perf_counter()))
        arrival = fact(call, step, datetime.now(UTC))
        sent[f"live-{call}:{step}"] = time.perf_counter()
        task = asyncio.create_task(hub.intake.accept([arrival]))
        running.add(task)
        task.add_done_callback(running.discard)
    end = time.perf_counter() + 20
    while time.perf_counter() < end and not sent.keys() <= watch.seen.keys():
        await asyncio.sleep(0.01)
    lost = sent.keys() - watch.seen.keys()
    assert not lost, f"{len(lost)} facts were lost"
    return sorted((watch.seen[key] - at) * 1000 for key, at in sent.items())


async def throughput(hub: Hub, watch: Watch, facts: int, first: int) -> float:
    """Facts a second, from the first `accept` to the last hint."""
    arrivals = [
        fact(first + n // FACTS_PER_CALL, n % FACTS_PER_CALL + 1, datetime.now(UTC)) for n in range(facts)
    ]
    expected = {f"live-{first + n // FACTS_PER_CALL}:{n % FACTS_PER_CALL + 1}" for n in range(facts)}
    begin = time.perf_counter()
    await asyncio.gather(*(hub.intake.accept(arrivals[at : at + 25]) for at in range(0, facts, 25)))
    while not expected <= watch.seen.keys():
        await asyncio.sleep(0.005)
    return facts / (max(watch.seen[key] for key in expected) - begin)


def floor(path: Path, facts: int) -> tuple[float, list[float]]:
    """The same rows by bare sqlite3 in one thread, a commit for intake and one for the handlers."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA synchronous = FULL")
    times = []
    for number in range(facts):
        arrival = fact(5_000_000 + number // FACTS_PER_CALL, number % FACTS_PER_CALL + 1, datetime.now(UTC))
        began = time.perf_counter()
        _floor_fact(connection, number, arrival)
        times.append((time.perf_counter() - began) * 1000)
    connection.close()
    return 1000 * facts / sum(times), sorted(times)


def _floor_fact(connection: sqlite3.Connection, number: int, arrival: Arrival) -> None:
    event: Any = arrival.event
    row = (f"floor{number:021d}", arrival.event.key, arrival.external_id, json.dumps({"x": "y" * 2000}))
    connection.execute("BEGIN IMMEDIATE")
    connection.execute(
        "INSERT INTO event_outbox"
        " (id, name, version, occurred_at, shop_id, key, source, external_id, payload)"
        " VALUES (?, 'call.ringing', 1, '2026-01-01', 'main', ?, 'floor', ?, ?)",
        row,
    )
    connection.executemany(
        "INSERT INTO event_delivery (event_id, handler, key, state) VALUES (?, ?, ?, 'pending')",
        [(row[0], f"floor.{n}", row[1]) for n in range(3)],
    )
    connection.execute("COMMIT")
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("SELECT * FROM bench_phones WHERE number = ?", (event.call.from_number,)).fetchone()
    connection.execute(
        "INSERT INTO bench_calls VALUES (?, ?, 'ringing', ?, NULL, '2026-01-01', ?)"
        " ON CONFLICT (id) DO UPDATE SET step = excluded.step, body = excluded.body",
        (event.call.call_id, event.step, event.call.from_number, "x" * 600),
    )
    connection.execute(
        "INSERT INTO bench_board VALUES (?, ?, 1) ON CONFLICT (extension) DO UPDATE SET rev = rev + 1",
        (str(number % 20), event.call.call_id),
    )
    connection.execute("UPDATE event_delivery SET state = 'done' WHERE event_id = ?", (row[0],))
    connection.execute("COMMIT")


def at(values: Sequence[float], part: float) -> float:
    return values[min(len(values) - 1, int(len(values) * part))]


def told(name: str, values: Sequence[float]) -> str:
    return (
        f"{name:<34} p50 {at(values, 0.5):6.2f}  p99 {at(values, 0.99):6.2f}  worst {values[-1]:6.2f} ms"
        f"  ({len(values)} facts)"
    )


async def run(options: argparse.Namespace, folder: Path) -> None:
    url = options.url or f"sqlite+aiosqlite:///{folder}/bench.db"
    settings = replace(
        Settings(),
        database=DatabaseSettings(url=url),
        journal=JournalSettings(folder=str(folder / "journal")),
    )
    journal = FileJournal(folder / "journal", 1)
    hub = Hub(settings, [bench_module()], clock=SystemClock(), journal=journal, events=(CallRinging,))
    await hub.open()
    await hub.database.write(lambda connection: fill(connection, options.rows))
    if not hub.database.is_sqlite:
        await hub.database.write(lambda connection: connection.execute(text("ANALYZE")))
    for _ in range(2):
        await hub.database.tend()  # the log of the filling is not the hub's work
    began = time.perf_counter()
    await hub.start()
    print(f"start on {options.rows} calls: {(time.perf_counter() - began) * 1000:.0f} ms")
    gc.freeze()
    watch = Watch(hub)
    await latency(hub, watch, options.rate, 1.0, 9_000_000)
    figures = await latency(hub, watch, options.rate, options.seconds, 0)
    print(told(f"accept to hint, {options.rate:.0f} facts/s", figures))
    heavy = await latency(hub, watch, options.rate * 10, options.seconds / 2, 1_000_000)
    print(told(f"accept to hint, {options.rate * 10:.0f} facts/s", heavy))
    most = await throughput(hub, watch, options.facts, 2_000_000)
    print(f"{'throughput, three handlers':<34} {most:.0f} facts/s")
    print("counters:", {k: v for k, v in hub.system.metrics().items() if "relay" in k or "commits" in k})
    await hub.stop()
    if hub.database.path is not None:
        rate, times = floor(hub.database.path, 2000)
        print(told("floor: bare sqlite3, one thread", times), f" {rate:.0f} facts/s")
        print(f"ratio to the floor: p50 {at(figures, 0.5) / at(times, 0.5):.1f}x, facts/s {most / rate:.2f}x")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rate", type=float, default=100.0)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--facts", type=int, default=10_000)
    parser.add_argument("--url", default="", help="an empty PostgreSQL database instead of SQLite")
    options = parser.parse_args()
    log.configure("text", "warning")
    print(machine())
    with tempfile.TemporaryDirectory(prefix="pitline-bench-") as folder:
        asyncio.run(run(options, Path(folder)))


if __name__ == "__main__":
    main()

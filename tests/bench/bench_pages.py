"""What pages cost with 100,000 clients and 1,000,000 calls: search, call list with filters, detail, card,
reports, each beside the plain SQL of its main query on the same database.

    python -m tests.bench.bench_pages [--on sqlite postgres] [--clients 100000] [--calls 1000000]
"""

from __future__ import annotations

import argparse
import asyncio
import random
import re
import shutil
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import asyncpg
from aiohttp.test_utils import TestClient, TestServer

from hub.app import Hub
from hub.clock import SystemClock
from hub.errors import Conflict
from hub.kernel.journal.files import FileJournal
from hub.kernel.processes.settling import settle
from hub.kernel.shops import FIRST_SHOP
from hub.main import MODULES
from hub.modules.access.api import AccessApi, hash_password
from hub.modules.calls.api import CallsApi
from hub.modules.crm.api import CrmApi
from hub.settings import DatabaseSettings, JournalSettings, Settings
from tests.bench.load_exchange import caller_number
from tests.bench.machine import machine
from tests.bench.seed import seed, seed_server
from tests.databases import Databases
from webui.app import make_app
from webui.brakes import Limit, Limits

Client = TestClient[Any, Any]
TARGET = 100.0
REPORT_TARGET = 500.0
_FREE = Limit("token", 1e6, 10**6)
WIDE = Limits(token=_FREE, person=_FREE, stranger=_FREE)


@dataclass(frozen=True, slots=True)
class Case:
    """A page, and the plain SQL that its main rows come from."""

    name: str
    path: Callable[[random.Random], str]
    sql: str
    arguments: Callable[[random.Random], tuple[object, ...]]
    target: float = TARGET
    """Slowest p95 in milliseconds."""


def cases(clients: int, calls: int) -> list[Case]:
    """What is asked for, at random over the whole file."""

    def number(chance: random.Random) -> str:
        return "+" + caller_number(chance.randrange(clients)).decode()

    def client(chance: random.Random) -> str:
        return f"client{chance.randrange(clients):08d}"

    def call(chance: random.Random) -> str:
        return f"past{chance.randrange(calls):09d}"

    def card(of: str) -> str:
        return f"/desk/state?keep={of}&open={of}"

    def nothing(_: random.Random) -> tuple[object, ...]:
        return ()

    newest = "SELECT * FROM calls_calls {} ORDER BY started_at DESC, id DESC LIMIT 51"
    by_client = newest.format("WHERE client_id = ?")
    by_phone = "SELECT c.* FROM crm_phones p JOIN crm_clients c ON c.id = p.client_id WHERE p.key = ?"
    words = "SELECT c.* FROM crm_words w JOIN crm_clients c ON c.id = w.client_id WHERE w.word = ?"
    one = "SELECT * FROM calls_calls WHERE id = ?"
    alike = "SELECT key FROM crm_phones WHERE key IS NOT NULL GROUP BY key HAVING count(*) BETWEEN 2 AND 6"
    return [
        Case("calls, all", lambda _: "/calls?period=all", newest.format(""), nothing),
        Case("calls, today", lambda _: "/calls", newest.format(""), nothing),
        Case("calls, 30 days", lambda _: "/calls?period=month", newest.format(""), nothing),
        Case(
            "calls, missed of 30 days", lambda _: "/calls?period=month&result=missed",
            newest.format("WHERE result = 'missed' AND started_at > date('now', '-30 days')"), nothing,
        ),
        Case(
            "calls, missed of all", lambda _: "/calls?period=all&result=missed",
            newest.format("WHERE result = 'missed'"), nothing,
        ),
        Case(
            "calls of a number", lambda c: f"/calls?period=all&number=%2B{number(c)[1:]}",
            newest.format("WHERE other_key = ?"), lambda c: (number(c),),
        ),
        Case(
            "calls of a client", lambda c: f"/calls?client_id={client(c)}", by_client,
            lambda c: (client(c),),
        ),
        Case(
            "calls of a line", lambda _: "/calls?period=all&line=%2B380441234567",
            newest.format("WHERE line = '+380441234567'"), nothing,
        ),
        Case("calls of a person", lambda _: "/calls?period=all&person=101", newest.format(""), nothing),
        Case("call", lambda c: f"/calls/{call(c)}", one, lambda c: (call(c),)),
        Case("api call", lambda c: f"/api/v1/calls/{call(c)}", one, lambda c: (call(c),)),
        Case("api calls", lambda _: "/api/v1/calls?limit=50", newest.format(""), nothing),
        Case(
            "clients", lambda _: "/clients", "SELECT * FROM crm_clients ORDER BY id DESC LIMIT 51", nothing
        ),
        Case("client", lambda c: f"/clients/{client(c)}", by_client, lambda c: (client(c),)),
        Case(
            "search by number", lambda c: f"/clients?q={number(c)[3:]}", by_phone, lambda c: (number(c),),
        ),
        Case(
            "search by the end of a number", lambda c: f"/clients?q={number(c)[-6:]}",
            "SELECT * FROM crm_phones WHERE tail GLOB ? || '*' LIMIT 51", lambda c: (number(c)[:-7:-1],),
        ),
        Case(
            "search by name", lambda c: f"/clients?q=клієнт{c.randrange(clients)}", words,
            lambda c: (f"клієнт{c.randrange(clients)}",),
        ),
        Case("search by a word of all", lambda _: "/clients?q=клієнт", words, lambda _: ("клієнт",)),
        Case(
            "the same of suppliers", lambda _: "/clients?q=клієнт&relation=supplier", words,
            lambda _: ("клієнт",),
        ),
        Case("the same on the desk", lambda _: "/desk/search?q=клієнт", words, lambda _: ("клієнт",)),
        Case("the same, their cars", lambda _: "/vehicles?q=клієнт", words, lambda _: ("клієнт",)),
        Case("cars by model", lambda _: "/vehicles?q=octavia", words, lambda _: ("octavia",)),
        Case(
            "search by plate", lambda c: f"/vehicles?q=AA{c.randrange(10000):04d}AB",
            "SELECT * FROM crm_vehicles WHERE plate_key = ?", lambda c: (f"AA{c.randrange(10000):04d}AB",),
        ),
        Case("duplicates", lambda _: "/clients/duplicates", alike, nothing),
        Case("desk", lambda _: "/desk", newest.format("WHERE state != 'ended'"), nothing),
        Case("desk with a card", lambda c: card(call(c)), one, lambda c: (call(c),)),
        *_reports(),
    ]  # fmt: skip


def _reports() -> list[Case]:
    """Statistics: whole days come from their tallies, what is filtered from the calls."""
    plain = (
        "SELECT direction, in_hours, result, missed_reason, line, queue, answered_by, count(*),"
        " sum(talk_seconds), sum(wait_seconds) FROM calls_calls"
        " WHERE started_at > date('now', '-{} days') GROUP BY 1, 2, 3, 4, 5, 6, 7"
    )
    today = datetime.now(UTC).date()
    since = (today - timedelta(days=364)).isoformat()
    asked = [
        ("report, today", "period=today", 1), ("report, 7 days", "period=week", 7),
        ("report, 30 days", "period=month", 30),
        ("report, 30 days of a line", "period=month&line=%2B380441234567", 30),
        ("report, 30 days of a person", "period=month&person=101", 30),
        ("report, a year", f"from={since}", 365),
        ("report, a year of a person", f"from={since}&person=101", 365),
    ]  # fmt: skip
    lost = "SELECT * FROM calls_calls WHERE result = 'missed' AND started_at > date('now', '-{} days')"
    return [
        Case(name, partial(_report, query), plain.format(days), lambda _: (), target=REPORT_TARGET)
        for name, query, days in asked
    ] + [
        Case(
            f"report, lost clients of {days} days", partial(_lost, days), lost.format(days), lambda _: (),
            target=REPORT_TARGET,
        )
        for days in (1, 30, 365)
    ]  # fmt: skip


def _report(query: str, _: random.Random) -> str:
    return f"/reports/calls?{query}&hours=all"


def _lost(days: int, _: random.Random) -> str:
    since = (datetime.now(UTC).date() - timedelta(days=days - 1)).isoformat()
    return f"/reports/calls/lost?from={since}&hours=all"


Plain = Callable[[str, tuple[object, ...]], Awaitable[object]]
"""Asks the database past everything of ours."""


async def measure(client: Client, plain: Plain, case: Case, repeats: int) -> tuple[str, float]:
    """One row of the table, and its p95 in milliseconds. `cpu`: this process's, so not a server's."""
    chance = random.Random(7)
    pages: list[float] = []
    bare: list[float] = []
    worked: list[float] = []
    statuses: set[int] = set()
    await _get(client, case.path(chance))
    for _ in range(repeats):
        begun, begun_working = time.perf_counter(), time.process_time()
        statuses.add(await _get(client, case.path(chance)))
        pages.append((time.perf_counter() - begun) * 1000)
        worked.append((time.process_time() - begun_working) * 1000)
        begun = time.perf_counter()
        await plain(case.sql, case.arguments(chance))
        bare.append((time.perf_counter() - begun) * 1000)
    worst = _percentile(pages)
    page = f"{statistics.median(pages):8.1f} {worst:8.1f} {max(pages):8.1f}"
    sql = f"{statistics.median(bare):8.2f} {_percentile(bare):8.2f}"
    cpu = f"{statistics.median(worked):8.1f}"
    return f"{case.name:32s} {page} {cpu} {sql}  {sorted(statuses)}", worst


async def _get(client: Client, path: str) -> int:
    async with client.get(path, allow_redirects=False) as answer:
        await answer.read()
        return answer.status


def _percentile(values: Sequence[float], part: float = 0.95) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))]


@asynccontextmanager
async def file_of_ours(folder: Path, clients: int, calls: int) -> AsyncIterator[tuple[str, Plain]]:
    """A full SQLite file; made once a folder."""
    path = folder / "pitline.db"
    url = f"sqlite+aiosqlite:///{path}"
    if not path.exists():
        await _migrate(url)
        await asyncio.to_thread(seed, path, clients=clients, calls=calls)
    connection = sqlite3.connect(path)

    async def ask(sql: str, arguments: tuple[object, ...]) -> object:
        return connection.execute(sql, arguments).fetchall()

    yield url, ask
    connection.close()


@asynccontextmanager
async def server_of_ours(folder: Path, clients: int, calls: int) -> AsyncIterator[tuple[str, Plain]]:
    """A full database on a PostgreSQL of its own, with the memory that such a server is given."""
    databases = Databases(folder, server_options=("shared_buffers=512MB",))
    with databases.empty("postgres", folder) as url:
        await _migrate(url)
        bare = url.replace("+asyncpg", "")
        await seed_server(bare, clients=clients, calls=calls)
        connection = await asyncpg.connect(bare)

        async def ask(sql: str, arguments: tuple[object, ...]) -> object:
            return await connection.fetch(_for_server(sql), *arguments)

        yield url, ask
        await connection.close()
    databases.close()


def _for_server(sql: str) -> str:
    """The same question in PostgreSQL's words."""
    sql = re.sub(r"date\('now', '-(\d+) days'\)", r"now() - interval '\1 days'", sql)
    sql = re.sub(r"(\w+) GLOB \? \|\| '\*'", r"\1 >= $1 AND \1 < $1 || U&'\\+10FFFF'", sql)
    return sql.replace("?", "$1")


async def _migrate(url: str) -> None:
    hub = hub_on(url, Path(tempfile.gettempdir()))
    await hub.open()
    await hub.close()


def hub_on(url: str, folder: Path) -> Hub:
    settings = replace(
        Settings(),
        database=DatabaseSettings(url=url),
        journal=JournalSettings(folder=str(folder / "journal")),
    )
    return Hub(settings, MODULES, clock=SystemClock(), journal=FileJournal(folder / "journal", 30))


async def sign_in(hub: Hub, client: Client) -> None:
    """The owner, whose telephone all these calls rang."""
    hashed = await hash_password("long enough for a bench")
    with suppress(Conflict):  # of a file that was measured before
        async with hub.transactions.writing(actor=None, shop_id=FIRST_SHOP) as uow:
            await AccessApi(uow, hub.installation.deps).create_person(
                "Олена", "owner", login="olena", extensions=["101"], password_hash=hashed, is_one_time=False
            )
    form = {"login": "olena", "password": "long enough for a bench"}
    async with client.post("/login", data=form, allow_redirects=False) as answer:
        assert answer.status == 303, await answer.text()


async def add_up_days(hub: Hub) -> None:
    """What a job does beside the hub: the calls of days and months that are over are added up."""
    async with hub.transactions.reading(actor=None, shop_id=FIRST_SHOP) as uow:
        days = await CallsApi(uow, hub.installation.deps).days.uncounted(10_000)
    begun = time.perf_counter()
    for shop_id, day in days:
        async with hub.transactions.writing(actor=None, shop_id=FIRST_SHOP) as uow:
            of_day = CallsApi(uow, hub.installation.deps).days
            mark = await of_day.begin(shop_id, day)
            await of_day.finish(shop_id, day, mark, await of_day.count(shop_id, day) or [])
    async with hub.transactions.reading(actor=None, shop_id=FIRST_SHOP) as uow:
        months = await CallsApi(uow, hub.installation.deps).months.uncounted(10_000)
    for shop_id, month, who in months:
        async with hub.transactions.writing(actor=None, shop_id=FIRST_SHOP) as uow:
            of_month = CallsApi(uow, hub.installation.deps).months
            mark = await of_month.begin(shop_id, month, who)
            counts = await of_month.count(shop_id, month, who)
            await of_month.finish(shop_id, month, who, mark, counts)
    took = time.perf_counter() - begun
    print(f"{len(days)} days and {len(months)} months of calls were added up in {took:.1f} s")


async def look_for_duplicates(hub: Hub) -> None:
    """Another job: everybody beside everybody."""
    begun = time.perf_counter()
    async with hub.transactions.reading(actor=None, shop_id=FIRST_SHOP) as uow:
        pairs = await CrmApi(uow, hub.installation.deps).duplicates.look()
    async with hub.transactions.writing(actor=None, shop_id=FIRST_SHOP) as uow:
        await CrmApi(uow, hub.installation.deps).duplicates.keep(pairs, hub.installation.clock.now())
    print(f"{len(pairs)} pairs of duplicates were found in {time.perf_counter() - begun:.1f} s")


async def on(kind: str, folder: Path, clients: int, calls: int, repeats: int, only: str) -> float:
    """Print the table of one kind of database; the worst p95 as a share of its target."""
    filled = file_of_ours if kind == "sqlite" else server_of_ours
    worst = []
    async with filled(folder, clients, calls) as (url, plain):
        hub = hub_on(url, folder)
        await hub.open()
        client: Client
        heads = ("p50 ms", "p95 ms", "max ms", "cpu p50", "sql p50", "sql p95")
        print(f"{kind:32s} {' '.join(f'{head:>8s}' for head in heads)}  status")
        async with TestClient(TestServer(make_app(hub.installation, WIDE))) as client:
            await sign_in(hub, client)
            await add_up_days(hub)
            await look_for_duplicates(hub)
            settle()
            for case in cases(clients, calls):
                if not case.name.startswith(only):
                    continue
                row, slow = await measure(client, plain, case, repeats)
                worst.append(slow / case.target)
                print(row, flush=True)
        await hub.close()
    return max(worst, default=0.0)


def main() -> int:
    """Print the tables; 1 when a page misses the target."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--on", nargs="+", choices=["sqlite", "postgres"], default=["sqlite", "postgres"])
    parser.add_argument("--clients", type=int, default=100_000)
    parser.add_argument("--calls", type=int, default=1_000_000)
    parser.add_argument("--repeats", type=int, default=30)
    parser.add_argument("--folder", type=Path, help="keep the SQLite file here")
    parser.add_argument("--only", default="", help="pages whose name begins so")
    chosen = parser.parse_args()
    folder = chosen.folder or Path(tempfile.mkdtemp(prefix="pitline-bench-"))
    try:
        worst = [
            asyncio.run(on(kind, folder, chosen.clients, chosen.calls, chosen.repeats, chosen.only))
            for kind in chosen.on
        ]
    finally:
        if chosen.folder is None:
            shutil.rmtree(folder, ignore_errors=True)
    print(machine())
    return int(max(worst) > 1)


if __name__ == "__main__":
    sys.exit(main())

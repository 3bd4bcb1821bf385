"""What pages cost with 100,000 clients and 1,000,000 calls: search, call list with filters, detail, card,
each beside the plain SQL of its main query on the same file.

    python -m tests.bench.bench_pages [clients] [calls] [repeats]
"""

from __future__ import annotations

import asyncio
import random
import shutil
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from aiohttp.test_utils import TestClient, TestServer

from hub.app import Hub
from hub.clock import SystemClock
from hub.kernel.journal.files import FileJournal
from hub.modules.catalogue import MODULES
from hub.settings import DatabaseSettings, JournalSettings, Settings
from tests.bench.load_exchange import caller_number
from tests.bench.machine import machine
from tests.bench.seed import seed
from tests.factories.site import token_of
from webui.app import make_app
from webui.brakes import Limit, Limits

Client = TestClient[Any, Any]
TARGET = 100.0
_FREE = Limit("token", 1e6, 10**6)
WIDE = Limits(token=_FREE, person=_FREE, stranger=_FREE)


@dataclass(frozen=True, slots=True)
class Case:
    """A page, and the plain SQL that its main rows come from."""

    name: str
    path: Callable[[random.Random], str]
    sql: str
    arguments: Callable[[random.Random], tuple[object, ...]]


def cases(clients: int, calls: int) -> list[Case]:
    """What is asked for, at random over the whole file."""

    def number(chance: random.Random) -> str:
        return "+" + caller_number(chance.randrange(clients)).decode()

    def client(chance: random.Random) -> str:
        return f"client{chance.randrange(clients):08d}"

    def call(chance: random.Random) -> str:
        return f"past{chance.randrange(calls):09d}"

    def nothing(_: random.Random) -> tuple[object, ...]:
        return ()

    newest = "SELECT * FROM calls_calls {} ORDER BY started_at DESC, id DESC LIMIT 51"
    by_client = newest.format("WHERE client_id = ?")
    by_phone = "SELECT c.* FROM crm_phones p JOIN crm_clients c ON c.id = p.client_id WHERE p.key = ?"
    words = "SELECT c.* FROM crm_words w JOIN crm_clients c ON c.id = w.client_id WHERE w.word = ?"
    one = "SELECT * FROM calls_calls WHERE id = ?"
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
            "search by plate", lambda c: f"/vehicles?q=AA{c.randrange(10000):04d}AB",
            "SELECT * FROM crm_vehicles WHERE plate_key = ?", lambda c: (f"AA{c.randrange(10000):04d}AB",),
        ),
        Case("card", lambda c: f"/calls/{call(c)}/card", one, lambda c: (call(c),)),
    ]  # fmt: skip


async def measure(client: Client, plain: sqlite3.Connection, case: Case, repeats: int) -> tuple[str, float]:
    """One row of the table, and its p95 in milliseconds."""
    chance = random.Random(7)
    pages: list[float] = []
    bare: list[float] = []
    statuses: set[int] = set()
    await _get(client, case.path(chance))
    for _ in range(repeats):
        begun = time.perf_counter()
        statuses.add(await _get(client, case.path(chance)))
        pages.append((time.perf_counter() - begun) * 1000)
        begun = time.perf_counter()
        plain.execute(case.sql, case.arguments(chance)).fetchall()
        bare.append((time.perf_counter() - begun) * 1000)
    worst = _percentile(pages)
    page = f"{statistics.median(pages):8.1f} {worst:8.1f}"
    sql = f"{statistics.median(bare):8.2f} {_percentile(bare):8.2f}"
    return f"{case.name:32s} {page} {sql}  {sorted(statuses)}", worst


async def _get(client: Client, path: str) -> int:
    async with client.get(path, allow_redirects=False) as answer:
        await answer.read()
        return answer.status


def _percentile(values: Sequence[float], part: float = 0.95) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))]


async def with_shop(
    folder: Path, clients: int, calls: int, work: Callable[[Hub, Client], Awaitable[None]]
) -> None:
    """A hub over a full database; the seed is made once a folder."""
    path = folder / "pitline.db"
    settings = replace(
        Settings(),
        database=DatabaseSettings(url=f"sqlite+aiosqlite:///{path}"),
        journal=JournalSettings(folder=str(folder / "journal")),
    )
    hub = Hub(settings, MODULES, clock=SystemClock(), journal=FileJournal(folder / "journal", 30))
    is_new = not path.exists()
    await hub.open()
    if is_new:
        await asyncio.to_thread(seed, path, clients=clients, calls=calls)
    headers = {"Authorization": f"Bearer {await token_of(hub)}"}
    client: Client
    async with TestClient(TestServer(make_app(hub.installation, WIDE)), headers=headers) as client:
        await work(hub, client)
    await hub.close()


async def main(clients: int, calls: int, repeats: int, folder: Path) -> int:
    """Print the table; 1 when a page misses the target."""
    worst: dict[str, float] = {}

    async def work(_hub: Hub, client: Client) -> None:
        plain = sqlite3.connect(folder / "pitline.db")
        print(f"{'page':32s} {'p50 ms':>8s} {'p95 ms':>8s} {'sql p50':>8s} {'sql p95':>8s}  status")
        for case in cases(clients, calls):
            row, worst[case.name] = await measure(client, plain, case, repeats)
            print(row, flush=True)
        plain.close()

    await with_shop(folder, clients, calls, work)
    print(machine())
    return int(any(value > TARGET for value in worst.values()))


if __name__ == "__main__":
    given = [int(text) for text in sys.argv[1:4]] + [100_000, 1_000_000, 30][len(sys.argv[1:4]) :]
    place = Path(sys.argv[4]) if len(sys.argv) > 4 else Path(tempfile.mkdtemp())
    try:
        code = asyncio.run(main(given[0], given[1], given[2], place))
    finally:
        if len(sys.argv) <= 4:
            shutil.rmtree(place, ignore_errors=True)
    sys.exit(code)

"""What the library costs with 1,000,000 recordings (as many calls, 100,000 clients, 200,000 marks): the list
by each filter with its totals, and a recording's page, each beside the plain SQL of its main query.

    python -m tests.bench.bench_library [--on sqlite postgres] [--clients 100000] [--calls 1000000]
"""

from __future__ import annotations

import argparse
import asyncio
import random
import shutil
import sqlite3
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Any

import asyncpg
from aiohttp.test_utils import TestClient, TestServer

from hub.kernel.processes.settling import settle
from tests.bench.bench_pages import WIDE, Case, Plain, file_of_ours, hub_on, measure, server_of_ours, sign_in
from tests.bench.load_exchange import caller_number
from tests.bench.machine import machine
from webui.app import make_app

TARGET = 150.0
_NUMBER = "CAST(substr(id, 5) AS INTEGER)"
FILLING = (
    "INSERT INTO recordings_recordings (id, shop_id, call_id, state, started_at, offset_seconds,"
    " duration_seconds, channels, channel_map, codec, sample_rate, sha256, size, loudness, source_name,"
    " taken_at) SELECT 'rec' || substr(id, 5), shop_id, id, 'ready', started_at, 0.0,"
    f" 20.0 + {_NUMBER} % 400, 1, '[\"mixed\"]', 'pcm_s16le', 8000, 'x', 1000, -20.0, 'a.wav', started_at"
    " FROM calls_calls",
    "INSERT INTO recordings_people (recording_id, who)"
    " SELECT 'rec' || substr(call_id, 5), who FROM calls_people",
    "INSERT INTO recordings_shelf (recording_id, call_id, shop_id, started_at, seconds, direction, result,"
    " line, queue, percent) SELECT 'rec' || substr(id, 5), id, shop_id, started_at,"
    f" 20.0 + {_NUMBER} % 400, direction, result, line, queue,"
    f" CASE WHEN {_NUMBER} % 50 = 0 THEN {_NUMBER} % 101 END FROM calls_calls",
    "INSERT INTO recordings_writings (recording_id, kind, ref, text)"
    f" SELECT 'rec' || substr(id, 5), 'mark', id, 'гальма обіцяли слово' || {_NUMBER}"
    f" FROM calls_calls WHERE {_NUMBER} % 5 = 0 ORDER BY started_at",
    "ANALYZE",
)


ASKED = (
    ("all", ""), ("30 days", "period=month"), ("of a line", "line=%2B380441234567"),
    ("of a person", "person=101"), ("outbound", "direction=outbound"), ("answered", "result=answered"),
    ("voicemail", "result=voicemail"), ("of a queue", "queue=front"), ("longer than most", "shortest=6:30"),
    ("longer than all", "shortest=9"), ("not yet reviewed", "reviewed=no"), ("good score", "score=good"),
    ("poor score, missed", "score=poor&result=missed"), ("a word of 200,000", "q=гальма"),
    ("a word of one", "q=слово500"), ("words of a mark", "mark=обіцяли+гальма"),
    ("a tag that none has", "tag=nobody"),
    ("a word, a line, a person", "q=гальма&line=%2B380441234567&person=103"),
)  # fmt: skip


def _list(query: str, _: random.Random) -> str:
    return f"/recordings?{query}"


def cases(clients: int, calls: int) -> list[Case]:
    """What is asked for, at random over the whole file."""

    def number(chance: random.Random) -> str:
        return caller_number(chance.randrange(clients)).decode()

    def nothing(_: random.Random) -> tuple[object, ...]:
        return ()

    newest = "SELECT * FROM recordings_shelf {} ORDER BY started_at DESC, recording_id DESC LIMIT 51"
    found = [
        Case(f"library, {name}", partial(_list, query), newest.format(""), nothing, target=TARGET)
        for name, query in ASKED
    ]
    by_client = newest.format("WHERE call_id IN (SELECT id FROM calls_calls WHERE client_id = ?)")
    return [
        *found,
        Case(
            "library, of a client", lambda c: f"/recordings?client_id=client{c.randrange(clients):08d}",
            by_client, lambda c: (f"client{c.randrange(clients):08d}",), target=TARGET,
        ),
        Case(
            "library, of a number", lambda c: f"/recordings?number=%2B{number(c)}",
            newest.format("WHERE call_id IN (SELECT id FROM calls_calls WHERE other_key = ?)"),
            lambda c: ("+" + number(c),), target=TARGET,
        ),
        Case(
            "a recording", lambda c: f"/recordings/rec{c.randrange(calls):09d}",
            "SELECT * FROM recordings_shelf WHERE recording_id = ?",
            lambda c: (f"rec{c.randrange(calls):09d}",), target=TARGET,
        ),
        Case(
            "a client with recordings", lambda c: f"/clients/client{c.randrange(clients):08d}", by_client,
            lambda c: (f"client{c.randrange(clients):08d}",), target=TARGET,
        ),
    ]  # fmt: skip


async def fill(kind: str, url: str) -> None:
    """A recording for every call."""
    begun = time.perf_counter()
    if kind == "sqlite":
        await asyncio.to_thread(_fill_file, url.partition("///")[2])
    else:
        connection = await asyncpg.connect(url.replace("+asyncpg", ""))
        if await connection.fetchval("SELECT count(*) FROM recordings_shelf") == 0:
            for statement in FILLING:
                await connection.execute(statement, timeout=600)
        await connection.close()
    print(f"filled in {time.perf_counter() - begun:.0f} s", flush=True)


def _fill_file(path: str) -> None:
    database = sqlite3.connect(path)
    database.execute("PRAGMA synchronous=OFF")
    if database.execute("SELECT count(*) FROM recordings_shelf").fetchone()[0] == 0:
        with database:
            for statement in FILLING:
                database.execute(statement)
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()


async def on(kind: str, folder: Path, chosen: argparse.Namespace) -> float:
    """Print the table of one kind of database; the worst p95 as a share of its target."""
    filled = file_of_ours if kind == "sqlite" else server_of_ours
    worst = []
    plain: Plain
    async with filled(folder, chosen.clients, chosen.calls) as (url, plain):
        await fill(kind, url)
        hub = hub_on(url, folder)
        await hub.open()
        client: TestClient[Any, Any]
        print(
            f"{kind:32s} {'p50 ms':>8s} {'p95 ms':>8s} {'max ms':>8s} {'sql p50':>8s} {'sql p95':>8s}  status"
        )
        async with TestClient(TestServer(make_app(hub.installation, WIDE))) as client:
            await sign_in(hub, client)
            settle()
            for case in cases(chosen.clients, chosen.calls):
                if chosen.only not in case.name:
                    continue
                row, slow = await measure(client, plain, case, chosen.repeats)
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
    parser.add_argument("--only", default="", help="pages in whose name this stands")
    chosen = parser.parse_args()
    folder = chosen.folder or Path(tempfile.mkdtemp(prefix="pitline-bench-"))
    try:
        worst = [asyncio.run(on(kind, folder, chosen)) for kind in chosen.on]
    finally:
        if chosen.folder is None:
            shutil.rmtree(folder, ignore_errors=True)
    print(machine())
    print(f"worst p95 as a share of its target: {max(worst):.2f}")
    return 1 if max(worst) > 1 else 0


if __name__ == "__main__":
    sys.exit(main())

"""What the inbox costs over 1,000,000 messages in 20,000 threads, one of them with 50,000: the list, a
thread, words, the API; each beside the plain SQL of its main query on the same SQLite file.

    python -m tests.bench.bench_inbox [--messages 1000000] [--repeats 30] [--folder kept]
"""

from __future__ import annotations

import argparse
import asyncio
import random
import shutil
import sqlite3
import sys
import tempfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from aiohttp.test_utils import TestClient, TestServer

from hub.kernel.processes.settling import settle
from tests.bench.bench_pages import WIDE, Case, Client, file_of_ours, hub_on, measure, sign_in
from tests.bench.load_exchange import caller_number
from tests.bench.machine import machine
from tests.bench.seed import NOW
from webui.app import make_app

THREADS = 20_000
LONG = 50_000
"""Messages of the one thread that never ends."""
_SAYINGS = (
    "Добрий день, моя Octavia вже готова?", "Так, чекаємо на вас до шостої", "Дякую, буду о п’ятій",
    "Скільки коштує заміна масла", "Стук спереду зліва", "Запишіть мене на діагностику",
)  # fmt: skip


def fill(path: Path, messages: int) -> None:
    """Put threads and messages into a file that has clients already."""
    database = sqlite3.connect(path)
    if database.execute("SELECT 1 FROM messaging_messages LIMIT 1").fetchone():
        database.close()
        return
    database.execute("PRAGMA synchronous=OFF")
    shop = str(database.execute("SELECT id FROM access_shops ORDER BY id LIMIT 1").fetchone()[0])
    columns = (
        "n, id, rev, shop_id, conversation_id, channel, account, address, direction, state, text,"
        " provider_id, created_at"
    )
    (added,) = database.execute(
        "SELECT sql FROM sqlite_master WHERE name = 'messaging_search_added'"
    ).fetchone()
    with database:
        database.execute("DROP TRIGGER messaging_search_added")  # one rebuild costs less than a million rows
        database.executemany(
            "INSERT INTO messaging_conversations (id, rev, shop_id, client_id, is_chosen, state, unread,"
            " waiting_since, last_at, last_n, created_at) VALUES (?, 1, ?, ?, 0, ?, ?, ?, ?, ?, ?)",
            (_thread(n, messages, shop) for n in range(THREADS)),
        )
        database.executemany(
            "INSERT INTO messaging_addresses (id, conversation_id, channel, account, address, number_key,"
            " writer, is_blocked, heard_at) VALUES (?, ?, 'sms', '', ?, ?, '', 0, ?)",
            (_address(n) for n in range(THREADS)),
        )
        marks = ", ".join("?" * 13)
        database.executemany(
            f"INSERT INTO messaging_messages ({columns}) VALUES ({marks})", _messages(messages, shop)
        )
        database.execute("INSERT INTO messaging_search(messaging_search) VALUES ('rebuild')")
        database.execute(added)
    database.execute("ANALYZE")
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()


def _owner(n: int) -> int:
    """The thread that a message stands in."""
    return 0 if n < LONG else n % THREADS


def _thread(n: int, messages: int, shop: str) -> tuple[object, ...]:
    last = messages - THREADS + n
    is_open = n % 50 == 0
    at = _at(last, messages)
    state, unread = ("open", 1) if is_open else ("closed", 0)
    return f"thread{n:08d}", shop, f"client{n:08d}", state, unread, at if is_open else None, at, last, NOW


def _address(n: int) -> tuple[object, ...]:
    number = "+" + caller_number(n).decode()
    return f"address{n:08d}", f"thread{n:08d}", number, number, NOW


def _at(n: int, messages: int) -> object:
    return NOW - timedelta(seconds=(messages - n) * 60)


def _messages(messages: int, shop: str) -> Iterator[tuple[object, ...]]:
    for n in range(messages):
        owner, is_theirs = _owner(n), n // THREADS % 2 == 0
        yield (
            n, f"message{n:09d}", 1, shop, f"thread{owner:08d}", "sms", "",
            "+" + caller_number(owner).decode(),
            "inbound" if is_theirs else "outbound", "received" if is_theirs else "delivered",
            f"{_SAYINGS[n % 6]} {n % 9973}", f"SM{n}", _at(n, messages),
        )  # fmt: skip


def cases(messages: int) -> list[Case]:
    """What is asked for, at random over the whole file."""

    def thread(chance: random.Random) -> str:
        return f"thread{chance.randrange(THREADS):08d}"

    newest = (
        "SELECT * FROM messaging_messages WHERE conversation_id = ? ORDER BY created_at DESC, n DESC LIMIT 51"
    )
    rows = "SELECT * FROM messaging_conversations {} ORDER BY last_at DESC, id DESC LIMIT 61"
    words = "SELECT rowid FROM messaging_search WHERE messaging_search MATCH ? ORDER BY rowid DESC LIMIT 12"
    long = "thread00000000"
    return [
        Case("inbox, open", lambda _: "/inbox", rows.format("WHERE state = 'open'"), lambda _: ()),
        Case("inbox, all", lambda _: "/inbox?box=all", rows.format(""), lambda _: ()),
        Case("a thread", lambda c: f"/inbox/{thread(c)}", newest, lambda c: (thread(c),)),
        Case("the thread of 50,000", lambda _: f"/inbox/{long}", newest, lambda _: (long,)),
        Case(
            "what changes of a thread", lambda c: f"/inbox/state?open={thread(c)}", newest,
            lambda c: (thread(c),),
        ),
        Case(
            "words", lambda c: f"/inbox/search?q={c.randrange(9973)}", words,
            lambda c: (f'"{c.randrange(9973)}"*',),
        ),
        Case("a word of a sixth of all", lambda _: "/inbox/search?q=octav", words, lambda _: ('"octav"*',)),
        Case("api messages", lambda _: "/api/v1/messages", newest, lambda _: (long,)),
        Case(
            "api of a client", lambda c: f"/api/v1/messages?client_id=client{thread(c)[6:]}", newest,
            lambda c: (thread(c),),
        ),
    ]  # fmt: skip


async def run(folder: Path, messages: int, repeats: int) -> float:
    """Print the table; the worst p95 as a share of its target."""
    worst = []
    async with file_of_ours(folder, THREADS, 100_000) as (url, plain):
        await asyncio.to_thread(fill, folder / "pitline.db", messages)
        hub = hub_on(url, folder)
        await hub.open()
        client: Client
        print(
            f"{'':32s} {'p50 ms':>8s} {'p95 ms':>8s} {'max ms':>8s} {'sql p50':>8s} {'sql p95':>8s}  status"
        )
        async with TestClient(TestServer(make_app(hub.installation, WIDE))) as client:
            await sign_in(hub, client)
            settle()
            for case in cases(messages):
                row, slow = await measure(client, plain, case, repeats)
                worst.append(slow / case.target)
                print(row, flush=True)
        await hub.close()
    return max(worst)


def main() -> int:
    """1 when a page misses the target."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--messages", type=int, default=1_000_000)
    parser.add_argument("--repeats", type=int, default=30)
    parser.add_argument("--folder", type=Path, help="keep the SQLite file here")
    chosen = parser.parse_args()
    folder = chosen.folder or Path(tempfile.mkdtemp(prefix="pitline-bench-"))
    try:
        worst = asyncio.run(run(folder, chosen.messages, chosen.repeats))
    finally:
        if chosen.folder is None:
            shutil.rmtree(folder, ignore_errors=True)
    print(machine())
    return int(worst > 1)


if __name__ == "__main__":
    sys.exit(main())

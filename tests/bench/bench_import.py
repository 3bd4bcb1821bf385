"""Takes in a CSV of 100,000 clients, each with a phone and a car, by the job's own way (read, checked,
compared, 200 rows a transaction), on SQLite; beside it a bare executemany of the rows that came of it, in
the same run.

    python -m tests.bench.bench_import [--clients 100000]
"""

from __future__ import annotations

import argparse
import asyncio
import csv
import io
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any, cast

from hub.app import Hub
from hub.kernel.context import Apis, UnitOfWork
from hub.kernel.jobs.definition import JobContext
from hub.kernel.shops import FIRST_SHOP
from hub.modules.imports.api import ImportsApi
from hub.modules.imports.jobs import take_in
from hub.modules.imports.opening import opened
from tests.bench.bench_pages import hub_on
from tests.bench.machine import machine

ASKED = 120.0
"""Seconds for 100,000 of them."""
_TABLES = ("crm_clients", "crm_words", "crm_phones", "crm_vehicles", "crm_ownerships", "crm_mileages")
_NAMES = ("Ірина", "Олег", "Марта", "Андрій", "Софія", "Петро", "Оксана", "Юрій")
_SURNAMES = ("Коваль", "Шевченко", "Бондар", "Мельник", "Ткаченко", "Кравець", "Лисенко")
_CARS = (("Škoda", "Octavia"), ("Renault", "Duster"), ("Toyota", "Camry"), ("Volkswagen", "Passat"))
_LETTERS = "АВЕІКМНОРСТХ"


class _Run:
    """What the job asks of a run, without the table of jobs."""

    def __init__(self, hub: Hub, file_id: str) -> None:
        self._hub = hub
        self.payload = {"file_id": file_id}
        self.deps = hub.installation.deps

    def writing(self) -> AbstractAsyncContextManager[UnitOfWork]:
        return self._hub.transactions.writing(actor=None, shop_id=FIRST_SHOP)

    def reading(self) -> AbstractAsyncContextManager[UnitOfWork]:
        return self._hub.transactions.reading(actor=None, shop_id=FIRST_SHOP)

    def apis(self, uow: UnitOfWork) -> Apis:
        return cast("Apis", _Given(uow, self.deps))

    def progress(self, done: int, total: int | None = None, text: str = "") -> None:
        return None


class _Given:
    def __init__(self, uow: UnitOfWork, deps: Any) -> None:
        self._uow = uow
        self._deps = deps

    def of(self, api: Any) -> Any:
        return api(self._uow, self._deps)


def table(clients: int) -> bytes:
    """The file of another program."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["Name", "Phone", "Plate", "Make", "Model", "Year", "Mileage"])
    writer.writerows(_rows(clients))
    return out.getvalue().encode()


def _rows(clients: int) -> Iterator[tuple[object, ...]]:
    for n in range(clients):
        name = f"{_NAMES[n % 8]} {_SURNAMES[n // 8 % 7]} {n}"
        first, second = _LETTERS[n // 10_000 % 12], _LETTERS[n // 120_000 % 12]
        plate = f"{first}{second}{n % 10_000:04}{_LETTERS[n // 7 % 12]}{_LETTERS[n // 84 % 12]}"
        make, model = _CARS[n % 4]
        yield name, f"+38050{n:07}", plate, make, model, 2000 + n % 25, 1000 + n


async def imported(folder: Path, data: bytes) -> tuple[float, dict[str, int]]:
    """Seconds, and what became of the rows."""
    hub = hub_on(f"sqlite+aiosqlite:///{folder / 'import.db'}", folder)
    await hub.open()
    try:
        begun = time.perf_counter()
        file = await asyncio.to_thread(opened, data, "clients.csv")
        async with hub.transactions.writing(actor=None, shop_id=FIRST_SHOP) as uow:
            imports = ImportsApi(uow, hub.installation.deps)
            stored = await imports.store(file, "clients")
            await imports.begin(stored.id, stored.mapping, "", is_dry=False)
        await take_in(cast("JobContext", _Run(hub, stored.id)))
        took = time.perf_counter() - begun
        async with hub.transactions.reading(actor=None, shop_id=FIRST_SHOP) as uow:
            counts = (await ImportsApi(uow, hub.installation.deps).one(stored.id)).counts
    finally:
        await hub.close()
    return took, dict(counts)


def bare(folder: Path) -> float:
    """Seconds that SQLite takes for the same rows of the same tables, in one transaction."""
    source = sqlite3.connect(folder / "import.db")
    twin = sqlite3.connect(folder / "bare.db")
    twin.execute("PRAGMA journal_mode=WAL")
    twin.execute("PRAGMA synchronous=FULL")
    present = {row[0] for row in source.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    rows: dict[str, list[tuple[Any, ...]]] = {}
    for name in (one for one in _TABLES if one in present):
        for (made,) in source.execute(
            "SELECT sql FROM sqlite_master WHERE tbl_name = ? AND type IN ('table', 'index')"
            " AND sql IS NOT NULL ORDER BY type DESC",
            (name,),
        ):
            twin.execute(made)
        rows[name] = source.execute(f"SELECT * FROM {name}").fetchall()
    begun = time.perf_counter()
    with twin:
        for name, found in rows.items():
            marks = ", ".join("?" * len(found[0])) if found else ""
            if found:
                twin.executemany(f"INSERT INTO {name} VALUES ({marks})", found)
    took = time.perf_counter() - begun
    source.close()
    twin.close()
    return took


async def main() -> None:
    """Print the figures; exit code 1 when it took longer than is asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=100_000)
    clients = parser.parse_args().clients
    print(machine())
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        took, counts = await imported(folder, table(clients))
        beside = bare(folder)
    print(f"{clients:,} clients with a phone and a car: {took:.1f} s, {clients / took:,.0f} rows/s; {counts}")
    print(f"bare executemany of the same rows: {beside:.1f} s; ratio {took / beside:.1f}")
    if took > ASKED * clients / 100_000:
        raise SystemExit(f"slower than {ASKED:g} s for 100,000")


if __name__ == "__main__":
    asyncio.run(main())

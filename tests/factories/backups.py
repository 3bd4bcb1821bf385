"""Backups for tests: a module with files and a table of sums, and how a backup is put back elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from sqlalchemy import Column, Connection, Integer, MetaData, String, Table, insert, select, update

from hub.app import Hub
from hub.clock import Clock, SystemClock
from hub.kernel.backup.areas import FileArea, places_of
from hub.kernel.backup.restoring import Order, Restored
from hub.kernel.backup.restoring_postgres import restore_postgres
from hub.kernel.backup.restoring_sqlite import restore_sqlite
from hub.kernel.backup.tombstones import Burial, Tombstones, mirror_of
from hub.kernel.journal.files import FileJournal
from hub.kernel.manifest import Module
from hub.kernel.sealing.columns import columns_of
from hub.kernel.sealing.keys import store_of
from hub.main import MODULES
from hub.settings import DatabaseSettings, Settings

accounts = Table(
    "backup_test_accounts",
    MetaData(),
    Column("name", String(20), primary_key=True),
    Column("amount", Integer, nullable=False),
)
TOTAL = 1_000_000


@dataclass
class Archive:
    """A module that keeps files, and remembers whom it had to bury."""

    folder: Path
    buried: list[Burial] = field(default_factory=list)

    def module(self) -> Module:
        return Module(
            name="archive", title="Archive", folder=Path(__file__).parent,
            files=(FileArea("archive", lambda _: self.folder),),
            tombstones=Tombstones(bury=lambda _, burial: self.buried.append(burial)),
        )  # fmt: skip

    def put(self, name: str, content: bytes) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)

    def content(self) -> dict[str, bytes]:
        files = (path for path in self.folder.rglob("*") if path.is_file() and not path.is_symlink())
        return {path.relative_to(self.folder).as_posix(): path.read_bytes() for path in files}


def hub_with(settings: Settings, *more: Module, clock: Clock | None = None) -> Hub:
    """A hub of the real modules and these."""
    journal = FileJournal(Path(settings.journal.folder), 30)
    return Hub(settings, (*MODULES, *more), clock=clock or SystemClock(), journal=journal)


def open_accounts(connection: Connection) -> None:
    """Two accounts; whatever moves between them, they add up to `TOTAL`."""
    accounts.create(connection, checkfirst=True)
    rows = [{"name": "till", "amount": TOTAL}, {"name": "bank", "amount": 0}]
    connection.execute(insert(accounts), rows)


def move(connection: Connection, amount: int) -> None:
    """From the till to the bank, in one transaction."""
    for name, sign in (("till", -1), ("bank", 1)):
        query = update(accounts).where(accounts.c.name == name)
        connection.execute(query.values(amount=accounts.c.amount + sign * amount))


def amounts(connection: Connection) -> dict[str, int]:
    return {row.name: row.amount for row in connection.execute(select(accounts))}


def elsewhere(settings: Settings, url: str, folder: Path) -> Settings:
    """Another installation, with the key file of the first one."""
    return replace(
        settings,
        database=DatabaseSettings(url=url),
        backup=replace(settings.backup, folder=str(folder / "backups")),
        sealing=replace(settings.sealing, key_file=str(store_of(settings).path)),
    )


async def restore(
    settings: Settings, file: Path, modules: Sequence[Module] = MODULES, *, key: bytes = b"",
    replace_it: bool = False, clock: Clock | None = None, without_key: bool = False,
) -> Restored:  # fmt: skip
    """As the command does it."""
    order = Order(
        file=file, key=key, url=settings.database.url,
        places=places_of([area for module in modules for area in module.files], settings),
        stones=[module.tombstones for module in modules if module.tombstones is not None],
        mirror=mirror_of(settings), may_replace=replace_it, without_key=without_key,
        keys=store_of(settings), sealed=columns_of(modules),
    )  # fmt: skip
    do = restore_sqlite if settings.database.url.startswith("sqlite") else restore_postgres
    return await do(order, clock or SystemClock(), lambda step: None)

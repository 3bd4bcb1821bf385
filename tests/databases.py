"""Databases for tests: of the present schema, one for every test, on either server. Migrating takes
longer than most tests, so each kind is migrated once and copied."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from hub.kernel.storage.database import Database
from hub.kernel.storage.migrating import migrate
from tests.machine import missing
from tests.postgres import TemporaryPostgres

_MODEL = "migrated"


class Databases:
    """Makes databases of a kind: `sqlite` below a folder, `postgres` on a server of this run."""

    def __init__(self, folder: Path, *, server_options: Sequence[str] = ()) -> None:
        self._options = tuple(server_options)
        self._file = folder / "pitline.db"
        self._server: TemporaryPostgres | None = None

    @property
    def server(self) -> TemporaryPostgres:
        """The PostgreSQL of this run, started when it is first asked for."""
        if self._server is None:
            self._server = TemporaryPostgres.start(options=self._options)
            if self._server is None:
                missing("PostgreSQL", "apt-get install postgresql")
        assert self._server is not None
        return self._server

    @contextmanager
    def empty(self, kind: str, folder: Path) -> Iterator[str]:
        """The URL of a database without a schema."""
        if kind == "sqlite":
            yield f"sqlite+aiosqlite:///{folder}/data/pitline.db"
            return
        name = self.server.create()
        yield self.server.url(name)
        self.server.drop(name)

    @contextmanager
    def migrated(self, kind: str, folder: Path) -> Iterator[str]:
        """The URL of a database of the present schema."""
        if kind == "sqlite":
            path = folder / "data" / "pitline.db"
            path.parent.mkdir(exist_ok=True)
            self.copy_file(path)
            yield f"sqlite+aiosqlite:///{path}"
            return
        server = self.server
        if _MODEL not in server.models:
            _migrate(server.url(server.create(_MODEL)))
            server.models.add(_MODEL)
        name = server.create(template=_MODEL)
        yield server.url(name)
        server.drop(name)

    def copy_file(self, path: Path) -> None:
        """An SQLite database of the present schema."""
        if not self._file.exists():
            _migrate(f"sqlite+aiosqlite:///{self._file}")
        shutil.copyfile(self._file, path)

    def close(self) -> None:
        """Stop what was started."""
        if self._server is not None:
            self._server.stop()


def _migrate(url: str) -> None:
    async def run() -> None:
        database = Database(url)
        await database.open()
        await migrate(database)
        await database.close()

    with ThreadPoolExecutor(1) as thread:  # the test's own loop may run in this one
        thread.submit(asyncio.run, run()).result()

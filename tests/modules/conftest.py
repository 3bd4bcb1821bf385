"""Modules' tests start from one migrated database, copied: migrating takes longer than most tests."""

from __future__ import annotations

import asyncio
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from hub.kernel.database import Database
from hub.kernel.migrating import migrate
from tests.postgres import TemporaryPostgres


async def _make(path: Path) -> None:
    database = Database(f"sqlite+aiosqlite:///{path}")
    await database.open()
    await migrate(database)
    await database.close()


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("migrated") / "pitline.db"
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, _make(path)).result()
    return path


@pytest.fixture
def database_url(database_kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> str:
    """A database of its own for every test, of the present schema where that is cheap."""
    if database_kind != "sqlite":
        server: TemporaryPostgres = request.getfixturevalue("postgres")
        return server.new_database()
    path = tmp_path / "data" / "pitline.db"
    path.parent.mkdir()
    shutil.copyfile(request.getfixturevalue("migrated"), path)
    return f"sqlite+aiosqlite:///{path}"

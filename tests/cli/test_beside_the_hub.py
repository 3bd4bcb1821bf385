"""A command beside a running hub writes, and leaves SQLite's log to the hub."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection

from hub.kernel.storage.database import Database
from hub.kernel.storage.patience import EACH_MILLISECONDS
from hub.kernel.storage.sqlite import CHECKPOINT_PAGES


@pytest.mark.parametrize(("is_the_hub", "pages"), [(True, CHECKPOINT_PAGES), (False, 0)])
async def test_only_the_hub_empties_the_log(tmp_path: Path, is_the_hub: bool, pages: int) -> None:
    database = Database(f"sqlite+aiosqlite:///{tmp_path}/pitline.db", exclusive=is_the_hub)
    await database.open()
    try:
        for pragma, expected in (("wal_autocheckpoint", pages), ("busy_timeout", EACH_MILLISECONDS)):
            assert await database.write(_asked(pragma)) == expected
            async with database.writing() as session:
                connection = await session.connection()
                assert (await connection.exec_driver_sql(f"PRAGMA {pragma}")).scalar() == expected
    finally:
        await database.close()


def _asked(pragma: str) -> Callable[[Connection], Any]:
    return lambda connection: connection.exec_driver_sql(f"PRAGMA {pragma}").scalar()

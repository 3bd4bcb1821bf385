"""Restore into an SQLite file. The last step is one rename; what was there keeps its log beside it."""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
from collections.abc import Callable
from functools import partial
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import create_engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from hub.clock import Clock
from hub.kernel.backup.rehearsal import prove_sqlite
from hub.kernel.backup.restoring import (
    Order,
    Restored,
    Staging,
    burial_of,
    cannot_write,
    check_header,
    finish_rows,
    refuse_what_is_there,
    staging_of,
    stamp_of,
    swap_areas,
)
from hub.kernel.backup.tombstones import Marks, collect, write_mirror
from hub.kernel.storage.claim import FileClaim
from hub.kernel.storage.database import Database
from hub.kernel.storage.migrating import migrate
from hub.kernel.storage.sqlite import file_of, note_of


async def restore_sqlite(order: Order, clock: Clock, step: Callable[[str], None]) -> Restored:
    """Raises HubError with the reason; until the last step nothing of what is there has changed.
    `step` is told what is done in a person's words."""
    header = check_header(order)
    path = file_of(order.url)
    claim = FileClaim.take(path)
    staging = staging_of(order, path.parent, clock)
    try:
        refuse_what_is_there(order, has_database=path.exists() and path.stat().st_size > 0)
        step("reading the backup")
        manifest = await staging.fill(order)
        fresh = staging.folder / "database" / "pitline.db"
        step("examining the database")
        await asyncio.to_thread(prove_sqlite, fresh, manifest)
        former = await asyncio.to_thread(_former, path, order)
        burial, marks = burial_of(staging, order, former, clock)
        step("bringing it to this version's schema")
        database = Database(f"sqlite+aiosqlite:///{fresh}")
        await database.open()
        try:
            schema = await migrate(database)
            work = partial(
                finish_rows, order=order, staging=staging, burial=burial, header=header, clock=clock
            )
            to_do = await database.write(work)
        finally:
            await database.close()
        step("putting it in place")
        kept = await asyncio.to_thread(_swap, path, fresh, staging, order, stamp_of(clock))
        await asyncio.to_thread(write_mirror, order.mirror, marks)
    except OSError as error:
        raise cannot_write(error) from error
    finally:
        await staging.drop()
        claim.release()
    return Restored(
        manifest=manifest, kept=tuple(kept), schema=schema, is_whole=burial.is_whole, to_do=tuple(to_do)
    )


def _former(path: Path, order: Order) -> Marks | None:
    """What had ended in the database that is there, as far as it can still be read."""
    if not path.exists() or path.stat().st_size == 0:
        return None
    where = f"sqlite:///file:{quote(str(path))}?mode=ro&uri=true"
    engine = create_engine(where, poolclass=NullPool)
    try:
        with engine.connect() as connection:
            return collect(connection, order.stones)
    except (DBAPIError, sqlite3.Error):
        return None
    finally:
        engine.dispose()


def _swap(path: Path, fresh: Path, staging: Staging, order: Order, stamp: str) -> list[str]:
    _settle(fresh)
    note = note_of(path)
    aside = path.with_name(f"{path.name}.kept-{stamp}")
    note.write_text(json.dumps({"kept": str(aside)}), encoding="utf-8")
    _sync(path.parent)
    kept = []
    # The log belongs to the former file: beside the new one it would be played into it.
    for tail in ("", "-wal"):
        old = path.with_name(path.name + tail)
        if old.exists() and (not tail or old.stat().st_size > 0):
            os.link(old, aside.with_name(aside.name + tail))
            kept.append(str(aside.with_name(aside.name + tail)))
    for tail in ("-wal", "-shm"):
        path.with_name(path.name + tail).unlink(missing_ok=True)
    fresh.replace(path)
    kept += swap_areas(staging, order.places, stamp)
    note.unlink()
    _sync(path.parent)
    return kept


def _settle(path: Path) -> None:
    """One file, without a log, on the disk."""
    connection = sqlite3.connect(path)
    try:
        connection.execute("PRAGMA journal_mode = DELETE").close()
    finally:
        connection.close()
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

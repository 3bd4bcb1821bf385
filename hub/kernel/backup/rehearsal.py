"""Proves a backup by putting it back: into a place that nobody uses, looked through, compared, dropped."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

from sqlalchemy import text

from hub.clock import Clock
from hub.errors import Invalid
from hub.kernel.backup.manifest import Manifest
from hub.kernel.backup.postgres_copy import connected, fill_postgres
from hub.kernel.backup.reading import Progress, unpack
from hub.kernel.backup.sqlite_copy import examine_copy
from hub.kernel.storage.orm import new_id


async def rehearse(
    path: Path, key: bytes, url: str, clock: Clock, progress: Progress | None = None
) -> Manifest:
    """Raises Invalid or Unavailable with what is wrong with the backup; leaves nothing behind."""
    work = path.with_name(f".part-rehearsal-{new_id(clock)}")
    try:
        work.mkdir(mode=0o700)
        manifest = await asyncio.to_thread(unpack, path, key, work, None, progress)
        if manifest.header.database == "sqlite":
            await asyncio.to_thread(prove_sqlite, work / "database" / "pitline.db", manifest)
        else:
            await _prove_postgres(work / "database", manifest, url)
    finally:
        await asyncio.to_thread(shutil.rmtree, work, ignore_errors=True)
    return manifest


def prove_sqlite(path: Path, manifest: Manifest) -> None:
    """Sound, with the rows and the canary that the manifest tells of."""
    schema, tables, canaries = examine_copy(path)
    if schema != manifest.header.schema or tables != dict(manifest.tables):
        raise Invalid("backup.differs", "The backup does not hold what it says.", "Take another backup file.")
    if manifest.canary not in canaries:
        raise Invalid("backup.no_canary", "The backup lacks its canary.", "Take another backup file.")


async def _prove_postgres(folder: Path, manifest: Manifest, url: str) -> None:
    """In a schema beside the real one, in a transaction that never commits."""
    async with connected(url) as connection:
        await connection.execute(text('CREATE SCHEMA "pitline_rehearsal"'))
        await fill_postgres(connection, folder, manifest, "pitline_rehearsal")
        await connection.rollback()

"""Takes a backup: one moment of the database, then the files, into one file that is whole or not there."""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import io
import json
import os
import shutil
import tarfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from sqlalchemy import Connection, delete, insert

from hub.clock import Clock
from hub.errors import Unavailable
from hub.kernel.backup.archive import FORMAT, ArchiveWriter, Header, new_salt
from hub.kernel.backup.areas import Place, bytes_in, files_in
from hub.kernel.backup.manifest import NAME, Manifest, Part, TableFigures
from hub.kernel.backup.postgres_copy import copy_postgres
from hub.kernel.backup.reading import CHUNK, SEALING_KEYS, Progress
from hub.kernel.backup.retention import name_of
from hub.kernel.backup.sqlite_copy import copy_sqlite, told_of
from hub.kernel.backup.tables import backup_canary
from hub.kernel.backup.tombstones import Marks
from hub.kernel.storage.database import Database
from hub.kernel.storage.orm import new_id

_PART = ".part-"
_ROOM = 64 * 1024 * 1024
"""Bytes that stay free beside a backup."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a backup needs to know. `key` empty: not encrypted. `url` is the database's; `sealing_keys` gives
    what opens the secrets in it, and is asked only where the backup is encrypted."""

    url: str
    folder: Path
    places: Sequence[Place]
    program: str
    key: bytes = b""
    sealing_keys: Callable[[], bytes] = bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A backup that stands whole on the disk."""

    path: Path
    size: int
    manifest: Manifest


async def take_backup(
    database: Database, plan: Plan, clock: Clock, marks: Marks, progress: Progress | None = None
) -> Taken:
    """Raises Unavailable where another backup runs, the disk is too small or the database is not sound."""
    with _alone(plan.folder):
        work = plan.folder / f"{_PART}{new_id(clock)}"
        work.mkdir(mode=0o700)
        try:
            canary = await _put_canary(database, clock)
            schema, tables = await _copy_database(database, plan, work)
            header = Header(
                format=FORMAT,
                program=plan.program,
                schema=schema,
                database="sqlite" if database.is_sqlite else "postgresql",
                created_at=clock.now().isoformat(timespec="seconds"),
                salt=new_salt() if plan.key else "",
            )
            made = _Making(plan, work, header, canary, tables, marks, progress)
            return await asyncio.to_thread(made.run, name_of(plan.folder, clock.now()))
        except OSError as error:
            raise _no_room(plan.folder, error) from error
        finally:
            await asyncio.to_thread(shutil.rmtree, work, ignore_errors=True)


async def _put_canary(database: Database, clock: Clock) -> str:
    canary, now = new_id(clock), clock.now()

    def put(connection: Connection) -> None:
        connection.execute(delete(backup_canary))
        connection.execute(insert(backup_canary).values(id=canary, put_at=now))

    await database.write(put)
    return canary


async def _copy_database(database: Database, plan: Plan, work: Path) -> tuple[str, dict[str, TableFigures]]:
    parts = work / "database"
    parts.mkdir()
    if database.path is None:
        return await copy_postgres(plan.url, parts)
    source, target = database.path, parts / "pitline.db"
    needed = source.stat().st_size * 2 + sum(bytes_in(place) for place in plan.places) + _ROOM
    free = shutil.disk_usage(plan.folder).free
    if free < needed:
        megabytes = f"{needed // 1_000_000} MB in {plan.folder}; {free // 1_000_000} MB are free"
        raise Unavailable(
            "backup.no_room",
            f"A backup needs about {megabytes}.",
            "Free some space, or name another folder (HUB_BACKUP__FOLDER).",
        )
    await asyncio.to_thread(copy_sqlite, source, target)
    schema, tables, _ = await asyncio.to_thread(told_of, target)
    return schema, tables


class _Making:
    """Writes the archive; in a thread of its own."""

    def __init__(
        self, plan: Plan, work: Path, header: Header, canary: str, tables: Mapping[str, TableFigures],
        marks: Marks, progress: Progress | None,
    ) -> None:  # fmt: skip
        self._plan = plan
        self._work = work
        self._header = header
        self._canary = canary
        self._tables = tables
        self._marks = marks
        self._progress = progress
        self._parts: list[Part] = []
        self._vanished = 0

    def run(self, path: Path) -> Taken:
        """Under a name of its own until it is whole and on the disk; then it takes its place."""
        unfinished = self._work / "archive"
        with unfinished.open("xb") as file:
            os.fchmod(file.fileno(), 0o600)
            out = ArchiveWriter(file, self._header, self._plan.key)
            with tarfile.open(fileobj=out, mode="w|", bufsize=CHUNK) as archive:  # type: ignore[call-overload]  # it only writes
                areas = self._put_all(archive)
                manifest = Manifest(
                    header=self._header, canary=self._canary, parts=tuple(self._parts), tables=self._tables,
                    areas=areas, vanished=self._vanished,
                )  # fmt: skip
                text = manifest.dump()
                self._add(archive, NAME, io.BytesIO(text), len(text))
            out.finish()
            size = file.tell()
        unfinished.rename(path)
        _sync_folder(path.parent)
        return Taken(path=path, size=size, manifest=manifest)

    def _put_all(self, archive: tarfile.TarFile) -> dict[str, int]:
        marks = json.dumps(self._marks).encode()
        self._parts.append(self._add(archive, "tombstones.json", io.BytesIO(marks), len(marks)))
        if self._plan.key and (keys := self._plan.sealing_keys()):
            self._parts.append(self._add(archive, SEALING_KEYS, io.BytesIO(keys), len(keys)))
        for path in sorted((self._work / "database").iterdir()):
            with path.open("rb") as file:
                self._parts.append(self._add(archive, f"database/{path.name}", file, path.stat().st_size))
            path.unlink()
        areas = {}
        for place in self._plan.places:
            before = len(self._parts)
            for name, path in files_in(place):
                self._put_file(archive, name, path)
            areas[place.name] = len(self._parts) - before
        return areas

    def _put_file(self, archive: tarfile.TarFile, name: str, path: Path) -> None:
        try:
            file = path.open("rb")
        except FileNotFoundError:
            self._vanished += 1  # its time was over between the list and its turn
            return
        with file:
            self._parts.append(self._add(archive, name, file, os.fstat(file.fileno()).st_size))

    def _add(self, archive: tarfile.TarFile, name: str, file: IO[bytes], size: int) -> Part:
        member = tarfile.TarInfo(name)
        member.size, member.mode = size, 0o600
        measured = _Measured(file, size, self._progress)
        archive.addfile(member, measured)
        return Part(name, size, measured.digest.hexdigest())


class _Measured:
    """A file that is read once, as far as it reached when it was opened."""

    def __init__(self, file: IO[bytes], size: int, progress: Progress | None) -> None:
        self._file = file
        self._left = size
        self._progress = progress
        self.digest = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(self._left if size < 0 else min(size, self._left))
        self._left -= len(data)
        self.digest.update(data)
        if self._progress is not None:
            self._progress(len(data))
        return data


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One backup at a time in a folder; what a killed one left there goes."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise _no_room(folder, error) from error
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise Unavailable(
                "backup.runs", "Another backup is being made.", "Wait until it is done."
            ) from error
        for left in folder.glob(f"{_PART}*"):
            shutil.rmtree(left, ignore_errors=True)
        yield
    finally:
        os.close(lock)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _no_room(folder: Path, error: OSError) -> Unavailable:
    return Unavailable(
        "backup.cannot_write",
        f"The backup cannot be written to {folder}: {error.strerror or error}.",
        "Check the folder, its rights and the disk's free space (HUB_BACKUP__FOLDER).",
    )

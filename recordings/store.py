"""The store in a local folder: a file is written aside, forced to the disk, and renamed when it is whole."""

from __future__ import annotations

import asyncio
import errno
import os
import re
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

from hub.errors import NotFound, Unavailable
from hub.kernel.context import Deps
from hub.ports.storage import Storage

CHUNK = 128 * 1024
_KEY = re.compile(r"[0-9A-Za-z_-]+(?:/[0-9A-Za-z_-]+)*(?:\.[0-9a-z]+)+")
_UNFINISHED = ".unfinished"
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def store_of(deps: Deps) -> Storage:
    """Where recordings are kept: what the composition root chose, else the folder of the settings."""
    return deps.storage or LocalFolder(Path(deps.settings.recordings.store))


class LocalFolder:
    """Implements hub.ports.storage.Storage."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def workroom(self) -> Path:
        """Inside the same file system, so that a rename is enough."""
        room = self._root / _UNFINISHED
        try:
            room.mkdir(parents=True, exist_ok=True, mode=0o750)
        except OSError as error:
            raise trouble(error) from error
        return room

    def put(self, key: str, source: Path) -> None:
        """The file, then its name, are forced to the disk."""
        place = self._path(key)
        try:
            place.parent.mkdir(parents=True, exist_ok=True, mode=0o750)
            with source.open("rb+") as file:
                os.fsync(file.fileno())
            try:
                source.replace(place)
            except OSError as error:
                if error.errno != errno.EXDEV:
                    raise
                self._carry_over(source, place)
            _sync_folder(place.parent)
        except OSError as error:
            raise trouble(error) from error

    def _carry_over(self, source: Path, place: Path) -> None:
        aside = self.workroom() / f"{place.name}.{os.getpid()}"
        with source.open("rb") as theirs, aside.open("wb") as ours:
            shutil.copyfileobj(theirs, ours, CHUNK)
            os.fsync(ours.fileno())
        aside.replace(place)
        source.unlink()

    async def size(self, key: str) -> int:
        return await asyncio.to_thread(lambda: self._status(key).st_size)

    def _status(self, key: str) -> os.stat_result:
        try:
            return self._path(key).lstat()
        except FileNotFoundError as error:
            raise missing() from error
        except OSError as error:
            raise trouble(error) from error

    async def read(self, key: str, start: int, length: int) -> AsyncIterator[bytes]:
        """What is erased meanwhile ends the stream: the name is looked up again for every piece."""
        at, end = start, start + length
        while at < end:
            piece = await asyncio.to_thread(self._piece, key, at, min(CHUNK, end - at))
            if not piece:
                return
            at += len(piece)
            yield piece

    def _piece(self, key: str, start: int, length: int) -> bytes:
        try:
            handle = os.open(self._path(key), os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except FileNotFoundError as error:
            raise missing() from error
        except OSError as error:
            raise trouble(error) from error
        try:
            return os.pread(handle, length, start)
        finally:
            os.close(handle)

    def local(self, key: str) -> Path | None:
        return self._path(key)

    def delete(self, key: str) -> None:
        try:
            self._path(key).unlink(missing_ok=True)
        except OSError as error:
            raise trouble(error) from error

    def entries(self) -> Iterator[tuple[str, float]]:
        """Names that are not ours are left alone."""
        for folder, folders, names in os.walk(self._root, followlinks=False):
            folders[:] = sorted(name for name in folders if name != _UNFINISHED)
            for name in sorted(names):
                path = Path(folder) / name
                key = path.relative_to(self._root).as_posix()
                if _KEY.fullmatch(key):
                    try:
                        yield key, path.lstat().st_mtime
                    except FileNotFoundError:
                        continue

    def free_bytes(self) -> int:
        try:
            return shutil.disk_usage(self.workroom()).free
        except OSError as error:
            raise trouble(error) from error

    def _path(self, key: str) -> Path:
        """Keys are made by us, and read again from a table: checked all the same."""
        if len(key) > 200 or not _KEY.fullmatch(key):
            raise missing()
        return self._root / key


def missing() -> NotFound:
    """The row is there and the file is not."""
    return NotFound("recordings.no_sound", "The sound of this recording is not in the store.")


def trouble(error: OSError) -> Unavailable:
    """What to tell when the disk refuses."""
    if error.errno in _FULL:
        return Unavailable(
            "storage.full", "The disk of the recordings is full.",
            "Free some space or keep recordings for fewer days; what waits is taken in by itself.",
            data={"detail": str(error)[:200]},
        )  # fmt: skip
    return Unavailable(
        "storage.away", "The store of the recordings cannot be used.",
        "Check the disk and HUB_RECORDINGS__STORE; what waits is taken in by itself.",
        data={"detail": str(error)[:200]},
    )  # fmt: skip


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

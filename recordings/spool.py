"""The folder that the PBX writes into: hostile, growing, sometimes away. It blocks: call it in a thread."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from hub.errors import Unavailable

DEEPEST = 16
LONGEST_PATH = 1000
BIGGEST = 4 * 1024**3 - 1
_UNFINISHED = (".tmp", ".part", ".partial", ".filepart")
_CREDIT = 60.0
"""A file that nobody has touched for so long need not be watched anew after a restart."""
_NOFOLLOW = os.O_NOFOLLOW | os.O_CLOEXEC
_CHUNK = 1 << 18


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A file as it is now. `path` is below the spool; `at_rest` for how many seconds nobody wrote to it
    (below 0: seen once); `trouble` names why it is none that we take (a link, a device, a wild name)."""

    path: str
    size: int
    mtime_ns: int
    at_rest: float
    is_finished: bool
    trouble: str = ""

    @property
    def key(self) -> str:
        """The same for the same path, whatever bytes are in it."""
        return hashlib.sha256(os.fsencode(self.path)).hexdigest()

    @property
    def shown(self) -> str:
        """The path as text that a page and a database can hold."""
        plain = os.fsencode(self.path).decode("utf-8", "replace")
        return "".join(one if one.isprintable() else "\ufffd" for one in plain)[:LONGEST_PATH]

    @property
    def version(self) -> tuple[int, int]:
        """What changes when somebody writes to it."""
        return self.size, self.mtime_ns


class StillGrowing(Exception):
    """Somebody wrote to it while it was read."""


@dataclass(slots=True)
class _Watched:
    version: tuple[int, int]
    since: float
    credit: float
    looks: int = 1


class Spool:
    """Looks through the folder again and again, and remembers for how long each file has been at rest."""

    def __init__(self, root: Path, finished: tuple[str, ...]) -> None:
        self._root = root
        self._finished = frozenset(finished)
        self._watched: dict[str, _Watched] = {}

    def look(self) -> list[Found]:
        """Every file. Raises Unavailable (`spool.away`) when the folder cannot be read."""
        now, seen = time.monotonic(), dict[str, _Watched]()
        found = list(self._walk(now, seen))
        self._watched = seen
        return found

    def _walk(self, now: float, seen: dict[str, _Watched]) -> Iterator[Found]:
        folders = [("", 0)]
        while folders:
            inside, depth = folders.pop()
            for entry in self._entries(inside):
                path = f"{inside}/{entry.name}" if inside else entry.name
                if entry.name.startswith(".") or entry.name.endswith(_UNFINISHED):
                    continue
                try:
                    status = entry.stat(follow_symlinks=False)
                except OSError:
                    continue
                if stat.S_ISDIR(status.st_mode):
                    if depth < DEEPEST:
                        folders.append((path, depth + 1))
                    continue
                yield self._found(path, status, now, seen)

    def _entries(self, inside: str) -> list[os.DirEntry[str]]:
        try:
            with os.scandir(self._root / inside) as entries:
                return sorted(entries, key=lambda entry: entry.name)
        except FileNotFoundError:
            if inside:
                return []
            raise away("the folder is not there") from None
        except OSError as error:
            if inside and error.errno in (errno.EACCES, errno.ENOTDIR):
                return []
            raise away(str(error)) from error

    def _found(self, path: str, status: os.stat_result, now: float, seen: dict[str, _Watched]) -> Found:
        version = (status.st_size, status.st_mtime_ns)
        known = self._watched.get(path)
        if known is None:
            untouched = time.time() - status.st_mtime
            known = _Watched(version, now, _CREDIT if untouched >= _CREDIT else 0.0)
        elif known.version != version:
            known = _Watched(version, now, 0.0)
        else:
            known.looks += 1
        seen[path] = known
        rest = (now - known.since + known.credit) if known.looks > 1 else -1.0
        return Found(
            path=path, size=version[0], mtime_ns=version[1], at_rest=rest,
            is_finished=bool(self._finished & set(PurePosixPath(path).parts[:-1])),
            trouble=_trouble(path, status),
        )  # fmt: skip

    def copy(self, found: Found, target: Path) -> str:
        """A copy of the file as it was found; its SHA-256. Raises StillGrowing, FileNotFoundError,
        PermissionError, OSError (also of the target: `recordings.store.trouble` tells)."""
        with self._folder(found.path) as (folder, name):
            handle = os.open(name, os.O_RDONLY | os.O_NONBLOCK | _NOFOLLOW, dir_fd=folder)
        digest = hashlib.sha256()
        with os.fdopen(handle, "rb") as source, target.open("wb") as copy:
            _same(os.fstat(source.fileno()), found)
            while piece := _piece(source):
                digest.update(piece)
                copy.write(piece)
            _same(os.fstat(source.fileno()), found)
        return digest.hexdigest()

    def remove(self, found: Found) -> bool:
        """What was taken goes, unless somebody wrote to it since. Whether it is gone."""
        try:
            with self._folder(found.path) as (folder, name):
                status = os.stat(name, dir_fd=folder, follow_symlinks=False)
                if (status.st_size, status.st_mtime_ns) != found.version:
                    return False
                os.unlink(name, dir_fd=folder)
        except FileNotFoundError:
            return True
        except OSError:
            return False
        return True

    def _folder(self, path: str) -> _Descent:
        return _Descent(self._root, path)


class _Descent:
    """The folder of a file, opened step by step, so that no link on the way leads out of the spool."""

    def __init__(self, root: Path, path: str) -> None:
        self._root = root
        *self._folders, self._name = PurePosixPath(path).parts
        self._handle = -1

    def __enter__(self) -> tuple[int, str]:
        if ".." in self._folders or self._name in ("..", "."):
            raise FileNotFoundError(self._name)
        self._handle = os.open(self._root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            for folder in self._folders:
                inner = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | _NOFOLLOW, dir_fd=self._handle)
                os.close(self._handle)
                self._handle = inner
        except OSError:
            os.close(self._handle)
            raise
        return self._handle, self._name

    def __exit__(self, *_: object) -> None:
        os.close(self._handle)


def away(detail: str) -> Unavailable:
    """The spool cannot be looked through."""
    return Unavailable(
        "spool.away", "The folder that the PBX records into cannot be read.",
        "Check HUB_RECORDINGS__SPOOL, the mount and its rights; calls go on, and nothing is forgotten.",
        data={"detail": detail[:200]},
    )  # fmt: skip


def _piece(source: BinaryIO) -> bytes:
    try:
        return source.read(_CHUNK)
    except OSError as error:
        raise away(str(error)) from error


def _trouble(path: str, status: os.stat_result) -> str:
    if stat.S_ISLNK(status.st_mode):
        return "link"
    if not stat.S_ISREG(status.st_mode):
        return "device"
    if status.st_nlink > 1:
        return "hard_link"
    if len(os.fsencode(path)) > LONGEST_PATH:
        return "long_name"
    if "\\" in path or "%2e" in path.lower() or "%2f" in path.lower():
        return "bad_name"
    return "too_big" if status.st_size > BIGGEST else ""


def _same(status: os.stat_result, found: Found) -> None:
    if not stat.S_ISREG(status.st_mode) or status.st_nlink > 1:
        raise FileNotFoundError(found.path)
    if (status.st_size, status.st_mtime_ns) != found.version:
        raise StillGrowing(found.path)

"""What SQLite does to its files, seen and disturbed, by SQLite's own interface for file systems.

`BrokenDisk` refuses to write or to confirm (fsync), as with EIO. `PowerCut` knows what was confirmed, and so
what a disk would hold if the power failed now: of the rest any part, or nothing."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from ctypes import (
    CDLL,
    CFUNCTYPE,
    POINTER,
    Structure,
    c_char_p,
    c_int,
    c_int64,
    c_void_p,
    cast,
    string_at,
)
from pathlib import Path
from random import Random
from threading import Lock
from typing import Any, ClassVar, TypeVar

_OK, _IOERR_WRITE, _IOERR_FSYNC = 0, 778, 1034
_CONFIRMS = 0.004
"""Seconds."""


class _Methods(Structure):
    """sqlite3_io_methods, of which three are looked at."""

    _fields_: ClassVar[Any] = [
        ("version", c_int), ("close", c_void_p), ("read", c_void_p), ("write", c_void_p),
        ("truncate", c_void_p), ("sync", c_void_p), *((f"rest{number}", c_void_p) for number in range(13)),
    ]  # fmt: skip


class _File(Structure):
    """sqlite3_file."""

    _fields_: ClassVar[Any] = [("methods", POINTER(_Methods))]


class _Vfs(Structure):
    """The beginning of sqlite3_vfs."""

    _fields_: ClassVar[Any] = [
        ("version", c_int), ("size_of_file", c_int), ("longest_path", c_int), ("next", c_void_p),
        ("name", c_char_p), ("data", c_void_p), ("open", c_void_p),
    ]  # fmt: skip


_OPEN = CFUNCTYPE(c_int, c_void_p, c_void_p, c_void_p, c_int, c_void_p)
_WRITE = CFUNCTYPE(c_int, c_void_p, c_void_p, c_int, c_int64)
_TRUNCATE = CFUNCTYPE(c_int, c_void_p, c_int64)
_SYNC = CFUNCTYPE(c_int, c_void_p, c_int)


class Disk:
    """Lets everything pass. It is told before it is done, and may answer in its place (None: go on)."""

    def opened(self, path: Path) -> None:
        """A file was opened, or made."""

    def write(self, path: Path, at: int, data: int, size: int) -> int | None:
        """So many bytes from the address `data` go to this place."""

    def truncate(self, path: Path, size: int) -> None:
        """It ends there from now on."""

    def sync(self, path: Path) -> int | None:
        """All that was written is to be confirmed."""


class BrokenDisk(Disk):
    """`fails`: what is refused just now, of `write` and `sync`; `once`: it is well again after the first.
    `refused` counts."""

    def __init__(self) -> None:
        self.fails: set[str] = set()
        self.once = False
        self.refused = 0

    def write(self, path: Path, at: int, data: int, size: int) -> int | None:
        return self._refuse(_IOERR_WRITE) if "write" in self.fails else None

    def sync(self, path: Path) -> int | None:
        return self._refuse(_IOERR_FSYNC) if "sync" in self.fails else None

    def _refuse(self, code: int) -> int:
        self.refused += 1
        if self.once:
            self.fails.clear()
        return code


class PowerCut(Disk):
    """Keeps what was confirmed of each file of a folder, and what was not yet. It confirms slowly, as
    disks do."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = Lock()
        self._safe: dict[Path, bytearray] = {}
        self._unsafe: dict[Path, list[tuple[int, bytes | None]]] = {}
        self.dropped = 0
        """Writes that cuts have taken away."""

    def opened(self, path: Path) -> None:
        with self._lock:
            if path.parent == self._folder and (path not in self._safe or not path.stat().st_size):
                self._safe[path], self._unsafe[path] = bytearray(path.read_bytes()), []

    def write(self, path: Path, at: int, data: int, size: int) -> None:
        self._note(path, at, string_at(data, size))

    def truncate(self, path: Path, size: int) -> None:
        self._note(path, size, None)

    def sync(self, path: Path) -> None:
        time.sleep(_CONFIRMS)
        with self._lock:
            for one in self._unsafe.get(path, ()):
                _do(self._safe[path], *one)
            self._unsafe[path] = []

    def _note(self, path: Path, at: int, data: bytes | None) -> None:
        with self._lock:
            if path in self._safe:
                self._unsafe[path].append((at, data))

    def cut(self, to: Path, chance: Random) -> None:
        """Put into the folder what a disk would hold now: of writes that were not confirmed any or none.
        It comes while something is not confirmed, if that happens within a second."""
        end = time.monotonic() + 1
        while not any(self._unsafe.values()) and time.monotonic() < end:
            time.sleep(0.0005)
        share = chance.choice((0.0, 0.5, 0.9))
        with self._lock:
            for path, safe in self._safe.items():
                if not path.exists():
                    continue
                left = bytearray(safe)
                for one in self._unsafe[path]:
                    if chance.random() < share:
                        _do(left, *one)
                    else:
                        self.dropped += 1
                (to / path.name).write_bytes(left)


def _do(content: bytearray, at: int, data: bytes | None) -> None:
    """One write, or the end of the file."""
    if data is None:
        del content[at:]
        return
    content.extend(bytes(max(0, at - len(content))))
    content[at : at + len(data)] = data


class _Watch:
    """Stands between SQLite and its files."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk
        self._paths: dict[int, Path] = {}
        self._copies: dict[int, _Methods] = {}
        self._kept: list[object] = []

    def opener(self, original: Any) -> Any:
        """What SQLite opens files by."""

        @_OPEN
        def opened(vfs: Any, name: Any, file: int, flags: int, out: Any) -> int:
            result = int(original(vfs, name, file, flags, out))
            methods = cast(file, POINTER(_File))[0].methods
            if result == _OK and methods and name:
                self._paths[file] = path = Path(string_at(name).decode())
                self._disk.opened(path)
                cast(file, POINTER(_File))[0].methods = POINTER(_Methods)(self._copy(methods))
            return result

        self._kept.append(opened)
        return opened

    def _copy(self, methods: Any) -> _Methods:
        address = cast(methods, c_void_p).value or 0
        if address in self._copies:
            return self._copies[address]
        made = self._copies[address] = _Methods.from_buffer_copy(methods[0])
        write, truncate, sync = _WRITE(made.write), _TRUNCATE(made.truncate), _SYNC(made.sync)
        disk, paths = self._disk, self._paths

        @_WRITE
        def written(file: int, data: int, size: int, at: int) -> int:
            code = disk.write(paths[file], at, data, size)
            return int(write(file, data, size, at)) if code is None else code

        @_TRUNCATE
        def truncated(file: int, size: int) -> int:
            disk.truncate(paths[file], size)
            return int(truncate(file, size))

        @_SYNC
        def synced(file: int, flags: int) -> int:
            code = disk.sync(paths[file])
            return int(sync(file, flags)) if code is None else code

        made.write, made.truncate, made.sync = (
            cast(one, c_void_p).value for one in (written, truncated, synced)
        )
        self._kept += [written, truncated, synced]
        return made


D = TypeVar("D", bound=Disk)
_FOR_EVER: list[_Watch] = []
"""What a failed test leaves open goes on calling it."""


@contextmanager
def below_sqlite(disk: D) -> Iterator[D]:
    """For what is opened meanwhile, which must be closed before the end."""
    library = CDLL("libsqlite3.so.0")
    library.sqlite3_vfs_find.restype = POINTER(_Vfs)
    vfs, watch = library.sqlite3_vfs_find(None), _Watch(disk)
    _FOR_EVER.append(watch)
    former = vfs[0].open
    vfs[0].open = cast(watch.opener(_OPEN(former)), c_void_p).value
    try:
        yield disk
    finally:
        vfs[0].open = former

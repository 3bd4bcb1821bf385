"""A disk below SQLite that fails on demand: every file that SQLite opens meanwhile can be made to refuse to
write, or to confirm (fsync), as with EIO. By SQLite's own interface for file systems, in this process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from ctypes import CDLL, CFUNCTYPE, POINTER, Structure, c_char_p, c_int, c_int64, c_void_p, cast
from typing import Any, ClassVar

_OK, _IOERR_WRITE, _IOERR_FSYNC = 0, 778, 1034


class _Methods(Structure):
    """sqlite3_io_methods, of which two are looked at."""

    _fields_: ClassVar[Any] = [
        ("version", c_int), ("close", c_void_p), ("read", c_void_p), ("write", c_void_p),
        ("truncate", c_void_p), ("sync", c_void_p), *((f"rest{number}", c_void_p) for number in range(13)),
    ]  # fmt: skip


class _File(Structure):
    """sqlite3_file."""

    _fields_: ClassVar[Any] = [("methods", POINTER(_Methods))]


_OPEN = CFUNCTYPE(c_int, c_void_p, c_void_p, POINTER(_File), c_int, c_void_p)
_WRITE = CFUNCTYPE(c_int, c_void_p, c_void_p, c_int, c_int64)
_SYNC = CFUNCTYPE(c_int, c_void_p, c_int)


class _Vfs(Structure):
    """The beginning of sqlite3_vfs."""

    _fields_: ClassVar[Any] = [
        ("version", c_int), ("size_of_file", c_int), ("longest_path", c_int), ("next", c_void_p),
        ("name", c_char_p), ("data", c_void_p), ("open", c_void_p),
    ]  # fmt: skip


class BrokenDisk:
    """`fails`: what is refused just now, of `write` and `sync`. `refused` counts."""

    def __init__(self) -> None:
        self.fails: set[str] = set()
        self.refused = 0
        self._kept: list[object] = []
        self._copies: dict[int, _Methods] = {}

    def opener(self, original: Any) -> Any:
        """What SQLite opens files by."""

        @_OPEN
        def opened(vfs: Any, name: Any, file: Any, flags: int, out: Any) -> int:
            result = int(original(vfs, name, file, flags, out))
            if result == _OK and file[0].methods:
                file[0].methods = self._copy(file[0].methods)
            return result

        self._kept.append(opened)
        return opened

    def _copy(self, methods: Any) -> Any:
        address = cast(methods, c_void_p).value or 0
        if address not in self._copies:
            made = _Methods.from_buffer_copy(methods[0])
            write, sync = _WRITE(made.write), _SYNC(made.sync)

            @_WRITE
            def written(file: Any, data: Any, size: int, at: int) -> int:
                return self._refuse(_IOERR_WRITE) if "write" in self.fails else write(file, data, size, at)

            @_SYNC
            def synced(file: Any, flags: int) -> int:
                return self._refuse(_IOERR_FSYNC) if "sync" in self.fails else sync(file, flags)

            made.write, made.sync = cast(written, c_void_p).value, cast(synced, c_void_p).value
            self._kept += [written, synced]
            self._copies[address] = made
        return POINTER(_Methods)(self._copies[address])

    def _refuse(self, code: int) -> int:
        self.refused += 1
        return code


@contextmanager
def broken_disk() -> Iterator[BrokenDisk]:
    """For what is opened meanwhile, which must be closed before the end."""
    library = CDLL("libsqlite3.so.0")
    library.sqlite3_vfs_find.restype = POINTER(_Vfs)
    vfs, disk = library.sqlite3_vfs_find(None), BrokenDisk()
    former = vfs[0].open
    vfs[0].open = cast(disk.opener(_OPEN(former)), c_void_p).value
    try:
        yield disk
    finally:
        disk.fails.clear()
        vfs[0].open = former

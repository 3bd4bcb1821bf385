"""The file beside a SQLite database that its one running hub holds locked.

While a hub lives, the file names its process, and its time says when it was last seen. A clean end
empties it; so whoever finds it filled follows a life that was killed, and knows since when nobody
listened to the PBX.
"""

from __future__ import annotations

import fcntl
import os
import time
from datetime import UTC, datetime
from pathlib import Path

from hub.errors import Unavailable

BEAT_EVERY = 10.0
"""Seconds between two signs of life: each costs the disk one small write."""


class FileClaim:
    """A lock that goes with the process, whatever its end."""

    def __init__(self, handle: int) -> None:
        self._handle = handle
        self._is_marked = False
        self._beaten = 0.0

    @classmethod
    def take(cls, database: Path) -> FileClaim:
        """Raises Unavailable when another hub runs on it: two writers in two processes are not safe on
        SQLite."""
        lock = database.with_name(database.name + ".lock")
        try:
            handle = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise cannot_open(lock, error) from error
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(handle)
            raise Unavailable(
                "database.in_use",
                f"Another Pitline runs on {database}.",
                "Stop it first, or give this one a database of its own (HUB_DATABASE__URL).",
            ) from error
        return cls(handle)

    @staticmethod
    def is_held(database: Path) -> bool:
        """Whether a hub lives on it. The lock is tried only where a living process is named, so that a hub
        that starts at this moment finds it free."""
        lock = database.with_name(database.name + ".lock")
        try:
            os.kill(int(lock.read_text(encoding="ascii")), 0)
        except PermissionError:
            pass
        except (OSError, ValueError, OverflowError):
            return False
        with lock.open("rb") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except OSError:
                return True
        return False

    def live(self) -> datetime | None:
        """Begin a life on it. When the former one was last seen, if that was killed."""
        killed = bool(os.pread(self._handle, 1, 0))
        last_seen = datetime.fromtimestamp(os.fstat(self._handle).st_mtime, UTC) if killed else None
        os.ftruncate(self._handle, 0)
        os.pwrite(self._handle, f"{os.getpid()}\n".encode(), 0)
        self._is_marked = True
        self._beaten = time.monotonic()
        return last_seen

    def beat(self) -> None:
        """A sign of life, as often as one cares to call it."""
        if self._is_marked and time.monotonic() - self._beaten >= BEAT_EVERY:
            self._beaten = time.monotonic()
            os.utime(self._handle)

    def release(self) -> None:
        """The clean end."""
        if self._is_marked:
            os.ftruncate(self._handle, 0)
        os.close(self._handle)


def cannot_open(path: Path, error: OSError) -> Unavailable:
    """For a person who has to mend it."""
    return Unavailable(
        "database.cannot_open",
        f"{path} cannot be made or opened: {error.strerror}.",
        "Check HUB_DATABASE__URL and the rights of the folder.",
    )

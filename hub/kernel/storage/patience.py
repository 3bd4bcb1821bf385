"""BEGIN on a file that other programs write into as well.

SQLite itself looks whether the lock is free ever more seldom, ten times a second in the end. Where others
take it a hundred times a second, and at once again, such a look hardly ever finds it free: eight programs
that wrote 70 times a second left the hub one transaction a second. So it is told to wait briefly, and asked
again and again; each time it begins with quick looks."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable

from sqlalchemy.exc import DBAPIError

LONGEST_SECONDS = 5.0
EACH_MILLISECONDS = 15


def patiently(begin: Callable[[], object]) -> None:
    """Run `begin` until the lock is ours. Raises what it raises when that takes too long."""
    until = time.monotonic() + LONGEST_SECONDS
    while True:
        try:
            begin()
            return
        except (sqlite3.OperationalError, DBAPIError) as error:
            if not _is_busy(error) or time.monotonic() >= until:
                raise


def _is_busy(error: sqlite3.OperationalError | DBAPIError) -> bool:
    origin: object = error.orig if isinstance(error, DBAPIError) else error
    return getattr(origin, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY

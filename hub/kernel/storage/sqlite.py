"""How we open SQLite: WAL with FULL durability, our own BEGIN, and a file that nobody else runs on.

`isolation_level=None` takes transactions out of the driver's hands; the "begin" hook then says
BEGIN IMMEDIATE for writers (a plain BEGIN that writes later fails at once with "database is locked",
busy_timeout or not) and plain BEGIN for readers, which never wait for a writer.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool, QueuePool, StaticPool

from hub.errors import Invalid, Unavailable
from hub.kernel.storage.claim import cannot_open
from hub.kernel.storage.onehop import OneHopConnection, OneHopModule
from hub.kernel.storage.patience import EACH_MILLISECONDS, LONGEST_SECONDS, patiently

WRITING, READING = "BEGIN IMMEDIATE", "BEGIN"
# A checkpoint stalls the writer for 10 to 20 ms. Quiet moments are used for it (Database.tend); while
# nobody is quiet it comes every 64 MB of log, which twenty calls a second fill in ten seconds: seldom enough
# to stay out of the slowest hundredth of them.
CHECKPOINT_PAGES = 16_000
LARGEST_LOG = 128 * 1024 * 1024
# Kilobytes of each connection. There may be twenty that read, and the system keeps the file's pages once for
# all of them.
WRITER_CACHE, READER_CACHE = 16_384, 4_096


def file_of(url: str) -> Path:
    """The database file of an `sqlite+aiosqlite:///` URL, its folder made."""
    name = make_url(url).database
    if not name or name == ":memory:":
        raise Invalid(
            "settings.invalid",
            "The setting HUB_DATABASE__URL names no file.",
            "Write sqlite+aiosqlite:///var/pitline.db, for example.",
        )
    path = Path(name)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise cannot_open(path.parent, error) from error
    return path


def note_of(path: Path) -> Path:
    """Stands beside the database while a restore swaps it: a hub that finds it does not start."""
    return path.with_name(path.name + ".restoring")


def sqlite_mirror(path: Path) -> Path:
    """The file beside the database that no restore replaces (hub.kernel.backup.tombstones)."""
    return path.with_name(path.name + ".tombstones")


def refuse_a_gap(path: Path) -> None:
    """A database that was there and is not is never replaced by an empty one. Raises Unavailable."""
    if note_of(path).exists():
        raise Unavailable(
            "database.half_restored",
            f"A restore into {path} was not finished.",
            "Run pitline restore again; what was there before stands beside it as .kept-...",
        )
    is_there = path.exists() and path.stat().st_size > 0
    if not is_there and sqlite_mirror(path).exists():
        raise Unavailable(
            "database.gone",
            f"The database {path} was here and is gone.",
            f"Put it back, or run pitline restore. To begin anew, delete {sqlite_mirror(path)} too.",
        )


def writer_engine(path: Path, *, checkpoints: bool = True) -> Engine:
    """The writer thread's engine: one connection for life."""
    engine = create_engine(
        f"sqlite:///{path}", poolclass=StaticPool, connect_args={"check_same_thread": False}
    )
    _hook(engine, WRITING, query_only=False, checkpoints=checkpoints)
    return engine


def scout_engine(path: Path, threads: int) -> Engine:
    """For short synchronous reads, one connection for each reading thread."""
    engine = create_engine(
        f"sqlite:///{path}",
        poolclass=QueuePool,
        pool_size=threads,
        max_overflow=0,
        connect_args={"check_same_thread": False},
    )
    _hook(engine, READING, query_only=True)
    return engine


def session_engine(path: Path, *, checkpoints: bool = True) -> AsyncEngine:
    """For the pages' writing sessions; one at a time, the writer lock sees to that."""
    engine = create_async_engine(
        f"sqlite+aiosqlite:///{path}",
        module=OneHopModule(),
        poolclass=AsyncAdaptedQueuePool,
        pool_size=1,
        max_overflow=0,
    )
    _hook(engine.sync_engine, WRITING, query_only=False, checkpoints=checkpoints)
    return engine


def reader_engine(path: Path) -> AsyncEngine:
    """For reading: connections that cannot write and wait for nobody."""
    engine = create_async_engine(
        f"sqlite+aiosqlite:///{path}",
        module=OneHopModule(),
        poolclass=AsyncAdaptedQueuePool,
        pool_size=4,
        max_overflow=12,
        pool_timeout=5,
    )
    _hook(engine.sync_engine, READING, query_only=True)
    return engine


def _hook(engine: Engine, begin: str, *, query_only: bool, checkpoints: bool = True) -> None:
    """Without `checkpoints` the log is left to the hub that runs beside: before SQLite 3.51.3 two
    processes that empty it at once can damage the file."""

    def on_connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {LONGEST_SECONDS * 1000:.0f}")
        if query_only:
            cursor.execute("PRAGMA query_only = ON")
        else:
            cursor.execute("PRAGMA journal_mode = WAL")
            cursor.execute("PRAGMA synchronous = FULL")
            cursor.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES if checkpoints else 0}")
            cursor.execute(f"PRAGMA journal_size_limit = {LARGEST_LOG}")
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.execute(f"PRAGMA cache_size = {-(READER_CACHE if query_only else WRITER_CACHE)}")
        cursor.execute("PRAGMA temp_store = MEMORY")
        if not query_only:  # from here on only its BEGIN waits for anybody
            cursor.execute(f"PRAGMA busy_timeout = {EACH_MILLISECONDS}")
        cursor.close()

    def on_begin(connection: Connection) -> None:
        driver: Any = connection.connection.dbapi_connection
        if isinstance(driver, OneHopConnection):
            driver.begin_with(begin)
        elif not driver.in_transaction:  # a kept connection has begun already
            patiently(partial(connection.exec_driver_sql, begin))

    event.listen(engine, "connect", on_connect)
    event.listen(engine, "begin", on_begin)

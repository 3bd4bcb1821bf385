"""The database: short writing jobs for the machinery, sessions for pages and handlers, reads.

On SQLite one FIFO lock orders everything that writes: the writer thread's batches and the pages'
sessions, both briefly. On PostgreSQL the same synchronous batch functions run on asyncpg through
`run_sync`, and the server does the ordering.
"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, event, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine

from hub.errors import Unavailable
from hub.kernel.storage import sqlite
from hub.kernel.storage.claim import FileClaim
from hub.kernel.storage.faults import away, damaged, storage_fault, unconfirmed
from hub.kernel.storage.glances import Glances
from hub.kernel.storage.kept import KeptConnection
from hub.kernel.storage.pressure import Pressure
from hub.kernel.storage.visits import hand_over, visit

R = TypeVar("R")

_SCOUTS = 2
_CHECKED_AT_START = 32 * 1024 * 1024
LONGEST_SESSION = 30.0
"""Seconds after which a writing session is rolled back: it holds up every other writer."""
LONGEST_READING = 120.0
"""Seconds after which a reading session is ended: while it lasts, SQLite's log only grows."""


class Database:
    """One database by its URL. `exclusive`: a running hub, which refuses a second one on one file.
    `last_seen`: when the hub before it was, if that was killed."""

    def __init__(self, url: str, *, exclusive: bool = False) -> None:
        self._url = url
        self._exclusive = exclusive
        self.is_sqlite = url.startswith("sqlite")
        self.path: Path | None = None
        self._claim: FileClaim | None = None
        self.last_seen: datetime | None = None
        self._turn = asyncio.Lock()
        self._turn_owner: asyncio.Task[object] | None = None
        self._thread: ThreadPoolExecutor | None = None
        self._writer: Engine | None = None
        self._scout_threads: ThreadPoolExecutor | None = None
        self._scouts: Engine | None = None
        self._writing: KeptConnection | None = None
        self._scouting = threading.local()
        self._scouting_all: list[KeptConnection] = []
        self._glances = Glances(self._glance)
        self._sessions: AsyncEngine | None = None
        self._readers: AsyncEngine | None = None
        self._machinery: AsyncEngine | None = None
        """Connections of its own on a server, so that pages that wait never hold up what comes in."""
        self.longest_session = LONGEST_SESSION
        self.longest_reading = LONGEST_READING
        self.pressure = Pressure()
        self.commits = 0
        self.damage: Unavailable | None = None
        self._commits_seen = 0
        self._commits_tended = 0

    async def open(self) -> None:
        """Make the folder, take the file, and touch it once. Raises Unavailable with the reason."""
        if not self.is_sqlite:
            self._sessions = _server_engine(self._url, 8, overflow=8)
            self._machinery = _server_engine(self._url, 4)
            self._readers = self._sessions.execution_options(postgresql_readonly=True)
            await self.write(lambda connection: connection.execute(text("SELECT 1")))
            return
        self.path = sqlite.file_of(self._url)
        if self._exclusive:
            self._claim = FileClaim.take(self.path)
        try:
            sqlite.refuse_a_gap(self.path)
        except Unavailable:
            self._let_go()
            raise
        if self._claim is not None:
            self.last_seen = self._claim.live()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="writer")
        self._writer = sqlite.writer_engine(self.path, checkpoints=self._exclusive)
        self._writing = KeptConnection(self._writer, sqlite.WRITING)
        self._scout_threads = ThreadPoolExecutor(_SCOUTS, thread_name_prefix="scout")
        self._scouts = sqlite.scout_engine(self.path, _SCOUTS)
        self._sessions = sqlite.session_engine(self.path, checkpoints=self._exclusive)
        self._readers = sqlite.reader_engine(self.path)
        await self.write(lambda connection: connection.execute(text("SELECT count(*) FROM sqlite_master")))
        if self.path.stat().st_size <= _CHECKED_AT_START:
            await self.examine()

    def has_a_hub(self) -> bool:
        """Whether a hub runs on this file, as far as it can be told: on SQLite it does the writing. A server
        bears many."""
        return self.path is not None and self._claim is None and FileClaim.is_held(self.path)

    async def close(self) -> None:
        """Readers first, so that the writer is the one that empties the log at the end."""
        for engine in (self._readers, self._sessions, self._machinery):
            if engine is not None:
                await engine.dispose()
        if self._scout_threads is not None and self._scouts is not None:
            await asyncio.get_running_loop().run_in_executor(None, self._end_scouts)
        if self._thread is not None and self._writer is not None:
            await asyncio.get_running_loop().run_in_executor(self._thread, self._end_writer)
            self._thread.shutdown(wait=False)
        self._let_go()

    def _end_scouts(self) -> None:
        """A read whose caller is gone may still run, and SQLite does not bear that its connection is
        closed by another thread meanwhile: it is told to stop, and waited for."""
        threads = self._scout_threads
        if threads is not None:
            ending = threading.Thread(target=threads.shutdown, kwargs={"cancel_futures": True})
            ending.start()
            while ending.is_alive():
                for kept in self._scouting_all:
                    kept.interrupt()
                ending.join(0.05)
        for kept in self._scouting_all:
            kept.close()
        self._scouting_all.clear()
        _opened(self._scouts).dispose()

    def _end_writer(self) -> None:
        _opened(self._writing).close()
        _opened(self._writer).dispose()

    def _let_go(self) -> None:
        if self._claim is not None:
            claim, self._claim = self._claim, None
            claim.release()

    async def write(self, work: Callable[[Connection], R]) -> R:
        """Run a synchronous job in one transaction of its own; committed when this returns. A
        cancelled caller leaves the job to finish. Storage faults are raised as Unavailable."""
        with self._confirmed():
            return await (
                self._in_turn(partial(self._in_transaction, work))
                if self.is_sqlite
                else self._write_async(work)
            )

    async def read(self, work: Callable[[Connection], R]) -> R:
        """Run synchronous queries on a connection that cannot write and waits for no writer; on SQLite
        in one visit to a reading thread, which is what makes it quick."""
        with _told():
            if self.is_sqlite:
                loop, job = asyncio.get_running_loop(), partial(self._scout, work)
                return await loop.run_in_executor(_opened(self._scout_threads), job)
            async with AsyncExitStack() as stack:
                try:
                    connection = await stack.enter_async_context(_opened(self._readers).connect())
                except OSError as error:
                    raise away(error) from error
                return await connection.run_sync(work)

    async def glance(self, work: Callable[[Connection], R]) -> R:
        """The same for look-ups by key, well under a millisecond each, of which many come at once."""
        if not self.is_sqlite:
            return await self.read(work)
        with _told():
            return await self._glances.ask(work)

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncSession]:
        """A session in a writing transaction. The caller commits; leaving rolls back what is not.
        Raises Unavailable for storage faults and when the session is held too long."""
        if self.is_sqlite:
            await self._take_turn()
            self._turn_owner = asyncio.current_task()
        limit = asyncio.timeout(self.longest_session)
        try:
            with self._confirmed():
                async with limit, AsyncSession(_opened(self._sessions), expire_on_commit=False) as session:
                    with self.pressure.waiting():
                        await _connect(session)
                    yield session
        except TimeoutError as error:
            if not limit.expired():
                raise
            raise _too_slow() from error
        finally:
            if self.is_sqlite:
                self._end_turn()

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        """A session that sees one moment of the database, cannot write and waits for no writer."""
        async with self.looking() as look:
            yield look.session

    @asynccontextmanager
    async def looking(self) -> AsyncIterator[ReadingSession]:
        """The same, made when it is first asked for: many reads never need a session."""
        limit = asyncio.timeout(self.longest_reading)
        try:
            with _told():
                async with limit, ReadingSession(_opened(self._readers)) as reading:
                    if not self.is_sqlite:  # a file is opened when it is first asked, a server may be away
                        with self.pressure.waiting():
                            await _connect(reading.session)
                    yield reading
        except TimeoutError as error:
            if not limit.expired():
                raise
            raise _too_slow() from error

    async def examine(self) -> None:
        """Look for damage in the whole file; a big one takes seconds. Raises Unavailable, and
        remembers what it found: a damaged database stays damaged."""
        if self.path is None:
            return
        found = await self.read(lambda connection: connection.scalar(text("PRAGMA quick_check(1)")))
        if found != "ok":
            self.damage = damaged(str(found))
            self._refuse_if_damaged()

    async def tend(self) -> None:
        """Give a sign of life, and empty SQLite's log if nobody has written since the last call, so that
        no commit has to."""
        if self._claim is not None:
            self._claim.beat()
        is_quiet, self._commits_seen = self.commits == self._commits_seen, self.commits
        if self.path is None or not is_quiet or self.commits == self._commits_tended or self._turn.locked():
            return
        self._commits_tended = self.commits
        with self._confirmed():
            await self._in_turn(self._checkpoint)

    @contextmanager
    def _confirmed(self) -> Iterator[None]:
        """Nothing is written to a damaged database, or after the disk has failed to confirm a write."""
        self._refuse_if_damaged()
        with _told():
            try:
                yield
            except (DBAPIError, sqlite3.Error) as error:
                if (fault := unconfirmed(error)) is not None:
                    self.damage = fault
                    raise fault from error
                raise

    def _refuse_if_damaged(self) -> None:
        if (found := self.damage) is not None:  # a new one: each that is raised holds on to where it was
            raise Unavailable(found.code, found.text, found.hint, data=found.data)

    def _checkpoint(self) -> None:
        # Past SQLAlchemy, whose connections begin a transaction, in which no checkpoint can run.
        connection = _opened(self._writer).raw_connection()
        try:
            connection.cursor().execute("PRAGMA wal_checkpoint(PASSIVE)").close()
        finally:
            connection.close()

    def _glance(self, work: Callable[[Connection], R], told: Callable[[Future[R]], None]) -> None:
        visit(_opened(self._scout_threads), partial(self._scout, work), told)

    def _scout(self, work: Callable[[Connection], R]) -> R:
        kept: KeptConnection | None = getattr(self._scouting, "connection", None)
        if kept is None:
            kept = self._scouting.connection = KeptConnection(_opened(self._scouts), sqlite.READING)
            self._scouting_all.append(kept)
        return kept.run(work)[0]

    async def _write_async(self, work: Callable[[Connection], R]) -> R:
        async with AsyncExitStack() as stack:
            try:
                connection = await stack.enter_async_context(_opened(self._machinery).begin())
            except OSError as error:
                raise away(error) from error
            done = await connection.run_sync(work)
        self.commits += 1
        return done

    async def _in_turn(self, job: Callable[[], R]) -> R:
        """Run something in the writer's thread when it is our turn. The turn ends with the job, not
        with the caller, who may be cancelled."""
        await self._take_turn()
        answer: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        try:
            visit(_opened(self._thread), job, partial(self._job_done, answer))
        except BaseException:
            self._end_turn()
            raise
        return await answer

    def _job_done(self, answer: asyncio.Future[R], job: Future[R]) -> None:
        """The caller may be gone, and who waits for the turn must know before it has it."""
        if not job.cancelled() and (error := job.exception()) is not None:
            self.damage = unconfirmed(error) or self.damage
        self._end_turn()
        hand_over(job, answer)

    def _in_transaction(self, work: Callable[[Connection], R]) -> R:
        done, changed = _opened(self._writing).run(work)
        self.commits += changed > 0
        return done

    async def _take_turn(self) -> None:
        task = asyncio.current_task()
        if task is not None and self._turn_owner is task:
            raise RuntimeError("this task holds a writing unit of work already: a second would wait for ever")
        await self._turn.acquire()
        if self.damage is not None:
            self._end_turn()
            self._refuse_if_damaged()

    def _end_turn(self) -> None:
        self._turn_owner = None
        self._turn.release()


class ReadingSession:
    """A session for reading that is made when it is first asked for."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._session: AsyncSession | None = None

    @property
    def session(self) -> AsyncSession:
        if self._session is None:
            self._session = AsyncSession(self._engine, expire_on_commit=False)
        return self._session

    async def __aenter__(self) -> ReadingSession:
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._session is not None:
            await self._session.__aexit__(None, None, None)


def _server_engine(url: str, size: int, *, overflow: int = 0) -> AsyncEngine:
    try:
        engine = create_async_engine(
            url, pool_size=size, max_overflow=overflow, pool_pre_ping=True, pool_use_lifo=True
        )
    except ModuleNotFoundError as error:
        raise Unavailable(
            "database.not_installed",
            "HUB_DATABASE__URL names PostgreSQL, but the program's part for it is not installed.",
            "Install it: pip install 'pitline[postgres]'.",
        ) from error
    event.listen(engine.sync_engine, "connect", _without_machine_code)
    return engine


def _without_machine_code(connection: Any, _record: object) -> None:
    """Our questions take no seconds: to translate one (0.5 s for the clients lost in a year) took longer than
    to answer it (0.3 s). Asked for here, since a pooler refuses what it does not know at the log-in."""
    cursor = connection.cursor()
    cursor.execute("SET jit = off")
    cursor.close()
    connection.commit()


E = TypeVar("E", Engine, AsyncEngine, KeptConnection, ThreadPoolExecutor)


def _opened(part: E | None) -> E:
    if part is None:
        raise Unavailable("database.closed", "The database is not open.")
    return part


def _too_slow() -> Unavailable:
    return Unavailable("database.too_slow", "The work took too long and was undone.", "Try again.")


async def _connect(session: AsyncSession) -> None:
    try:
        await session.connection()
    except OSError as error:
        raise away(error) from error


@contextmanager
def _told() -> Iterator[None]:
    """Storage faults leave as Unavailable, with a text for a person; the rest as it is."""
    try:
        yield
    except (DBAPIError, PoolTimeout, sqlite3.Error) as error:
        raise storage_fault(error) or error from error

"""aiosqlite with one thread hop per statement instead of four, and none for BEGIN.

SQLAlchemy's adapter asks the connection's thread for a cursor, for the execution, for the rows and for
the close, one after another; each hop costs 0.1 ms, more than the query. Here one hop does all of it,
and carries the BEGIN of its transaction along. Passed to `create_async_engine(module=...)`.
"""

from __future__ import annotations

import collections
import sqlite3
from collections.abc import Sequence
from functools import partial
from typing import Any

import aiosqlite
from sqlalchemy.dialects.sqlite.aiosqlite import (
    AsyncAdapt_aiosqlite_connection,
    AsyncAdapt_aiosqlite_cursor,
    AsyncAdapt_aiosqlite_dbapi,
)
from sqlalchemy.util.concurrency import await_

from hub.kernel.storage.patience import patiently


class _Done:
    """What is left of a statement once it has run: no cursor stays open."""

    __slots__ = ("arraysize", "description", "lastrowid", "rowcount")

    def __init__(self) -> None:
        self.description: Any = None
        self.rowcount = -1
        self.lastrowid: int | None = None
        self.arraysize = 1

    async def close(self) -> None:
        """Nothing is open."""


class OneHopCursor(AsyncAdapt_aiosqlite_cursor):
    """Runs a statement and fetches everything in one visit to the connection's thread."""

    __slots__ = ()

    def _make_new_cursor(self, connection: Any) -> Any:
        return _Done()

    def _aenter_cursor(self, cursor: Any) -> Any:
        return cursor

    def close(self) -> None:
        self._rows.clear()

    async def _async_soft_close(self) -> None:
        """Nothing is open."""

    async def _execute_async(self, operation: Any, parameters: Any) -> Any:
        await self._visit(operation, () if parameters is None else parameters, many=False)

    async def _executemany_async(self, operation: Any, seq_of_parameters: Any) -> Any:
        await self._visit(operation, seq_of_parameters, many=True)

    async def _visit(self, operation: str, parameters: Sequence[Any], *, many: bool) -> None:
        adapted: Any = self._adapt_connection
        begin = adapted.take_begin()
        left: Any = self._cursor

        def run(connection: sqlite3.Connection) -> list[Any]:
            if begin:
                patiently(partial(connection.execute, begin))
            cursor = connection.cursor()
            try:
                if many:
                    cursor.executemany(operation, parameters)
                else:
                    cursor.execute(operation, parameters)
                left.description = cursor.description
                left.rowcount, left.lastrowid = cursor.rowcount, cursor.lastrowid
                return cursor.fetchall() if cursor.description else []
            finally:
                cursor.close()

        async with adapted._execute_mutex:
            self._rows = collections.deque(await adapted.visit(run))


class OneHopConnection(AsyncAdapt_aiosqlite_connection):
    """Remembers a BEGIN until the first statement; ends only transactions that were begun."""

    __slots__ = ("_begin",)

    _cursor_cls = OneHopCursor

    def begin_with(self, statement: str) -> None:
        """The transaction begins so, together with its first statement."""
        self._begin = statement

    def take_begin(self) -> str:
        """The BEGIN that has not been said yet."""
        begin, self._begin = getattr(self, "_begin", ""), ""
        return begin

    async def visit(self, run: Any) -> Any:
        """Run something in the connection's thread."""
        driver: Any = self._connection
        return await driver._execute(run, driver._conn)

    def cursor(self, server_side: bool = False) -> Any:
        if server_side and (begin := self.take_begin()):
            await_(self.visit(lambda connection: patiently(partial(connection.execute, begin))))
        return super().cursor(server_side)

    def rollback(self) -> None:
        if not self.take_begin() and self._is_in_transaction:
            super().rollback()

    def commit(self) -> None:
        if not self.take_begin() and self._is_in_transaction:
            super().commit()

    @property
    def _is_in_transaction(self) -> bool:
        driver: Any = self._connection
        return driver._connection is not None and driver._connection.in_transaction


class OneHopModule(AsyncAdapt_aiosqlite_dbapi):
    """The DBAPI module of the engines for sessions."""

    def __init__(self) -> None:
        super().__init__(aiosqlite, sqlite3)

    def connect(self, *arguments: Any, **named: Any) -> OneHopConnection:
        """Open a connection with a daemon thread of its own."""
        connection: Any = aiosqlite.connect(*arguments, **named)
        connection._thread.daemon = True
        return OneHopConnection(self, await_(connection))

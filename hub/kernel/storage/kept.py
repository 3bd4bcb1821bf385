"""A connection to SQLite that a thread keeps, with transactions begun and ended by hand.

SQLAlchemy makes a Connection and a transaction of its own each time, which costs more than all the
statements of a short transaction (0.1 ms). Here both are made only when a statement needs them.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from sqlite3 import Error
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from hub.kernel.storage.patience import patiently

R = TypeVar("R")


class KeptConnection:
    """For one thread at a time. `begin` is how its transactions begin."""

    def __init__(self, engine: Engine, begin: str) -> None:
        self._engine = engine
        self._begin = begin
        self._connection: Connection | None = None
        self._driver: Any = None

    def run(self, work: Callable[[Connection], R]) -> tuple[R, int]:
        """Run it in one transaction: committed when this returns, undone when it raises. Also tells how
        many rows were changed."""
        connection = self._connection or self._open()
        driver = self._driver
        before: int = driver.total_changes
        try:
            patiently(partial(driver.execute, self._begin))
            done = work(connection)
            changed: int = driver.total_changes - before
            connection.commit()  # of what SQLAlchemy itself took part in
            if driver.in_transaction:
                driver.execute("COMMIT")
        except BaseException:
            self._undo(connection)
            raise
        return done, changed

    def interrupt(self) -> None:
        """From any thread: the statement that runs now is given up."""
        driver = self._driver
        if driver is not None:
            driver.interrupt()

    def close(self) -> None:
        """Never while another thread runs a statement on it. The next `run` opens anew."""
        connection, self._connection, self._driver = self._connection, None, None
        if connection is not None:
            connection.close()

    def _open(self) -> Connection:
        self._connection = connection = self._engine.connect()
        self._driver = connection.connection.dbapi_connection
        return connection

    def _undo(self, connection: Connection) -> None:
        try:
            connection.rollback()
            if self._driver.in_transaction:
                self._driver.execute("ROLLBACK")
        except (SQLAlchemyError, Error):
            # What is wrong is told by the error that led here; this connection is given up.
            with suppress(SQLAlchemyError, Error):
                self.close()

"""Core statements for the hot path, compiled once and run past SQLAlchemy's execution context, which
costs several times what SQLite needs for the statement itself (0.1 ms against 0.02).

The statement is written as everywhere else and means the same on both databases; its types turn
values on their way in and out as usual. What it cannot do: ORM entities, column defaults, events.
"""

from __future__ import annotations

import sqlite3
from collections import namedtuple
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from operator import itemgetter
from typing import Any

from sqlalchemy import (
    BindParameter,
    CompoundSelect,
    Connection,
    Dialect,
    Float,
    Select,
    TextClause,
    bindparam,
)
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.sql.expression import UpdateBase

Value = Callable[[Any], Any]
Statement = Select[*tuple[Any, ...]] | CompoundSelect[*tuple[Any, ...]] | UpdateBase | TextClause

_MOST_LISTED = 256


class Prepared:
    """A statement whose parameters are all named by `bindparam`."""

    def __init__(self, statement: Statement) -> None:
        self._statement = statement
        self._compiled: dict[str, _Compiled] = {}

    def run(self, connection: Connection, rows: Sequence[Mapping[str, Any]]) -> int:
        """Execute it once for each row of parameters; how many table rows it touched (-1: unknown)."""
        compiled = self._for(connection)
        given = [compiled.parameters(row) for row in rows]
        count: int = _execute(connection, compiled.sql, given).rowcount
        return count

    def all(self, connection: Connection, values: Mapping[str, Any]) -> list[Any]:
        """The rows of a SELECT, as named tuples."""
        compiled = self._for(connection)
        return compiled.rows(_execute(connection, compiled.sql, [compiled.parameters(values)]).fetchall())

    def _for(self, connection: Connection) -> _Compiled:
        compiled = self._compiled.get(connection.dialect.name)
        if compiled is None:
            compiled = _Compiled(self._statement, connection.dialect)
            self._compiled[connection.dialect.name] = compiled
        return compiled


class PreparedIn:
    """A SELECT over a list of values: `build` is given the parameters that stand in its IN (…).
    It is compiled for 1, 2, 4, 8 … values; a shorter list is filled up with its last one."""

    def __init__(self, build: Callable[[Sequence[BindParameter[Any]]], Select[*tuple[Any, ...]]]) -> None:
        self._build = build
        self._sizes: dict[int, Prepared] = {}

    def all(self, connection: Connection, values: Collection[Any]) -> list[Any]:
        """The rows for these values, as named tuples."""
        listed, found = list(values), []
        while listed:
            now, listed = listed[:_MOST_LISTED], listed[_MOST_LISTED:]
            size = 1 << (len(now) - 1).bit_length()
            now += [now[-1]] * (size - len(now))
            found += self._of(size).all(connection, {f"listed_{n}": value for n, value in enumerate(now)})
        return found

    def _of(self, size: int) -> Prepared:
        prepared = self._sizes.get(size)
        if prepared is None:
            parameters: list[BindParameter[Any]] = [bindparam(f"listed_{n}") for n in range(size)]
            prepared = self._sizes[size] = Prepared(self._build(parameters))
        return prepared


def _execute(connection: Connection, sql: str, rows: Sequence[tuple[Any, ...]]) -> Any:
    """A cursor, or what behaves like one. Raises SQLAlchemy's DBAPIError."""
    driver = connection.connection.dbapi_connection
    if not isinstance(driver, sqlite3.Connection):
        return connection.exec_driver_sql(sql, list(rows) if len(rows) != 1 else rows[0])
    try:
        return driver.execute(sql, rows[0]) if len(rows) == 1 else driver.executemany(sql, rows)
    except sqlite3.IntegrityError as error:
        raise IntegrityError(sql, None, error) from error
    except sqlite3.Error as error:
        raise DBAPIError(sql, None, error) from error


class _Compiled:
    """One statement on one kind of database."""

    def __init__(self, statement: Statement, dialect: Dialect) -> None:
        compiled: Any = statement.compile(dialect=dialect)
        self.sql: str = compiled.string
        names: list[str] = list(compiled.positiontup)
        self._inputs = [(name, compiled.params[name]) for name in names]
        self._pick = itemgetter(*names) if len(names) > 1 else lambda values: tuple(values[n] for n in names)
        turns = [(place, _into(compiled.binds[name].type, dialect)) for place, name in enumerate(names)]
        self._turns = [(place, turn) for place, turn in turns if turn is not None]
        columns = list(statement.selected_columns) if isinstance(statement, Select | CompoundSelect) else []
        make_row: Any = namedtuple
        self._row = make_row("Row", [column.key for column in columns])
        outputs = [(place, _out_of(column.type, dialect)) for place, column in enumerate(columns)]
        self._outputs = [(place, turn) for place, turn in outputs if turn is not None]

    def parameters(self, values: Mapping[str, Any]) -> tuple[Any, ...]:
        """In the order of the driver's placeholders."""
        try:
            given: tuple[Any, ...] = self._pick(values)
        except KeyError:  # some stand in the statement itself
            given = tuple([values.get(name, default) for name, default in self._inputs])
        if not self._turns:
            return given
        turned = list(given)
        for place, turn in self._turns:
            turned[place] = turn(turned[place])
        return tuple(turned)

    def rows(self, found: Iterable[Sequence[Any]]) -> list[Any]:
        """The driver's rows with their types' values."""
        make, outputs = self._row._make, self._outputs
        if not outputs:
            return [make(row) for row in found]
        made = []
        for row in found:
            values = list(row)
            for place, turn in outputs:
                values[place] = turn(values[place])
            made.append(make(values))
        return made


def _into(kind: Any, dialect: Dialect) -> Value | None:
    turn: Value | None = kind.dialect_impl(dialect).bind_processor(dialect)
    return turn


def _out_of(kind: Any, dialect: Dialect) -> Value | None:
    if isinstance(kind, Float) and not kind.asdecimal:
        return None  # both drivers give floats; asyncpg's processor would ask for the column's own code
    turn: Value | None = kind.dialect_impl(dialect).result_processor(dialect, None)
    return turn

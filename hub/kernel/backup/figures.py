"""Counts and sums of every table, for comparing a copy with what was copied; Core, on any database."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Integer,
    MetaData,
    Numeric,
    Table,
    cast,
    func,
    literal,
    select,
)

from hub.kernel.backup.manifest import TableFigures


def reflected(connection: Connection, schema: str | None = None) -> list[Table]:
    """The tables as they stand in the database (PostgreSQL: in one of its schemas), those that others
    point at first."""
    metadata = MetaData()
    metadata.reflect(connection, schema=schema)
    return list(metadata.sorted_tables)


def figures_of(connection: Connection, tables: list[Table]) -> dict[str, TableFigures]:
    """Row counts, and sums of the columns of whole numbers."""
    return {table.name: _figures(connection, table) for table in tables}


def _figures(connection: Connection, table: Table) -> TableFigures:
    whole = [column for column in table.c if isinstance(column.type, Integer | BigInteger)]
    sums = _halves if connection.dialect.name == "sqlite" else _numeric
    query = select(func.count(), *(part for column in whole for part in sums(column))).select_from(table)
    count, *parts = map(int, connection.execute(query).one())
    pairs = zip(whole, parts[::2], parts[1::2], strict=True)
    return TableFigures(count, {column.name: (high << 32) + low for column, high, low in pairs})


def _halves(column: Column[Any]) -> tuple[ColumnElement[int], ColumnElement[int]]:
    """The sums of the upper and of the lower 32 bits: SQLite adds up in 64 bits, and six moments in
    nanoseconds are more than that."""
    return _sum(column.op(">>")(32)), _sum(column.op("&")(0xFFFFFFFF))


def _numeric(column: Column[Any]) -> tuple[ColumnElement[int], ColumnElement[int]]:
    """No upper half, and a sum of as many digits as it takes."""
    return literal(0), _sum(cast(column, Numeric(40, 0)))


def _sum(what: ColumnElement[Any]) -> ColumnElement[int]:
    return func.coalesce(func.sum(what), 0)

"""Counts and sums of every table, for comparing a copy with what was copied; Core, on any database."""

from __future__ import annotations

from sqlalchemy import BigInteger, Connection, Integer, MetaData, Numeric, Table, cast, func, select

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
    sums = [func.coalesce(func.sum(cast(column, Numeric(40, 0))), 0) for column in whole]
    if connection.dialect.name == "sqlite":
        sums = [func.coalesce(func.sum(column), 0) for column in whole]
    row = connection.execute(select(func.count(), *sums).select_from(table)).one()
    return TableFigures(int(row[0]), {c.name: int(s) for c, s in zip(whole, row[1:], strict=True)})

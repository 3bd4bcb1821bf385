"""Whoever looks something up and then writes it takes its turn first, or two would write it."""

from __future__ import annotations

from sqlalchemy import Connection

_TURN = "SELECT pg_advisory_xact_lock(hashtextextended($1, 7465))"


def take_turn(connection: Connection, what: str) -> None:
    """Nobody else is past this line for the same `what` until this transaction ends. On SQLite there is one
    writer anyway."""
    if connection.dialect.name != "sqlite":
        connection.exec_driver_sql(_TURN, (what,))

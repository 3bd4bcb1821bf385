"""Wakes the sender of whichever process holds the line, when somebody has ordered something."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from hub.events.commands import CommandGiven


def observe(_connection: Connection, rows: Sequence[Mapping[str, Any]]) -> bool:
    """Whether there is an order among the new facts."""
    return any(row["name"] == CommandGiven.name for row in rows)

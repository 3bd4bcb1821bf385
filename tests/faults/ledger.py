"""The judge: what the exchange made, against a direct read of the hub's database."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from pathlib import Path

from tests.faults.shop_pbx import Made

Row = tuple[str, str | None, str | None, bool]
"""State, result, who answered, whether it is complete."""

_READ = "SELECT from_number, state, result, answered_by, is_complete FROM calls_calls"


def in_database(path: Path) -> dict[str, list[Row]]:
    """The calls of the database by the number that called."""
    found: dict[str, list[Row]] = {}
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as database:
        for number, state, result, answered_by, is_complete in database.execute(_READ):
            found.setdefault(number, []).append((state, result, answered_by, bool(is_complete)))
    return found


def lost_and_doubled(made: Iterable[Made], found: Mapping[str, list[Row]]) -> tuple[list[str], list[str]]:
    """Numbers of calls that were made and are not there, and of those that are there twice."""
    counts = {one.number: len(found.get(f"+{one.number}", ())) for one in made}
    lost = [number for number, count in counts.items() if not count]
    return lost, [number for number, count in counts.items() if count > 1]

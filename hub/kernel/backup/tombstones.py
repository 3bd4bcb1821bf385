"""What ended for good must stay so when an older backup is put back: a person's data that were erased, a
key that was revoked, an employee who left.

Two ways to say it. A module whose rows remain tells it from its tables (`Tombstones.collect`). One whose
rows are gone lays a stone in the transaction that erases (`lay`). All of them are mirrored into a file
beside the database, which no restore replaces; the backup holds them too, and the former database is
asked where it can still be read. After a restore `Tombstones.bury` of each module does it again.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, delete, insert, select

from hub.kernel.backup.tables import backup_tombstones
from hub.kernel.storage.sqlite import file_of, sqlite_mirror
from hub.settings import Settings

Marks = dict[str, list[str]]
"""Kind (`access.token`) to the ids of what ended."""


@dataclass(frozen=True, slots=True)
class Burial:
    """What a module is told after a restore. `is_whole`: nothing that ended since the backup can be
    missing among the marks, because they came from beside the former database."""

    marks: Mapping[str, frozenset[str]]
    at: datetime
    is_whole: bool


@dataclass(frozen=True, slots=True)
class Tombstones:
    """A module's part, for its manifest. Both run in one transaction on Core; `bury` may run twice."""

    bury: Callable[[Connection, Burial], None]
    collect: Callable[[Connection], Iterable[tuple[str, str]]] | None = None


def lay(connection: Connection, kind: str, ref: str, at: datetime) -> None:
    """Remember for ever that this ended; call it in the transaction that erases."""
    connection.execute(
        delete(backup_tombstones).where(backup_tombstones.c.kind == kind, backup_tombstones.c.ref == ref)
    )
    connection.execute(insert(backup_tombstones).values(kind=kind, ref=ref, at=at))


def collect(connection: Connection, stones: Iterable[Tombstones]) -> Marks:
    """Everything that has ended in this database."""
    found: set[tuple[str, str]] = set()
    if connection.dialect.has_table(connection, backup_tombstones.name):
        found |= {(row.kind, row.ref) for row in connection.execute(select(backup_tombstones))}
    for one in stones:
        if one.collect is not None:
            found |= set(one.collect(connection))
    marks: Marks = {}
    for kind, ref in sorted(found):
        marks.setdefault(kind, []).append(ref)
    return marks


def merged(*many: Marks) -> Marks:
    """All of them together."""
    found: dict[str, set[str]] = {}
    for marks in many:
        for kind, refs in marks.items():
            found.setdefault(kind, set()).update(refs)
    return {kind: sorted(refs) for kind, refs in sorted(found.items())}


def mirror_of(settings: Settings) -> Path:
    """The file beside the database; of a server's, beside the backups."""
    url = settings.database.url
    if url.startswith("sqlite"):
        return sqlite_mirror(file_of(url))
    return Path(settings.backup.folder) / "pitline.tombstones"


def write_mirror(path: Path, marks: Marks) -> None:
    """All of them, or what was there before."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    with part.open("w", encoding="utf-8") as file:
        json.dump(marks, file)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


def read_marks(path: Path) -> Marks | None:
    """None where there is no such file, or it is not readable any more."""
    try:
        told: Any = json.loads(path.read_text(encoding="utf-8"))
        return {str(kind): [str(ref) for ref in refs] for kind, refs in told.items()}
    except (OSError, ValueError, AttributeError, TypeError):
        return None

"""Files of messages on the disk: written once under a name of ours, never changed. Blocking: in a thread."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from hub.modules.messaging.rules_files import kind_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """A file that stands on the disk; `path` within the folder of files."""

    id: str
    path: str
    content_type: str
    size: int


def write(folder: Path, file_id: str, data: bytes) -> Stored:
    """It is there, whole and synced, or not at all."""
    path = f"{file_id[:4]}/{file_id}"
    whole = folder / path
    whole.parent.mkdir(parents=True, exist_ok=True)
    part = whole.with_suffix(".part")
    with part.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    part.replace(whole)
    return Stored(id=file_id, path=path, content_type=kind_of(data), size=len(data))


def remove(folder: Path, paths: tuple[str, ...]) -> None:
    """They are gone; twice is once."""
    for path in paths:
        (folder / path).unlink(missing_ok=True)


def every(folder: Path) -> list[tuple[str, float]]:
    """Path and age mark (mtime) of everything that stands there."""
    if not folder.is_dir():
        return []
    found = (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    return [(path.relative_to(folder).as_posix(), path.stat().st_mtime) for path in found]

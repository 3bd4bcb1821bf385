"""Which backups stay: the newest of so many days, weeks and months. Files of other names are not ours."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

_NAME = re.compile(r"pitline-(\d{8}T\d{6}Z)(?:-\d+)?\.backup")
_STAMP = "%Y%m%dT%H%M%SZ"


@dataclass(frozen=True, slots=True)
class Kept:
    """How many of each are kept."""

    daily: int
    weekly: int
    monthly: int


@dataclass(frozen=True, slots=True)
class BackupFile:
    """A backup in its folder, by its name."""

    at: datetime
    path: Path


def name_of(folder: Path, at: datetime) -> Path:
    """Where a backup of this moment goes; a second one in a second gets a number."""
    stamp = at.astimezone(UTC).strftime(_STAMP)
    path, number = folder / f"pitline-{stamp}.backup", 1
    while path.exists():
        number += 1
        path = folder / f"pitline-{stamp}-{number}.backup"
    return path


def backups_in(folder: Path) -> list[BackupFile]:
    """Those of our names, newest first."""
    found = []
    for path in folder.iterdir() if folder.is_dir() else ():
        match = _NAME.fullmatch(path.name)
        if match is not None and path.is_file():
            found.append(BackupFile(datetime.strptime(match[1], _STAMP).replace(tzinfo=UTC), path))
    return sorted(found, key=lambda one: (one.at, one.path.name), reverse=True)


def to_drop(files: Sequence[BackupFile], kept: Kept, zone: ZoneInfo, proved: Path | None) -> list[BackupFile]:
    """Those that no rule keeps. The newest one and the newest proved one always stay."""
    staying = {files[0].path} if files else set()
    if proved is not None:
        staying.add(proved)
    rules: tuple[tuple[int, Callable[[datetime], object]], ...] = (
        (kept.daily, lambda day: day.date()),
        (kept.weekly, lambda day: day.isocalendar()[:2]),
        (kept.monthly, lambda day: (day.year, day.month)),
    )
    for count, period in rules:
        newest: dict[object, Path] = {}
        for one in files:
            newest.setdefault(period(one.at.astimezone(zone)), one.path)
        staying |= set(list(newest.values())[:count])
    return [one for one in files if one.path not in staying]

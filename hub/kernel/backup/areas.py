"""Files that belong to a backup: folders that modules name in their manifests, and what may stand there."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from hub.kernel.backup.archive import damaged
from hub.settings import Settings

PREFIX = "files/"


@dataclass(frozen=True, slots=True)
class FileArea:
    """A folder of files that are written once and never changed: recordings, attachments. `folder`
    finds it in the settings. In a manifest: `Module(files=(FileArea("recordings", ...),))`."""

    name: str
    folder: Callable[[Settings], Path]


@dataclass(frozen=True, slots=True)
class Place:
    """An area in this installation."""

    name: str
    folder: Path


def places_of(areas: Sequence[FileArea], settings: Settings) -> list[Place]:
    """Where the areas are here."""
    return [Place(area.name, area.folder(settings)) for area in areas]


def files_in(place: Place) -> Iterator[tuple[str, Path]]:
    """Name in the archive and path of every file; links and devices are nothing of ours."""
    for folder, folders, names in os.walk(place.folder, followlinks=False):
        folders.sort()
        for name in sorted(names):
            path = Path(folder) / name
            try:
                is_file = stat.S_ISREG(path.lstat().st_mode)
            except OSError:
                continue
            if is_file:
                inside = path.relative_to(place.folder).as_posix()
                yield f"{PREFIX}{place.name}/{inside}", path


def bytes_in(place: Place) -> int:
    """How much there is."""
    return sum(path.stat().st_size for _, path in files_in(place) if path.exists())


def inside(name: str) -> tuple[str, PurePosixPath]:
    """Area and relative path of a name in an archive. Raises Invalid for one that leads elsewhere."""
    area, _, rest = name.removeprefix(PREFIX).partition("/")
    path = PurePosixPath(rest)
    is_wild = path.is_absolute() or not rest or ".." in path.parts or "\x00" in name or "\\" in name
    if not name.startswith(PREFIX) or is_wild or not area or area in (".", ".."):
        raise damaged()
    return area, path

"""Reads a backup file once, from its first byte to its last, and believes nothing before that."""

from __future__ import annotations

import hashlib
import re
import tarfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO

from hub.kernel.backup.archive import ArchiveReader, Header, damaged, read_header
from hub.kernel.backup.areas import PREFIX, inside
from hub.kernel.backup.manifest import LONGEST, NAME, Manifest, Part, load_manifest

SEALING_KEYS = "sealing.keys"
"""What opens the secrets in the database: only in a backup that is encrypted."""
_PLAIN = re.compile(r"(database/[A-Za-z0-9_.-]+|tombstones\.json|sealing\.keys)")
CHUNK = 1 << 20
Progress = Callable[[int], None]
"""Told how many bytes were done since the last time."""


def header_of(path: Path) -> Header:
    """What a file says of itself; raises Invalid for no backup of ours, or of another format."""
    with path.open("rb") as file:
        return read_header(file)[0]


def unpack(
    path: Path, key: bytes, folder: Path, areas: Mapping[str, Path] | None, progress: Progress | None = None
) -> Manifest:
    """Write the database's parts below `folder`, and the files of each area below its path in `areas`
    (None: only look at them). Raises Invalid unless everything is there as it was written; what was
    unpacked by then is the caller's to drop."""
    parts: list[Part] = []
    told: bytes | None = None
    with path.open("rb") as file:
        reader = ArchiveReader(file, key)
        try:
            with tarfile.open(fileobj=reader, mode="r|", bufsize=CHUNK) as archive:  # type: ignore[call-overload]  # it only reads
                for member in archive:
                    content = archive.extractfile(member) if member.isreg() else None
                    if content is None or told is not None:
                        raise damaged()
                    if member.name == NAME:
                        told = _manifest(content, member.size)
                    else:
                        target = _target(member.name, folder, areas)
                        parts.append(_copy(content, member, target, progress))
        except (tarfile.TarError, UnicodeDecodeError) as error:
            raise damaged() from error
        reader.finish()
    if told is None:
        raise damaged()
    manifest = load_manifest(told)
    if manifest.header != reader.header or sorted(manifest.parts, key=_name) != sorted(parts, key=_name):
        raise damaged()
    return manifest


def _name(part: Part) -> str:
    return part.name


def _manifest(content: IO[bytes], size: int) -> bytes:
    if size > LONGEST:
        raise damaged()
    return content.read()


def _target(name: str, folder: Path, areas: Mapping[str, Path] | None) -> Path | None:
    if name.startswith(PREFIX):
        area, path = inside(name)
        if areas is None or area not in areas:
            return None
        return areas[area] / path
    if not _PLAIN.fullmatch(name) or ".." in name:
        raise damaged()
    return folder / name


def _copy(
    content: IO[bytes], member: tarfile.TarInfo, target: Path | None, progress: Progress | None
) -> Part:
    digest, size = hashlib.sha256(), 0
    out: IO[bytes] | None = None
    if target is not None:
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            out = target.open("xb")
        except (FileExistsError, NotADirectoryError) as error:  # two members of one name
            raise damaged() from error
    try:
        while chunk := content.read(CHUNK):
            digest.update(chunk)
            size += len(chunk)
            if out is not None:
                out.write(chunk)
            if progress is not None:
                progress(len(chunk))
    finally:
        if out is not None:
            out.close()
    return Part(member.name, size, digest.hexdigest())

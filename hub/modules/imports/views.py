"""What imports gives out: frozen, plain."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from hub.kernel.masking import Words

FileKind = Literal["clients", "calls"]
FileFormat = Literal["csv", "xlsx", "vcf"]
FileState = Literal["uploaded", "working", "checked", "done", "failed"]
Encoding = Literal["utf-8", "cp1251", "utf-16"]
ENCODINGS: tuple[Encoding, ...] = ("utf-8", "cp1251", "utf-16")


@dataclass(frozen=True, slots=True, kw_only=True)
class FileView:
    """An uploaded file and how far it is. `counts` are rows: added, filled, same, failed."""

    id: str
    rev: int
    kind: FileKind
    format: FileFormat
    encoding: str
    name: Words
    size: int
    head: tuple[Words, ...]
    sample: tuple[tuple[Words, ...], ...]
    mapping: tuple[str, ...]
    state: FileState
    is_dry: bool
    position: int
    counts: Mapping[str, int]
    run_id: str | None
    created_at: datetime
    is_here: bool
    """Whether the file itself is still kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultView:
    """What was wrong with a line (counted as the file counts, the head is line 1)."""

    line: int
    text: Words
    row: Words


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A file that was looked into: what it is, its head and first rows, itself compressed."""

    format: FileFormat
    encoding: str
    name: str
    size: int
    head: tuple[str, ...]
    sample: tuple[tuple[str, ...], ...]
    packed: bytes

"""What a backup says of its parts: the last thing in the archive, and what everything is compared with."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from hub.kernel.backup.archive import Header, damaged

NAME = "manifest.json"
LONGEST = 256 << 20


@dataclass(frozen=True, slots=True)
class Part:
    """A member of the archive: size in bytes, SHA-256 in hex."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class TableFigures:
    """How many rows a table has, and the sum of each of its columns of whole numbers."""

    count: int
    sums: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """`canary` is the id of the canary's row; `areas` counts the files of each area; `vanished` those
    that were there when the backup began and gone when their turn came."""

    header: Header
    canary: str
    parts: tuple[Part, ...]
    tables: Mapping[str, TableFigures]
    areas: Mapping[str, int]
    vanished: int = 0

    def dump(self) -> bytes:
        """As it stands in the archive."""
        return json.dumps(asdict(self), sort_keys=True).encode()


def load_manifest(text: bytes) -> Manifest:
    """Raises Invalid for anything that `dump` did not write."""
    try:
        told: Any = json.loads(text)
        return Manifest(
            header=Header(**told["header"]),
            canary=str(told["canary"]),
            parts=tuple(Part(str(p["name"]), int(p["size"]), str(p["sha256"])) for p in told["parts"]),
            tables={
                str(name): TableFigures(int(one["count"]), {str(c): int(s) for c, s in one["sums"].items()})
                for name, one in told["tables"].items()
            },
            areas={str(name): int(count) for name, count in told["areas"].items()},
            vanished=int(told["vanished"]),
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise damaged() from error

"""Pure rules of recordings: names of files, ranges of bytes, stretches of time."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

LONGEST_RANGE_HEADER = 200
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})", re.ASCII)


@dataclass(frozen=True, slots=True)
class ByteRange:
    """So many bytes from there on."""

    start: int
    length: int

    @property
    def last(self) -> int:
        """The last byte of it."""
        return self.start + self.length - 1


def range_of(header: str | None, size: int) -> ByteRange | None:
    """What a Range header asks for; None: everything. Raises ValueError for one that cannot be served: of
    several parts (which may ask for the same byte a thousand times), or outside of the file."""
    if not header:
        return None
    found = _RANGE.fullmatch(header.strip()) if len(header) <= LONGEST_RANGE_HEADER else None
    if found is None or (not found[1] and not found[2]):
        raise ValueError("one range of bytes, like bytes=0-1023")
    if not found[1]:
        length = min(int(found[2]), size)
        start, last = size - length, size - 1
    else:
        start, last = int(found[1]), min(int(found[2] or size - 1), size - 1)
    if start >= size or last < start:
        raise ValueError("outside of the file")
    return ByteRange(start, last - start + 1)


def joined(parts: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Stretches of time in their order, those that touch as one (half a second apart is together)."""
    made: list[tuple[float, float]] = []
    for begin, end in sorted(parts):
        if made and begin <= made[-1][1] + 0.5:
            made[-1] = (made[-1][0], max(made[-1][1], end))
        else:
            made.append((begin, end))
    return made


def key_of(recording_id: str, started_at: datetime, suffix: str) -> str:
    """Where a file of a recording stands in the store: the one place that builds such a name."""
    return f"{started_at:%Y/%m/%d}/{recording_id}{suffix}"


def clock(seconds: float) -> str:
    """Minutes and seconds for people: 0:07, 75:30."""
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"

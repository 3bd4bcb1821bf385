"""The journal: what the outside said, byte for byte, before anybody interpreted it."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol


class Journal(Protocol):
    """Append-only; never makes its caller wait for the disk."""

    def append(self, source: str, session: int, at: datetime, *raw: bytes) -> None:
        """Keep raw messages of a log-in `session` of `source` that arrived together `at`."""
        ...

"""How the journal of a PBX becomes facts again, for whoever compares them with the history."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Protocol

from hub.ports.intake import Arrival

RawRecord = tuple[datetime, int, bytes]
"""Arrival (aware, UTC), session, and the raw message, as the journal keeps them."""


class Replay(Protocol):
    """Reads one source's journal with today's rules: pure, no clock, no database."""

    @property
    def source(self) -> str:
        """Whose journal files it reads."""
        ...

    def set_trunks(self, patterns: Sequence[str]) -> None:
        """Which endpoints are outside lines, where the settings page says otherwise than the settings."""
        ...

    def begins(self, raw: bytes) -> bool | None:
        """Whether a record begins a log-in: True where nothing before it is needed to understand what
        follows (the first log-in of a process), False for any other log-in, None for no log-in."""
        ...

    def facts(self, records: Iterable[RawRecord], now: datetime) -> Iterator[Arrival]:
        """What follows from the records, in order, with the ids that they had on the day; `now` bounds
        the time that is let go by after the last one."""
        ...

    def hole(self) -> bytes:
        """The record to put in where the journal is torn."""
        ...

"""How long sessions wait for their database: its own slowness, and connections that are all in use."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_COUNTS_FOR = 5.0
"""Seconds after which a wait that is over says nothing of the present."""


class Pressure:
    """Told of every session that asks for its connection."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._waiting: dict[object, float] = {}
        self._last, self._last_at = 0.0, 0.0

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Around the wait of one session."""
        ticket, began = object(), self._monotonic()
        self._waiting[ticket] = began
        try:
            yield
        finally:
            del self._waiting[ticket]
            self._last_at = self._monotonic()
            self._last = self._last_at - began

    @property
    def seconds(self) -> float:
        """How long whoever waits longest has waited, or the last one did, if that is not long ago."""
        now = self._monotonic()
        oldest = next(iter(self._waiting.values()), now)
        last = self._last if now - self._last_at < _COUNTS_FOR else 0.0
        return max(now - oldest, last)

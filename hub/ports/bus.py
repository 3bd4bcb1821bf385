"""Between the processes of one installation: short words that may be lost. The database has everything;
the bus only saves waiting for the next look at it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, runtime_checkable

from hub.ports.limits import Taken


@runtime_checkable
class Bus(Protocol):
    """Says words to the other processes and hears theirs; one's own words are not heard."""

    @property
    def is_up(self) -> bool:
        """Whether words of the others are heard now."""
        ...

    def say(self, subject: str, word: bytes) -> None:
        """Tell the others. Never waits and never fails; the same word said twice at once is one."""
        ...

    def hear(self, subject: str, heard: Callable[[bytes], None]) -> None:
        """Be told what the others say about a subject. Before the first `run` only."""
        ...

    def on_gap(self, told: Callable[[], None]) -> None:
        """Be told, when words may have been lost, once they come again."""
        ...

    async def take(self, key: str, *, rate: float, burst: int) -> Taken | None:
        """As RateLimiter.take, counted for all processes together; None where that cannot be known
        within a moment."""
        ...

"""How often somebody may ask: one counter for each key, in this process or shared between several."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of one request: `left` are as many as may follow at once; `wait` is in seconds until
    the next one is let through, 0.0 when this one was; `full_in` seconds until nothing is used up."""

    left: int
    wait: float
    full_in: float


class RateLimiter(Protocol):
    """Token buckets by key. It fails open: one that cannot count lets everything through."""

    async def take(self, key: str, *, rate: float, burst: int) -> Taken:
        """Take one of `burst`, refilled with `rate` a second."""
        ...

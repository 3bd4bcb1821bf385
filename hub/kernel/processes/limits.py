"""Rate limits in memory: right for one process, and what several fall back to."""

from __future__ import annotations

from collections import OrderedDict

from hub.clock import Clock
from hub.ports.limits import Taken


class MemoryLimiter:
    """Implements ports.limits.RateLimiter. The buckets least used are forgotten first."""

    def __init__(self, clock: Clock, keep: int = 10_000) -> None:
        self._clock = clock
        self._keep = keep
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    async def take(self, key: str, *, rate: float, burst: int) -> Taken:
        """Take one, if there is one."""
        now = self._clock.monotonic()
        left, at = self._buckets.pop(key, (float(burst), now))
        left = min(float(burst), left + (now - at) * rate)
        is_free = left >= 1.0
        wait = 0.0 if is_free else (1.0 - left) / rate
        left -= is_free
        self._buckets[key] = (left, now)
        while len(self._buckets) > self._keep:
            self._buckets.popitem(last=False)
        return Taken(int(left), wait, (burst - left) / rate)

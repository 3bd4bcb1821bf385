"""Rate limits: a token bucket for each token, person or address."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from hub.clock import Clock
from hub.errors import TooMany


@dataclass(frozen=True, slots=True)
class Limit:
    """`burst` requests at once, refilled with `rate` a second."""

    name: str
    rate: float
    burst: int


@dataclass(frozen=True, slots=True)
class Limits:
    """Who may ask how often. A receptionist's browser asks a few times a second, a program that
    mirrors every call some hundreds; a stranger has no business beyond a page or two."""

    token: Limit = Limit("token", 2000.0, 6000)
    person: Limit = Limit("person", 200.0, 1000)
    stranger: Limit = Limit("stranger", 100.0, 500)


class Brakes:
    """Buckets by key, the least used forgotten first. In this process; several processes share them
    through Redis later."""

    def __init__(self, clock: Clock, keep: int = 10_000) -> None:
        self._clock = clock
        self._keep = keep
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, key: str, limit: Limit) -> dict[str, str]:
        """Take one; the headers that say what is left. Raises TooMany when there is none."""
        name, now = f"{limit.name}:{key}", self._clock.monotonic()
        left, at = self._buckets.pop(name, (float(limit.burst), now))
        left = min(float(limit.burst), left + (now - at) * limit.rate)
        if left < 1.0:
            self._buckets[name] = (left, now)
            raise TooMany(
                "request.too_many", "Too many requests.", "Wait a moment and go on more slowly.",
                retry_after=(1.0 - left) / limit.rate,
            )  # fmt: skip
        self._buckets[name] = (left - 1.0, now)
        while len(self._buckets) > self._keep:
            self._buckets.popitem(last=False)
        window = max(1, round(limit.burst / limit.rate))
        return {
            "RateLimit-Policy": f'"{limit.name}";q={limit.burst};w={window}',
            "RateLimit": f'"{limit.name}";r={int(left - 1.0)};t={window}',
        }

"""How long to gather facts before the next ones are stored.

A store costs the processor a millisecond or two, however much it holds. While a shop's few calls come each is
stored at once; in a rush what comes within a sixtieth of a second shares one, and so does the news of a call
that begins, queues and rings in that time. In between the wait grows with the square of the facts a second:
nobody feels where it begins.
"""

from __future__ import annotations

from math import exp

_LONGEST = 0.018
_RUSH = 1500.0
"""Facts a second from which on the wait is the longest."""


class Pace:
    """Counts what was stored of late, with a memory of about a second. Times in seconds, of one clock."""

    def __init__(self) -> None:
        self._recent = 0.0
        self._last = float("-inf")

    def stored(self, facts: int, now: float) -> None:
        """So many facts are being stored now."""
        self._recent = self._facts_a_second(now) + facts
        self._last = now

    def wait(self, now: float) -> float:
        """How long the next store should wait; 0 where nothing speaks against it."""
        gap = _LONGEST * min(1.0, self._facts_a_second(now) / _RUSH) ** 2
        return max(0.0, self._last + gap - now)

    def _facts_a_second(self, now: float) -> float:
        return self._recent * exp(self._last - now)

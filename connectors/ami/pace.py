"""How long to gather facts before the next ones are stored.

A store costs the processor a millisecond or two, however much it holds. While a shop's few calls come each is
stored at once; in a rush what comes within a sixtieth of a second shares one, and so does the news of a call
that begins, queues and rings in that time. In between the wait grows with the square of the facts a second:
nobody feels where it begins. A phone that begins to ring need not wait as long where the hub has processor
to spare for more stores, as it has where the line is held by a process of its own.
"""

from __future__ import annotations

from math import exp

LONGEST = 0.018
_RUSH = 1500.0
"""Facts a second from which on the wait is the longest."""


class Pace:
    """Counts what was stored of late, with a memory of about a second. Times in seconds, of one clock;
    `pressing` is the longest wait of a phone that begins to ring."""

    def __init__(self, pressing: float = LONGEST) -> None:
        self._pressing = pressing
        self._recent = 0.0
        self._last = float("-inf")

    def stored(self, facts: int, now: float) -> None:
        """So many facts are being stored now."""
        self._recent = self._facts_a_second(now) + facts
        self._last = now

    def wait(self, now: float, *, is_pressing: bool = False) -> float:
        """How long the next store should wait; 0 where nothing speaks against it."""
        longest = self._pressing if is_pressing else LONGEST
        gap = longest * min(1.0, self._facts_a_second(now) / _RUSH) ** 2
        return max(0.0, self._last + gap - now)

    def _facts_a_second(self, now: float) -> float:
        return self._recent * exp(self._last - now)

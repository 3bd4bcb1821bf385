"""How much longer a test waits, and how much slower something may be, where tests share their machine.

Alone, as `make faults` runs, a time is judged as it was asked for. Beside other workers, as in CI, it tells
of the machine as much as of the program: there it may be four times as long, and what only took longer
for a moment does not fail. What is quick, tests/bench tells.
"""

from __future__ import annotations

import os

BESIDE_OTHERS = 4.0
CALM = 20.0
"""Seconds after which an open page asks by itself: what comes later proves no live line."""


def within(seconds: float) -> float:
    """So many seconds of a machine of one's own."""
    return seconds * BESIDE_OTHERS if "PYTEST_XDIST_WORKER" in os.environ else seconds


def shown_within(seconds: float) -> float:
    """The same for what an open page has to show, in milliseconds, and before the page asks by itself."""
    return 1000 * min(within(seconds), max(seconds, 0.75 * CALM))

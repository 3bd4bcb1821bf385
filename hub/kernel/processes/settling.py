"""How a process that must answer at once keeps its interpreter out of the way."""

from __future__ import annotations

import asyncio
import gc
import sys
from collections.abc import Callable

_SWEEP_EVERY, _QUIET, _LOOKS = 600.0, 2.0, 30
"""Seconds between two rounds of the garbage collector over everything, and without work before one."""


def settle() -> None:
    """For short waits: what was loaded at start is no longer walked by the garbage collector (a full
    round of it took 50 ms), whose rounds look at a few thousand young objects each, for one costs up to a
    microsecond an object and holds up everybody; and a busy event loop lets the writer's thread in after
    0.2 ms. What is garbage by now (some hundred objects) is not worth the tenth of a second that looking for
    it takes."""
    gc.freeze()
    gc.set_threshold(2_000, 1, 5_000)
    sys.setswitchinterval(0.0002)


async def sweep(done: Callable[[], int]) -> None:
    """What became garbage later in life is looked for while nothing is being done: with thousands of calls it
    would hold everybody up for tenths of a second. `done` counts what was done."""
    while True:
        await asyncio.sleep(_SWEEP_EVERY)
        for _ in range(_LOOKS):  # a process that is never quiet (leases are renewed) must not grow for ever
            seen = done()
            await asyncio.sleep(_QUIET)
            if seen == done():
                break
        gc.collect()

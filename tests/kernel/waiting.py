"""Waiting for something to become true, without guessing how long it takes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

from tests.patience import within


async def until(condition: Callable[[], Awaitable[bool]], seconds: float = 10.0) -> None:
    """Return when it holds. Fails after so many seconds of a machine of one's own."""
    end = time.monotonic() + within(seconds)
    while not await condition():
        assert time.monotonic() < end, "it did not happen in time"
        await asyncio.sleep(0.01)

"""Tells the relay that there is work, and counts what becomes of it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from hub.kernel.stream.outbox import Stored
from hub.log import get_logger


class Wakeup:
    """The bell between those who commit facts and the relay's two loops."""

    def __init__(self) -> None:
        self.hot = asyncio.Event()
        self.ordinary = asyncio.Event()
        self.pass_on: Callable[[Stored], None] | None = None
        self._watchers: dict[str, list[asyncio.Event]] = {}

    def watch(self, module: str) -> asyncio.Event:
        """An event that is set after every commit in which the module's observer has made work; whoever
        asked clears it."""
        watcher = asyncio.Event()
        self._watchers.setdefault(module, []).append(watcher)
        return watcher

    def wake(self, module: str) -> None:
        """A module has made work for its own workers in another way than by a fact."""
        for watcher in self._watchers.get(module, ()):
            watcher.set()

    def ring(self, stored: Stored) -> None:
        """Facts were committed; the other processes may help."""
        if self.pass_on is not None:
            self.pass_on(stored)
        for module in stored.told:
            self.wake(module)
        if stored.hot:
            self.hot.set()
        if stored.ordinary:
            self.ordinary.set()

    def ring_all(self) -> None:
        """Look at everything now: a wait is over, a dead letter was put back to work."""
        self.hot.set()
        self.ordinary.set()

    def ring_in(self, seconds: float) -> None:
        """Ring when a wait is over."""
        asyncio.get_running_loop().call_later(seconds + 0.001, self.ring_all)


@dataclass(slots=True)
class RelayCounters:
    """What /metrics tells of the relay."""

    handled: int = 0
    failed: int = 0
    dead: int = 0
    lost_claims: int = 0
    batches: int = 0
    largest_batch: int = 0
    last_run: float = field(default_factory=time.monotonic)

    def failure(self, handler: str, error: BaseException, attempt: int, is_last: bool) -> None:
        """Count and log a failed attempt; the last one is a person's business."""
        self.failed += 1
        self.dead += is_last
        said = "gave up" if is_last else "failed, will be tried again"
        log = get_logger("hub.relay")
        (log.error if is_last else log.warning)(said, handler=handler, attempt=attempt, exc_info=error)

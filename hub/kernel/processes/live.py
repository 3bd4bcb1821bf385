"""Hints to watchers in this process: a bounded queue each; who is too slow asks for everything anew."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from hub.ports.live import Hint


class Subscription:
    """One watcher's queue. After an overflow it holds nothing and says so once."""

    def __init__(self, hub: LiveHub, limit: int) -> None:
        self._hub = hub
        self._limit = limit
        self._hints: deque[Hint] = deque()
        self._overflowed = False
        self._waiting = asyncio.Event()

    def offer(self, hint: Hint) -> None:
        """Take a hint, or note that hints were dropped; never waits."""
        if self._overflowed:
            return
        if len(self._hints) >= self._limit:
            self._hub.overflows += 1
            self.overflow()
            return
        self._hints.append(hint)
        self._waiting.set()

    def overflow(self) -> None:
        """Drop what waits; the watcher is told to ask for everything anew."""
        self._hints.clear()
        self._overflowed = True
        self._waiting.set()

    async def next(self) -> Hint | None:
        """The next hint; None = hints were dropped, ask for everything anew."""
        await self._waiting.wait()
        if self._overflowed:
            self._overflowed = False
            self._waiting.clear()
            return None
        hint = self._hints.popleft()
        if not self._hints:
            self._waiting.clear()
        return hint

    def close(self) -> None:
        """Stop watching."""
        self._hub.forget(self)


class LiveHub:
    """Implements LiveSink and LiveWatch for one process. Use it in the event loop's thread only."""

    def __init__(self) -> None:
        self._watchers: set[Subscription] = set()
        self.pass_on: Callable[[Hint], None] | None = None
        self.published = 0
        self.overflows = 0

    def publish(self, hint: Hint) -> None:
        """Pass a hint to every watcher, here and in the other processes; never blocks, never fails."""
        if self.pass_on is not None:
            self.pass_on(hint)
        self.deliver(hint)

    def deliver(self, hint: Hint) -> None:
        """Pass a hint to every watcher here."""
        self.published += 1
        for watcher in self._watchers:
            watcher.offer(hint)

    def subscribe(self, limit: int = 256) -> Subscription:
        """A new watcher, who sees what comes from now on."""
        watcher = Subscription(self, limit)
        self._watchers.add(watcher)
        return watcher

    def resync(self) -> None:
        """Hints may have been missed: every watcher asks for everything anew."""
        for watcher in self._watchers:
            watcher.overflow()

    def forget(self, watcher: Subscription) -> None:
        """The watcher is gone."""
        self._watchers.discard(watcher)

    @property
    def watchers(self) -> int:
        """How many watch now."""
        return len(self._watchers)

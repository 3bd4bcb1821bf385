"""Hints to watchers in this process: a bounded queue each; who is too slow asks for everything anew."""

from __future__ import annotations

import asyncio
from collections import deque

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
            self._hints.clear()
            self._overflowed = True
            self._hub.overflows += 1
        else:
            self._hints.append(hint)
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
        self.published = 0
        self.overflows = 0

    def publish(self, hint: Hint) -> None:
        """Pass a hint to every watcher; never blocks, never fails."""
        self.published += 1
        for watcher in self._watchers:
            watcher.offer(hint)

    def subscribe(self, limit: int = 256) -> Subscription:
        """A new watcher, who sees what comes from now on."""
        watcher = Subscription(self, limit)
        self._watchers.add(watcher)
        return watcher

    def forget(self, watcher: Subscription) -> None:
        """The watcher is gone."""
        self._watchers.discard(watcher)

    @property
    def watchers(self) -> int:
        """How many watch now."""
        return len(self._watchers)

"""Hints to watchers in this process: a bounded queue each; who is too slow asks for everything anew."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Collection

from hub.ports.live import Hint
from hub.values import ShopId

_EVERYWHERE = object()


class Subscription:
    """One watcher's queue. After an overflow it holds nothing and says so once."""

    def __init__(self, hub: LiveHub, limit: int, places: tuple[object, ...]) -> None:
        self._hub = hub
        self.places = places
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
        self._at: dict[object, set[Subscription]] = {}
        self.pass_on: Callable[[Hint], None] | None = None
        self.published = 0
        self.overflows = 0

    def publish(self, hint: Hint) -> None:
        """Pass a hint to every watcher, here and in the other processes; never blocks, never fails."""
        if self.pass_on is not None:
            self.pass_on(hint)
        self.deliver(hint)

    def deliver(self, hint: Hint) -> None:
        """Pass a hint to every watcher here that it concerns: looking at each of hundreds for each hint
        is what the loop has no time for."""
        self.published += 1
        if hint.shop_id is None:
            for watcher in self._watchers:
                watcher.offer(hint)
            return
        heard = {*self._at.get(_EVERYWHERE, ()), *self._at.get(hint.shop_id, ())}
        for phone in hint.phones:
            heard |= self._at.get(phone, set())
        for watcher in heard:
            watcher.offer(hint)

    def subscribe(
        self, limit: int = 256, *, shops: Collection[ShopId] | None = None, phones: Collection[str] = ()
    ) -> Subscription:
        """A new watcher, who sees what comes from now on: of these shops and phones (shops None: all)."""
        places = (_EVERYWHERE,) if shops is None else (*shops, *phones)
        watcher = Subscription(self, limit, places)
        self._watchers.add(watcher)
        for place in places:
            self._at.setdefault(place, set()).add(watcher)
        return watcher

    def resync(self) -> None:
        """Hints may have been missed: every watcher asks for everything anew."""
        for watcher in self._watchers:
            watcher.overflow()

    def forget(self, watcher: Subscription) -> None:
        """The watcher is gone."""
        self._watchers.discard(watcher)
        for place in watcher.places:
            here = self._at.get(place, set())
            here.discard(watcher)
            if not here:
                self._at.pop(place, None)

    @property
    def watchers(self) -> int:
        """How many watch now."""
        return len(self._watchers)

"""Hints to watchers in this process; who is too slow asks for everything anew.

A hint is written down once for each place that it concerns (a shop, a phone), however many watch there;
every watcher reads on from where it was. A hint only says "ask again": of those of one row that wait for a
watcher it gets the newest, so a storm over few rows stays as small as the rows are few."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Collection, Sequence
from operator import itemgetter

from hub.ports.live import Hint
from hub.values import ShopId

_EVERYTHING, _EVERYBODY = object(), object()
KEPT = 1000
"""Hints of a place that a late watcher still finds."""
A_MOMENT = 0.05
"""Seconds that a hint which may wait is held for a newer one of its row: every page asks once, not twice."""
Told = tuple[int, object, Hint]
"""Number among all hints, subject, hint."""


class _Place:
    """The newest hints of one place; `end` counts all that there ever were."""

    def __init__(self) -> None:
        self.told: list[Told] = []
        self.end = 0
        self.watchers = 0
        self.idle: set[Subscription] = set()

    def tell(self, told: Told) -> None:
        self.told.append(told)
        self.end += 1
        if len(self.told) > 2 * KEPT:
            del self.told[:KEPT]
        if self.idle:
            for watcher in self.idle:
                watcher.wake()
            self.idle.clear()

    def since(self, read: int) -> Sequence[Told] | None:
        """What came after the first `read`; None when some of it is not kept any more."""
        new = self.end - read
        if new > len(self.told):
            return None
        return self.told[-new:] if new else ()


class Subscription:
    """One watcher and how far it has read. After an overflow it has read all and says so once."""

    def __init__(self, hub: LiveHub, limit: int, places: Sequence[_Place]) -> None:
        self._hub = hub
        self._limit = limit
        self.places = places
        self._read = [place.end for place in places]
        self._taken: deque[Hint] = deque()
        self._overflowed = False
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """There is something to read."""
        self._woken.set()

    def overflow(self) -> None:
        """Drop what waits; the watcher is told to ask for everything anew."""
        self._overflowed = True
        self.wake()

    async def next(self) -> Hint | None:
        """The next hint; None = hints were dropped, ask for everything anew."""
        if not self._taken or self._overflowed:
            self._taken.clear()
            hints = await self.take()
            if hints is None:
                return None
            self._taken.extend(hints)
        return self._taken.popleft()

    async def take(self) -> Sequence[Hint] | None:
        """All that wait, at least one, in their order; None = hints were dropped, ask for everything anew."""
        while True:
            hints = self._all_new()
            if hints is None or hints:
                return hints
            self._woken.clear()
            for place in self.places:
                place.idle.add(self)
            await self._woken.wait()

    def _all_new(self) -> Sequence[Hint] | None:
        parts = [place.since(read) for place, read in zip(self.places, self._read, strict=True)]
        self._read = [place.end for place in self.places]
        if self._overflowed:
            self._overflowed = False
            return None
        hints = _newest([part for part in parts if part is None or part])
        if hints is None or len(hints) > self._limit:
            self._hub.overflows += 1
            return None
        return hints

    def close(self) -> None:
        """Stop watching."""
        self._hub.forget(self)


def _newest(parts: Sequence[Sequence[Told] | None]) -> Sequence[Hint] | None:
    """Of every subject the newest hint, where the first of it stood."""
    told: list[Told] = []
    for part in parts:
        if part is None:
            return None
        told.extend(part)
    if len(parts) > 1:
        told.sort(key=itemgetter(0))
    newest: dict[object, Hint] = {}
    for _, subject, hint in told:
        known = newest.get(subject)
        if known is None or known.rev < hint.rev:
            newest[subject] = hint
    return tuple(newest.values())


def _says_all_of(hint: Hint, older: Hint) -> bool:
    """Whether whoever was to hear the older one hears this one, and learns no less."""
    return hint.rev >= older.rev and hint.shop_id == older.shop_id and hint.phones >= older.phones


class LiveHub:
    """Implements LiveSink and LiveWatch for one process. Use it in the event loop's thread only."""

    def __init__(self) -> None:
        self._watchers: set[Subscription] = set()
        self._places: dict[object, _Place] = {}
        self._held: dict[tuple[str, str], Hint] = {}
        self.pass_on: Callable[[Hint], None] | None = None
        self.published = 0
        self.overflows = 0

    def publish(self, hint: Hint) -> None:
        """Pass a hint to every watcher, here and in the other processes; never blocks, never fails."""
        row = (hint.topic, hint.id)
        held = self._held.pop(row, None)
        if held is not None and not _says_all_of(hint, held):
            self._pass(held)
        if not hint.may_wait:
            self._pass(hint)
            return
        self._held[row] = hint
        if held is None:
            asyncio.get_running_loop().call_later(A_MOMENT, self._let_go, row)

    def _let_go(self, row: tuple[str, str]) -> None:
        held = self._held.pop(row, None)
        if held is not None:
            self._pass(held)

    def _pass(self, hint: Hint) -> None:
        if self.pass_on is not None:
            self.pass_on(hint)
        self.deliver(hint)

    def deliver(self, hint: Hint) -> None:
        """Pass a hint to every watcher here that it concerns."""
        self.published += 1
        told = (self.published, hint.subject, hint)
        where = (_EVERYBODY,) if hint.shop_id is None else (hint.shop_id, *hint.phones)
        for name in (_EVERYTHING, *where):
            place = self._places.get(name)
            if place is not None:
                place.tell(told)

    def subscribe(
        self, limit: int = 256, *, shops: Collection[ShopId] | None = None, phones: Collection[str] = ()
    ) -> Subscription:
        """A new watcher, who sees what comes from now on: of these shops and phones (shops None: all).
        More than `limit` rows that wait are an overflow."""
        names = {_EVERYTHING} if shops is None else {_EVERYBODY, *shops, *phones}
        places = [self._places.setdefault(name, _Place()) for name in names]
        for place in places:
            place.watchers += 1
        watcher = Subscription(self, limit, places)
        self._watchers.add(watcher)
        return watcher

    def resync(self) -> None:
        """Hints may have been missed: every watcher asks for everything anew."""
        for watcher in self._watchers:
            watcher.overflow()

    def forget(self, watcher: Subscription) -> None:
        """The watcher is gone."""
        if watcher not in self._watchers:
            return
        self._watchers.discard(watcher)
        for place in watcher.places:
            place.idle.discard(watcher)
            place.watchers -= 1
        left = [name for name, place in self._places.items() if not place.watchers]
        for name in left:
            del self._places[name]

    @property
    def watchers(self) -> int:
        """How many watch now."""
        return len(self._watchers)

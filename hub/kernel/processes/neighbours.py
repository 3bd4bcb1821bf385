"""The other processes of the installation: hints and wake-ups go to them and come from them.

While the bus is away nothing is lost, only late: relays find work by their poll, and when the outbox has
grown, watchers are told to ask for everything anew.
"""

from __future__ import annotations

import asyncio
import json

from sqlalchemy import Connection, func, select

from hub.clock import Clock
from hub.errors import Unavailable
from hub.kernel.processes.limits import MemoryLimiter
from hub.kernel.processes.live import LiveHub
from hub.kernel.storage.database import Database
from hub.kernel.stream.outbox import Stored, event_outbox
from hub.kernel.stream.wakeup import Wakeup
from hub.log import get_logger
from hub.ports.bus import Bus
from hub.ports.limits import Taken
from hub.ports.live import Hint
from hub.values import ShopId

_LIVE, _WORK = "live", "work"
_HOT, _ORDINARY = b"hot", b"ordinary"


class Neighbours:
    """Joins this process's live hub and bell with those of the others."""

    def __init__(self, bus: Bus, live: LiveHub, bell: Wakeup, database: Database, poll: float) -> None:
        self._bus = bus
        self._live = live
        self._bell = bell
        self._database = database
        self._poll = poll
        self._watch: asyncio.Task[None] | None = None
        self._log = get_logger("hub.neighbours")
        live.pass_on = self._pass_hint
        bell.pass_on = self._pass_work
        bus.hear(_LIVE, self._heard_hint)
        bus.hear(_WORK, self._heard_work)
        bus.on_gap(self._gap)

    def start(self) -> None:
        """Begin to look after the watchers while the bus is away."""
        self._watch = asyncio.create_task(self._look_instead(), name="neighbours")

    def stop(self) -> None:
        """Stop looking."""
        if self._watch is not None:
            self._watch.cancel()

    def _pass_hint(self, hint: Hint) -> None:
        parts = [hint.topic, hint.id, hint.rev, hint.shop_id, sorted(hint.phones)]
        self._bus.say(_LIVE, json.dumps(parts, separators=(",", ":")).encode())

    def _pass_work(self, stored: Stored) -> None:
        if stored.hot:
            self._bus.say(_WORK, _HOT)
        if stored.ordinary:
            self._bus.say(_WORK, _ORDINARY)

    def _heard_hint(self, word: bytes) -> None:
        try:
            topic, row_id, rev, shop_id, phones = json.loads(word)
            shop = ShopId(str(shop_id)) if shop_id else None
            hint = Hint(str(topic), str(row_id), int(rev), shop, frozenset(map(str, phones)))
        except (ValueError, TypeError):
            self._log.warning("a word that is no hint", word=word[:100])
            return
        self._live.deliver(hint)

    def _heard_work(self, word: bytes) -> None:
        (self._bell.hot if word == _HOT else self._bell.ordinary).set()

    def _gap(self) -> None:
        self._live.resync()
        self._bell.ring_all()

    async def _look_instead(self) -> None:
        newest: str | None = None
        while True:
            await asyncio.sleep(self._poll)
            if self._bus.is_up:
                newest = None
                continue
            try:
                found = await self._database.read(_newest)
            except Unavailable:
                continue  # pages say so themselves
            if newest is not None and found != newest:
                self._live.resync()
            newest = found


class SharedLimiter:
    """Implements ports.limits.RateLimiter: counted for all processes together; while that cannot be,
    each counts for itself."""

    def __init__(self, bus: Bus, clock: Clock) -> None:
        self._bus = bus
        self._own = MemoryLimiter(clock)

    async def take(self, key: str, *, rate: float, burst: int) -> Taken:
        """Take one, if there is one."""
        taken = await self._bus.take(key, rate=rate, burst=burst)
        return taken if taken is not None else await self._own.take(key, rate=rate, burst=burst)


def _newest(connection: Connection) -> str:
    return connection.scalar(select(func.max(event_outbox.c.id))) or ""

"""Facts on their way from the tracker into the hub's database, in their order.

While one lot is being stored the next one gathers, so that following the PBX and storing go on side by side.
A lot that a stopped run has not stored is offered again by the next: `(source, external_id)` makes the second
time silence.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from connectors.ami.pace import Pace
from hub.clock import Clock
from hub.events.calls import CallRinging
from hub.ports.intake import Arrival, Intake

_MOST = 250
"""Facts of one store: after a hold-up the first of those that waited are seen while the others are stored."""


class Outgoing:
    """Takes no more than `room` facts ahead of their store. One `store` runs at a time."""

    def __init__(self, clock: Clock, room: int, pace: Pace) -> None:
        self._clock = clock
        self._room = room
        self._pace = pace
        self._waiting: list[Arrival] = []
        self._came = asyncio.Event()
        self._pressing = asyncio.Event()
        self._went = asyncio.Event()
        self._is_storing = False
        self.on_stored: Callable[[Sequence[Arrival]], None] = _untold
        self.stores = 0
        self.stored = 0

    def put(self, arrivals: Sequence[Arrival]) -> bool:
        """Take what follows next. True where it could go out at once: a phone begins to ring, whose card is
        waited for, and nothing is being stored."""
        if not arrivals:
            return False
        self._waiting += arrivals
        self._came.set()
        if self._pressing.is_set() or not _press(arrivals):
            return False
        self._pressing.set()
        return not self._is_storing

    async def has_room(self) -> None:
        """Until more may be put."""
        await self._until_at_most(self._room - 1)

    async def all_stored(self) -> None:
        """Until nothing waits, nor is being stored."""
        await self._until_at_most(0)

    async def _until_at_most(self, facts: int) -> None:
        while len(self._waiting) > facts:
            self._went.clear()
            await self._went.wait()

    async def store(self, intake: Intake) -> None:
        """Store what comes, until cancelled. Raises what the intake raises."""
        if _press(self._waiting):
            self._pressing.set()
        while True:
            await self._gathered()
            lot = tuple(self._waiting[:_MOST])
            if len(lot) == len(self._waiting):
                self._pressing.clear()
            self._pace.stored(len(lot), self._clock.monotonic())
            self._is_storing = True
            try:
                await intake.accept(lot)
            finally:
                self._is_storing = False
            del self._waiting[: len(lot)]
            self.stores += 1
            self.stored += len(lot)
            self.on_stored(lot)
            self._went.set()

    async def _gathered(self) -> None:
        """Until there is something to store, and what may come together has had the time for it."""
        while not self._waiting:
            self._came.clear()
            await self._came.wait()
        now = self._clock.monotonic()
        wait, pressing = self._pace.wait(now), self._pace.wait(now, is_pressing=True)
        if wait > pressing:
            try:
                async with asyncio.timeout(wait):
                    await self._pressing.wait()
            except TimeoutError:
                return
            pressing = self._pace.wait(self._clock.monotonic(), is_pressing=True)
        if pressing > 0:
            await asyncio.sleep(pressing)


def _press(arrivals: Sequence[Arrival]) -> bool:
    return any(isinstance(arrival.event, CallRinging) for arrival in arrivals)


def _untold(_stored: Sequence[Arrival]) -> None:
    """Nobody wants to know."""

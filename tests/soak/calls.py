"""Calls at a steady rate, each with a fate by chance, and what of each could be seen."""

from __future__ import annotations

import asyncio
import random
import time
from dataclasses import dataclass, field

from connectors.practice_pbx import inbound, transfers
from tests.faults.ledger import Row
from tests.faults.shop_pbx import Made, ShopPbx
from tests.flows.black_hole import Cable

SOON = 1.0
"""Seconds of a call at the edge of a time without the hub that prove nothing: nobody acknowledges what
the exchange sends, so what was on its way when the hub died is lost with it."""


@dataclass(slots=True)
class Lived:
    """One call with its true times, by this program's clock."""

    made: Made
    begun: float
    ended: float = 0.0


@dataclass(slots=True)
class Watch:
    """When somebody followed the exchange: from, to."""

    spans: list[tuple[float, float]] = field(default_factory=list)
    _since: float | None = None

    def see(self, is_followed: bool) -> None:
        now = time.monotonic()
        if is_followed and self._since is None:
            self._since = now
        elif not is_followed and self._since is not None:
            self.spans.append((self._since, now))
            self._since = None

    def could_see(self, call: Lived) -> bool:
        """Whether enough of it fell into times in which the hub listened."""
        return any(min(call.ended, end) - max(call.begun, begin) > SOON for begin, end in self.spans)

    def saw_whole(self, call: Lived) -> bool:
        """Whether it began and ended within one such time."""
        return any(begin + SOON < call.begun and call.ended < end - SOON for begin, end in self.spans)


class Day:
    """Plays calls on the exchange until it is told to stop."""

    def __init__(self, pbx: ShopPbx, cable: Cable, rate: float, chance: random.Random) -> None:
        self._pbx = pbx
        self._cable = cable
        self._rate = rate
        self._chance = chance
        self._playing: set[asyncio.Task[None]] = set()
        self.calls: list[Lived] = []
        self.watch = Watch()

    async def play(self, seconds: float) -> None:
        """Begin calls at the rate, then wait until the last one has ended."""
        began, count = time.monotonic(), 0
        while (passed := time.monotonic() - began) < seconds:
            self._look()
            while count < passed * self._rate:
                count += 1
                if self._pbx.is_running:
                    task = asyncio.create_task(self._one())
                    self._playing.add(task)
                    task.add_done_callback(self._playing.discard)
            await asyncio.sleep(0.01)
        while self._playing:
            self._look()
            await asyncio.sleep(0.01)

    def _look(self) -> None:
        self.watch.see(self._pbx.is_followed and self._cable.is_whole)

    def close(self) -> None:
        """The day is over."""
        self.watch.see(is_followed=False)

    async def _one(self) -> None:
        chance, pbx = self._chance, self._pbx
        lived = Lived(pbx.dial_in(), time.monotonic())
        self.calls.append(lived)
        made = lived.made
        try:
            await asyncio.sleep(chance.uniform(0.2, 3.0))
            if made.is_over:
                return
            if chance.random() < 0.65:
                await self._talk(made)
            if not made.is_over:
                pbx.hang_up(made)
        finally:
            lived.ended = time.monotonic()

    async def _talk(self, made: Made) -> None:
        chance, who = self._chance, self._chance.choice(("101", "102"))
        self._pbx.answer(made, who)
        await asyncio.sleep(chance.uniform(0.3, 5.0))
        what = chance.random()
        if made.is_over or what > 0.4:
            return
        if what < 0.2:
            transfers.holds(made.conversation, who)
            await asyncio.sleep(chance.uniform(0.2, 2.0))
            if not made.is_over:
                transfers.resumes(made.conversation, who)
            return
        transfers.sends_to(made.conversation, who, "105")
        await asyncio.sleep(chance.uniform(0.2, 1.0))
        if not made.is_over:
            inbound.answers(made.conversation, "105")
            await asyncio.sleep(chance.uniform(0.2, 2.0))


def is_right(call: Lived, row: Row) -> bool:
    """Whether the hub says of a call that it saw whole what the exchange knows of it. Short ones that
    nobody answered may be told as missed: the hub counts from the first ringing."""
    state, result, answered_by, is_complete = row
    made = call.made
    results = {"answered"} if made.answered_by else {"short_abandon", "missed"}
    return state == "ended" and result in results and answered_by == made.answered_by and is_complete


def is_honest(call: Lived, row: Row) -> bool:
    """Whether what was seen in part only is over, and is told either rightly or as incomplete."""
    state, _, _, is_complete = row
    return state == "ended" and (not is_complete or is_right(call, row))

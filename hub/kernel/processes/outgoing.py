"""The way out of a module whose table holds what is to be sent (orders to the PBX, webhooks, messages).

What they have in common, and the rules:

    claim    in one short transaction: rows that are due, with a lease or a state that says "on its way"
    do       with no transaction open: the network
    note     in another short one: sent, refused, again later (back-off is the row's), or unknown

A process that dies between `do` and `note` leaves a claim behind. What that means is the module's to say: a
webhook is sent again, an order to the PBX never, a message is asked about or shown to a person as in doubt.
Order and pace for one destination are kept by claiming: `busy` names those that something is on its way to.
"""

from __future__ import annotations

import asyncio
import time
from abc import ABC, abstractmethod
from collections.abc import Coroutine
from typing import Any

from hub.kernel.context import WorkerContext


class OutgoingWorker(ABC):
    """One process's sender: the loop, what is under way, and how it ends. A module says what a step is."""

    poll = 1.0
    """Seconds after which it looks without having been told."""
    patience = 0.0
    """Seconds that what is under way may take to end when the hub stops; then it is broken off."""
    looks_again = False
    """Whether an end makes room for more, so that it looks at once."""

    def __init__(self, ctx: WorkerContext) -> None:
        self.ctx = ctx
        self._under_way: dict[asyncio.Task[None], str] = {}
        self._stopping = False

    @abstractmethod
    async def step(self) -> float:
        """Claim what may go and `set_off` each. Seconds until more of what waits may go; 0: not known."""

    def breath(self) -> float:
        """Seconds between two looks at least: what follows close behind is then looked for together."""
        return 0.0

    async def run(self) -> None:
        """Look when a commit has made work, when something may go on, and once a poll; until cancelled."""
        while True:
            self.ctx.work.clear()
            looked = time.monotonic()
            more = await self.step()
            try:
                async with asyncio.timeout(min(self.poll, more) if more > 0 else self.poll):
                    await self.ctx.work.wait()
            except TimeoutError:
                continue
            await asyncio.sleep(max(0.0, looked + self.breath() - time.monotonic()))

    async def stop(self) -> None:
        """What is under way may end in time; what does not is broken off, and its row says so still."""
        self._stopping = True
        if self._under_way and self.patience:
            await asyncio.wait(self._under_way, timeout=self.patience)
        late = [task for task in self._under_way if not task.done()]
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    async def idle(self) -> None:
        """Wait until nothing is under way."""
        while self._under_way:
            await asyncio.gather(*self._under_way, return_exceptions=True)

    def set_off(self, work: Coroutine[Any, Any, None], *, name: str, to: str = "") -> None:
        """Speak to the outside beside everything else; `to` is the destination, for `busy`."""
        task = asyncio.create_task(work, name=name)
        self._under_way[task] = to
        task.add_done_callback(self._ended)

    @property
    def under_way(self) -> int:
        """How many."""
        return len(self._under_way)

    def busy(self) -> frozenset[str]:
        """The destinations that something is on its way to."""
        return frozenset(to for to in self._under_way.values() if to)

    async def may_send(self) -> bool:
        """Nothing leaves a restored system until a person says so."""
        quarantine = self.ctx.deps.quarantine
        return quarantine is None or await quarantine.state() is None

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._under_way.pop(task, None)
        if self.looks_again and not self._stopping:
            self.ctx.work.set()
        if not task.cancelled() and (error := task.exception()) is not None:
            self.ctx.log.error(
                "what became of something that was sent could not be written", task=task.get_name(),
                exc_info=error,
            )  # fmt: skip

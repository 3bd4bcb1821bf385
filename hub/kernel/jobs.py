"""Jobs of the modules: done again and again, one run at a time, each in a unit of work of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

from hub.clock import Clock
from hub.errors import Unavailable
from hub.events.base import Envelope
from hub.kernel.context import Apis, Deps, HandlerContext
from hub.kernel.manifest import Job
from hub.kernel.outbox import Ids
from hub.kernel.uow import SqlTransactions
from hub.log import get_logger
from hub.values import ShopId


class JobRunner:
    """A timer per job, in this process."""

    def __init__(
        self,
        jobs: Iterable[Job],
        transactions: SqlTransactions,
        *,
        deps: Deps,
        apis: frozenset[type[Any]],
        clock: Clock,
        shop_id: ShopId,
    ) -> None:
        self._jobs = tuple(jobs)
        self._transactions = transactions
        self._deps = deps
        self._apis = apis
        self._clock = clock
        self._shop_id = shop_id
        self._ids = Ids(clock)
        self._tasks: list[asyncio.Task[None]] = []
        self._log = get_logger("hub.jobs")
        self.runs = 0
        self.failures = 0

    def start(self) -> None:
        """Start every timer; the first run comes after the first wait."""
        self._tasks = [asyncio.create_task(self._repeat(job), name=f"job-{job.name}") for job in self._jobs]

    async def stop(self) -> None:
        """Stop the timers; a run in progress is undone."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _repeat(self, job: Job) -> None:
        while True:
            await asyncio.sleep(job.seconds)
            await self.run_once(job)

    async def run_once(self, job: Job) -> None:
        """One run; a failure is logged and the next run comes at its time."""
        self.runs += 1
        now, run_id = self._clock.now(), self._ids.next()
        envelope = Envelope(
            id=run_id,
            occurred_at=now,
            shop_id=self._shop_id,
            key=f"job:{job.name}",
            actor=None,
            cause_id=None,
            source="hub",
            external_id=run_id,
        )
        try:
            async with self._transactions.writing(actor=None, shop_id=self._shop_id) as uow:
                context = HandlerContext(
                    uow=uow,
                    apis=Apis(uow, self._deps, self._apis),
                    envelope=envelope,
                    clock=self._clock,
                    log=self._log.bind(job=job.name),
                )
                await job.run(context)
        except Unavailable as fault:
            self.failures += 1
            self._log.warning("job waits for its next turn", job=job.name, text=fault.text)
        except Exception:
            self.failures += 1
            self._log.exception("job failed", job=job.name)

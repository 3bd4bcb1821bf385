"""Workers of the modules: loops of their own beside relay and jobs, kept alive as long as the hub runs."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import replace

from hub.errors import Unavailable
from hub.kernel.context import WorkerContext
from hub.kernel.manifest import Module, Worker
from hub.kernel.stream.wakeup import Wakeup
from hub.log import get_logger

_FIRST_WAIT, _LONGEST_WAIT = 1.0, 60.0


class WorkerRunner:
    """Starts every worker, and again after a failure."""

    def __init__(self, modules: Iterable[Module], context: WorkerContext, bell: Wakeup) -> None:
        self._contexts = [
            (one, replace(context, work=bell.watch(module.name), log=get_logger(f"hub.{one.name}")))
            for module in modules
            for one in module.workers
        ]
        self._tasks: list[asyncio.Task[None]] = []
        self._log = get_logger("hub.workers")
        self.failures = 0

    def start(self) -> None:
        """Set them to work."""
        self._tasks = [
            asyncio.create_task(self._keep(one, context), name=f"worker-{one.name}")
            for one, context in self._contexts
        ]

    async def stop(self) -> None:
        """Cancel them; each cleans up what it holds."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _keep(self, worker: Worker, context: WorkerContext) -> None:
        wait = _FIRST_WAIT
        while True:
            try:
                await worker.run(context)
                return
            except Unavailable as fault:
                self._log.warning("a worker waits", worker=worker.name, code=fault.code, text=fault.text)
            except Exception:
                self.failures += 1
                self._log.exception("a worker failed; it is started again", worker=worker.name)
            await asyncio.sleep(wait)
            wait = min(wait * 2, _LONGEST_WAIT)

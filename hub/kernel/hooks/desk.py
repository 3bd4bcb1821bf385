"""The inbox with all that belongs to it, as the hub starts and stops it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from hub.clock import Clock
from hub.kernel.hooks.inbox import HookInbox
from hub.kernel.hooks.keeping import Keeping
from hub.kernel.hooks.refused import Refused
from hub.kernel.hooks.working import HookWorker
from hub.kernel.processes.marks import StoredMarks
from hub.kernel.storage.database import Database
from hub.kernel.stream.intake import GroupIntake
from hub.kernel.stream.outbox import Ids
from hub.ports.hooks import FetchesHooks, Hook, TakesHooks
from hub.ports.marks import KeepsMarks
from hub.settings import HooksSettings


class Hooks:
    """What every connector takes by HTTP or fetches itself. `owner`: this process by its name."""

    def __init__(
        self, database: Database, connectors: Iterable[object], clock: Clock, ids: Ids, owner: str,
        settings: HooksSettings,
    ) -> None:  # fmt: skip
        self._database = database
        self._clock = clock
        self._keeping = Keeping(database, clock, settings)
        self._bell = asyncio.Event()
        connectors = tuple(connectors)
        taken = [hook for one in connectors if isinstance(one, TakesHooks) for hook in one.hooks()]
        _refuse_twins(taken)
        self.inbox = HookInbox(database, taken, clock, ids, owner, settings, self._bell.set)
        for one in connectors:
            if isinstance(one, FetchesHooks):
                one.stored_by(self.inbox)
            if isinstance(one, KeepsMarks):
                one.marked_by(StoredMarks(database, clock))
        self.refused = Refused(database, self.inbox, ids, self._bell.set)
        self._worker: HookWorker | None = None

    def start(self, intake: GroupIntake) -> None:
        """Work on what comes, and on what was left."""
        self._worker = HookWorker(
            self._database, self.inbox, intake, self._keeping, self._clock, self._bell
        )  # fmt: skip
        self._worker.start()

    async def stop(self, seconds: float = 0.5) -> None:
        """What was taken is stored; what is not worked on yet waits for the next start."""
        await self.inbox.stop(seconds)
        if self._worker is not None:
            await self._worker.stop()


def _refuse_twins(hooks: Iterable[Hook]) -> None:
    seen: set[str] = set()
    for hook in hooks:
        if hook.path in seen:
            raise ValueError(f"two connectors take {hook.path}")
        seen.add(hook.path)

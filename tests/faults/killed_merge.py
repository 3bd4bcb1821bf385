"""Two clients are made one by a process that is killed on the way.

`python -m tests.faults.killed_merge URL KEY FOLDER FROM INTO` takes points, one a line, and answers each with
`killed`, or with how many points there are. A point is a statement of the transaction, then its commit, then
the moment after it; 0: none."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from dataclasses import replace
from typing import Any

from sqlalchemy import event

from hub.kernel.shops import FIRST_SHOP
from hub.modules.crm.api import CrmApi
from hub.settings import DatabaseSettings, JournalSettings, Settings
from tests.factories.backups import hub_with


class Points:
    """Kills this process at the nth."""

    def __init__(self, victim: int) -> None:
        self._victim = victim
        self.passed = 0

    def reach(self, *_: Any) -> None:
        self.passed += 1
        if self.passed == self._victim:
            os.kill(os.getpid(), signal.SIGKILL)


async def merge(url: str, key: str, folder: str, gone: str, kept: str, victim: int) -> int:
    """As the page does it; how many points there were."""
    plain = Settings()
    settings = replace(
        plain, database=DatabaseSettings(url=url), sealing=replace(plain.sealing, key_file=key),
        journal=JournalSettings(folder=f"{folder}/journal"),
    )  # fmt: skip
    hub, points = hub_with(settings), Points(victim)
    await hub.open()
    sessions = hub.database._sessions
    assert sessions is not None
    async with hub.transactions.writing(actor="person:owner", shop_id=FIRST_SHOP) as uow:
        event.listen(sessions.sync_engine, "before_cursor_execute", points.reach)
        event.listen(sessions.sync_engine, "commit", points.reach)
        await CrmApi(uow, hub.installation.deps).merging.merge(gone, kept, "the same")
    points.reach()
    return points.passed


def main() -> None:
    """A process for each line, which has everything loaded already."""
    url, key, folder, gone, kept = sys.argv[1:]
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            print(asyncio.run(merge(url, key, folder, gone, kept, int(line))), flush=True)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if status:
            print("killed" if os.WIFSIGNALED(status) else "failed", flush=True)


if __name__ == "__main__":
    main()

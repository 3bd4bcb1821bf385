"""A hub that takes one file in and, if it is told where, is killed there:
python -m tests.recordings.killed URL FOLDER [NAME before|after NTH]. Without, it prints what there is."""

from __future__ import annotations

import asyncio
import importlib
import inspect
import json
import os
import signal
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from hub.app import Hub
from hub.clock import SystemClock
from hub.kernel.journal.files import FileJournal
from hub.main import MODULES
from hub.settings import DatabaseSettings, JournalSettings, RecordingsSettings, Settings
from tests.recordings.stage import Spool, open_spool


def trap(name: str, when: str, nth: int) -> None:
    """Kill this process before or after the nth call of the function."""
    owner, _, last = name.rpartition(".")
    holder: Any = _find(owner)
    real = getattr(holder, last)
    calls = 0

    def count() -> bool:
        nonlocal calls
        calls += 1
        return calls == nth

    async def waiting(*given: Any, **more: Any) -> Any:
        is_now = count()
        if is_now and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        result = await real(*given, **more)
        if is_now:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    def direct(*given: Any, **more: Any) -> Any:
        is_now = count()
        if is_now and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        result = real(*given, **more)
        if is_now:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    setattr(holder, last, waiting if inspect.iscoroutinefunction(real) else direct)


def _find(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError:
        module, _, last = name.rpartition(".")
        return getattr(importlib.import_module(module), last)


async def run(url: str, home: Path) -> None:
    """Until the spool is empty."""
    settings = replace(
        Settings(), database=DatabaseSettings(url=url), journal=JournalSettings(folder=str(home / "journal")),
        recordings=RecordingsSettings(store=str(home / "store")),
    )  # fmt: skip
    hub = Hub(settings, MODULES, clock=SystemClock(), journal=FileJournal(home / "journal", 1))
    await hub.open()
    spool = open_spool(hub, home / "spool")
    if not (home / "begun").exists():
        (home / "begun").touch()
        spool.write("done/a.wav")
    working = asyncio.create_task(spool.intake.run(0.02))
    for _ in range(500):
        if not spool.in_spool():
            break
        await asyncio.sleep(0.02)
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)
    print(json.dumps(await _found(spool)))
    await hub.close()


async def _found(spool: Spool) -> dict[str, Any]:
    made = await spool.recordings()
    return {
        "recordings": len(made), "state": made[0].state, "seconds": made[0].duration_seconds,
        "store": len(spool.in_store()), "spool": len(spool.in_spool()),
    }  # fmt: skip


if __name__ == "__main__":
    if len(sys.argv) > 3:
        trap(sys.argv[3], sys.argv[4], int(sys.argv[5]))
    asyncio.run(run(sys.argv[1], Path(sys.argv[2])))

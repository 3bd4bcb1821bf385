"""A hub that takes one file in and is killed there, again and again, each time in a process of its own:
python -m tests.recordings.killed DATABASE FOLDER < points, a line of JSON for each. A point is `[NAME,
"before" or "after", NTH]` of a function, or `[N]`: the nth step that the package takes, of all its calls and
returns and of what it asks of the system. After each kill another process takes up the work; what there is
then is printed, a line of JSON for each point. `["count"]` kills nothing and counts the steps."""

from __future__ import annotations

import asyncio
import importlib
import inspect
import json
import os
import shutil
import signal
import sys
import threading
from collections.abc import Sequence
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


def step_trap(nth: int) -> list[int]:
    """Kill this process at the nth step of the package in any thread; the steps so far."""
    steps = [0]

    def look(frame: Any, _event: str, _arg: Any) -> None:
        if frame.f_globals.get("__name__", "").startswith("recordings."):
            steps[0] += 1
            if steps[0] == nth:
                os.kill(os.getpid(), signal.SIGKILL)

    threading.setprofile(look)
    sys.setprofile(look)
    return steps


def _find(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError:
        module, _, last = name.rpartition(".")
        return getattr(importlib.import_module(module), last)


async def run(home: Path, point: Sequence[Any] = ()) -> dict[str, Any]:
    """Until the spool is empty; what there is then."""
    url = f"sqlite+aiosqlite:///{home / 'hub.db'}"
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
    steps = step_trap(-1 if point[0] == "count" else point[0]) if len(point) == 1 else [0]
    working = asyncio.create_task(spool.intake.run(0.02))
    for _ in range(3000):
        if not spool.in_spool():
            break
        await asyncio.sleep(0.02)
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)
    sys.setprofile(None)
    found = {**await _found(spool), "steps": steps[0]}
    await hub.close()
    return found


async def _found(spool: Spool) -> dict[str, Any]:
    made = await spool.recordings()
    return {
        "recordings": len(made), "state": made[0].state, "seconds": made[0].duration_seconds,
        "store": len(spool.in_store()), "spool": len(spool.in_spool()),
    }  # fmt: skip


def apart(home: Path, point: Sequence[Any]) -> tuple[int, dict[str, Any]]:
    """In a process of its own, which begins as this one is now: how it ended, and what it found."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        if len(point) == 3:
            trap(*point)
        found = asyncio.run(run(home, point))
        os.write(writing, json.dumps(found).encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as told:
        said = told.read()
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), json.loads(said or b"{}")


def main(database: Path, folder: Path) -> None:
    """A kill and another start for each point."""
    for number, line in enumerate(sys.stdin):
        home, point = folder / str(number), json.loads(line)
        home.mkdir()
        shutil.copy(database, home / "hub.db")
        ended, found = apart(home, point)
        if point != ["count"]:
            _, found = apart(home, ())
        print(json.dumps({"point": point, "ended": ended, **found}), flush=True)
        shutil.rmtree(home)


if __name__ == "__main__":
    with open(os.devnull, "w") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    main(Path(sys.argv[1]), Path(sys.argv[2]))

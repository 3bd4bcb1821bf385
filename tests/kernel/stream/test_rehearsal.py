"""The hot path is rehearsed before the first call: nothing of it stays, and the first caller waits for no
statement to be compiled."""

from __future__ import annotations

import gc
from collections.abc import AsyncIterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, func, select

from hub.app import Hub
from hub.clock import SystemClock
from hub.events.calls import CallRinging
from hub.kernel.journal.files import FileJournal
from hub.kernel.storage import prepared
from hub.kernel.storage.orm import Base
from hub.kernel.storage.prepared import Prepared
from hub.modules.catalogue import MODULES
from hub.ports.intake import Arrival
from hub.settings import Settings
from tests.factories.calls import at, snapshot
from tests.kernel.waiting import until
from tests.own_log import OwnLog

WRITTEN = ("event_outbox", "event_delivery", "calls_calls", "calls_people", "tasks_tasks")


def forget_statements() -> None:
    """As in a new process: other tests have compiled them already."""
    gc.unfreeze()  # what was there before the first test is among them
    for one in gc.get_objects():
        if isinstance(one, Prepared):
            one._compiled.clear()
    gc.freeze()


@pytest.fixture
async def running(settings: Settings) -> AsyncIterator[tuple[Hub, Sequence[Mapping[str, Any]]]]:
    """A hub that runs, and what it said meanwhile."""
    forget_statements()
    hub = Hub(settings, MODULES, clock=SystemClock(), journal=FileJournal(Path(settings.journal.folder), 30))
    own = OwnLog()
    hub._log = own.log
    await hub.open()
    await hub.start()
    yield hub, own.said
    await hub.stop()


async def test_nothing_of_the_rehearsal_stays_and_no_handler_stumbles(running: Any) -> None:
    hub, said = running
    for name in WRITTEN:
        query = select(func.count()).select_from(Base.metadata.tables[name])
        assert await hub.database.read(partial(Connection.scalar, statement=query)) == 0, name
    assert any("the hub runs" in line["event"] for line in said), "nobody would have heard it"
    assert [line for line in said if "made-up" in line["event"]] == []


async def test_the_first_call_compiles_nothing(running: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    hub, _ = running
    compiled: list[str] = []
    make = prepared._Compiled.__init__

    def told(self: Any, statement: Any, dialect: Any) -> None:
        compiled.append(str(statement)[:80])
        make(self, statement, dialect)

    async def is_ahead() -> bool:
        return not hub.intake._hot.is_behind

    await until(is_ahead)
    monkeypatch.setattr(prepared._Compiled, "__init__", told)
    call = snapshot("b1:1.1", started_at=SystemClock().now())
    for step in (1, 2):
        event = CallRinging(step=step, call=call)
        arrival = Arrival(source="t", external_id=str(step), occurred_at=at(0), event=event)
        await hub.intake.accept([arrival])
    assert compiled == []

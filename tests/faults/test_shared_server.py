"""Faults of a PostgreSQL that several hub processes share: with transactions that cross, backed up
under load, and with hubs that start all at once. The judge is the database, read directly."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.engine import make_url

from hub.app import Hub
from hub.clock import SystemClock
from hub.events.calls import CallRinging
from hub.kernel.context import BatchContext, Delivered
from hub.kernel.manifest import Module, on_batch
from hub.kernel.stream.samples import sample_of
from hub.ports.intake import Arrival
from hub.settings import Settings
from hub.values import CallId
from tests.databases import Databases
from tests.factories.backups import elsewhere, hub_with, restore
from tests.faults.figures import Fault
from tests.faults.test_backup import WANTED, Outside, told
from tests.kernel.rig import Rang, make_hub, rang
from tests.kernel.stream.test_relay import settled

pytestmark = [pytest.mark.postgres, pytest.mark.slow, pytest.mark.timeout(180)]
PROCESSES = 4
SAMPLE = sample_of(CallRinging)


@asynccontextmanager
async def started(hubs: Sequence[Hub]) -> AsyncIterator[None]:
    """All at once."""
    async with AsyncExitStack() as stack:
        for hub in hubs:
            stack.push_async_callback(hub.stop)
        await asyncio.gather(*(hub.start() for hub in hubs))
        yield


async def asked(hub: Hub, sql: str) -> Any:
    """One figure of the database."""
    return await hub.database.read(lambda connection: connection.scalar(text(sql)))


async def deadlocks(hub: Hub) -> int:
    found: int = await asked(hub, "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
    return found


class Totals:
    """A batch handler of the worst manners: rows that all processes share, in whatever order."""

    def module(self) -> Module:
        def on_totals(ctx: BatchContext, batch: Sequence[Delivered[Rang]]) -> None:
            for delivered in batch:
                number = delivered.event.number
                for name in ("day", "week") if number % 2 else ("week", "day"):
                    ctx.connection.execute(_ADD, {"name": name})
                    ctx.connection.execute(_BE_SLOW)

        on_totals.__module__ = "tests.totals.handlers"
        handlers = (on_batch([Rang], on_totals),)
        return Module(name="totals", title="Totals", folder=Path(__file__).parent, handlers=handlers)


_ADD = text("UPDATE test_totals SET n = n + 1 WHERE name = :name")
_BE_SLOW = text("SELECT pg_sleep(0.005)")


@pytest.mark.fault("F53")
async def test_transactions_of_four_processes_that_cross_are_tried_again_and_lose_no_update(
    settings: Settings, databases: Databases, fault: Fault
) -> None:
    name = make_url(settings.database.url).database
    databases.server._sql(f"ALTER DATABASE {name} SET deadlock_timeout = '20ms';")
    hubs = [make_hub(settings, Totals().module()) for _ in range(PROCESSES)]
    await hubs[0].open()

    def make(connection: Connection) -> None:
        connection.execute(text("CREATE TABLE test_totals (name text PRIMARY KEY, n int NOT NULL)"))
        connection.execute(text("INSERT INTO test_totals VALUES ('day', 0), ('week', 0)"))

    await hubs[0].database.write(make)
    count = fault.count(full=200, sample=12)

    async def feed(number: int) -> None:
        for fact in range(count):
            await hubs[number].intake.accept([rang(f"p{number}", fact)])

    async with started(hubs):
        await asyncio.gather(*map(feed, range(PROCESSES)))
        await settled(hubs[0])
        crossed = await deadlocks(hubs[0])
        for total in ("day", "week"):
            found = await asked(hubs[0], f"SELECT n FROM test_totals WHERE name = '{total}'")
            fault.check(f"{total}: {found} of {PROCESSES * count}", found == PROCESSES * count)
        failed = await asked(hubs[0], "SELECT count(*) FROM event_delivery WHERE attempts > 0")
        fault.check("a crossing was counted against the handler", failed == 0)
        fault.check("no transactions crossed: nothing was tested", crossed > 0)
        fault.figures.measured.append(f"{crossed} deadlocks resolved")


@pytest.mark.fault("F62")
async def test_hubs_that_start_at_once_on_an_empty_server_share_the_work_and_remind_once(
    tmp_path: Path, settings: Settings, databases: Databases, fault: Fault
) -> None:
    for number, _ in enumerate(fault.runs(full=20, sample=2)):
        with fault.run("started at once"), databases.empty("postgres", tmp_path) as url:
            outside = Outside()
            settled_on = elsewhere(settings, url, tmp_path / str(number))
            hubs = [hub_with(settled_on, outside.module()) for _ in range(PROCESSES)]
            async with started(hubs):
                begun = time.monotonic()
                for place, hub in enumerate(hubs):
                    await told(hub, [f"+38044000{place:04d}{one}" for one in range(5)])
                await asyncio.sleep(1.5)
                await settled(hubs[0])
                lasted = time.monotonic() - begun
            check = hub_with(settled_on)
            await check.open()
            of_reminders = "SELECT count(*) FROM job_runs WHERE job LIKE '%remind%' AND"
            begun_runs = await asked(check, f"{of_reminders} started_at IS NOT NULL")
            whole_runs = await asked(check, f"{of_reminders} finished_at IS NOT NULL")
            await check.close()
            assert max(Counter(outside.messages).values()) == 1
            assert len(outside.messages) == PROCESSES * 5
            said = f"{outside.reminders} reminders of {whole_runs} runs, {begun_runs} with those cut off"
            assert whole_runs <= outside.reminders <= begun_runs, said  # the end of a hub cuts a run off
            assert 0 < outside.reminders <= lasted / 0.2 + 2


@pytest.mark.fault("F59")
async def test_a_backup_beside_four_processes_is_one_moment_of_the_server(
    tmp_path: Path, settings: Settings, databases: Databases, fault: Fault
) -> None:
    count, rates = fault.count(full=100, sample=1), []
    for first in range(0, count, _TOGETHER):
        folder = tmp_path / str(first)
        folder.mkdir()
        with databases.migrated("postgres", folder) as url:
            here = elsewhere(settings, url, folder)
            files, rate = await _taken_under_load(here, folder / "taken", min(_TOGETHER, count - first))
            rates.append(rate)
        for number, file in enumerate(files):
            with fault.run(f"{first + number}"), databases.empty("postgres", folder) as url:
                await _is_whole(elsewhere(settings, url, folder / f"there{number}"), file)
        shutil.rmtree(folder)
    fault.figures.measured.append(f"{min(rates):.0f} to {max(rates):.0f} facts/s beside {count} backups")


async def _taken_under_load(settings: Settings, to: Path, count: int) -> tuple[list[Path], float]:
    """So many backups beside four processes that take facts in, and how many facts a second those were."""
    hubs, files, taken = [hub_with(settings) for _ in range(PROCESSES)], [], 0

    async def feed(hub: Hub, name: str) -> None:
        nonlocal taken
        due = time.monotonic()
        for number in range(5_000_000):
            step = number % 5 + 1
            call = replace(SAMPLE.call, call_id=CallId(f"{name}-{number // 5}"))
            event, at = replace(SAMPLE, step=step, call=call), SystemClock().now()
            arrival = Arrival(source=name, external_id=str(number), occurred_at=at, event=event)
            await hub.intake.accept([arrival])
            taken += 1
            due += PROCESSES * _LANES / WANTED
            await asyncio.sleep(max(0.0, due - time.monotonic()))

    async with started(hubs):
        feeders = [
            asyncio.create_task(feed(hub, f"p{place}-{lane}"))
            for place, hub in enumerate(hubs)
            for lane in range(_LANES)
        ]
        begun = time.monotonic()
        for _ in range(count):
            files.append(Path((await hubs[0].backups.run("manual", to=to)).path))
        rate = taken / (time.monotonic() - begun)
        for feeder in feeders:
            feeder.cancel()
        await asyncio.gather(*feeders, return_exceptions=True)
    return files, rate


async def _is_whole(there: Settings, file: Path) -> None:
    """What comes out of it is one moment: every call is as the facts say that are there."""
    await restore(there, file)
    second = hub_with(there)
    await second.open()
    facts, torn = [await asked(second, sql) for sql in (_FACTS, _TORN)]
    await second.close()
    assert facts > 0
    assert torn == 0, f"{torn} calls are not as their facts"


_TOGETHER = 10
"""Backups of one server; then a fresh one, lest its size decides how long the hundred take."""
_LANES = 5
_RUNS = "SELECT count(*) FROM job_runs WHERE job LIKE '%remind%' AND started_at IS NOT NULL"
_FACTS = "SELECT count(*) FROM event_outbox WHERE name = 'call.ringing'"
_TORN = """
SELECT count(*)
FROM (SELECT key, count(*) AS steps FROM event_outbox WHERE name = 'call.ringing' GROUP BY key) AS told
FULL JOIN calls_calls ON 'call:' || calls_calls.id = told.key
WHERE calls_calls.step IS DISTINCT FROM told.steps
"""

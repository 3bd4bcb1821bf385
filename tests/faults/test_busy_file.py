"""F53: eight other programs write into the hub's SQLite file. Calls come in, people save, the hub counts:
nobody is refused, nothing that either side counted is lost."""

from __future__ import annotations

import asyncio
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from sqlalchemy import text

from hub.app import Hub
from hub.clock import SystemClock
from hub.events.calls import CallRinging
from hub.kernel.stream.samples import sample_of
from hub.ports.intake import Arrival
from hub.values import CallId
from tests.faults.figures import Fault
from tests.faults.test_sockets import _quantile
from tests.webui.stage import Shop

pytestmark = [pytest.mark.sqlite, pytest.mark.slow, pytest.mark.timeout(120)]
WRITERS, RATE, HOLD = 8, 9.0, 0.005
"""72 transactions a second that keep the lock for 5 ms each and their fsync; 30 of the hub beside them."""
SAMPLE = sample_of(CallRinging)
_ADD = text("UPDATE test_totals SET n = n + 1 WHERE name = 'both'")


@pytest.mark.fault("F53")
async def test_eight_programs_that_lock_the_file_make_nobody_fail_and_lose_no_update(
    shop: Shop, fault: Fault
) -> None:
    hub, seconds = shop.hub, float(fault.count(full=60, sample=4))
    await hub.database.write(
        lambda c: c.execute(text("CREATE TABLE test_totals (name text PRIMARY KEY, n int NOT NULL)"))
    )
    await hub.database.write(lambda c: c.execute(text("INSERT INTO test_totals VALUES ('both', 0)")))
    await hub.start()
    token = {"Authorization": f"Bearer {await shop.token('owner')}"}
    async with _outside(hub) as writers:
        begun = time.monotonic()
        ends = begun + seconds
        own, facts, saves = await asyncio.gather(
            _count_up(hub, ends), _tell(hub, ends), _save(shop, token, ends)
        )
        lasted = time.monotonic() - begun
        outside = [await _told(writer) for writer in writers]
    refused = [status for status, _ in saves if status != 201]
    fault.check(f"somebody who saved was answered {refused}", not refused)
    fault.check("each of the eight got its turn", min(outside) > 0)
    total = await _one(hub, "SELECT n FROM test_totals")
    fault.check(f"{total} of {sum(outside) + own} updates", total == sum(outside) + own)
    stored = await _one(hub, "SELECT count(*) FROM calls_calls")
    fault.check(f"{stored} of {len(facts)} calls", stored == len(facts))
    clients = await _one(hub, "SELECT count(*) FROM crm_clients")
    fault.check(f"{clients} of {len(saves)} clients", clients == len(saves))
    fault.measure("a fact is taken in within, longest", round(max(facts), 2), 5.0, " s")
    fault.measure("saving, p99", round(_quantile([took for _, took in saves], 0.99), 2), 2.0, " s")
    rate = (sum(outside) + own + len(facts) + len(saves)) / lasted
    fault.figures.measured.append(
        f"{rate:.0f} transactions/s, {sum(outside) / lasted:.0f} of them outside; saving p50 "
        f"{_quantile([took for _, took in saves], 0.5) * 1000:.0f} ms"
    )


@asynccontextmanager
async def _outside(hub: Hub) -> AsyncIterator[list[Process]]:
    path = str(hub.database.path)
    command = [sys.executable, "-m", "tests.faults.outside_writer", path, str(RATE), str(HOLD)]
    writers = [
        await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE) for _ in range(WRITERS)
    ]
    yield writers
    for writer in writers:
        assert await asyncio.wait_for(writer.wait(), 60) == 0


async def _told(writer: Process) -> int:
    told, _ = await writer.communicate(b"")
    return int(told)


async def _count_up(hub: Hub, ends: float) -> int:
    """A page's session and the machinery's thread in turn, ten times a second."""
    done = 0
    while time.monotonic() < ends:
        if done % 2:
            await hub.database.write(lambda connection: connection.execute(_ADD))
        else:
            async with hub.database.writing() as session:
                await session.execute(_ADD)
                await session.commit()
        done += 1
        await asyncio.sleep(0.1)
    return done


async def _tell(hub: Hub, ends: float) -> list[float]:
    """Ten calls a second; how long each took to be stored."""
    took: list[float] = []
    while time.monotonic() < ends:
        call = replace(SAMPLE.call, call_id=CallId(f"busy-{len(took)}"))
        arrival = Arrival(
            source="test", external_id=call.call_id, occurred_at=SystemClock().now(),
            event=replace(SAMPLE, step=1, call=call),
        )  # fmt: skip
        begun = time.monotonic()
        await hub.intake.accept([arrival])
        took.append(time.monotonic() - begun)
        await asyncio.sleep(0.1)
    return took


async def _save(shop: Shop, token: dict[str, str], ends: float) -> list[tuple[int, float]]:
    """Ten new clients a second over HTTP; what was answered, and after how long."""
    saves: list[tuple[int, float]] = []
    browser = shop.browser()
    while time.monotonic() < ends:
        begun = time.monotonic()
        body = {"name": f"Client {len(saves)}"}
        async with browser.post("/api/v1/clients", json=body, headers=token) as answer:
            await answer.read()
        saves.append((answer.status, time.monotonic() - begun))
        await asyncio.sleep(0.1)
    return saves


async def _one(hub: Hub, sql: str) -> int:
    found = await hub.database.read(lambda connection: connection.scalar(text(sql)))
    return int(found or 0)

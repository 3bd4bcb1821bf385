"""A real hub process under a storm, with a locked database, in a black hole, and stopped in it."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.faults.figures import Fault
from tests.faults.ledger import in_database, lost_and_doubled
from tests.faults.shop_pbx import Made, ShopPbx, shop_pbx
from tests.flows.black_hole import Cable
from tests.flows.hub_process import HubProcess
from tests.patience import within

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]

EVENTS, CALLS_A_SECOND = 20_000, 10
LONGEST_LOOK = 0.01
"""Seconds from one look at the buffer to the next that count; what is above it our own loop was late."""
ALL_ENDED = "SELECT count(*) FROM calls_calls WHERE state = 'ended'"


async def until(is_so: Callable[[], Any], seconds: float) -> float:
    """Wait for it; the seconds that it took."""
    began = time.monotonic()
    while not is_so():
        assert time.monotonic() - began < within(seconds), f"not within {seconds} s"
        await asyncio.sleep(0.02)
    return time.monotonic() - began


class Stalls:
    """How long the hub left bytes unread, as the PBX sees it: its write buffer did not empty. The PBX of
    the test writes only while its own loop runs: time in which it was not let run is not the hub's."""

    def __init__(self, pbx: ShopPbx) -> None:
        self._pbx = pbx
        self.longest = 0.0

    async def watch(self) -> None:
        stalled, before = 0.0, time.monotonic()
        while True:
            now = time.monotonic()
            stalled = stalled + min(now - before, LONGEST_LOOK) if self._pbx.unsent else 0.0
            self.longest, before = max(self.longest, stalled), now
            await asyncio.sleep(0.002)


async def make_calls(pbx: ShopPbx, seconds: float, rate: float) -> list[Made]:
    """Calls that are rung, every second one answered, and hung up, at a steady rate."""
    made: list[Made] = []
    began = time.monotonic()
    while (passed := time.monotonic() - began) < seconds:
        while len(made) < passed * rate:
            call = pbx.dial_in()
            made.append(call)
            if len(made) % 2:
                pbx.answer(call, "101")
        for call in made[:-5]:
            if not call.is_over:
                pbx.hang_up(call)
        await asyncio.sleep(0.01)
    for call in made:
        if not call.is_over:
            pbx.hang_up(call)
    return made


async def storm(pbx: ShopPbx, seconds: float, rest: int) -> None:
    """Noise that must be read and let go, between the calls' own events."""
    began, sent = time.monotonic(), 0
    while sent < rest:
        due = min(rest, int((time.monotonic() - began) / seconds * rest))
        for _ in range(due - sent):
            state = [("Device", f"PJSIP/1{sent % 100:02}"), ("State", "NOT_INUSE")]
            pbx.exchange.emit("DeviceStateChange", state)
        sent = due
        await asyncio.sleep(0.004)


@pytest.mark.fault("F09", "F10")
async def test_a_storm_and_a_locked_database_lose_nothing_and_the_socket_is_read(
    fault: Fault, tmp_path: Path
) -> None:
    async with shop_pbx() as pbx, HubProcess(tmp_path, pbx.settings) as hub:
        await until(lambda: pbx.is_followed, 10)
        # The PBX of the test lives in this process: only what the hub does is to be judged.
        stalls = Stalls(pbx)
        watching = asyncio.create_task(stalls.watch())
        for number, _ in enumerate(fault.runs(full=20, sample=1)):
            before = pbx.events
            noise = EVENTS - 5 * CALLS_A_SECOND * 30
            _, calls = await asyncio.gather(storm(pbx, 5.0, noise), make_calls(pbx, 5.0, CALLS_A_SECOND))
            fault.measure("events in 5 s, at least", EVENTS * 0.95, pbx.events - before)
            await until(lambda: _ended(hub) == len(pbx.made), 20)
            fault.measure("storm: longest time unread", round(stalls.longest * 1000), 50, " ms")

            locked = fault.count(full=30, sample=3)
            holder = sqlite3.connect(hub.folder / "hub.db", isolation_level=None)
            holder.execute("BEGIN IMMEDIATE")
            stalls.longest = 0.0
            calls += await make_calls(pbx, locked, 500 / 30)
            fault.measure("locked: longest time unread", round(stalls.longest * 1000), 50, " ms")
            fault.check(f"nothing was stored in the meantime ({number})", _ended(hub) < len(pbx.made))
            holder.execute("ROLLBACK")
            holder.close()
            await until(lambda: _ended(hub) == len(pbx.made), 30)
            lost, doubled = lost_and_doubled(pbx.made, in_database(hub.folder / "hub.db"))
            fault.measure("lost", len(lost), 0)
            fault.measure("doubled", len(doubled), 0)
            told = in_database(hub.folder / "hub.db")
            wrong = [told[f"+{made.number}"] for made in calls if told[f"+{made.number}"] != [_truth(made)]]
            fault.check(f"told wrongly: {wrong}", not wrong)
        watching.cancel()


def _ended(hub: HubProcess) -> int:
    with sqlite3.connect(f"file:{hub.folder / 'hub.db'}?mode=ro", uri=True) as database:
        return int(database.execute(ALL_ENDED).fetchone()[0])


def _truth(made: Made) -> tuple[Any, ...]:
    return ("ended", "answered" if made.answered_by else "short_abandon", made.answered_by, True)


@pytest.mark.fault("F02", "F03")
async def test_a_black_hole_is_noticed_in_time_and_a_stop_in_it_is_quick(
    fault: Fault, tmp_path: Path
) -> None:
    for number, _ in enumerate(fault.runs(full=20, sample=1)):
        async with shop_pbx() as pbx, Cable("127.0.0.1", pbx.port) as cable:
            settings = {**pbx.settings, "HUB_AMI__PORT": str(cable.port)}
            hub = HubProcess(tmp_path / str(number), settings)
            hub.folder.mkdir()
            await hub.start()
            await until(lambda pbx=pbx: pbx.is_followed, 10)
            for _ in range(20):
                pbx.dial_in()
            database = hub.folder / "hub.db"
            await until(lambda database=database: len(in_database(database)) == 20, 10)
            cable.swallow()
            took = await _not_ready(hub, 12)
            fault.measure("until it is noticed", round(took, 1), 10.0, " s")
            await until(lambda database=database: not _whole(database), 15 - min(took, 12))
            fault.check("no stale call is shown as whole", not _whole(database))
            began = time.monotonic()
            code = await hub.stop()
            fault.measure("until it has stopped", round(time.monotonic() - began, 1), 5.0, " s")
            fault.check("it ends cleanly", code == 0)


async def _not_ready(hub: HubProcess, seconds: float) -> float:
    began = time.monotonic()
    async with asyncio.timeout(within(seconds)), aiohttp.ClientSession() as http:
        while True:
            async with http.get(f"{hub.url}/readyz") as answer:
                if (await answer.json())["connectors"]["ami"]["state"] == "not_ready":
                    return time.monotonic() - began
            await asyncio.sleep(0.05)


def _whole(database: Path) -> list[str]:
    """The calls that are shown as complete."""
    return [number for number, rows in in_database(database).items() if any(row[3] for row in rows)]

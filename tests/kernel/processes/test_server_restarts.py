"""PostgreSQL dies, or resets connections in mid-transaction: what was accepted is there once, in order."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from random import Random

import pytest

from hub.app import Hub
from hub.kernel.stream.dead_letters import DeadFilter
from hub.settings import DatabaseSettings, RelaySettings, Settings
from tests.faults.figures import Fault
from tests.kernel.rig import Bells, effects_of, make_hub, prepare, rang
from tests.kernel.stream.test_relay import settled
from tests.kernel.waiting import until
from tests.machine import missing
from tests.patience import within
from tests.postgres import TemporaryPostgres

pytestmark = [pytest.mark.postgres, pytest.mark.slow, pytest.mark.fault("F56")]
FACTS = 15


@pytest.fixture
def server() -> Iterator[TemporaryPostgres]:
    """One of its own: others would not like to share it."""
    made = TemporaryPostgres.start(is_faithful=True)
    if made is None:
        missing("PostgreSQL", "apt-get install postgresql")
        return
    yield made
    made.stop()


@pytest.fixture
async def hub(settings: Settings, server: TemporaryPostgres) -> AsyncIterator[Hub]:
    settings = replace(
        settings,
        database=DatabaseSettings(url=server.url(server.create("shop"))),
        relay=RelaySettings(poll=0.1, lease=0.5, backoff=(0.02, 0.04, 0.08)),
    )
    made = make_hub(settings, Bells().module())
    await prepare(made)
    await made.start()
    yield made
    await made.stop()


async def disturb(server: TemporaryPostgres, chance: Random) -> None:
    """Three of four times connections are reset, wherever they stand; else the server dies."""
    await asyncio.sleep(chance.uniform(0.0, 0.06))
    if chance.random() < 0.75:
        for _ in range(3):
            await asyncio.to_thread(server.reset_connections, "shop")
            await asyncio.sleep(chance.uniform(0.0, 0.03))
    else:
        await asyncio.to_thread(server.crash)
        await asyncio.sleep(chance.uniform(0.0, 0.2))
        await asyncio.to_thread(server.revive)


async def test_a_server_that_resets_or_dies_loses_nothing_and_doubles_nothing(
    hub: Hub, server: TemporaryPostgres, fault: Fault
) -> None:
    for number, chance in enumerate(fault.runs(full=200, sample=8)):
        with fault.run(f"run {number}"):
            bells = [f"r{number}b{one}" for one in range(3)]

            async def feed(bell: str) -> None:
                for fact in range(FACTS):
                    await hub.intake.accept([rang(bell, fact)])

            async with asyncio.timeout(within(30)):
                await asyncio.gather(disturb(server, chance), *map(feed, bells))
                await settled(hub)
            assert await hub.system.letters.page(DeadFilter()) == []
            for handler in ("ordinary", "batch"):
                left = await effects_of(hub, handler)
                for bell in bells:
                    assert left.get(bell) == list(range(FACTS)), f"{handler} {bell}: {left.get(bell)}"


async def test_a_hub_says_that_the_server_is_away_and_that_it_is_back(
    hub: Hub, server: TemporaryPostgres
) -> None:
    server.crash()
    waiting = asyncio.create_task(hub.intake.accept([rang("front", 1)]))

    async def is_said() -> bool:
        report = await hub.system.report()
        return not report.database_ok and "database server" in report.database_text

    await until(is_said)
    assert not waiting.done()
    server.revive()
    async with asyncio.timeout(within(10)):
        await waiting

    async def is_well() -> bool:
        return (await hub.system.report()).database_ok

    await until(is_well)
    await settled(hub)
    assert await effects_of(hub, "batch") == {"front": [1]}

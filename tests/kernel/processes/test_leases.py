"""Each link to the outside has one holder among the processes; what a former holder brings is refused."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Connection, update

from hub.app import Hub
from hub.clock import SystemClock
from hub.kernel.processes.leases import Fence, Holding, Leases, link_leases
from hub.kernel.storage.database import Database
from hub.kernel.stream.intake import FencedIntake
from hub.ports.connector import Health, Status
from hub.ports.errors import LinkTaken
from hub.ports.intake import Intake
from hub.settings import DatabaseSettings, LinksSettings, Settings
from tests.faults.figures import Fault
from tests.kernel.rig import Bells, effects_of, make_hub, prepare, rang
from tests.kernel.stream.test_relay import settled
from tests.kernel.waiting import until
from tests.patience import within
from tests.postgres import TemporaryPostgres

LEASE = 0.4
FINE = Health(state="ready", since=SystemClock().now(), text="connected")


class Bellman:
    """A connector that holds a line: it rings whenever it is told to, and can be told to forget."""

    def __init__(self) -> None:
        self.name = "ami"
        self.intake: Intake | None = None
        self.is_running = False
        self.forgotten = 0

    async def run(self, intake: Intake, status: Status) -> None:
        self.intake, self.is_running = intake, True
        status.report("ready", "connected to the bells")
        try:
            await asyncio.Event().wait()
        finally:
            self.is_running = False

    def forget(self) -> None:
        self.forgotten += 1


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    made = Database(database_url)
    await made.open()
    yield made
    await made.close()


def leases_of(database: Database, owner: str, seconds: float = LEASE) -> Leases:
    return Leases(database, SystemClock(), owner, seconds)


async def taken(leases: Leases, name: str = "ami") -> Fence:
    found = await leases.take(name)
    assert isinstance(found, Fence)
    return found


async def test_a_link_has_one_holder_and_the_others_are_told_who_it_is(database: Database) -> None:
    one, other = leases_of(database, "one", 60.0), leases_of(database, "other", 60.0)
    fence = await taken(one)
    assert await one.renew(fence, FINE)
    held = await other.take("ami")
    assert isinstance(held, Holding)
    assert (held.owner, held.health.state, held.health.text) == ("one", "ready", "connected")
    assert [holding.owner for holding in await other.holdings()] == ["one"]
    assert (await taken(other, "telegram")).token == 1


async def test_only_one_of_many_who_ask_at_the_same_moment_gets_it(database: Database) -> None:
    found = await asyncio.gather(*(leases_of(database, str(n), 60.0).take("ami") for n in range(10)))
    assert sum(isinstance(one, Fence) for one in found) == 1


async def test_a_holder_that_stops_renewing_is_followed_by_another_with_a_greater_token(
    database: Database,
) -> None:
    dead, heir = leases_of(database, "dead"), leases_of(database, "heir")
    old = await taken(dead)

    async def is_free() -> bool:
        return isinstance(await heir.take("ami"), Fence)

    await until(is_free, seconds=LEASE * 5)
    (held,) = await heir.holdings()
    assert held.owner == "heir"
    assert not await dead.renew(old, FINE)
    await dead.release(old)
    assert [holding.owner for holding in await dead.holdings()] == ["heir"]


async def test_a_link_that_is_let_go_is_free_at_once(database: Database) -> None:
    one, other = leases_of(database, "one", 60.0), leases_of(database, "other", 60.0)
    await one.release(await taken(one))
    assert (await taken(other)).token == 2


async def test_the_heir_of_a_dead_holder_knows_when_that_was_last_seen(database: Database) -> None:
    holder, heir = leases_of(database, "holder"), leases_of(database, "heir")
    await taken(holder)
    renewed = time.time()

    async def has_it() -> bool:
        return isinstance(await heir.take("ami"), Fence)

    async with asyncio.timeout(within(5)):
        while not await has_it():
            await asyncio.sleep(LEASE / 8)
    seen = heir.last_seen("ami")
    assert seen is not None
    assert abs(seen.timestamp() - renewed) < LEASE


async def test_after_a_holder_that_let_go_nothing_was_missed(database: Database) -> None:
    holder, heir = leases_of(database, "holder"), leases_of(database, "heir")
    await holder.release(await taken(holder))
    await taken(heir)
    assert heir.last_seen("ami") is None


async def test_facts_of_a_former_holder_are_refused_and_those_of_others_stored(settings: Settings) -> None:
    hub = make_hub(settings, Bells().module(ordinary=False))
    await prepare(hub)
    old = await taken(leases_of(hub.database, "old"))
    await hub.leases.release(old)
    new = await taken(leases_of(hub.database, "new"))
    offers = [
        FencedIntake(hub.intake, old).accept([rang("old", 1)]),
        FencedIntake(hub.intake, new).accept([rang("new", 1)]),
        hub.intake.accept([rang("free", 1)]),
    ]
    said = await asyncio.gather(*offers, return_exceptions=True)
    await hub.relay.start()
    await settled(hub)
    left = await effects_of(hub, "batch")
    await hub.stop()
    assert isinstance(said[0], LinkTaken)
    assert said[1:] == [None, None]
    assert left == {"new": [1], "free": [1]}


@asynccontextmanager
async def running(settings: Settings, *bellmen: Bellman) -> AsyncIterator[list[Hub]]:
    """As many processes, each with its connector of the same name."""
    settings = replace(settings, links=LinksSettings(lease=LEASE))
    async with AsyncExitStack() as stack:
        hubs = []
        for bellman in bellmen:
            hub = make_hub(settings, Bells().module(ordinary=False), connectors=[bellman])
            if not hubs:
                await prepare(hub)
            await hub.start()
            stack.push_async_callback(hub.stop)
            hubs.append(hub)
        yield hubs


async def _says(hub: Hub, state: str) -> bool:
    return hub.supervisor.health()["ami"].state == state


@pytest.mark.postgres
async def test_of_two_processes_one_runs_the_connector_and_the_other_says_so(settings: Settings) -> None:
    bellmen = [Bellman(), Bellman()]
    async with running(settings, *bellmen) as (first, second):
        await until(lambda: _says(second, "elsewhere"))
        await until(lambda: _knows(second, "connected to the bells"))
        assert [one.is_running for one in bellmen] == [True, False]
        assert second.supervisor.health()["ami"].text.startswith(f"Held by {first.leases.owner}; there: ")


async def _knows(hub: Hub, text: str) -> bool:
    return text in hub.supervisor.health()["ami"].text


@pytest.mark.postgres
async def test_a_process_that_stops_hands_the_link_on_at_once(settings: Settings) -> None:
    bellmen = [Bellman(), Bellman()]
    async with running(settings, *bellmen) as (first, second):
        await until(lambda: _says(second, "elsewhere"))
        await first.supervisor.stop()
        await until(lambda: _says(second, "ready"))
        assert [one.is_running for one in bellmen] == [False, True]


def _overtake(connection: Connection) -> None:
    """As if a third process had held the link, and died, while the holder slept."""
    connection.execute(update(link_leases).values(fence=link_leases.c.fence + 1, held_until=0.0))


@pytest.mark.postgres
async def test_a_holder_that_was_asleep_wakes_up_without_the_link_and_forgets(settings: Settings) -> None:
    bellmen = [Bellman(), Bellman()]
    async with running(settings, *bellmen) as (first, second):
        await until(lambda: _says(second, "elsewhere"))
        sleepy = bellmen[0].intake
        assert sleepy is not None
        async with asyncio.timeout(within(10)):
            while not await _says(second, "ready"):  # the former holder may be the quicker one
                await first.database.write(_overtake)
                await asyncio.sleep(0.3)
        with pytest.raises(LinkTaken):
            await sleepy.accept([rang("late", 1)])
        await until(lambda: _says(first, "elsewhere"))
        assert bellmen[0].forgotten >= 1
        assert [one.is_running for one in bellmen] == [False, True]
        assert await effects_of(second, "batch") == {}


async def _outlast(server: TemporaryPostgres) -> None:
    """The server is away for longer than a lease runs."""
    await asyncio.to_thread(server.crash)
    await asyncio.sleep(LEASE * 2)
    await asyncio.to_thread(server.revive)


async def _hang(server: TemporaryPostgres) -> None:
    """It takes questions and answers none, for longer than a lease runs."""
    children = Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children").read_text().split()
    family = [server.process.pid, *map(int, children)]
    for pid in family:
        os.kill(pid, signal.SIGSTOP)
    await asyncio.sleep(LEASE * 3)
    for pid in family:
        os.kill(pid, signal.SIGCONT)


@pytest.mark.postgres
@pytest.mark.slow
@pytest.mark.fault("F56")
@pytest.mark.parametrize("disturb", [_outlast, _hang])
async def test_after_an_outage_of_the_database_the_holder_stores_what_it_had_and_goes_on(
    settings: Settings, disturb: Callable[[TemporaryPostgres], Awaitable[None]], fault: Fault
) -> None:
    server = TemporaryPostgres.start(is_faithful=True)
    assert server is not None
    shop = replace(settings, database=DatabaseSettings(url=server.url(server.create("shop"))))
    bellmen = [Bellman() for _ in range(3)]
    try:
        async with running(shop, *bellmen) as (first, *others):
            for other in others:
                await until(lambda other=other: _says(other, "elsewhere"))
            intake = bellmen[0].intake
            assert intake is not None
            for number, _ in enumerate(fault.runs(full=20, sample=2)):
                with fault.run(f"outage {number}"):
                    away = asyncio.create_task(disturb(server))
                    await asyncio.sleep(LEASE / 2)
                    async with asyncio.timeout(within(20)):
                        await asyncio.gather(away, intake.accept([rang(f"kept{number}", 1)]))
                    await asyncio.sleep(LEASE * 1.5)  # whoever would take it has had the time
                    assert [one.is_running for one in bellmen] == [True, False, False]
            await settled(first)
            left = await effects_of(first, "batch")
            assert set(map(tuple, left.values())) == {(1,)}
    finally:
        server.stop()


@pytest.mark.postgres
async def test_a_holder_that_stores_facts_keeps_the_link_though_it_has_no_time_to_renew(
    settings: Settings,
) -> None:
    hub = make_hub(settings, Bells().module(ordinary=False))
    await prepare(hub)
    busy, other = leases_of(hub.database, "busy"), leases_of(hub.database, "other")
    intake = FencedIntake(hub.intake, await taken(busy))
    for number in range(12):  # three leases long
        await asyncio.sleep(LEASE / 4)
        await intake.accept([rang("busy", number)])
        assert isinstance(await other.take("ami"), Holding)
    await hub.stop()

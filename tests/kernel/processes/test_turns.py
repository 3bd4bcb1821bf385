"""Several processes on one server: facts of one key keep their order, whatever has no key in common
goes side by side, and a fact that touches everything has the whole to itself."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import pytest
from sqlalchemy import Connection, insert

from hub.app import Hub
from hub.clock import SystemClock
from hub.events.base import Event
from hub.kernel.context import BatchContext, Delivered
from hub.kernel.manifest import Module, on_batch
from hub.kernel.sealing.keys import store_of
from hub.ports.intake import Arrival
from hub.settings import Settings
from tests.kernel.rig import Bells, Rang, effects, effects_of, make_hub, prepare, rang
from tests.kernel.stream.test_relay import pending, settled

pytestmark = pytest.mark.postgres
ROOT = Path(__file__).resolve().parents[3]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tied(Event):
    """A bell was tied to another one."""

    name: ClassVar[str] = "test.tied"
    bell: str
    other: str

    @property
    def key(self) -> str:
        return f"bell:{self.bell}"

    @property
    def also_keys(self) -> tuple[str, ...]:
        return (f"bell:{self.other}",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted(Event):
    """All bells were counted."""

    name: ClassVar[str] = "test.counted"
    is_border: ClassVar[bool] = True
    number: int

    @property
    def key(self) -> str:
        return "tower"


def arrival(event: Event, name: str) -> Arrival:
    return Arrival(source="test", external_id=name, occurred_at=SystemClock().now(), event=event)


def counted(number: int) -> Arrival:
    return arrival(Counted(number=number), f"counted-{number}")


def tied(bell: str, other: str) -> Arrival:
    return arrival(Tied(bell=bell, other=other), f"tied-{bell}-{other}")


class Tower:
    """Writes down every fact as it comes; `trouble` may raise."""

    def __init__(self) -> None:
        self.trouble: Callable[[Event], None] = lambda event: None

    def module(self) -> Module:
        def on_tower(ctx: BatchContext, batch: Sequence[Delivered[Rang | Tied | Counted]]) -> None:
            for delivered in batch:
                event = delivered.event
                number = event.number if isinstance(event, Rang | Counted) else 0
                ctx.connection.execute(
                    insert(effects).values(handler="tower", bell=event.name, number=number)
                )
                self.trouble(event)

        on_tower.__module__ = "tests.kernel.rig.handlers"
        handlers = (on_batch([Rang, Tied, Counted], on_tower),)
        return Module(name="rig", title="Rig", folder=Path(__file__).parent, handlers=handlers)


@asynccontextmanager
async def tower(
    settings: Settings, *, is_first: bool = True, is_started: bool = True
) -> AsyncIterator[tuple[Hub, Tower]]:
    made = Tower()
    hub = make_hub(settings, made.module(), events=(Tied, Counted))
    await (prepare(hub) if is_first else hub.open())
    if not is_started:
        yield hub, made
        await hub.close()
        return
    await hub.start()
    yield hub, made
    await hub.stop()


@pytest.fixture
async def towers(settings: Settings) -> AsyncIterator[tuple[Hub, Hub]]:
    async with tower(settings) as (first, _), tower(settings, is_first=False) as (second, _):
        yield first, second


@asynccontextmanager
async def uncommitted(hub: Hub, *arrivals: Arrival) -> AsyncIterator[None]:
    """A process that has handled these facts and whose commit takes its time."""
    facts = [hub.intake._fact(one) for one in arrivals]
    rows = [hub._outbox.row(fact) for fact in facts]
    reached, end = asyncio.Event(), asyncio.Event()

    async def hold() -> None:
        engine: Any = hub.database._sessions
        async with engine.begin() as connection:
            await connection.run_sync(lambda sync: hub.relay._hot.take(sync, facts, rows))
            reached.set()
            await end.wait()

    task = asyncio.create_task(hold())
    await asyncio.wait([task, asyncio.create_task(reached.wait())], return_when="FIRST_COMPLETED")
    try:
        yield
    finally:
        end.set()
        await task


async def is_stored(task: asyncio.Task[None], within: float = 0.3) -> bool:
    done, _ = await asyncio.wait([task], timeout=within)
    return bool(done)


async def left(hub: Hub) -> list[tuple[str, int]]:
    """What was handled, in order."""

    def read(connection: Connection) -> list[tuple[str, int]]:
        query = effects.select().order_by(effects.c.id)
        return [(row.bell, row.number) for row in connection.execute(query)]

    return await hub.database.read(read)


@pytest.mark.parametrize(
    ("held", "brought", "is_at_once"),
    [
        ([rang("a", 1)], rang("b", 1), True),
        ([rang("a", 1)], rang("a", 2), False),
        ([rang("a", 1), rang("c", 1)], rang("c", 2), False),
        ([tied("a", "b")], rang("b", 1), False),
        ([tied("a", "b")], rang("c", 1), True),
        ([rang("b", 1)], tied("a", "b"), False),
        ([counted(1)], rang("a", 1), False),
        ([rang("a", 1)], counted(1), False),
    ],
    ids=["other key", "same key", "one of several", "tied to it", "not tied", "ties it", "border", "before"],
)
async def test_a_fact_waits_for_what_it_has_in_common_with_another_process_and_for_nothing_else(
    towers: tuple[Hub, Hub], held: list[Arrival], brought: Arrival, is_at_once: bool
) -> None:
    first, second = towers
    async with uncommitted(first, *held):
        task = asyncio.create_task(second.intake.accept([brought]))
        assert await is_stored(task, 5.0 if is_at_once else 0.3) is is_at_once
    await task
    await settled(first)
    assert len(await left(first)) == len(held) + 1


async def test_more_keys_than_the_server_has_locks_for_one_go_through_alone(
    towers: tuple[Hub, Hub],
) -> None:
    first, second = towers
    async with uncommitted(first, *(rang(f"m{number}", 1) for number in range(300))):
        task = asyncio.create_task(second.intake.accept([rang("other", 1)]))
        assert not await is_stored(task)
    await task
    assert len(await left(first)) == 301


async def test_a_backlog_is_shared_and_nobody_waits_for_a_key_that_another_has(settings: Settings) -> None:
    async with tower(settings, is_started=False) as (hub, _):
        rows = [
            hub._outbox.row(hub.intake._fact(rang("a", 1))),
            hub._outbox.row(hub.intake._fact(rang("b", 1))),
        ]
        await hub.database.write(lambda connection: hub._outbox.store(connection, rows))
        async with uncommitted(hub, rang("a", 2)):  # it takes what waits of its key, and leaves the other
            assert await left(hub) == []
            outcome = await hub.database.write(hub.relay._hot.run)
            assert (outcome.handled, outcome.retry_in is not None, outcome.is_full) == (1, False, False)
        assert await left(hub) != []
        assert sorted(await left(hub)) == [("test.rang", 1), ("test.rang", 1), ("test.rang", 2)]
        assert await pending(hub) == 0


async def test_a_border_comes_after_all_that_was_stored_before_it_and_before_all_that_comes_later(
    settings: Settings,
) -> None:
    broken = [True]

    def trouble(event: Event) -> None:
        if broken[0]:
            raise RuntimeError("not now")

    async with (
        tower(settings, is_started=False) as (hub, made),
        tower(settings, is_first=False) as (later, _),
    ):
        made.trouble = trouble
        for one in (rang("a", 1), counted(1)):  # stored, and both to be tried again
            await hub.intake.accept([one])
        broken[0] = False
        await later.intake.accept([rang("b", 2), rang("a", 3)])
        await settled(later)
        order = [number for _, number in await left(later)]
    assert order.index(1) == 0
    assert sorted(order) == [1, 1, 2, 3]


async def test_facts_that_come_while_a_border_is_due_are_handled_after_it(settings: Settings) -> None:
    async with tower(settings, is_started=False) as (hub, _):
        rows = [hub._outbox.row(hub.intake._fact(one)) for one in (rang("a", 1), counted(2))]
        await hub.database.write(lambda connection: hub._outbox.store(connection, rows))
        hub.relay._hot.is_behind = False
        await hub.intake.accept([rang("b", 3)])
        assert await left(hub) == []
        await hub.relay.work_off()
        assert await left(hub) == [("test.rang", 1), ("test.counted", 2), ("test.rang", 3)]


class Feeder:
    """A process that takes in facts of the same five bells as the others, and fails now and then."""

    def __init__(self, settings: Settings, start: int) -> None:
        key = str(store_of(settings).path)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.kernel.stream.victim", settings.database.url, str(start), "20"],
            cwd=ROOT, env={**os.environ, "KEY_FILE": key}, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    def ready(self) -> None:
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == "ready\n"

    def kill(self) -> list[tuple[str, int]]:
        """What it had accepted when it was killed."""
        assert self.process.stdout is not None
        self.process.send_signal(signal.SIGKILL)
        said = self.process.stdout.read().split("\n")[:-1]  # the last line may be torn
        self.process.wait()
        return [(bell, int(number)) for bell, number in (line.split() for line in said)]


@pytest.mark.slow
@pytest.mark.timeout(120)
async def test_four_processes_that_are_killed_lose_nothing_double_nothing_and_keep_every_order(
    settings: Settings,
) -> None:
    chance, accepted, start = random.Random(5), [], 0
    hub = make_hub(settings, Bells().module(ordinary=False))
    await prepare(hub)
    feeders = [Feeder(settings, number * 100_000) for number in range(4)]
    start = len(feeders)
    for feeder in feeders:
        feeder.ready()
    for _ in range(3):
        await asyncio.sleep(0.2 + chance.random() * 0.4)
        victim = feeders.pop(chance.randrange(len(feeders)))
        accepted += victim.kill()
        feeders.append(Feeder(settings, start * 100_000))
        start += 1
        feeders[-1].ready()
    for feeder in feeders:
        accepted += feeder.kill()
    waited = await pending(hub)
    await hub.start()
    await settled(hub)
    found = await effects_of(hub, "batch")
    await hub.stop()
    print(f"{len(accepted)} accepted, {waited} waited at the end")
    assert len(accepted) > 500
    stored = {(bell, number) for bell, numbers in found.items() for number in numbers}
    assert [one for one in accepted if one not in stored] == []
    for bell, numbers in found.items():
        for feeder_number in range(start):
            mine = [number for number in numbers if number // 100_000 == feeder_number]
            assert mine == sorted(set(mine)), f"{bell} of {feeder_number} out of order or doubled"

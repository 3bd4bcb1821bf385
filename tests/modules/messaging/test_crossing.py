"""On PostgreSQL a thread's page, its facts and the sender write at the same moment: nobody waits for ever,
nobody is told to try again, no change is lost. The server's own count of deadlocks judges."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url

from hub.clock import SystemClock
from hub.errors import Conflict
from hub.modules.messaging.api import MessageEntry
from hub.settings import Settings
from tests.databases import Databases
from tests.factories.crm import make_client
from tests.faults.figures import Fault
from tests.kernel.waiting import until
from tests.modules.messaging.wire import IRYNA, OLEH, House, Wire, house_of, status, wrote

pytestmark = [pytest.mark.postgres, pytest.mark.slow, pytest.mark.timeout(180)]
LONG = 0.05
"""Seconds that a page may think between two of its changes."""
_DEADLOCKS = text("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
_WAITS = text(
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
)
_HALF_FAILED = text(
    "UPDATE messaging_messages SET state = CASE WHEN n % 2 = 0 THEN 'failed' ELSE 'sent' END"
    " WHERE direction = 'outbound' AND provider_id IS NOT NULL"
)
_REV = text("SELECT rev, unread FROM messaging_conversations WHERE id = :id")


@dataclass
class Crossing:
    """Two processes on one database, and a thread with messages of ours in it."""

    one: House
    other: House
    thread: str
    ours: list[str]

    async def deadlocks(self) -> int:
        found = await self.one.hub.database.read(lambda connection: connection.scalar(_DEADLOCKS))
        return int(found or 0)

    async def somebody_waits(self) -> bool:
        return bool(await self.one.hub.database.read(lambda connection: connection.scalar(_WAITS)))


@pytest.fixture
async def crossing(settings: Settings, tmp_path: Path, databases: Databases) -> AsyncIterator[Crossing]:
    """Whoever closes a ring is told so at once, before whoever has waited longer: a page, and not a worker
    that would try again in silence."""
    name = make_url(settings.database.url).database
    databases.server._sql(f"ALTER DATABASE {name} SET deadlock_timeout = '10ms';")
    async with (
        house_of(settings, SystemClock(), tmp_path, Wire()) as one,
        house_of(settings, SystemClock(), tmp_path, Wire()) as other,
    ):
        await one.tell(wrote("Is it ready?", 1))
        ours = [(await one.queue(f"answer {n}")).id for n in range(6)]
        sender = one.sender()
        for _ in ours:
            await one.sent(sender)
        thread = (await one.message(ours[0])).conversation_id
        yield Crossing(one, other, thread, ours)


Act = Callable[[Crossing, Random], Awaitable[None]]


async def looked_at(at: Crossing, chance: Random) -> None:
    async with at.other.api() as api:
        await api.threads.unread(at.thread, None)


async def answered(at: Crossing, chance: Random) -> None:
    """As the bot does it: the thread is to wait for a person, and something is said."""
    async with at.other.api() as api:
        await api.threads.ask(at.thread, None)
        await asyncio.sleep(chance.random() * LONG)
        await api.queue_message(
            MessageEntry(text=f"answer {chance.random()}", channel="sms", address=IRYNA)
        )  # fmt: skip


async def tried_again(at: Crossing, chance: Random) -> None:
    """A person looks at one that failed."""
    async with at.other.api() as api:
        with suppress(Conflict):
            await api.threads.again(chance.choice(at.ours), None)
        await asyncio.sleep(chance.random() * LONG)


async def reported(at: Crossing, chance: Random) -> None:
    told = [status("delivered", f"SM{one}", message_id=one) for one in at.ours]
    chance.shuffle(told)
    await at.one.tell_at_once(*told)


async def written(at: Crossing, chance: Random) -> None:
    numbers = [chance.randrange(10**9) for _ in range(3)]
    await at.one.tell_at_once(*(wrote(f"n{n}", n, address=chance.choice([OLEH, IRYNA])) for n in numbers))


async def sent(at: Crossing, chance: Random) -> None:
    sender = at.other.sender(f"process {chance.random()}")
    await sender.step()
    await sender.idle()


async def given(at: Crossing, chance: Random) -> None:
    async with at.other.api() as api:
        await api.clients.tie("sms", OLEH, OLEH, None)


ACTS: tuple[Act, ...] = (looked_at, answered, tried_again, reported, written, sent, given)


@pytest.mark.fault("F53")
async def test_whoever_writes_into_a_thread_at_the_same_moment_waits_and_does_not_cross(
    crossing: Crossing, fault: Fault
) -> None:
    await make_client(crossing.one.hub, "Oleh", OLEH)
    before = await crossing.deadlocks()
    for chance in fault.runs(full=200, sample=12):
        chosen = [answered, tried_again, reported, written, *(chance.choice(ACTS) for _ in range(3))]
        await crossing.one.hub.database.write(lambda connection: connection.execute(_HALF_FAILED))
        ended = await asyncio.gather(
            *(act(crossing, Random(chance.random())) for act in chosen), return_exceptions=True
        )
        for act, end in zip(chosen, ended, strict=True):
            fault.check(f"{act.__name__}: {end!r}", end is None)
    await asyncio.sleep(1.1)  # the server counts with a delay
    fault.measure("transactions that crossed", await crossing.deadlocks() - before, 0)


@pytest.mark.parametrize("act", [reported, written])
async def test_a_page_that_changes_two_things_of_a_thread_is_not_told_to_try_again(
    crossing: Crossing, act: Act
) -> None:
    await crossing.one.hub.database.write(lambda connection: connection.execute(_HALF_FAILED))
    failed = [one for one in crossing.ours if (await crossing.one.message(one)).state == "failed"]
    async with crossing.other.api() as api:
        await api.threads.again(failed[-1], None)
        await api.threads.ask(crossing.thread, None)
        facts = asyncio.create_task(act(crossing, Random(1)))
        await until(crossing.somebody_waits)
        await asyncio.sleep(0.05)  # longer than a deadlock needs to be noticed
        await api.queue_message(MessageEntry(text="answer", channel="sms", address=IRYNA))
    await facts
    assert (await crossing.one.message(failed[-1])).state in ("queued", "delivered")


async def test_no_change_of_a_thread_is_lost_to_one_of_the_same_moment(crossing: Crossing) -> None:
    async def rev() -> int:
        found = await crossing.one.hub.database.read(
            lambda connection: connection.execute(_REV, {"id": crossing.thread}).one()
        )
        return int(found.rev)

    before = await rev()
    told = [status("delivered", f"SM{one}", message_id=one) for one in crossing.ours]
    looks = [looked_at(crossing, Random(n)) for n in range(6)]
    await asyncio.gather(*(crossing.one.tell_at_once(one) for one in told), *looks)
    assert await rev() == before + len(told) + len(looks)

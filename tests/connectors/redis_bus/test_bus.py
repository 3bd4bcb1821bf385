"""The bus between processes on a real Redis: heard by the others, and honest about what was missed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

import pytest

from connectors.redis_bus.connector import RedisBus, RedisBusConfig
from hub.ports.connector import ConnectorState
from hub.ports.errors import AuthFailed
from tests.connectors.contract import stops_in_time
from tests.kernel.waiting import until
from tests.patience import within
from tests.redis_server import TemporaryRedis, temporary_redis


@dataclass
class Process:
    """One process on the bus, and all that it was told."""

    bus: RedisBus
    heard: list[bytes] = field(default_factory=list)
    gaps: int = 0
    states: list[tuple[str, str]] = field(default_factory=list)

    def report(self, state: ConnectorState, text: str, **details: str) -> None:
        self.states.append((state, text))

    def gap(self) -> None:
        self.gaps += 1

    async def is_up(self) -> bool:
        return self.bus.is_up

    async def is_down(self) -> bool:
        return not self.bus.is_up


class NoIntake:
    async def accept(self, arrivals: object) -> None:
        raise AssertionError("the bus brings no facts")


@pytest.fixture
def redis() -> Iterator[TemporaryRedis]:
    with temporary_redis() as server:
        yield server


def on(url: str, prefix: str = "shop") -> Process:
    config = RedisBusConfig(
        url=url, prefix=prefix, answer=0.3, silence=0.4, first_wait=0.02, longest_wait=0.05
    )
    process = Process(RedisBus(config))
    process.bus.hear("live", process.heard.append)
    process.bus.on_gap(process.gap)
    return process


@asynccontextmanager
async def joined(*processes: Process) -> AsyncIterator[None]:
    async with AsyncExitStack() as stack:
        for process in processes:
            task = asyncio.create_task(process.bus.run(NoIntake(), process))
            stack.push_async_callback(asyncio.gather, task, return_exceptions=True)
            stack.callback(task.cancel)
            await until(process.is_up)
        yield


async def test_what_one_says_the_others_hear_in_order_and_he_does_not(redis: TemporaryRedis) -> None:
    first, second, third = (on(redis.url) for _ in range(3))
    stranger = on(redis.url, "another shop")
    async with joined(first, second, third, stranger):
        words = [b"call %d" % number for number in range(500)]
        for word in words:
            first.bus.say("live", word)
        await until(lambda: _has(second, words))
        await until(lambda: _has(third, words))
        assert first.heard == []
        assert stranger.heard == []


async def _has(process: Process, words: list[bytes]) -> bool:
    return process.heard == words


async def test_a_redis_that_went_and_came_leaves_nobody_behind(redis: TemporaryRedis) -> None:
    one, two = on(redis.url), on(redis.url)
    async with joined(one, two):
        redis.stop()
        await until(one.is_down)
        await until(two.is_down)
        assert one.states[-1][0] == "not_ready"
        began = time.monotonic()
        one.bus.say("live", b"lost")
        assert time.monotonic() - began < within(0.01)
        before = one.gaps, two.gaps
        redis.start()
        await until(one.is_up)
        await until(two.is_up)
        assert one.states[-1][0] == "ready"
        await until(lambda: _more_gaps((one, two), before))
        one.bus.say("live", b"again")
        await until(lambda: _ends_with(two, b"again"))


async def _more_gaps(processes: tuple[Process, Process], before: tuple[int, int]) -> bool:
    return all(process.gaps > known for process, known in zip(processes, before, strict=True))


async def _ends_with(process: Process, word: bytes) -> bool:
    return process.heard[-1:] == [word]


async def test_whoever_could_not_speak_tells_the_others_that_they_missed_something(
    redis: TemporaryRedis,
) -> None:
    mute, other = on(redis.url), on(redis.url)
    async with joined(mute, other):
        before = other.gaps
        mute.bus._config = RedisBusConfig(url=redis.url, prefix="shop", queue=3)
        for number in range(5):
            mute.bus.say("live", b"%d" % number)
        await until(lambda: _more_gaps((other, other), (before, before)))


async def test_a_redis_that_answers_nobody_is_noticed_and_joined_again(redis: TemporaryRedis) -> None:
    process = on(redis.url)
    async with joined(process):
        redis.freeze()
        await until(process.is_down)
        redis.thaw()
        await until(process.is_up)


async def test_a_refused_log_in_is_said_loudly() -> None:
    with temporary_redis(password="geheim") as server:
        process = on(server.url)
        with pytest.raises(AuthFailed):
            async with asyncio.timeout(within(5)):
                await process.bus.run(NoIntake(), process)


async def test_two_processes_share_one_bucket_and_it_fills_again(redis: TemporaryRedis) -> None:
    one, two = on(redis.url), on(redis.url)
    async with joined(one, two):
        said = [await process.bus.take("anna", rate=5.0, burst=4) for process in (one, two) * 3]
        assert all(taken is not None for taken in said)
        free = [taken for taken in said if taken is not None and taken.wait == 0.0]
        assert [taken.left for taken in free] == [3, 2, 1, 0]
        refused = said[-1]
        assert refused is not None
        assert 0 < refused.wait <= 0.2
        await asyncio.sleep(refused.wait + 0.05)
        again = await two.bus.take("anna", rate=5.0, burst=4)
        assert again is not None
        assert again.wait == 0.0


@pytest.mark.parametrize("trouble", ["stop", "freeze"])
async def test_nobody_waits_for_a_redis_that_does_not_count(redis: TemporaryRedis, trouble: str) -> None:
    process = on(redis.url)
    async with joined(process):
        assert await process.bus.take("anna", rate=1.0, burst=5) is not None
        getattr(redis, trouble)()
        waits = []
        for _ in range(5):
            began = time.monotonic()
            assert await process.bus.take("anna", rate=1.0, burst=5) is None
            waits.append(time.monotonic() - began)
        assert max(waits) < within(0.5)
        assert sum(waits[1:]) < within(0.1)
        redis.thaw() if trouble == "freeze" else redis.start()


async def test_an_emptied_redis_only_forgets_the_counts(redis: TemporaryRedis) -> None:
    one, two = on(redis.url), on(redis.url)
    async with joined(one, two):
        for _ in range(3):
            await one.bus.take("anna", rate=0.1, burst=3)
        redis.say("FLUSHALL")
        taken = await one.bus.take("anna", rate=0.1, burst=3)
        assert taken is not None
        assert taken.left == 2
        one.bus.say("live", b"still here")
        await until(lambda: _ends_with(two, b"still here"))


async def test_it_stops_in_time(redis: TemporaryRedis) -> None:
    await stops_in_time(on(redis.url).bus, lambda heard: "ready" in dict(heard.states))

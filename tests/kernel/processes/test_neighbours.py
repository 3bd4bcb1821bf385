"""Two processes on one server and one Redis: hints and work cross over; without Redis they come late."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from dataclasses import replace

import pytest

from connectors.redis_bus.connector import RedisBus, RedisBusConfig
from hub.app import Hub
from hub.clock import SystemClock
from hub.kernel.processes.live import Subscription
from hub.kernel.processes.neighbours import SharedLimiter
from hub.ports.live import Hint
from hub.settings import Settings
from hub.values import ShopId
from tests.kernel.rig import Bells, effects_of, make_hub, prepare, rang
from tests.kernel.stream.test_relay import settled
from tests.kernel.waiting import until
from tests.patience import within
from tests.redis_server import TemporaryRedis, temporary_redis

pytestmark = pytest.mark.postgres


@pytest.fixture
def redis() -> Iterator[TemporaryRedis]:
    with temporary_redis() as server:
        yield server


@pytest.fixture
async def pair(settings: Settings, redis: TemporaryRedis) -> AsyncIterator[tuple[Hub, Hub]]:
    settings = replace(settings, relay=replace(settings.relay, poll=0.3))
    async with AsyncExitStack() as stack:
        hubs = []
        for _ in range(2):
            config = RedisBusConfig(
                url=redis.url, answer=0.3, silence=0.4, first_wait=0.02, longest_wait=0.05
            )
            bus = RedisBus(config)
            hub = make_hub(settings, Bells().module(), connectors=[bus], bus=bus)
            if not hubs:
                await prepare(hub)
            await hub.start()
            stack.push_async_callback(hub.stop)
            await until(lambda hub=hub: _is(hub, "ready"))
            hubs.append(hub)
        yield hubs[0], hubs[1]


async def _is(hub: Hub, state: str) -> bool:
    return hub.supervisor.health()["redis"].state == state


async def next_number(watcher: Subscription) -> int | None:
    """The next hint's bell; None: ask for everything anew."""
    async with asyncio.timeout(within(5)):
        hint = await watcher.next()
    return None if hint is None else hint.rev


async def test_a_hint_of_one_process_reaches_who_watches_at_the_other(pair: tuple[Hub, Hub]) -> None:
    near, far = pair[0].live.subscribe(), pair[1].live.subscribe()
    began = time.monotonic()
    await pair[0].intake.accept([rang("front", 7)])
    assert await next_number(near) == 7
    assert await next_number(far) == 7
    assert time.monotonic() - began < 0.3  # by the bus, not by the poll


async def test_a_phone_of_another_shop_hears_it_at_the_other_process_too(pair: tuple[Hub, Hub]) -> None:
    far = pair[1].live.subscribe(shops=[ShopId("other")], phones=["101"])
    pair[0].live.publish(Hint("call", "c1", 4, ShopId("main"), frozenset({"101", "102"})))
    assert await next_number(far) == 4


async def test_without_redis_watchers_elsewhere_are_told_to_ask_and_again_when_it_is_back(
    pair: tuple[Hub, Hub], redis: TemporaryRedis
) -> None:
    redis.stop()
    for hub in pair:
        await until(lambda hub=hub: _is(hub, "not_ready"))
    await asyncio.sleep(0.7)  # two looks at the outbox
    far = pair[1].live.subscribe()
    await pair[0].intake.accept([rang("front", 1)])
    assert await next_number(far) in (None, 1)  # the relay of this one may have done the work itself
    late = pair[1].live.subscribe()
    redis.start()
    for hub in pair:
        await until(lambda hub=hub: _is(hub, "ready"))
    while await next_number(late) is not None:
        pass
    await settled(pair[0])
    assert await effects_of(pair[0], "ordinary") == await effects_of(pair[0], "batch") == {"front": [1]}


async def test_both_relays_work_and_every_key_keeps_its_order(pair: tuple[Hub, Hub]) -> None:
    bells = [f"b{number}" for number in range(12)]
    for number in range(10):
        await pair[number % 2].intake.accept([rang(bell, number) for bell in bells])
    await settled(pair[0])
    for handler in ("ordinary", "batch"):
        assert await effects_of(pair[0], handler) == {bell: list(range(10)) for bell in bells}
    assert all(hub.relay.counters.handled > 0 for hub in pair)


async def test_limits_are_common_and_each_counts_for_itself_while_redis_is_away(
    pair: tuple[Hub, Hub], redis: TemporaryRedis
) -> None:
    limiters = [hub.installation.limiter for hub in pair]
    assert all(isinstance(limiter, SharedLimiter) for limiter in limiters)
    waits = [(await limiter.take("anna", rate=0.01, burst=2)).wait for limiter in limiters * 2]
    assert [wait > 0 for wait in waits] == [False, False, True, True]
    redis.stop()
    waits = [(await limiter.take("anna", rate=0.01, burst=2)).wait for limiter in limiters * 3]
    assert [wait > 0 for wait in waits] == [False] * 4 + [True] * 2


async def test_a_bus_that_is_away_is_told_and_the_hub_is_ready_all_the_same(
    pair: tuple[Hub, Hub], redis: TemporaryRedis
) -> None:
    redis.stop()
    await until(lambda: _is(pair[0], "not_ready"))
    report = await pair[0].system.report()
    figures = pair[0].system.metrics()
    assert (report.database_ok, report.relay_ok) == (True, True)
    assert figures["pitline_redis_is_up"] == 0.0
    assert figures['pitline_connector_state{connector="redis",state="not_ready"}'] == 1.0
    assert SystemClock().now() >= pair[0].supervisor.health()["redis"].since

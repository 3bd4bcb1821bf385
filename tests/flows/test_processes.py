"""Two and four hub processes on one PostgreSQL and one Redis: one follows the PBX, all answer, and the
death of any of them loses no call and doubles none. The judge is the database itself."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.shop_pbx import Made, ShopPbx, shop_pbx
from tests.flows.hub_process import HubProcess
from tests.flows.several import Judge, holding, listening, several
from tests.patience import within
from tests.redis_server import TemporaryRedis, temporary_redis

pytestmark = [pytest.mark.postgres, pytest.mark.slow, pytest.mark.timeout(120)]
TAKE_OVER = 5.0


@pytest.fixture
def redis() -> Iterator[TemporaryRedis]:
    with temporary_redis() as server:
        yield server


def settings_of(pbx: ShopPbx, redis: TemporaryRedis) -> dict[str, str]:
    return {**pbx.settings, "HUB_REDIS__URL": redis.url}


async def one_call(pbx: ShopPbx, chance: random.Random) -> Made:
    """A call that lives longer than a take-over takes; four of five are answered."""
    made = pbx.dial_in()
    await asyncio.sleep(chance.uniform(0.2, 1.5))
    if chance.random() < 0.8:
        pbx.answer(made, chance.choice(["101", "102"]))
    await asyncio.sleep(chance.uniform(6.0, 8.0))
    pbx.hang_up(made)
    return made


async def load(pbx: ShopPbx, seconds: float, per_second: float, chance: random.Random) -> None:
    """Calls at a steady rate, until the last of them is over."""
    async with asyncio.TaskGroup() as calls:
        for _ in range(int(seconds * per_second)):
            calls.create_task(one_call(pbx, chance))
            await asyncio.sleep(1 / per_second)


async def all_settled(judge: Judge, seconds: float = 15.0) -> None:
    end = time.monotonic() + within(seconds)
    while True:
        living = [row for row in await judge.calls() if row.state != "ended"]
        deliveries = await judge.deliveries()
        if not living and not deliveries.get("pending"):
            return
        assert time.monotonic() < end, f"not settled: {living}, {deliveries}"
        await asyncio.sleep(0.1)


async def judged(judge: Judge, pbx: ShopPbx) -> None:
    """Every call of the PBX stands there once, ended, and nothing else; nothing was given up."""
    await all_settled(judge)
    stored = Counter(row.from_number for row in await judge.calls())
    made = Counter(f"+{call.number}" for call in pbx.made)
    lost, doubled = made - stored, stored - made
    assert (sum(lost.values()), sum(doubled.values())) == (0, 0), f"lost {lost}, doubled {doubled}"
    assert "dead" not in await judge.deliveries()


@pytest.mark.fault("F57")
async def test_the_owner_of_the_line_is_killed_under_load_while_redis_comes_and_goes(
    tmp_path: Path, database_url: str, redis: TemporaryRedis
) -> None:
    chance = random.Random(11)
    async with (
        shop_pbx() as pbx,
        several(2, tmp_path, database_url, settings_of(pbx, redis)) as (hubs, judge),
    ):
        owner, _ = await holding(judge, hubs)
        (other,) = [hub for hub in hubs if hub is not owner]
        work = asyncio.create_task(load(pbx, seconds=11.0, per_second=5.0, chance=chance))
        await asyncio.sleep(3.0)
        redis.stop()
        await asyncio.sleep(1.0)
        owner.kill()
        first_after = pbx.dial_in()
        _, took = await holding(judge, [other])
        redis.start()
        print(f"taken over after {took:.2f} s")
        assert took <= TAKE_OVER
        await work
        pbx.hang_up(first_after)
        await judged(judge, pbx)
        answered = [row for row in await judge.calls() if row.answered_by is not None]
        assert len(answered) > 30
        ready = await other.ready()
        assert ready["ready"]
        assert ready["connectors"]["redis"]["state"] == "ready"
        assert ready["connectors"]["ami"]["state"] == "ready"


async def test_of_four_processes_each_tells_who_holds_the_line_and_any_passes_its_hints_on(
    tmp_path: Path, database_url: str, redis: TemporaryRedis
) -> None:
    async with (
        shop_pbx() as pbx,
        several(4, tmp_path, database_url, settings_of(pbx, redis)) as (hubs, judge),
    ):
        for _ in range(2):
            owner, _ = await holding(judge, hubs)
            others = [hub for hub in hubs if hub is not owner]
            await _tell_who_holds(others, owner.pid)
            await _hear_a_call(others, pbx)
            assert await owner.stop() == 0
            hubs = others
        await judged(judge, pbx)


async def _tell_who_holds(others: list[HubProcess], pid: int) -> None:
    async with asyncio.timeout(within(5)):
        for other in others:
            while True:
                ami = (await other.ready())["connectors"]["ami"]
                if ami["state"] == "elsewhere" and f"process {pid}; there: connected to" in ami["text"]:
                    break
                await asyncio.sleep(0.05)


async def _hear_a_call(others: list[HubProcess], pbx: ShopPbx) -> None:
    """A program on another process hears of a call, and finds it there, within a second."""
    async with listening(others[0]) as first, listening(others[-1]) as last:
        began = time.monotonic()
        made = pbx.dial_in()
        for heard in (first, last):
            async with asyncio.timeout(within(5)):
                while True:
                    topic, at = await heard.get()
                    if topic == "call":
                        break
            assert at - began < within(1.0)
        numbers = [call["from_number"] for call in (await others[-1].get("/calls"))["items"]]
        assert f"+{made.number}" in numbers
        pbx.hang_up(made)

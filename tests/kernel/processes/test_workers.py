"""A module's worker is woken by commits in which its observer has made work, and by no others."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from sqlalchemy import Connection

from hub.kernel.context import WorkerContext
from hub.kernel.manifest import Worker
from hub.kernel.shops import FIRST_SHOP
from hub.settings import Settings
from tests.kernel.rig import Bells, Rang, make_hub, prepare, rang
from tests.kernel.waiting import until


@pytest.mark.parametrize("way", ["a connector", "a page"])
async def test_a_worker_wakes_only_for_what_its_observer_made(settings: Settings, way: str) -> None:
    seen: list[asyncio.Event] = []
    awake = 0

    def observe(_connection: Connection, rows: Sequence[Mapping[str, Any]]) -> bool:
        return any('"loud"' in row["payload"] for row in rows)

    async def work(ctx: WorkerContext) -> None:
        nonlocal awake
        seen.append(ctx.work)
        while True:
            await ctx.work.wait()
            ctx.work.clear()
            awake += 1

    module = Bells().module(observer=observe, workers=(Worker("rig", work),))
    hub = make_hub(settings, module)
    await prepare(hub)
    await hub.start()

    async def ring(bell: str, number: int) -> None:
        if way == "a connector":
            await hub.intake.accept([rang(bell, number)])
            return
        async with hub.transactions.writing(actor=None, shop_id=FIRST_SHOP) as uow:
            uow.publish(Rang(bell=bell, number=number))

    async def has_started() -> bool:
        return len(seen) == 1

    async def has_woken() -> bool:
        return awake == 1

    try:
        await until(has_started)
        for number in range(20):
            await ring("quiet", number)
        assert (awake, seen[0].is_set()) == (0, False)
        await ring("loud", 1)
        await until(has_woken)
        await ring("quiet", 21)
        assert (awake, seen[0].is_set()) == (1, False)
    finally:
        await hub.stop()

"""A mailing goes on after kills, and by several processes at once: none is left out, none gets it twice."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections import Counter
from pathlib import Path

import pytest

from hub.clock import FrozenClock
from hub.settings import Settings
from tests.kernel.waiting import until
from tests.modules.mailings.stage import Shop, mobile, shop_of

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]
ROOT = Path(__file__).resolve().parents[3]
MANY = 40


async def begun(settings: Settings, folder: Path, hours: int) -> asyncio.subprocess.Process:
    command = (
        sys.executable, "-m", "tests.modules.mailings.killed", settings.database.url, str(folder), str(hours)
    )  # fmt: skip
    return await asyncio.create_subprocess_exec(
        *command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=asyncio.subprocess.DEVNULL
    )


def ledger(folder: Path) -> list[str]:
    path = folder / "ledger"
    return path.read_text(encoding="ascii").splitlines() if path.exists() else []


@pytest.mark.sqlite
async def test_after_kills_in_the_midst_everybody_has_it_once(
    settings: Settings, frozen_clock: FrozenClock, tmp_path: Path
) -> None:
    async with shop_of(settings, frozen_clock, tmp_path) as shop:
        for number in range(MANY):
            await shop.client(number)
        made = await shop.approved(pace=600)
    for hours, at_least in ((1, 7), (2, 20)):
        process = await begun(settings, tmp_path, hours)

        async def is_reached(count: int = at_least) -> bool:
            return len(ledger(tmp_path)) >= count

        await until(is_reached, 60)
        process.send_signal(signal.SIGKILL)
        assert await process.wait() == -signal.SIGKILL
    killed_at = len(ledger(tmp_path))
    assert killed_at < MANY
    last = await begun(settings, tmp_path, 3)
    assert await asyncio.wait_for(last.wait(), 90) == 0
    receivers = Counter(line.split()[1] for line in ledger(tmp_path))
    assert receivers == {mobile(number): 1 for number in range(MANY)}
    async with shop_of(settings, frozen_clock, tmp_path) as shop:
        view = await shop.view(made.id)
        assert (view.state, view.sums.sent, view.sums.size) == ("done", MANY, MANY)


@pytest.mark.postgres
async def test_two_processes_hand_on_one_mailing_at_its_pace_and_once(
    settings: Settings, frozen_clock: FrozenClock, tmp_path: Path
) -> None:
    async with shop_of(settings, frozen_clock, tmp_path) as shop:
        for number in range(30):
            await shop.client(number)
        made = await shop.approved(pace=60)
        async with shop_of(settings, frozen_clock, tmp_path) as other:
            handed = []
            for _ in range(7):
                frozen_clock.advance(5)
                await asyncio.gather(*(one.feed() for one in (shop, other, shop, other)))
                handed.append(await under_way(shop, made.id))
        assert handed == [5, 10, 15, 20, 25, 30, 30]
        await shop.send()
        receivers = Counter(one.address for one in shop.wire.ledger)
        assert receivers == {mobile(number): 1 for number in range(30)}


@pytest.mark.postgres
async def test_a_stop_holds_against_the_other_process(
    settings: Settings, frozen_clock: FrozenClock, tmp_path: Path
) -> None:
    async with shop_of(settings, frozen_clock, tmp_path) as shop:
        for number in range(20):
            await shop.client(number)
        made = await shop.approved(pace=60)
        async with shop_of(settings, frozen_clock, tmp_path) as other:
            await shop.feed(1)

            async def stop() -> None:
                async with shop.api() as api:
                    await api.flow.stop(made.id, None, "Anna")

            frozen_clock.advance(6)
            await asyncio.gather(stop(), other.feed(), other.send())
            await other.feed(60)
            await other.send()
            await shop.send()
        sums = (await shop.view(made.id)).sums
        gone = len(shop.wire.ledger) + len(other.wire.ledger)
        assert (sums.open, sums.sent, sums.size) == (0, gone, 20)
        assert sums.stopped == 20 - gone
        assert gone <= 10


async def under_way(shop: Shop, mailing_id: str) -> int:
    sums = (await shop.view(mailing_id)).sums
    return sums.queued + sums.sent

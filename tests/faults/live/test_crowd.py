"""F82 in its full size: 2,000 hints a second to 500 live sockets of which 50 never read, with the buffers and
the patience of every day. Those who read are in another process; hub and readers share the machine."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from typing import Any

import pytest

import webui.live
from hub.modules.access.api import AccessApi, ShopEntry
from hub.ports.live import Hint
from hub.values import ShopId
from tests.faults.figures import Fault
from tests.faults.live.readers import Asked, Told
from tests.faults.test_sockets import _memory, _quantile, _raw
from tests.patience import within
from tests.webui.stage import Shop
from webui.app import SITE

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]
HINTS_OF_A_CALL = 5


@dataclass(frozen=True)
class Crowd:
    """So many readers and so many who never read at each token; hints a second, and among how many calls of
    each shop that live at the same time they are; every `measured`-th reader is looked into."""

    readers: int
    silent: int
    rate: int
    calls: int
    measured: int = 1


@pytest.mark.fault("F82")
async def test_fifty_shops_with_ten_sockets_each_hear_two_thousand_hints_a_second(
    shop: Shop, fault: Fault, monkeypatch: pytest.MonkeyPatch
) -> None:
    shops = fault.count(full=50, sample=5)
    places = [await _place(shop, number) for number in range(shops)]
    tokens = [await _token_of(shop, place, number) for number, place in enumerate(places)]
    crowd = Crowd(readers=9, silent=1, rate=40 * shops, calls=8)
    await _stand(shop, fault, crowd, places, tokens, monkeypatch)


@pytest.mark.fault("F82")
async def test_one_shop_with_five_hundred_sockets_hears_two_thousand_hints_a_second(
    shop: Shop, fault: Fault, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Everybody is told of everything: 900,000 hints a second are due, of 100 calls that live."""
    lots = fault.count(full=25, sample=2)
    place = ShopId("main")
    tokens = [await _token_of(shop, place, number) for number in range(lots)]
    crowd = Crowd(readers=18, silent=2, rate=80 * lots, calls=4 * lots, measured=3 * lots)
    await _stand(shop, fault, crowd, [place], tokens, monkeypatch)


def _be_brief(fault: Fault, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a sample seconds stand for minutes, for those who come from now on: who reads keeps every day's
    patience, since on a busy machine the readers' process may well rest for half a second."""
    if fault.count(full=2, sample=1) == 1:
        monkeypatch.setattr(webui.live, "HEARTBEAT", 1.0)


async def _stand(
    shop: Shop, fault: Fault, crowd: Crowd, places: list[ShopId], tokens: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    seconds = fault.count(full=30, sample=3)
    port, sockets = int(shop.server.port or 0), shop.server.app[SITE].sockets
    staying = crowd.readers * len(tokens)
    step = len(places) * crowd.calls * 1_000_000 // crowd.rate
    asked = Asked(port=port, tokens=tokens, each=crowd.readers, measured=crowd.measured, step=step)
    async with _readers(asked) as process:
        _be_brief(fault, monkeypatch)
        silent = [await _raw(port, token) for token in tokens for _ in range(crowd.silent)]
        memory, used, lags = _memory(os.getpid()), time.process_time(), list[float]()
        watch = asyncio.create_task(_lags(lags))
        published, dropped = await _publish(shop, crowd, places, staying, seconds)
        used, memory = (time.process_time() - used) / seconds, _memory(os.getpid()) - memory
        watch.cancel()
        await asyncio.sleep(1.0)
        process.stdin.write(b"enough\n")
        told = Told(**json.loads(await asyncio.wait_for(process.stdout.readline(), within(30))))
        fault.check("somebody who read was dropped", told.broken == 0 and len(sockets) == staying)
    for _, writer, _ in silent:
        writer.close()
    looked_into = len(range(0, staying, crowd.measured))
    due = published // len(places) * looked_into
    fault.check(f"{told.heard} of {due} hints were heard or overtaken", told.heard == due)
    fault.check(f"{told.resyncs} were told to ask for everything anew", told.resyncs == 0)
    fault.measure("the others heard, p99", told.p99, 500, " ms")
    fault.measure("the silent dropped after", round(dropped, 1), 30, " s")
    fault.measure("memory grew by", round(memory), 200, " MB")
    fault.figures.measured.append(
        f"{published / seconds:.0f} hints/s to {staying} who read: p50 {told.p50:g} ms, longest "
        f"{told.longest:g} ms, {told.frames / told.heard:.2f} frames a hint; loop lag p99 "
        f"{_quantile(lags, 0.99) * 1000:.0f} ms, {used:.2f} of a core"
    )


async def _publish(
    shop: Shop, crowd: Crowd, places: list[ShopId], staying: int, seconds: int
) -> tuple[int, float]:
    """Hints when they are due; how many, and after how long nobody but the `staying` was left."""
    sockets, dropped = shop.server.app[SITE].sockets, 0.0
    begun, number, turn = time.monotonic(), 0, len(places) * crowd.calls
    count = crowd.rate * seconds // turn * turn
    while number < count or (not dropped and time.monotonic() - begun < 40):
        passed = time.monotonic() - begun
        while number < min(count, passed * crowd.rate):
            due, born = ((begun + n / crowd.rate) * 1e6 for n in (number, _first(number, turn)))
            place = places[number % len(places)]
            shop.hub.live.publish(Hint("call", f"C{int(born):020d}{number % turn:05d}", int(due), place))
            number += 1
        if not dropped and len(sockets) <= staying:
            dropped = passed
        await asyncio.sleep(0.005)
    return count, dropped or time.monotonic() - begun


def _first(number: int, turn: int) -> int:
    """The number of the first hint of the call that this hint is of. `turn` calls live at a time, they take
    turns, and not all of them end in the same turn."""
    call, told = number % turn, number // turn
    shift = call % HINTS_OF_A_CALL
    began = (told + shift) // HINTS_OF_A_CALL * HINTS_OF_A_CALL - shift
    return max(0, began) * turn + call


async def _lags(lags: list[float]) -> None:
    """How much later than asked the loop comes back."""
    while True:
        begun = time.perf_counter()
        await asyncio.sleep(0.01)
        lags.append(time.perf_counter() - begun - 0.01)


@asynccontextmanager
async def _readers(asked: Asked) -> AsyncIterator[Any]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.faults.live.readers", stdin=-1, stdout=-1
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(json.dumps(asdict(asked)).encode() + b"\n")
    try:
        assert await asyncio.wait_for(process.stdout.readline(), 60) == b"ready\n"
        yield process
    finally:
        process.stdin.close()
        await asyncio.wait_for(process.wait(), within(30))


async def _place(shop: Shop, number: int) -> ShopId:
    installation = shop.hub.installation
    entry = ShopEntry(
        name=f"Shop {number}", country="UA", timezone="Europe/Kyiv", currency="UAH", language="uk"
    )
    async with installation.transactions.writing(actor=None, shop_id=installation.default_shop) as uow:
        return (await AccessApi(uow, installation.deps).shops.create(entry)).id


async def _token_of(shop: Shop, place: ShopId, number: int) -> str:
    installation = shop.hub.installation
    async with installation.transactions.writing(actor=None, shop_id=place) as uow:
        return (await AccessApi(uow, installation.deps).tokens.create(f"desk {number}", "receptionist"))[1]

"""Faults of the folder and of the disk that last: tens of thousands of files, a disk that hangs or is full
while people telephone and write (F49, F51), a recording that is erased while somebody listens."""

from __future__ import annotations

import asyncio
import gc
import os
import resource
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, insert

from hub.app import Hub
from hub.kernel.shops import FIRST_SHOP
from recordings.api import RecordingsApi
from recordings.models import SpoolFile
from recordings.pairs import next_of
from recordings.spool import Found
from tests.factories.calls import MORNING, ended, tell_calls
from tests.factories.recordings import put, recording
from tests.factories.relays import settled
from tests.factories.tones import header, tone, wav
from tests.faults.figures import Fault
from tests.modules.messaging.conftest import house, wire
from tests.modules.messaging.wire import House, wrote
from tests.patience import within
from tests.recordings.stage import SOUND, Spool, open_spool
from tests.recordings.test_erasing import erased
from tests.recordings.test_faults import small_disk
from tests.recordings.test_sharing import link_of
from tests.webui.stage import Shop

__all__ = ["house", "wire"]
OLD = MORNING.timestamp() - 40 * 86400


def mountain(spool: Spool, count: int) -> list[Path]:
    """So many files of calls that are long over, in folders by day as FreePBX has them."""
    made = []
    for number in range(count):
        folder = spool.root / "2025" / f"{number // 1000:03d}"
        if number % 1000 == 0:
            folder.mkdir(parents=True)
        path = folder / f"external-101-{number}.wav"
        path.write_bytes(SOUND[:60])
        os.utime(path, (OLD + number, OLD + number))
        made.append(path)
    return made


async def known(spool: Spool, files: list[Path]) -> None:
    """All of them were taken in by an earlier life."""
    found = {one.path: one for one in spool.intake._spool.look()}
    rows = [
        {
            "key": one.key, "path": one.path, "size": one.size, "mtime_ns": one.mtime_ns, "state": "taken",
            "code": "", "attempts": 1, "token": "", "seen_at": MORNING,
        }
        for one in found.values()
    ]  # fmt: skip
    assert len(rows) == len(files)

    def fill(connection: Connection) -> None:
        for start in range(0, len(rows), 1000):
            connection.execute(insert(SpoolFile), rows[start : start + 1000])

    await spool.hub.database.write(fill)


def rss() -> float:
    """Megabytes of this process, at their most."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


@pytest.mark.slow
@pytest.mark.fault("F64")
async def test_a_folder_of_fifty_thousand_files_keeps_neither_calls_nor_new_recordings_waiting(
    hub: Hub, tmp_path: Path, fault: Fault
) -> None:
    count = fault.count(full=50_000, sample=2_000)
    spool = open_spool(hub, tmp_path / "spool", spool_after="keep")
    await known(spool, await asyncio.to_thread(mountain, spool, count))
    fresh = open_spool(hub, tmp_path / "spool", spool_after="keep")  # after a start nothing is remembered
    spool.write("done/new.wav")
    began = time.monotonic()
    looking = asyncio.create_task(fresh.look(3))
    longest, calls = 0.0, 0
    while not looking.done():
        at = time.monotonic()
        await tell_calls(hub, ended(f"c{calls}", calls, "answered"))
        longest, calls = max(longest, time.monotonic() - at), calls + 1
        await asyncio.sleep(0.05)
    took = time.monotonic() - began
    fault.check(f"taken: {await looking}", looking.result() == 1)
    fault.check("no call was told meanwhile", calls > 0)
    fault.measure(f"longest of {calls} calls meanwhile", round(longest, 2), 5.0, " s")
    fault.measure(f"three looks at {count} files", round(took, 1), 60.0, " s")
    gc.collect()
    before = rss()
    for _ in range(5):
        await fresh.look(1)
    gc.collect()
    fault.measure("memory of five more looks", round(rss() - before, 1), 8.0, " MB")


@pytest.mark.fault("F64")
async def test_a_mountain_that_nobody_has_looked_at_does_not_stand_before_the_call_of_this_minute(
    hub: Hub, tmp_path: Path, fault: Fault
) -> None:
    spool = open_spool(hub, tmp_path / "spool")
    await asyncio.to_thread(mountain, spool, 700)
    spool.write("done/new.wav")
    await spool.look(2)
    names = [one.source_name for one in await spool.recordings()]
    fault.check("the newest was not taken at once", "done/new.wav" in names)
    fault.check("everything was taken at once", len(spool.in_spool()) > 100)
    for _ in range(12):
        await spool.look(1)
    fault.check(f"left: {len(spool.in_spool())}", spool.in_spool() == [])


def test_of_a_mountain_every_file_has_its_turn_and_talks_stay_together() -> None:
    files = [
        Found(path=f"{n}-{side}.wav", size=1, mtime_ns=n, at_rest=9.0, is_finished=True, trouble="")
        for n in range(300)
        for side in ("in", "out")
    ]
    seen: set[str] = set()
    for turn in range(8):
        chosen = {one.path for one in next_of(files, 100, 20, turn)}
        assert {f"{n}-in.wav" for n in range(280, 300)} <= chosen
        assert all(path.replace("-in", "-out") in chosen for path in chosen)
        assert len(chosen) <= 200
        seen |= chosen
    assert len(seen) == 600


@pytest.mark.fault("F51")
async def test_calls_go_on_while_the_disk_of_the_recordings_hangs(
    hub: Hub, tmp_path: Path, fault: Fault, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool = open_spool(hub, tmp_path / "spool")
    for number in range(4):
        spool.write(f"done/{number}.wav", SOUND + bytes(2 * number))
    begun, go_on = threading.Event(), threading.Event()
    real = os.fsync

    def hang(handle: int) -> None:
        begun.set()
        assert go_on.wait(60)
        real(handle)

    monkeypatch.setattr("recordings.store.os.fsync", hang)
    looking = asyncio.create_task(spool.look())
    try:
        assert await asyncio.to_thread(begun.wait, 30)
        for number in range(20):
            await tell_calls(hub, ended(f"c{number}", number, "answered"))
            fault.check("the intake did not wait for its disk", not looking.done())
        fault.check("half a recording is shown", await spool.recordings() == [])
        fault.check("an alarm at once", await stuck_since(spool) is None)
        spool.clock.advance(61)
        fault.check("no alarm after a minute", await stuck_since(spool) is not None)
    finally:
        go_on.set()
    fault.check("they were not taken afterwards", await looking == 4)
    fault.check("the alarm stays", await stuck_since(spool) is None)


async def stuck_since(spool: Spool) -> datetime | None:
    async with spool.hub.transactions.reading(actor=None, shop_id=FIRST_SHOP) as uow:
        return await RecordingsApi(uow, spool.ctx.deps).spool.stuck_since()


@pytest.mark.slow
@pytest.mark.fault("F49")
async def test_calls_and_texts_go_on_while_the_disk_of_the_recordings_is_full(
    house: House, tmp_path: Path, fault: Fault
) -> None:
    with small_disk(tmp_path / "disk", 16) as disk:
        spool = open_spool(house.hub, tmp_path / "spool", store=str(disk / "store"))
        (disk / "filling").write_bytes(b"\0" * (15 * 1024**2))
        for number in range(3):
            spool.write(f"done/{number}.wav", wav(tone(440 + number, 200)))
        looking = asyncio.create_task(spool.look(6))
        for number in range(10):
            await tell_calls(house.hub, ended(f"c{number}", number, "answered"))
            await house.tell(wrote(f"Готово? {number}", number), times=1)
            await house.queue(f"Так, {number}")
            await house.sent()
        fault.check("something was taken onto a full disk", await looking == 0)
        codes = {one.code for one in await spool.troubled()}
        fault.check(f"no alarm: {codes}", codes == {"storage.full"})
        fault.check("a broken recording is shown", await spool.recordings() == [])
        fault.check(f"texts sent: {len(house.wire.ledger)}", len(house.wire.ledger) == 10)
        came = [one for one in await house.messages() if one.direction == "inbound"]
        fault.check(f"texts that came: {len(came)}", len(came) == 10)
        (disk / "filling").unlink()
        house.clock.advance(60)
        fault.check("they were not taken afterwards", await spool.look(4) == 3)


@asynccontextmanager
async def listening(browser: Any, path: str) -> AsyncIterator[Any]:
    async with browser.get(path) as answer:
        assert answer.status == 200
        yield answer


@pytest.mark.fault("F67")
@pytest.mark.parametrize("way", ["the player", "a link", "the API"])
async def test_an_open_stream_serves_nothing_more_once_its_recording_is_erased(
    shop: Shop, hub: Hub, fault: Fault, way: str
) -> None:
    megabytes = 64
    one = await recording(hub)
    await settled(hub)
    put(hub, one.renditions["original"].path, header(megabytes << 20) + bytes(megabytes << 20))
    owner, manager = await shop.signed_in("owner"), await shop.signed_in("manager")
    listener, path = {
        "the player": (owner, f"/recordings/{one.id}/media"),
        "a link": (shop.browser(), f"{await link_of(owner, one)}/media"),
        "the API": (owner, f"/api/v1/recordings/{one.id}/media"),
    }[way]
    async with listening(listener, path) as answer:
        heard = len(await answer.content.readexactly(1 << 16))
        await erased(shop, manager, one)
        is_whole = True
        try:
            while piece := await asyncio.wait_for(answer.content.read(1 << 16), within(30)):
                heard += len(piece)
        except Exception:
            is_whole = False
    fault.check("the stream ended as if it were whole", not is_whole)
    fault.measure("heard of 64 MB", round(heard / (1 << 20), 1), megabytes / 2, " MB")

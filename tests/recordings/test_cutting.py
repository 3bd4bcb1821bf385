"""Cutting a part that is called off, fails, or is tried again: no sound without its row, no row for ever."""

from __future__ import annotations

import asyncio
import os
import threading
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import pytest

from hub.app import Hub
from hub.errors import Conflict, NotFound, Unavailable
from hub.kernel.context import Deps
from hub.kernel.jobs.definition import BACKOFF, JobContext
from hub.kernel.shops import FIRST_SHOP
from recordings import cutting, upkeep
from recordings.api import RecordingsApi, RecordingView
from recordings.store import LocalFolder, store_of
from recordings.views_library import ClipView
from tests.factories.recordings import put, recording
from tests.factories.relays import settled
from tests.kernel.waiting import until
from tests.recordings.stage import Spool, open_spool
from tests.recordings.test_erasing import erased
from tests.recordings.test_sharing import REASON, post
from tests.recordings.test_upkeep import Run, run
from tests.webui.stage import Shop


class Gated(LocalFolder):
    """A store that is as slow, or as broken, as the test says."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.began, self.may_go = threading.Event(), threading.Event()
        self.may_go.set()
        self.fault: Exception | None = None
        self.deleted: list[str] = []

    def put(self, key: str, source: Path) -> None:
        self.began.set()
        self.may_go.wait(30)
        if self.fault is not None:
            raise self.fault
        super().put(key, source)

    def delete(self, key: str) -> None:
        super().delete(key)
        self.deleted.append(key)


@dataclass
class Try(Run):
    """A try of the job."""

    own: Deps
    """With the test's store."""
    payload: dict[str, str] = field(default_factory=dict)
    run_id: str = ""
    fence: int = 1
    attempt: int = 1

    deps = property(lambda self: self.own)


@dataclass
class Bench:
    """One part that is to be cut."""

    hub: Hub
    spool: Spool
    store: Gated
    sound: RecordingView
    clip_id: str
    run_id: str

    async def cut(self, **more: int) -> None:
        deps = replace(self.spool.ctx.deps, storage=self.store)
        made = Try(self.spool, deps, {"clip_id": self.clip_id}, self.run_id, **more)
        await cutting.cut(cast("JobContext", made))

    async def clip(self) -> ClipView | None:
        async with self.hub.transactions.reading(actor=None, shop_id=FIRST_SHOP) as uow:
            return await RecordingsApi(uow, self.hub.installation.deps).clips.by_id(self.clip_id)

    def files(self) -> list[str]:
        return [one for one in self.spool.in_store() if one.startswith(("clips", ".unfinished"))]

    async def is_given_up(self) -> None:
        """While its file is on the way into the store."""
        self.store.may_go.clear()
        work = asyncio.create_task(self.cut())
        await asyncio.to_thread(self.store.began.wait, 30)
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)
        assert work.cancelled()
        self.store.may_go.set()
        key = f"clips/{self.clip_id}.1.mp3"

        async def is_gone() -> bool:
            return key in self.store.deleted

        await until(is_gone)
        assert self.files() == []


@pytest.fixture
def spool(hub: Hub, tmp_path: Path) -> Spool:
    return open_spool(hub, tmp_path / "spool")


@pytest.fixture
async def bench(shop: Shop, hub: Hub, spool: Spool, owner: Any) -> Bench:
    sound = await recording(hub, seconds=3.0)
    await settled(hub)
    asked = {**REASON, "from": "1", "to": "2"}
    answer = await post(owner, f"/recordings/{sound.id}/clips/alone", asked, 303)
    [clip] = (await (await owner.get(f"/api/v1/recordings/{sound.id}/clips")).json())["items"]
    store = Gated(Path(hub.installation.deps.settings.recordings.store))
    return Bench(hub, spool, store, sound, clip["id"], answer.headers["Location"].rpartition("/")[2])


async def test_a_try_that_stops_with_its_process_leaves_no_file_and_is_made_again(bench: Bench) -> None:
    await bench.is_given_up()
    assert await bench.clip() is not None
    await bench.cut(fence=2)
    made = await bench.clip()
    assert made is not None
    assert bench.files() == [made.key] == [f"clips/{bench.clip_id}.2.mp3"]


async def test_a_cut_that_is_called_off_leaves_neither_file_nor_part(bench: Bench) -> None:
    async with bench.hub.transactions.writing(actor=None, shop_id=FIRST_SHOP) as uow:
        await bench.hub.installation.deps.jobs.cancel(uow, bench.run_id)
    await bench.is_given_up()
    assert await bench.clip() is None


async def test_a_fault_of_the_store_that_passes_does_not_take_the_part(bench: Bench) -> None:
    bench.store.fault = OSError(5, "Input/output error")
    with pytest.raises(Unavailable):
        await bench.cut()
    assert await bench.clip() is not None
    bench.store.fault = None
    await bench.cut(attempt=2, fence=2)
    made = await bench.clip()
    assert made is not None
    assert made.is_ready


async def test_after_the_last_try_there_is_no_part_that_is_being_cut(bench: Bench) -> None:
    bench.store.fault = OSError(5, "Input/output error")
    with pytest.raises(Unavailable):
        await bench.cut(attempt=len(BACKOFF) + 1)
    assert (await bench.clip(), bench.files()) == (None, [])


async def test_sound_that_cannot_be_read_is_not_tried_again(bench: Bench) -> None:
    put(bench.hub, bench.sound.renditions["original"].path, b"no sound at all")
    with pytest.raises(Conflict):
        await bench.cut()
    assert (await bench.clip(), bench.files()) == (None, [])


async def test_files_of_earlier_tries_go_with_the_part(bench: Bench, owner: Any) -> None:
    for fence in (1, 2):
        put(bench.hub, f"clips/{bench.clip_id}.{fence}.mp3", b"sound")
    path = f"/recordings/{bench.sound.id}/clips/{bench.clip_id}/remove"
    assert path in await (await owner.get(f"/recordings/{bench.sound.id}")).text()
    await post(owner, path, {}, 303)
    with pytest.raises(NotFound):
        await bench.cut(fence=3)
    assert bench.files() == []


async def test_the_nightly_comparison_takes_files_after_an_hour_and_parts_after_a_day(
    bench: Bench, frozen_clock: Any
) -> None:
    left = [f"clips/{name}.1.mp3" for name in ("01arz3ndektsv4rrffq69g5fav", bench.clip_id)]
    for key, hours in zip(left, (2, 0.5), strict=True):
        put(bench.hub, key, b"sound")
        path = store_of(bench.hub.installation.deps).local(key)
        assert path is not None
        made = frozen_clock.now().timestamp() - hours * 3600
        os.utime(path, (made, made))
    await upkeep.check_store(run(bench.spool))
    assert bench.files() == left[1:]
    assert await bench.clip() is not None
    frozen_clock.advance(25 * 3600)
    await upkeep.check_store(run(bench.spool))
    assert (await bench.clip(), bench.files()) == (None, [])


async def test_nothing_is_cut_out_of_what_was_erased_a_moment_before(
    bench: Bench, shop: Shop, hub: Hub
) -> None:
    await erased(shop, await shop.signed_in("manager"), bench.sound)
    with pytest.raises(Conflict):
        async with hub.transactions.writing(actor=None, shop_id=FIRST_SHOP) as uow:
            await RecordingsApi(uow, hub.installation.deps).clips.order(
                bench.sound, 0.0, 1.0, reason="for the insurer", made_name="Owner", second=None
            )

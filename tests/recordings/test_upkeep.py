"""What is kept: the lasting form, originals that are over, late calls, orphans of the store."""

from __future__ import annotations

import os
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pytest

from hub.app import Hub
from hub.clock import FrozenClock
from hub.kernel.context import Apis, UnitOfWork
from hub.kernel.jobs.definition import JobContext
from hub.kernel.shops import FIRST_SHOP
from hub.log import get_logger
from recordings import upkeep
from recordings.api import RecordingView
from recordings.audio.ffmpeg import decoded, heard_in
from recordings.audio.levels import measured
from recordings.models_sharing import Bundle
from tests.factories.calls import at
from tests.recordings.stage import Spool, open_spool
from tests.recordings.test_intake import UNIQUEID, a_call


@dataclass
class Run:
    """A run of a job as the runner makes it."""

    spool: Spool

    deps = property(lambda self: self.spool.ctx.deps)
    clock = property(lambda self: self.spool.ctx.deps.clock)
    log = property(lambda self: get_logger("test"))

    def reading(self) -> AbstractAsyncContextManager[UnitOfWork]:
        return self.spool.ctx.transactions.reading(actor=None, shop_id=FIRST_SHOP)

    def writing(self) -> AbstractAsyncContextManager[UnitOfWork]:
        return self.spool.ctx.transactions.writing(actor=None, shop_id=FIRST_SHOP)

    def apis(self, uow: UnitOfWork) -> Apis:
        return Apis(uow, self.deps, self.spool.hub.installation.apis)

    def progress(self, done: int, total: int | None = None, text: str = "") -> None:
        return None


@pytest.fixture
def spool(hub: Hub, tmp_path: Path) -> Spool:
    return open_spool(hub, tmp_path / "spool")


def run(spool: Spool) -> JobContext:
    return cast("JobContext", Run(spool))


async def one(spool: Spool, **settings: Any) -> RecordingView:
    spool.write("done/a.wav", at=at(60))
    await spool.look()
    return (await spool.recordings())[0]


@pytest.mark.parametrize("form", ["opus", "mp3"])
async def test_the_lasting_form_holds_the_same_sound(hub: Hub, tmp_path: Path, form: str) -> None:
    spool = open_spool(hub, tmp_path / "spool", kept_form=form)
    await one(spool)
    await upkeep.convert(run(spool))
    [made] = await spool.recordings()
    kept = made.renditions[form]
    assert kept.size < made.size / 2
    path = Path(spool.ctx.deps.settings.recordings.store) / kept.path
    heard = heard_in(path)
    levels = measured(decoded(path, heard), heard.channels, heard.rate)
    assert levels.frames / heard.rate == pytest.approx(2.0, abs=0.1)
    assert levels.loudness == pytest.approx(made.loudness, abs=1.5)


async def test_an_original_goes_after_its_days_and_never_before_the_lasting_form_is_there(
    spool: Spool, frozen_clock: FrozenClock
) -> None:
    await one(spool)
    frozen_clock.advance(29 * 86400)
    await upkeep.drop_originals(run(spool))
    assert "original" in (await spool.recordings())[0].renditions
    frozen_clock.advance(2 * 86400)
    await upkeep.drop_originals(run(spool))
    [made] = await spool.recordings()
    assert sorted(made.renditions) == ["opus", "peaks"]
    assert (await spool.heard(made))[:4] == b"OggS"
    assert [name.rpartition(".")[2] for name in spool.in_store()] == ["opus", "peaks"]


async def test_what_cannot_be_converted_keeps_its_original(spool: Spool, frozen_clock: FrozenClock) -> None:
    made = await one(spool)
    path = Path(spool.ctx.deps.settings.recordings.store) / made.renditions["original"].path
    path.write_bytes(b"rubbish")
    await upkeep.convert(run(spool))
    frozen_clock.advance(40 * 86400)
    await upkeep.drop_originals(run(spool))
    assert "original" in (await spool.recordings())[0].renditions


async def test_a_call_that_is_told_of_later_gets_its_recording(hub: Hub, spool: Spool) -> None:
    spool.write(f"done/{UNIQUEID}.wav", at=at(32))
    await spool.look()
    assert (await spool.recordings())[0].call_id is None
    await a_call(hub)
    await upkeep.link_late(run(spool))
    [made] = await spool.recordings()
    assert (made.call_id, made.offset_seconds) == ("c1", 30.0)


@pytest.mark.parametrize(
    "name", ["2026/01/05/01arz3ndektsv4rrffq69g5fav.3.words", "bundles/01arz3ndektsv4rrffq69g5fav.3.zip"]
)
async def test_what_a_run_that_was_broken_off_left_in_the_store_goes(spool: Spool, name: str) -> None:
    left = Path(spool.ctx.deps.settings.recordings.store) / name
    left.parent.mkdir(parents=True, exist_ok=True)
    left.write_bytes(b"x")
    earlier = spool.ctx.deps.clock.now().timestamp() - 2 * 86400
    os.utime(left, (earlier, earlier))
    await upkeep.check_store(run(spool))
    assert not left.exists()


async def test_a_zip_that_can_be_fetched_stays_in_the_store(spool: Spool) -> None:
    key = "bundles/01arz3ndektsv4rrffq69g5fav.3.zip"
    now = spool.ctx.deps.clock.now()
    async with spool.hub.transactions.writing(actor=None, shop_id=FIRST_SHOP) as uow:
        uow.session.add(
            Bundle(
                id="01arz3ndektsv4rrffq69g5fav", shop_id=FIRST_SHOP, reason="", recording_ids=[], key=key,
                created_at=now, expires_at=now,
            )
        )  # fmt: skip
    kept = Path(spool.ctx.deps.settings.recordings.store) / key
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_bytes(b"x")
    os.utime(kept, (now.timestamp() - 2 * 86400, now.timestamp() - 2 * 86400))
    await upkeep.check_store(run(spool))
    assert kept.exists()


async def test_orphans_of_the_store_go_and_lost_files_are_said(spool: Spool) -> None:
    made = await one(spool)
    store = Path(spool.ctx.deps.settings.recordings.store)
    orphan = store / "2026/01/05/01arz3ndektsv4rrffq69g5fav.wav"
    young = store / "2026/01/05/01arz3ndektsv4rrffq69g5faw.wav"
    for path in (orphan, young):
        path.write_bytes(b"x")
    frozen = spool.ctx.deps.clock.now().timestamp()
    os.utime(orphan, (frozen - 2 * 86400, frozen - 2 * 86400))
    (store / made.renditions["original"].path).unlink()
    await upkeep.check_store(run(spool))
    assert (orphan.exists(), young.exists()) == (False, True)
    [made] = await spool.recordings()
    assert (made.state, made.fault, made.playable) == ("damaged", "lost", None)

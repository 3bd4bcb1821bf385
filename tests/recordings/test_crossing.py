"""Transactions that cross: what one has written and the other has not seen yet."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from hub.app import Hub
from hub.clock import FrozenClock
from hub.kernel.shops import FIRST_SHOP
from recordings.api import RecordingsApi, RecordingView
from recordings.models_privacy import LegalHold
from recordings.views_library import ClipView
from tests.factories.recordings import put, recording
from tests.factories.relays import settled
from tests.recordings.stage import Spool, open_spool

pytestmark = pytest.mark.postgres
REASON = "the insurer asked for it"


@pytest.fixture
def spool(hub: Hub, tmp_path: Path) -> Spool:
    return open_spool(hub, tmp_path / "spool")


async def a_part(hub: Hub) -> tuple[RecordingView, ClipView]:
    sound = await recording(hub)
    await settled(hub)
    async with hub.transactions.writing(actor=None, shop_id=FIRST_SHOP) as uow:
        clips = RecordingsApi(uow, hub.installation.deps).clips
        return sound, await clips.order(sound, 0.0, 1.0, reason=REASON, made_name="Owner", second=None)


@pytest.mark.parametrize("what", ["erase", "remove"])
async def test_a_part_that_is_cut_while_it_goes_leaves_no_file(hub: Hub, what: str) -> None:
    sound, clip = await a_part(hub)
    key = f"clips/{clip.id}.1.mp3"
    put(hub, key, b"sound")

    async def goes() -> None:
        async with hub.transactions.writing(actor=None, shop_id=FIRST_SHOP) as uow:
            api = RecordingsApi(uow, hub.installation.deps)
            if what == "remove":
                await api.clips.remove(clip)
            else:
                await api.erasing.erase(sound, REASON, name="Owner", second=None)

    async with hub.transactions.writing(actor=None, shop_id=FIRST_SHOP) as uow:
        await RecordingsApi(uow, hub.installation.deps).clips.cut(clip.id, key, 5, "0" * 64)
        going = asyncio.create_task(goes())
        await asyncio.wait({going}, timeout=0.3)
    await going
    async with hub.transactions.reading(actor=None, shop_id=FIRST_SHOP) as uow:
        api = RecordingsApi(uow, hub.installation.deps)
        assert await api.clips.by_id(clip.id) is None
        assert key in await api.erasing.leavings()


async def test_a_hold_that_an_owner_confirms_at_its_end_stays(hub: Hub, frozen_clock: FrozenClock) -> None:
    sound = await recording(hub)
    async with hub.transactions.writing(actor=None, shop_id=FIRST_SHOP) as uow:
        holds = RecordingsApi(uow, hub.installation.deps).holds
        held = await holds.lay(sound, REASON, whole_call=False, made_name="Manager", is_proposal=True)
        old = update(LegalHold).values(proposed_at=frozen_clock.now() - timedelta(days=15))
        await uow.session.execute(old)

    async def ends() -> int:
        async with hub.transactions.writing(actor=None, shop_id=FIRST_SHOP) as uow:
            return await RecordingsApi(uow, hub.installation.deps).holds.end_proposals()

    async with hub.transactions.writing(actor=None, shop_id=FIRST_SHOP) as uow:
        await RecordingsApi(uow, hub.installation.deps).holds.confirm(sound, held.id, name="Owner")
        ending = asyncio.create_task(ends())
        await asyncio.wait({ending}, timeout=0.3)
    assert await ending == 0
    async with hub.transactions.reading(actor=None, shop_id=FIRST_SHOP) as uow:
        assert len(await RecordingsApi(uow, hub.installation.deps).holds.of(sound)) == 1

"""Recordings go when their days are over, with everything made of them, and never while a hold keeps them."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from hub.app import Hub
from hub.clock import FrozenClock
from hub.errors import Conflict
from hub.kernel.context import Apis
from hub.kernel.shops import FIRST_SHOP
from recordings import jobs, upkeep
from recordings.api import RecordingsApi, RecordingView
from tests.factories.calls import ended, tell_calls
from tests.factories.recordings import recording
from tests.factories.relays import settled
from tests.recordings.stage import Spool, open_spool
from tests.recordings.test_upkeep import run
from tests.webui.stage import Shop

DAY = 86400


@pytest.fixture
def spool(hub: Hub, tmp_path: Path) -> Spool:
    return open_spool(hub, tmp_path / "spool")


class Keeping:
    """The module's doors, each in a transaction of its own."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    def _api(self, uow: object) -> RecordingsApi:
        inside = self._hub.installation
        return Apis(uow, inside.deps, inside.apis).of(RecordingsApi)  # type: ignore[arg-type]

    async def hold(self, one: RecordingView, *, whole_call: bool = False) -> str:
        async with self._hub.transactions.writing(actor="person:1", shop_id=FIRST_SHOP) as uow:
            laid = await self._api(uow).holds.lay(
                one, "спір зі страховою", whole_call=whole_call, made_name="Олена"
            )
            return laid.id

    async def lift(self, one: RecordingView, hold_id: str) -> None:
        async with self._hub.transactions.writing(actor="person:1", shop_id=FIRST_SHOP) as uow:
            await self._api(uow).holds.lift(one, hold_id, name="Олена")

    async def until(self, call_id: str, moment: datetime) -> None:
        async with self._hub.transactions.writing(actor=None, shop_id=FIRST_SHOP) as uow:
            await self._api(uow).keeps.keep_call(
                call_id, moment, source="orders", external_id="ord-1042", reason="гарантія, замовлення 1042"
            )

    async def mark(self, one: RecordingView) -> None:
        async with self._hub.transactions.writing(actor="person:1", shop_id=FIRST_SHOP) as uow:
            await self._api(uow).marks.add(one, 1.0, "домовились про колодки", author_name="Олена")

    async def rule_of(self, one: RecordingView) -> str:
        async with self._hub.transactions.reading(actor=None, shop_id=FIRST_SHOP) as uow:
            found = (await self._api(uow).erasing.why([one.id])).get(one.id)
            return found.rule if found is not None else ""

    async def words(self, table: str) -> int:
        def count(connection: object) -> int:
            return int(connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar())  # type: ignore[attr-defined]

        return await self._hub.database.read(count)


@pytest.mark.fault("F69")
async def test_over_a_year_nothing_is_erased_wrongly_and_nothing_is_overdue(
    hub: Hub, spool: Spool, frozen_clock: FrozenClock
) -> None:
    keeping, begun = Keeping(hub), frozen_clock.now()
    await tell_calls(hub, ended("c1", 0, "answered"), ended("c2", 60, "answered"))
    made = {
        name: await recording(hub, call_id=call, started_at=begun)
        for name, call in (("held", None), ("calls", "c1"), ("warranty", "c2"), ("lifted", None))
    }
    await keeping.hold(made["held"])
    await keeping.hold(made["calls"], whole_call=True)
    await keeping.until("c2", begun + timedelta(days=200))
    lifted = await keeping.hold(made["lifted"])
    weekly: list[RecordingView] = []
    wrong = overdue = 0
    for day in range(0, 366, 5):
        if day % 30 == 0:
            weekly.append(await recording(hub, started_at=frozen_clock.now()))
        if day == 150:
            await keeping.lift(made["lifted"], lifted)
        await jobs.erase_over(run(spool))
        now = frozen_clock.now()
        state = {one.id: one for one in await spool.recordings()}
        free = {one.id: one.started_at + timedelta(days=90) for one in weekly}
        free[made["warranty"].id] = begun + timedelta(days=200)
        free[made["lifted"].id] = begun + timedelta(days=150)
        for one in state.values():
            is_gone, due = one.state == "erased", free.get(one.id)
            wrong += is_gone and (due is None or now < due)
            overdue += not is_gone and due is not None and now > due
            assert bool(one.renditions) != is_gone
        stored = {name for name in spool.in_store() if not name.startswith(".")}
        assert stored == {file.path for one in state.values() for file in one.renditions.values()}
        frozen_clock.advance(5 * DAY)
    assert (wrong, overdue) == (0, 0)
    gone = [one for one in await spool.recordings() if one.state == "erased"]
    assert len(gone) == 12
    assert {await keeping.rule_of(one) for one in gone} == {"retention"}


async def test_what_was_written_to_it_is_found_no_more_and_each_erasure_is_audited(
    shop: Shop, hub: Hub, spool: Spool, frozen_clock: FrozenClock
) -> None:
    keeping = Keeping(hub)
    one = await recording(hub, started_at=frozen_clock.now())
    await settled(hub)
    await keeping.mark(one)
    assert await keeping.words("recordings_writings") == 1
    frozen_clock.advance(91 * DAY)
    await jobs.erase_over(run(spool))
    await jobs.erase_over(run(spool))
    await settled(hub)
    for table in ("recordings_writings", "recordings_marks", "recordings_renditions"):
        assert await keeping.words(table) == 0
    told = [entry for entry in await shop.entries() if entry.action == "recordings.erased"]
    assert [(entry.subject, entry.details["rule"]) for entry in told] == [(one.id, "retention")]


async def test_a_hold_keeps_the_original_too(hub: Hub, spool: Spool, frozen_clock: FrozenClock) -> None:
    one = await recording(hub, started_at=frozen_clock.now())
    await Keeping(hub).hold(one)
    frozen_clock.advance(40 * DAY)
    await upkeep.drop_originals(run(spool))
    assert "original" in (await spool.recordings())[0].renditions


async def test_what_is_erased_cannot_be_put_under_a_hold(
    hub: Hub, spool: Spool, frozen_clock: FrozenClock
) -> None:
    await recording(hub, started_at=frozen_clock.now())
    frozen_clock.advance(91 * DAY)
    await jobs.erase_over(run(spool))
    with pytest.raises(Conflict):
        await Keeping(hub).hold((await spool.recordings())[0])


async def test_the_same_sound_is_not_taken_in_once_more_after_it_was_erased(
    hub: Hub, spool: Spool, frozen_clock: FrozenClock
) -> None:
    spool.write("done/a.wav", at=frozen_clock.now())
    await spool.look()
    frozen_clock.advance(91 * DAY)
    await jobs.erase_over(run(spool))
    spool.write("done/b.wav", at=frozen_clock.now())
    await spool.look()
    assert [one.state for one in await spool.recordings()] == ["erased"]


async def test_an_owner_lays_a_hold_on_the_page_and_a_manager_may_not(shop: Shop, hub: Hub) -> None:
    one = await recording(hub)
    owner, manager = await shop.signed_in("owner"), await shop.signed_in("manager")
    form, ours = {"reason": "спір зі страховою"}, {"Sec-Fetch-Site": "same-origin"}
    refused = await manager.post(f"/recordings/{one.id}/holds", data=form, headers=ours)
    assert refused.status == 403
    page = await (await owner.post(f"/recordings/{one.id}/holds", data=form, headers=ours)).text()
    assert "data-hold" in page
    assert "спір зі страховою" in page
    [held] = (await (await owner.get(f"/api/v1/recordings/{one.id}/holds")).json())["items"]
    page = await (await owner.post(f"/recordings/{one.id}/holds/{held['id']}/lift", headers=ours)).text()
    assert "data-hold" not in page

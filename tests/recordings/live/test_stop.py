"""Stop and erase in one key: nothing of the call's sound stays, whenever its file comes."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import update

from hub.kernel.shops import FIRST_SHOP
from hub.modules.calls.models import Call
from recordings.api import RecordingsApi
from recordings.intake import Intake
from tests.factories.tones import tone, wav
from tests.faults.figures import Fault
from tests.recordings.live.stage import Desk
from tests.recordings.stage import open_spool

REASON = "the caller does not want to be recorded"


async def _why(desk: Desk, recording_id: str) -> tuple[str, str]:
    async with desk.shop.hub.transactions.reading(actor=None, shop_id=FIRST_SHOP) as uow:
        api = RecordingsApi(uow, desk.shop.hub.installation.deps)
        found = (await api.erasing.why([recording_id]))[recording_id]
    return found.rule, found.reason


async def test_one_key_stops_the_recording_and_erases_it_when_its_file_comes(desk: Desk) -> None:
    await desk.talk()
    said = await desk.asks("erase", reason=REASON)
    assert said["is_erased"] is True
    told = await desk.reached("stopmixmonitor", 2)
    assert {one["channel"] for one in told} == {leg["Channel"] for leg in desk.legs}
    assert (await desk.becomes(state="stopped"))["stopped_at"] is not None
    desk.leave()
    await desk.spool.look()
    (kept,) = await desk.spool.recordings()
    assert (kept.state, kept.call_id, kept.source_name) == ("erased", desk.call, "")
    assert await _why(desk, kept.id) == ("stopped", REASON)
    assert (desk.spool.in_spool(), desk.spool.in_store()) == ([], [])
    log = await desk.audited()
    assert {("recordings.stop", "wanted"), ("recordings.stop", "done"), ("recordings.erased", "done")} <= set(
        log
    )


async def test_consent_that_is_withdrawn_goes_the_same_way_and_says_so(desk: Desk) -> None:
    await desk.talk()
    said = await desk.asks("erase", is_withdrawn=True)
    assert said["stop_rule"] == "withdrawn"
    desk.leave()
    await desk.spool.look()
    (kept,) = await desk.spool.recordings()
    assert await _why(desk, kept.id) == ("withdrawn", "")


async def test_pressing_the_key_twice_is_once(desk: Desk) -> None:
    await desk.talk()
    await desk.asks("erase")
    await desk.becomes(state="stopped")
    await desk.asks("erase")
    assert len(desk.told("stopmixmonitor")) == 2
    assert [one for one in await desk.audited() if one == ("recordings.stop", "wanted")] == [
        ("recordings.stop", "wanted")
    ]


@pytest.mark.fault("F70")
async def test_a_file_that_comes_late_or_after_a_restart_or_twice_leaves_nothing(
    desk: Desk, fault: Fault
) -> None:
    for run in fault.runs(full=25, sample=2):
        with fault.run(desk.number):
            call = await desk.talk()
            await desk.asks("erase")
            await desk.hang_up()
            sound = wav(tone(300.0 + run.random() * 500, 1.0 + desk.number % 5))
            desk.spool.intake = Intake(desk.spool.ctx)
            desk.leave(sound)
            await desk.spool.look()
            desk.leave(sound, f"again-{desk.linkedid}.wav")
            await desk.spool.look()
            found = await desk.spool.recordings(call_id=call)
            assert {one.state for one in found} == {"erased"}
            assert (desk.spool.in_spool(), desk.spool.in_store()) == ([], [])


async def test_a_spool_that_keeps_its_files_does_not_keep_this_one(desk: Desk) -> None:
    desk.spool = open_spool(desk.shop.hub, desk.spool.root, spool_after="keep")
    await desk.talk()
    await desk.asks("erase")
    desk.leave()
    await desk.spool.look()
    assert desk.spool.in_spool() == []


async def test_what_was_taken_in_before_the_key_goes_too(desk: Desk) -> None:
    await desk.talk()
    desk.leave()
    await desk.spool.look()
    assert [one.state for one in await desk.spool.recordings()] == ["ready"]
    await desk.asks("erase")
    assert [one.state for one in await desk.spool.recordings()] == ["erased"]


async def test_another_recording_that_the_dialplan_begins_after_it_is_stopped_too(desk: Desk) -> None:
    await desk.talk()
    await desk.asks("erase")
    await desk.becomes(state="stopped")
    before = len(desk.told("stopmixmonitor"))
    desk.record("another.wav")
    await desk.reached("stopmixmonitor", before + 2)
    await desk.becomes(state="stopped")


async def test_without_a_line_the_key_counts_and_is_told_to_the_pbx_when_that_is_back(desk: Desk) -> None:
    await desk.talk()
    desk.shop.pbx.script.channels += [{**leg, "BridgeId": "b1"} for leg in desk.legs]
    right, desk.shop.pbx.script.secret = desk.shop.pbx.script.secret, "other"
    desk.shop.pbx.session.reset()
    await desk.becomes(is_line_up=False)
    said = await desk.asks("erase")
    assert (said["state"], said["stopped_at"], said["is_line_up"]) == ("stopping", None, False)
    desk.shop.pbx.script.secret = right
    desk.shop.hub.supervisor.nudge("ami")
    await desk.becomes(state="stopped")


async def test_the_key_still_counts_as_the_call_ends_and_no_longer_minutes_after_it(desk: Desk) -> None:
    await desk.talk()
    await desk.hang_up()
    assert (await desk.asks("erase"))["is_erased"] is True
    await desk.talk()
    await desk.hang_up()
    long_ago = desk.shop.hub.installation.deps.clock.now() - timedelta(minutes=5)
    async with desk.shop.hub.transactions.writing(actor=None, shop_id=FIRST_SHOP) as uow:
        await uow.session.execute(update(Call).where(Call.id == desk.call).values(ended_at=long_ago))
    said = await desk.asks("erase", 409)
    assert said["error"]["code"] == "recordings.call_over"


async def test_a_legal_hold_outlives_the_key(desk: Desk) -> None:
    await desk.talk()
    desk.leave()
    await desk.spool.look()
    (kept,) = await desk.spool.recordings()
    async with desk.shop.hub.transactions.writing(actor="person:owner", shop_id=FIRST_SHOP) as uow:
        api = RecordingsApi(uow, desk.shop.hub.installation.deps)
        await api.holds.lay(kept, "a dispute with the insurer", whole_call=False, made_name="Owner")
    await desk.asks("erase")
    assert [one.state for one in await desk.spool.recordings()] == ["ready"]

"""The pause for card data: said to hold only once the PBX has said so, and provable afterwards."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from sqlalchemy import update

from hub.kernel.shops import FIRST_SHOP
from recordings.models_basis import Pause
from tests.recordings.live.stage import Desk


async def test_a_pause_holds_once_the_pbx_has_said_so_and_its_gap_stays(desk: Desk) -> None:
    await desk.talk()
    said = await desk.asks("pause")
    assert said["state"] in ("pausing", "paused")
    paused = await desk.becomes(state="paused")
    told = await desk.reached("mixmonitormute")
    assert {(one["direction"], one["state"]) for one in told} == {("both", "1")}
    assert {one["channel"] for one in told} == {leg["Channel"] for leg in desk.legs}
    await desk.asks("resume")
    over = await desk.becomes(state="recording")
    (gap,) = over["pauses"]
    assert gap["id"] == paused["pauses"][0]["id"]
    assert gap["from_at"] < gap["to_at"]
    assert (gap["state"], gap["ended_by"]) == ("over", "resumed")
    log = await desk.audited()
    assert {("recordings.pause", "done"), ("recordings.resume", "done")} <= set(log)


async def test_pressing_twice_is_one_pause(desk: Desk) -> None:
    await desk.talk()
    first = await desk.asks("pause")
    again = await desk.asks("pause")
    assert [one["id"] for one in first["pauses"]] == [one["id"] for one in again["pauses"]]
    await desk.becomes(state="paused")
    assert len(desk.told("mixmonitormute")) == len(desk.legs)


async def test_a_forgotten_pause_ends_by_itself(desk: Desk) -> None:
    await desk.talk()
    await desk.asks("pause")
    found = await desk.becomes(state="paused")
    async with desk.shop.hub.transactions.writing(actor=None, shop_id=FIRST_SHOP) as uow:
        earlier = desk.shop.hub.installation.deps.clock.now() - timedelta(seconds=1)
        mine = Pause.id == found["pauses"][0]["id"]
        await uow.session.execute(update(Pause).where(mine).values(until_at=earlier))
    found = await desk.becomes(state="recording")
    assert found["pauses"][0]["ended_by"] == "time"


async def test_how_long_a_pause_may_last_is_the_shops_to_say(desk: Desk) -> None:
    await desk.decide(pause_minutes=2)
    await desk.talk()
    (pause,) = (await desk.asks("pause"))["pauses"]
    assert pause["wanted_at"][:16] != pause["until_at"][:16]


async def test_a_hang_up_within_a_pause_ends_it_with_the_call(desk: Desk) -> None:
    await desk.talk()
    await desk.asks("pause")
    await desk.becomes(state="paused")
    await desk.hang_up()
    (gap,) = (await desk.becomes(state="over"))["pauses"]
    assert (gap["state"], gap["ended_by"]) == ("over", "call_ended")
    assert gap["from_at"] <= gap["to_at"]


async def test_what_the_pbx_does_not_confirm_is_no_pause_and_the_recording_is_stopped(desk: Desk) -> None:
    await desk.talk()
    desk.shop.pbx.script.silent.add("MixMonitorMute")
    await desk.asks("pause")
    found = await desk.becomes(state="stopped")
    assert [one["state"] for one in found["pauses"]] == ["failed"]
    assert (found["stop_rule"], found["is_erased"]) == ("pause_failed", False)
    assert len(await desk.reached("stopmixmonitor", 2)) == 2
    assert ("recordings.pause", "failed") in await desk.audited()


async def test_a_pbx_that_refuses_is_not_believed_to_pause(desk: Desk) -> None:
    await desk.talk()
    desk.shop.pbx.script.refused.add("MixMonitorMute")
    await desk.asks("pause")
    found = await desk.becomes(state="stopped", stop_rule="pause_failed")
    assert [one["state"] for one in found["pauses"]] == ["failed"]


async def test_without_a_line_to_the_pbx_nothing_is_claimed_and_it_says_so_at_once(desk: Desk) -> None:
    await desk.talk()
    desk.shop.pbx.script.secret = "other"
    desk.shop.pbx.session.reset()
    await desk.becomes(is_line_up=False)
    said = await desk.asks("pause", 503)
    assert said["error"]["code"] == "recordings.no_pbx"
    assert (await desk.asks())["pauses"] == []


async def test_a_line_cut_within_a_pause_leaves_it_held_and_it_ends_when_the_line_is_back(desk: Desk) -> None:
    await desk.talk()
    await desk.asks("pause")
    await desk.becomes(state="paused")
    desk.shop.pbx.script.channels += [{**leg, "BridgeId": "b1"} for leg in desk.legs]
    right = desk.shop.pbx.script.secret
    desk.shop.pbx.script.secret = "other"
    desk.shop.pbx.session.reset()
    await desk.becomes(is_line_up=False)
    await desk.asks("resume")
    assert (await desk.asks())["state"] == "resuming"
    desk.shop.pbx.script.secret = right
    await _back(desk)
    found = await desk.becomes(state="recording")
    assert found["pauses"][0]["ended_by"] == "resumed"


async def test_a_second_recording_that_begins_within_a_pause_is_silenced_too_and_the_gap_says_so(
    desk: Desk,
) -> None:
    await desk.talk()
    await desk.asks("pause")
    await desk.becomes(state="paused")
    before = len(desk.told("mixmonitormute"))
    await asyncio.sleep(0.01)
    desk.record("another.wav")
    await desk.reached("mixmonitormute", before + 2)
    found = await desk.becomes(state="paused")
    first, second = found["pauses"]
    assert (first["state"], first["ended_by"]) == ("over", "restarted")
    assert first["to_at"] <= second["from_at"]


async def test_a_hub_that_is_started_anew_goes_on_with_the_pause(desk: Desk) -> None:
    await desk.talk()
    await desk.asks("pause")
    await desk.becomes(state="paused")
    desk.shop.pbx.script.channels += [{**leg, "BridgeId": "b1"} for leg in desk.legs]
    await desk.shop.begin_anew()
    async with desk.shop.hub.transactions.reading(actor=None, shop_id=FIRST_SHOP) as uow:
        (row,) = (await uow.session.scalars(Pause.__table__.select().with_only_columns(Pause.state))).all()
    assert row == "paused"


async def _back(desk: Desk) -> None:
    """The supervisor tries a refused log-in again only after minutes: the settings tell it to do so now."""
    desk.shop.hub.supervisor.nudge("ami")

"""Whoever rang in vain gets one text: a mobile, once a day, not while somebody talks to them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from hub.events.calls import CallAnswered, CallEnded
from hub.modules.crm.api import entry_of
from hub.modules.tasks.api import Holder, TasksApi
from tests.factories.calls import snapshot
from tests.factories.crm import crm_of, make_client
from tests.factories.tasks import open_tasks
from tests.modules.autotexts.stage import LANDLINE, MOBILE, Stage, call_now
from tests.modules.messaging.wire import wrote


async def test_an_unknown_mobile_gets_one_text_within_a_minute_with_the_bot_link(stage: Stage) -> None:
    await stage.switch_on()
    await stage.rings()
    await stage.pass_time(seconds=59)
    (message,) = stage.sent
    assert (message.channel, message.address) == ("sms", MOBILE)
    assert "https://t.me/shop_bot?start=" in message.text
    assert "передзвонимо" in message.text


async def test_a_second_miss_within_the_day_gets_none(stage: Stage) -> None:
    await stage.switch_on()
    await stage.rings()
    await stage.pass_time(minutes=1)
    stage.clock.advance(18 * 60)
    await stage.rings()
    await stage.pass_time(minutes=1)
    assert len(stage.sent) == 1


async def test_a_miss_after_the_call_back_was_done_is_still_the_same_day(stage: Stage) -> None:
    await stage.switch_on()
    await stage.rings()
    await stage.pass_time(minutes=1)
    await stage.rings(result="answered", answered_at=stage.clock.now() - timedelta(seconds=25))
    await stage.rings()
    await stage.pass_time(minutes=1)
    assert len(stage.sent) == 1
    assert await stage.reasons() == ["", "too_often"]


@pytest.mark.parametrize(
    ("number", "reason"), [(LANDLINE, ["landline"]), ("+380800501234", ["landline"]), (None, [])]
)
async def test_who_has_no_mobile_gets_none(stage: Stage, number: str | None, reason: list[str]) -> None:
    await stage.switch_on()
    await stage.rings(number)
    await stage.pass_time(minutes=1)
    assert stage.sent == []
    assert await stage.reasons() == reason


async def test_who_is_no_client_gets_none(stage: Stage) -> None:
    await stage.switch_on()
    await stage.rings()
    async with crm_of(stage.house.hub) as crm:
        await crm.mark_not_client(MOBILE, "spam")
    await stage.pass_time(minutes=1)
    assert stage.sent == []


async def test_nobody_is_texted_while_a_colleague_rings_them_back(stage: Stage) -> None:
    await stage.switch_on()
    await stage.rings()
    (task,) = await open_tasks(stage.house.hub)
    holder = Holder(id="oksana", name="101 Oksana")
    async with stage.uow() as uow:
        await TasksApi(uow, stage.house.hub.installation.deps).claim(task.id, holder)
    await stage.pass_time(minutes=1)
    assert (stage.sent, await stage.reasons()) == ([], ["rung_back"])
    async with stage.uow() as uow:
        await TasksApi(uow, stage.house.hub.installation.deps).doing.answer(task.id, holder, True, None)
    await stage.pass_time(minutes=1)
    assert (stage.sent, await stage.reasons()) == ([], ["settled"])


async def test_nobody_is_texted_while_they_are_on_the_line(stage: Stage) -> None:
    await stage.switch_on()
    await stage.rings()
    talk = replace(
        snapshot("b1:99.1", started_at=stage.clock.now()), from_number=MOBILE, state="talking",
        answered_at=stage.clock.now(),
    )  # fmt: skip
    await stage.tell(CallAnswered(step=2, call=talk))
    await stage.pass_time(minutes=1)
    assert (stage.sent, await stage.reasons()) == ([], ["talking"])


async def test_who_wrote_meanwhile_needs_no_text(stage: Stage) -> None:
    await stage.switch_on()
    await stage.rings()
    await stage.tell(wrote("I rang you", written_at=stage.clock.now() + timedelta(seconds=1)))
    await stage.pass_time(minutes=1)
    assert (stage.sent, await stage.reasons()) == ([], ["settled"])


async def test_without_a_bot_the_text_goes_without_its_link(stage: Stage) -> None:
    stage.wire.name = ""
    await stage.switch_on()
    await stage.rings()
    await stage.pass_time(minutes=1)
    (message,) = stage.sent
    assert message.text.endswith("передзвонимо.")


async def test_a_client_is_written_to_in_their_language(stage: Stage) -> None:
    client = await make_client(stage.house.hub, "Ann", MOBILE)
    async with crm_of(stage.house.hub) as crm:
        await crm.change_client(client.id, client.rev, replace(entry_of(client), language="en"))
    await stage.switch_on()
    await stage.rings()
    await stage.pass_time(minutes=1)
    (message,) = stage.sent
    assert "We saw your call" in message.text


async def test_facts_that_are_told_twice_or_late_make_one_text(stage: Stage) -> None:
    await stage.switch_on()
    call = call_now(stage.clock.now(), "b1:5.7", MOBILE, "missed")
    await stage.tell(CallEnded(step=9, call=call), times=3)
    await stage.pass_time(minutes=1)
    await stage.tell(CallEnded(step=9, call=call))
    await stage.pass_time(minutes=1)
    assert len(stage.sent) == 1


async def test_off_means_off_also_for_what_waits(stage: Stage) -> None:
    rule = await stage.switch_on()
    await stage.rings()
    async with stage.api() as api:
        await api.rules.switch(rule.id, False)
    await stage.pass_time(minutes=1)
    assert (stage.sent, await stage.reasons()) == ([], ["rule_off"])


async def test_a_miss_in_the_night_is_too_old_in_the_morning(stage: Stage) -> None:
    await stage.switch_on()
    stage.clock.advance(timedelta(hours=12).total_seconds())
    await stage.rings()
    await stage.pass_time(minutes=1)
    assert (stage.sent, await stage.reasons()) == ([], ["stale"])


async def test_a_miss_just_before_the_quiet_ends_waits_for_its_end(stage: Stage) -> None:
    await stage.switch_on()
    stage.clock.advance(timedelta(hours=19, minutes=9).total_seconds())
    await stage.rings()
    await stage.pass_time(minutes=1)
    assert (stage.sent, await stage.reasons()) == ([], ["quiet_hours"])
    await stage.pass_time(minutes=30)
    assert len(stage.sent) == 1

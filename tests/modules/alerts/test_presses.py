"""Who may press what in the staff's group, and what it does; every handler runs twice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest
from sqlalchemy import text

from hub.modules.access.api import AccessApi, PersonEntry
from hub.modules.alerts.api import AlertsApi
from hub.modules.tasks.api import TaskView
from hub.ports.commands import Command, CommandKind, CommandResult
from tests.factories.calls import ended
from tests.factories.tasks import happen, tasks_of
from tests.modules.alerts.stage import ANNA, GROUP, OTHER_GROUP, STRANGER, Staff
from tests.modules.bot.stage import chat, hear
from tests.modules.messaging.wire import IRYNA
from tests.webui.fake_pbx import FakePbx

STRANGERS_READ = "I do not know you yet. In Pitline, open “My log-in”, then “Telegram”."


async def missed(staff: Staff) -> None:
    await happen(staff.house.hub, ended("1", 0, "missed"))
    await staff.told()


async def the_task(staff: Staff) -> TaskView:
    async with tasks_of(staff.house.hub) as tasks:
        (task,) = await tasks.reading.open(None)
    return task


async def test_whoever_takes_it_has_the_task_and_everybody_sees_who(staff: Staff) -> None:
    anna = await staff.hire()
    await missed(staff)
    take = staff.buttons()[0]
    assert await staff.press(take) == "It is yours."
    task = await the_task(staff)
    assert (task.claimed_by, task.claimed_name, task.owner_id) == (anna.id, "101 Анна", anna.id)
    assert staff.text().splitlines()[-1] == "✋ бере Анна 09:02"
    assert [button.title for button in staff.buttons()] == ["📞 Передзвонити"]
    assert await staff.press(take, "press-2") == "It is yours."


async def test_a_second_colleague_is_told_who_has_it(staff: Staff) -> None:
    await staff.hire()
    await staff.hire(name="Олег", account="502")
    await missed(staff)
    take = staff.buttons()[0]
    await staff.press(take)
    assert "101 Анна" in await staff.press(take, "press-2", by="502")
    assert staff.text().splitlines()[-1] == "✋ бере Анна 09:02"


@pytest.mark.parametrize("who", ["stranger", "no_right", "left", "unbound"])
async def test_whoever_may_not_does_nothing_and_is_audited(staff: Staff, who: str) -> None:
    person = await staff.hire("storekeeper" if who == "no_right" else "receptionist")
    await missed(staff)
    async with staff.house.uow() as uow:
        deps = staff.house.hub.installation.deps
        if who == "left":
            gone = PersonEntry(name=person.name, role=person.role, is_active=False)
            await AccessApi(uow, deps).people.change(person.id, None, gone)
        if who == "unbound":
            await AlertsApi(uow, deps).accounts.unbind(person.id)
    said = await staff.press(staff.buttons()[0], by=STRANGER if who == "stranger" else ANNA)
    assert said == ("Your role may not do this." if who == "no_right" else STRANGERS_READ)
    assert (await the_task(staff)).claimed_by is None
    assert len(await staff.refusals()) == 2  # the handler ran twice


@pytest.mark.parametrize("way", ["forged", "elsewhere", "nonsense"])
async def test_a_button_that_is_not_ours_or_not_of_this_group_does_nothing(staff: Staff, way: str) -> None:
    await staff.hire()
    await missed(staff)
    payload = staff.buttons()[0].payload
    if way == "forged":
        payload = payload.replace("a1t", "a1c", 1)
    if way == "nonsense":
        payload = "я" * 30
    said = await staff.press(payload, group=OTHER_GROUP if way == "elsewhere" else GROUP)
    assert said == "This button does not work any more."
    assert (await the_task(staff)).claimed_by is None


async def test_a_call_back_without_a_pbx_says_so_and_the_task_is_taken(staff: Staff) -> None:
    await staff.hire()
    await missed(staff)
    said = await staff.press(staff.buttons()[1])
    assert said == "No PBX is connected. Tell Pitline in the settings where it is."
    assert (await the_task(staff)).claimed_name == "101 Анна"


async def test_what_is_over_is_not_taken(staff: Staff) -> None:
    await staff.hire()
    await missed(staff)
    take = staff.buttons()[0]
    await happen(staff.house.hub, ended("2", 60, "answered"))
    await staff.told()
    assert await staff.press(take) == "This is over already."


async def test_a_personal_link_binds_the_account_of_whoever_opens_it_first(staff: Staff) -> None:
    anna = await staff.hire(account="503")
    async with staff.house.uow() as uow:
        accounts = AlertsApi(uow, staff.house.hub.installation.deps).accounts
        link = await accounts.link(anna.id)
    word = link.url.rpartition("=")[2]
    (bound,) = await hear(staff.house, chat(start=word, address=ANNA, language="uk"))
    assert bound.text.startswith("Добрий день, Анна.")
    assert bound.buttons == ()
    (late, *_) = await hear(staff.house, chat(2, start=word, address=STRANGER, language="uk"))
    assert late.text.startswith("Це посилання більше не діє.")
    async with staff.house.uow() as uow:
        accounts = AlertsApi(uow, staff.house.hub.installation.deps).accounts
        viewers = [await accounts.presser("telegram", one) for one in (ANNA, "503", STRANGER)]
    assert [one.id if one is not None else None for one in viewers] == [anna.id, None, None]


async def test_a_shop_out_of_reach_cannot_be_pressed_for(staff: Staff) -> None:
    await staff.hire("receptionist")
    await missed(staff)
    async with staff.house.uow() as uow:
        query = text("UPDATE alerts_posts SET shop_id = 'other' WHERE kind = 'missed'")
        await uow.session.execute(query)
    said = await staff.press(staff.buttons()[0])
    assert said == "Your role may not do this."


class Line(FakePbx):
    """A line to the PBX that is up and takes orders; the worker that would give them does not run."""

    takes_orders = True

    def lacks(self) -> Mapping[CommandKind, str]:
        return {}

    async def carry_out(self, command: Command) -> CommandResult:
        raise AssertionError("nobody gives orders here")


async def test_a_call_back_rings_the_own_phone_and_then_the_client_once(staff: Staff) -> None:
    anna = await staff.hire()
    staff.deps = replace(staff.deps, telephony=Line())
    await missed(staff)
    call = staff.buttons()[1]
    assert await staff.press(call) == "Your phone rings now. Pick it up, and the client is called."
    await staff.press(call, "press-2")
    query = "SELECT actor, extension, number, state FROM dialling_commands"
    assert await staff.rows(query) == [(f"person:{anna.id}", "101", IRYNA, "wanted")]
    assert (await the_task(staff)).claimed_by == anna.id

"""What calls do to call-backs: one per client or number, ended by a talk, put right with the history.
Every call is considered twice, as every handler may run twice."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from hub.app import Hub
from hub.clock import FrozenClock
from hub.events.calls import CallSnapshot
from hub.kernel.shops import FIRST_SHOP
from hub.modules.access.api import AccessApi
from hub.modules.crm.api import ClientView
from hub.modules.tasks.api import TaskView
from tests.factories.calls import at, calls_of, ended, fact, merged, tell
from tests.factories.crm import crm_of, make_client
from tests.factories.tasks import (
    consider,
    every_task,
    happen,
    open_hours,
    open_tasks,
    soft_rows,
    tasks_of,
)  # fmt: skip

IRYNA, OTHER, WORK = "+380501234567", "+380671112233", "+380939998877"


@pytest.fixture(autouse=True)
async def hours(hub: Hub) -> None:
    await open_hours(hub)


def short(call_id: str, seconds: float, **more: object) -> CallSnapshot:
    begun = at(seconds)
    return ended(call_id, seconds, "short_abandon", ended_at=begun + timedelta(seconds=3), **more)


def outbound(call_id: str, seconds: float, result: str = "answered", **more: object) -> CallSnapshot:
    values = {"direction": "outbound", "from_number": None, "to_number": IRYNA, "dialled": None, **more}
    return ended(call_id, seconds, result, **values)


def states(tasks: tuple[TaskView, ...]) -> list[tuple[str, str | None]]:
    return sorted(((task.state, task.reason) for task in tasks), key=str)


@pytest.mark.parametrize("result", ["missed", "voicemail"])
async def test_a_missed_call_makes_one_call_back_with_a_clock(hub: Hub, result: str) -> None:
    await happen(hub, ended("1", 0, result))
    (task,) = await open_tasks(hub)
    assert (task.kind, task.number, task.call_id, task.owner_id) == ("callback", IRYNA, "1", None)
    assert task.due_at == at(15 * 60)
    assert task.escalate_at == at(30 * 60)


async def test_on_sunday_night_nobody_is_woken(hub: Hub) -> None:
    await open_hours(hub)
    begun = datetime(2026, 11, 22, 18, 10, tzinfo=UTC)
    await happen(hub, ended("1", 0, "missed", started_at=begun, ended_at=begun))
    (task,) = await open_tasks(hub)
    assert task.due_at == datetime(2026, 11, 23, 7, 15, tzinfo=UTC)


async def test_who_rings_again_is_one_task_with_the_first_clock(hub: Hub) -> None:
    await happen(hub, ended("1", 0, "missed"), ended("2", 120, "missed"), short("3", 300))
    (task,) = await open_tasks(hub)
    assert [miss.call_id for miss in task.misses] == ["1", "2", "3"]
    assert (task.call_id, task.due_at) == ("3", at(15 * 60))
    assert await soft_rows(hub) == ()


async def test_the_phones_of_a_client_are_one_task(hub: Hub) -> None:
    client = await make_client(hub, "Ірина", IRYNA, WORK)
    await happen(hub, ended("1", 0, "missed"), ended("2", 60, "missed", from_number=WORK))
    (task,) = await open_tasks(hub)
    assert (task.client_id, len(task.misses)) == (client.id, 2)


async def test_a_single_short_call_is_a_soft_row_and_the_second_a_call_for_help(hub: Hub) -> None:
    await happen(hub, short("1", 0))
    assert await open_tasks(hub) == ()
    assert [row.call_id for row in await soft_rows(hub)] == ["1"]
    await happen(hub, short("2", 599))
    (task,) = await open_tasks(hub)
    assert [miss.call_id for miss in task.misses] == ["1", "2"]
    assert await soft_rows(hub) == ()


async def test_short_calls_far_apart_or_of_others_make_no_task(hub: Hub) -> None:
    await happen(hub, short("1", 0), short("2", 601), short("3", 610, from_number=OTHER))
    assert await open_tasks(hub) == ()
    assert len(await soft_rows(hub)) == 3


async def test_a_withheld_number_is_counted_without_a_task(hub: Hub) -> None:
    await happen(hub, ended("1", 0, "missed", from_number=None), ended("2", 9, "missed", from_number="101"))
    assert await every_task(hub) == ()
    async with tasks_of(hub) as tasks:
        counts = await tasks.reading.counts(None)
    assert (counts.open, counts.withheld, counts.soft) == (0, 2, 0)


@pytest.mark.parametrize("relation", ["supplier", "staff", "spam", "other"])
async def test_who_is_no_client_makes_no_task(hub: Hub, relation: str) -> None:
    await make_client(hub, "Somebody", IRYNA, relation=relation)
    await happen(hub, ended("1", 0, "missed"), short("2", 60), short("3", 70))
    assert (await every_task(hub), await soft_rows(hub)) == ((), ())


async def test_a_colleague_who_rings_from_the_mobile_makes_no_task(hub: Hub) -> None:
    async with hub.transactions.writing(actor=None, shop_id=FIRST_SHOP) as uow:
        await AccessApi(uow, hub.installation.deps).create_person("Андрій", "master", mobile=IRYNA)
    await happen(hub, ended("1", 0, "missed"))
    assert await every_task(hub) == ()


async def test_a_call_that_a_colleague_answered_is_nobodys_miss(hub: Hub) -> None:
    await happen(hub, ended("1", 0, "answered"))
    assert await every_task(hub) == ()


@pytest.mark.parametrize(
    "later",
    [
        ended("9", 300, "answered"),
        outbound("9", 300),
        outbound("9", 300, to_number=WORK),
        outbound("9", 300, talk_seconds=15.0),
    ],
    ids=["he rang", "we rang", "at his other phone", "15 seconds"],
)
async def test_a_later_talk_with_the_client_ends_it(hub: Hub, later: CallSnapshot) -> None:
    await make_client(hub, "Ірина", IRYNA, WORK)
    await happen(hub, ended("1", 0, "missed"), ended("2", 60, "missed"), later)
    assert states(await every_task(hub)) == [("done", "answered")]


async def test_a_talk_ends_the_call_back_of_an_unknown_number_too(hub: Hub) -> None:
    await happen(hub, ended("1", 0, "missed"), outbound("9", 300))
    assert states(await every_task(hub)) == [("done", "answered")]


async def test_the_next_miss_after_that_is_a_new_one(hub: Hub) -> None:
    await happen(hub, ended("1", 0, "missed"), outbound("9", 300), ended("2", 600, "missed"))
    assert states(await every_task(hub)) == [("done", "answered"), ("open", None)]


async def test_a_talk_with_somebody_else_ends_nothing(hub: Hub) -> None:
    await happen(hub, ended("1", 0, "missed"), outbound("9", 300, to_number=OTHER))
    assert len(await open_tasks(hub)) == 1


async def test_a_talk_that_began_before_the_miss_ends_nothing(hub: Hub) -> None:
    await happen(hub, ended("1", 60, "missed"), ended("9", 0, "answered"))
    assert len(await open_tasks(hub)) == 1


async def test_a_short_talk_is_asked_about(hub: Hub) -> None:
    await happen(hub, ended("1", 0, "missed"), outbound("9", 300, talk_seconds=9.0))
    (task,) = await open_tasks(hub)
    assert task.asked is not None
    assert (task.asked.call_id, task.asked.talk_seconds, task.failed_tries) == ("9", 9.0, 0)


@pytest.mark.parametrize(("result", "outcome"), [("no_answer", "no_answer"), ("busy", "busy")])
async def test_a_call_of_ours_that_nobody_took_is_a_try_with_the_next_time(
    hub: Hub, result: str, outcome: str
) -> None:
    await happen(hub, ended("1", 0, "missed"), outbound("9", 180, result))
    (task,) = await open_tasks(hub)
    assert ([one.outcome for one in task.tries], task.failed_tries) == ([outcome], 1)
    assert task.due_at == datetime(2026, 1, 5, 7, 30, tzinfo=UTC)
    await happen(hub, ended("2", 400, "missed"))
    (task,) = await open_tasks(hub)
    assert task.due_at == datetime(2026, 1, 5, 7, 30, tzinfo=UTC)


async def test_facts_may_come_in_any_order(hub: Hub) -> None:
    """Missed, talked, missed again: whatever is told first, one is done and one is open."""
    for number, order in enumerate(itertools.permutations(range(3))):
        caller = f"+38050123450{number}"
        calls = [
            ended(f"{number}:{second}", second, result, from_number=caller)
            for second, result in ((0, "missed"), (300, "answered"), (600, "missed"))
        ]
        await happen(hub, *(calls[place] for place in order))
    tasks = await open_tasks(hub)
    assert len(tasks) == 6
    assert {miss.call_id.partition(":")[2] for task in tasks for miss in task.open_misses} == {"600"}
    assert {task.due_at for task in tasks} == {at(600 + 15 * 60)}


async def test_a_short_call_told_late_still_calls_for_help(hub: Hub) -> None:
    for number, order in enumerate(itertools.permutations(range(3))):
        caller = f"+38050123450{number}"
        calls = [short(f"{number}:{second}", second, from_number=caller) for second in (0, 500, 1000)]
        await happen(hub, *(calls[place] for place in order))
    found = [[miss.call_id.partition(":")[2] for miss in task.misses] for task in await open_tasks(hub)]
    assert found == [["0", "500", "1000"]] * 6


async def test_a_call_that_was_answered_after_all_withdraws_its_task(hub: Hub) -> None:
    await happen(hub, ended("1", 0, "missed"))
    await happen(hub, ended("1", 0, "answered"), step=2)
    assert states(await every_task(hub)) == [("cancelled", "withdrawn")]


async def test_of_two_misses_the_other_one_stays(hub: Hub) -> None:
    await happen(hub, ended("1", 0, "missed"), ended("2", 60, "missed"))
    await happen(hub, ended("2", 60, "unknown"), step=2)
    (task,) = await open_tasks(hub)
    assert ([miss.call_id for miss in task.misses], task.call_id) == (["1"], "1")


async def test_a_miss_that_was_only_a_short_call_becomes_a_soft_row(hub: Hub) -> None:
    await happen(hub, ended("1", 0, "missed"))
    await happen(hub, short("1", 0), step=2)
    assert states(await every_task(hub)) == [("cancelled", "withdrawn")]
    assert [row.call_id for row in await soft_rows(hub)] == ["1"]


async def test_a_talk_that_was_none_opens_the_task_again(hub: Hub) -> None:
    await happen(hub, ended("1", 0, "missed"), outbound("9", 300))
    await happen(hub, outbound("9", 300, "no_answer"), step=2)
    (task,) = await open_tasks(hub)
    assert (len(task.open_misses), task.failed_tries) == (1, 1)


async def test_a_talk_that_was_none_joins_the_task_that_came_since(hub: Hub) -> None:
    await happen(hub, ended("1", 0, "missed"), outbound("9", 300), ended("2", 600, "missed"))
    await happen(hub, outbound("9", 300, "failed"), step=2)
    (task,) = await open_tasks(hub)
    assert [miss.call_id for miss in task.open_misses] == ["1", "2"]


async def test_a_call_that_became_a_part_of_an_answered_one_is_no_miss(hub: Hub) -> None:
    await happen(hub, ended("1", 0, "missed"))
    await tell(hub, fact(1, ended("2", 5, "answered")), merged(2, "1", "2"))
    await consider(hub, "1", "2")
    assert states(await every_task(hub)) == [("cancelled", "withdrawn")]


async def test_a_soft_row_goes_when_he_was_talked_to(hub: Hub) -> None:
    await happen(hub, short("1", 0), ended("9", 300, "answered"))
    assert await soft_rows(hub) == ()


async def test_history_that_is_read_in_later_makes_no_tasks(hub: Hub, frozen_clock: FrozenClock) -> None:
    frozen_clock.advance(3 * 86400 + 1)
    await happen(hub, ended("1", 0, "missed"), ended("2", 5, "missed", from_number=OTHER))
    assert [task.number for task in await open_tasks(hub)] == [OTHER]


async def known(hub: Hub, client: ClientView, number: str) -> None:
    for _ in range(2):
        async with tasks_of(hub) as tasks:
            await tasks.numbers.known(number, client.id)


async def test_the_call_back_of_a_number_moves_to_its_new_client(hub: Hub) -> None:
    await happen(hub, ended("1", 0, "missed"))
    client = await make_client(hub, "Ірина", IRYNA, WORK)
    await known(hub, client, IRYNA)
    (task,) = await open_tasks(hub)
    assert task.client_id == client.id
    await happen(hub, outbound("9", 300, to_number=WORK))
    assert states(await every_task(hub)) == [("done", "answered")]


async def test_two_numbers_of_a_new_client_become_one_call_back_with_the_earlier_clock(hub: Hub) -> None:
    await happen(hub, ended("1", 0, "missed"), ended("2", 60, "missed", from_number=WORK))
    client = await make_client(hub, "Ірина", IRYNA, WORK)
    await known(hub, client, IRYNA)
    await known(hub, client, WORK)
    (task,) = await open_tasks(hub)
    assert ([miss.call_id for miss in task.misses], task.due_at) == (["1", "2"], at(15 * 60))
    assert states(await every_task(hub)) == [("cancelled", "merged"), ("open", None)]


async def test_of_a_shared_number_it_stays_with_the_number(hub: Hub) -> None:
    await happen(hub, ended("1", 0, "missed"))
    first, second = await make_client(hub, "Петро", OTHER), await make_client(hub, "Олена", OTHER)
    await happen(hub, ended("2", 60, "missed", from_number=OTHER))
    await known(hub, first, OTHER)
    await known(hub, second, OTHER)
    assert [task.client_id for task in await open_tasks(hub)] == [None, None]
    await happen(hub, outbound("9", 300, to_number=OTHER))
    assert [task.number for task in await open_tasks(hub)] == [IRYNA]


async def test_a_number_marked_as_no_clients_ends_its_call_back(hub: Hub) -> None:
    await happen(hub, ended("1", 0, "missed"), short("2", 60, from_number=OTHER))
    async with crm_of(hub) as crm:
        spam, other = await crm.mark_not_client(IRYNA, "spam"), await crm.mark_not_client(OTHER, "other")
    await known(hub, spam, IRYNA)
    await known(hub, other, OTHER)
    assert states(await every_task(hub)) == [("cancelled", "not_client")]
    assert await soft_rows(hub) == ()


async def test_whom_a_person_chose_on_the_card_gets_the_call_back(hub: Hub) -> None:
    first = await make_client(hub, "Петро", IRYNA)
    await make_client(hub, "Олена", IRYNA)
    await tell(hub, fact(1, ended("1", 0, "missed")))
    async with calls_of(hub) as calls:
        await calls.set_client("1", first.id)
    await consider(hub, "1")
    (task,) = await open_tasks(hub)
    assert task.client_id == first.id


async def test_while_the_client_is_on_the_line_it_stands_in_no_list(hub: Hub) -> None:
    await happen(hub, ended("1", 0, "missed"))
    talking = {"state": "talking", "result": None, "ended_at": None, "talk_seconds": 0.0}
    live = replace(ended("9", 300, "answered"), **talking)
    await tell(hub, fact(1, live))
    async with tasks_of(hub) as tasks:
        counts = await tasks.reading.counts(None)
    assert (counts.open, counts.talking) == (0, 1)
    await happen(hub, ended("9", 300, "answered", talk_seconds=4.0), step=2)
    async with tasks_of(hub) as tasks:
        counts = await tasks.reading.counts(None)
    assert (counts.open, counts.talking, counts.asked) == (1, 0, 1)


async def test_a_client_who_wrote_needs_no_call(hub: Hub) -> None:
    client = await make_client(hub, "Ірина", IRYNA)
    await happen(hub, ended("1", 0, "missed"))
    async with tasks_of(hub) as tasks:
        await tasks.client_wrote(client.id, None, at(-60))
    assert len(await open_tasks(hub)) == 1
    async with tasks_of(hub) as tasks:
        await tasks.client_wrote(client.id, None, at(60))
    assert states(await every_task(hub)) == [("done", "wrote")]

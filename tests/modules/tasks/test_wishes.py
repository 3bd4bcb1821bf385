"""Whoever keeps the place in a queue by a key is called back at once, by one call-back and no second one."""

from __future__ import annotations

import pytest

from hub.app import Hub
from hub.events.calls import CallbackAsked
from hub.modules.tasks.api import TaskView
from hub.values import CallId
from tests.factories.calls import at, ended, fact, merged, snapshot, tell
from tests.factories.site import get_json, get_text, site_of
from tests.factories.tasks import consider, every_task, happen, open_hours, open_tasks, tasks_of

IRYNA = "+380501234567"


@pytest.fixture(autouse=True)
async def hours(hub: Hub) -> None:
    await open_hours(hub)


async def asks(hub: Hub, call_id: str = "1", seconds: float = 40, **more: object) -> None:
    """A caller waits, presses the key (told twice), and the queue's call ends."""
    values = {"queue": "reception", "queued_at": at(5), "state": "queued", **more}
    await tell(hub, fact(1, snapshot(call_id, **values)))
    event = CallbackAsked(call_id=CallId(call_id), queue="reception", place=2, waiting_since=at(5))
    for _ in range(2):
        async with tasks_of(hub) as tasks:
            await tasks.calls.asked(event, at(seconds))


async def end(hub: Hub, call_id: str = "1", result: str = "missed", **more: object) -> None:
    await tell(hub, fact(2, ended(call_id, 0, result, **more)))
    await consider(hub, call_id)


async def only(hub: Hub) -> TaskView:
    (task,) = await open_tasks(hub)
    return task


async def test_the_call_back_is_due_when_the_key_was_pressed_and_says_the_place(hub: Hub) -> None:
    await asks(hub)
    task = await only(hub)
    assert (task.kind, task.number, task.call_id, task.due_at) == ("callback", IRYNA, "1", at(40))
    assert task.wish is not None
    assert (task.wish.place, task.wish.waiting_since, task.wish.asked_at) == (2, at(5), at(40))


async def test_the_end_of_the_call_makes_no_second_task_and_does_not_put_it_off(hub: Hub) -> None:
    await asks(hub)
    await end(hub)
    task = await only(hub)
    assert task.due_at == at(40)
    assert [miss.call_id for miss in task.misses] == ["1"]
    assert len(await every_task(hub)) == 1


async def test_a_call_back_that_there_is_already_is_due_at_once(hub: Hub) -> None:
    await happen(hub, ended("0", -60, "missed"))
    await asks(hub)
    task = await only(hub)
    assert (task.due_at, task.wish is not None) == (at(40), True)


async def test_a_later_talk_closes_it_like_any_other(hub: Hub) -> None:
    await asks(hub)
    await end(hub)
    await happen(hub, ended("2", 300, "answered", direction="outbound", from_number=None, to_number=IRYNA))
    (task,) = await every_task(hub)
    assert (task.state, task.reason, task.closed_at is not None) == ("done", "answered", True)


async def test_who_was_talked_to_in_the_same_call_is_not_called_back(hub: Hub) -> None:
    await asks(hub)
    await end(hub, result="answered")
    (task,) = await every_task(hub)
    assert (task.state, task.reason) == ("cancelled", "withdrawn")


async def test_what_was_asked_for_outlives_an_earlier_miss_that_was_none(hub: Hub) -> None:
    await happen(hub, ended("0", -60, "missed"))
    await asks(hub)
    await happen(hub, ended("0", -60, "answered", talk_seconds=3.0), step=2)
    assert (await only(hub)).wish is not None


async def test_who_asked_in_a_part_of_a_call_and_was_talked_to_in_it_is_not_called_back(hub: Hub) -> None:
    await asks(hub)
    await tell(hub, fact(1, snapshot("2", state="talking", answered_at=at(50))), merged(2, "1", "2"))
    await consider(hub, "1")
    await tell(hub, fact(3, ended("2", 0, "answered", talk_seconds=3.0)))
    await consider(hub, "2")
    (task,) = await every_task(hub)
    assert (task.state, task.reason) == ("cancelled", "withdrawn")


async def test_a_withheld_number_makes_no_task_and_its_call_says_so(hub: Hub) -> None:
    await asks(hub, from_number=None)
    assert await open_tasks(hub) == ()
    site = await site_of(hub)
    _, page = await get_text(site, "/calls/1")
    assert 'data-wish="1"' in page
    await site.close()


async def test_page_of_the_call_and_list_and_api_say_what_was_asked(hub: Hub) -> None:
    await asks(hub)
    await end(hub)
    site = await site_of(hub)
    for path in ("/calls/1", "/tasks"):
        _, page = await get_text(site, path)
        assert "data-wish" in page
    _, found = await get_json(site, "/api/v1/tasks")
    assert found["items"][0]["wish"] == {
        "call_id": "1", "queue": "reception", "place": 2, "waiting_since": "2026-01-05T07:02:15.000Z",
        "asked_at": "2026-01-05T07:02:50.000Z",
    }  # fmt: skip
    await site.close()

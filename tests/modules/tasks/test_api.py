"""Tasks over HTTP: taken in hand, tried, answered, closed, made by hand; who may not, may not."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from hub.app import Hub
from hub.clock import FrozenClock
from hub.kernel.shops import FIRST_SHOP
from hub.modules.tasks.api import TaskEntry
from tests.factories.calls import ended
from tests.factories.crm import make_client
from tests.factories.site import Client, get_json, get_text, send_form, send_json, site_of
from tests.factories.tasks import IHOR, OKSANA, happen, open_hours, open_tasks, tasks_of

IRYNA, OTHER = "+380501234567", "+380671112233"


@pytest.fixture(autouse=True)
async def hours(hub: Hub) -> None:
    await open_hours(hub)


@pytest.fixture
async def site(hub: Hub) -> AsyncIterator[Client]:
    client = await site_of(hub)
    yield client
    await client.close()


async def the_task(hub: Hub, **more: object) -> str:
    await happen(hub, ended("1", 0, "missed", **more))
    (task,) = await open_tasks(hub)
    return task.id


async def do(site: Client, task: str, action: str, **body: object) -> tuple[int, Any]:
    return await send_json(site, "POST", f"/api/v1/tasks/{task}/{action}", body or None)


async def test_a_task_says_whom_to_call_and_why(hub: Hub, site: Client) -> None:
    await make_client(hub, "Ірина Коваль", IRYNA)
    task = await the_task(hub)
    status, found = await get_json(site, "/api/v1/tasks", state="open")
    assert (status, [one["id"] for one in found["items"]], found["next"]) == (200, [task], None)
    (one,) = found["items"]
    assert "Ірина Коваль" in one["title"]
    assert (one["kind"], one["state"], one["due_at"]) == ("callback", "open", "2026-01-05T07:17:10.000Z")
    assert [(miss["call_id"], miss["reason"]) for miss in one["misses"]] == [("1", "rang_out")]
    status, counts = await get_json(site, "/api/v1/tasks/counts")
    assert (counts["open"], counts["late"], counts["withheld"]) == (1, 0, 0)


async def test_who_has_it_in_hand_has_it_for_five_minutes(hub: Hub, frozen_clock: FrozenClock) -> None:
    task = await the_task(hub)
    for _ in range(2):
        async with tasks_of(hub) as tasks:
            held = await tasks.claim(task, OKSANA)
    assert (held.claimed_by, held.claimed_name) == ("oksana", "101 Oksana")
    with pytest.raises(Exception, match="in hand"):
        async with tasks_of(hub) as tasks:
            await tasks.claim(task, IHOR)
    frozen_clock.advance(301)
    async with tasks_of(hub) as tasks:
        assert (await tasks.claim(task, IHOR)).claimed_by == "ihor"
        assert (await tasks.doing.release(task, None)).claimed_by is None


async def test_a_claim_over_http_is_told_as_a_conflict(hub: Hub, site: Client) -> None:
    task = await the_task(hub)
    async with tasks_of(hub) as tasks:
        await tasks.claim(task, OKSANA)
    status, said = await do(site, task, "claim")
    assert (status, said["error"]["code"], said["error"]["data"]["who"]) == (
        409,
        "tasks.claimed",
        OKSANA.name,
    )


async def test_three_tries_in_vain_are_counted_and_each_puts_it_off(hub: Hub, site: Client) -> None:
    task = await the_task(hub)
    for number in (1, 2, 3):
        status, said = await do(site, task, "try", note="mailbox")
        assert (status, said["failed_tries"]) == (200, number)
    assert (said["state"], said["due_at"]) == ("open", "2026-01-05T07:30:00.000Z")
    status, said = await do(site, task, "close", reason="unreached")
    assert (said["state"], said["reason"]) == ("done", "unreached")


@pytest.mark.parametrize(
    ("is_reached", "state", "failed"), [(True, "done", 0), (False, "open", 1)], ids=["reached", "not"]
)
async def test_a_short_talk_is_answered_for_once(
    hub: Hub, site: Client, is_reached: bool, state: str, failed: int
) -> None:
    task = await the_task(hub)
    short = ended("9", 200, "answered", direction="outbound", to_number=IRYNA, talk_seconds=9.0)
    await happen(hub, short)
    _, asked = await get_json(site, f"/api/v1/tasks/{task}")
    assert asked["is_asked"] is True
    status, said = await do(site, task, "answer", is_reached=is_reached)
    assert (status, said["state"], said["failed_tries"], said["is_asked"]) == (200, state, failed, False)
    await happen(hub, short, step=2)
    _, after = await get_json(site, f"/api/v1/tasks/{task}")
    assert (after["state"], after["is_asked"], after["failed_tries"]) == (state, False, failed)


async def test_what_was_closed_by_mistake_is_opened_again(hub: Hub, site: Client) -> None:
    task = await the_task(hub)
    assert (await do(site, task, "close", reason="done"))[1]["reason"] == "done"
    status, said = await do(site, task, "close", reason="done")
    assert (status, said["error"]["code"]) == (409, "tasks.over")
    status, said = await do(site, task, "reopen")
    assert (status, said["state"]) == (200, "open")
    await happen(hub, ended("9", 300, "answered"))
    assert await open_tasks(hub) == ()


async def test_a_second_one_is_not_opened_beside_an_open_one(hub: Hub, site: Client) -> None:
    task = await the_task(hub)
    await do(site, task, "close", reason="not_needed")
    status, _ = await send_json(site, "POST", "/api/v1/tasks", {"kind": "callback", "number": "0501234567"})
    assert status == 201
    status, said = await do(site, task, "reopen")
    assert (status, said["error"]["code"]) == (409, "tasks.there_is_one")
    status, said = await send_json(site, "POST", "/api/v1/tasks", {"kind": "callback", "number": IRYNA})
    assert (status, said["error"]["code"]) == (409, "tasks.there_is_one")


async def test_a_task_made_by_hand_has_an_owner_and_a_time(hub: Hub, site: Client) -> None:
    body = {"title": "Order the tyres", "due_at": "2026-01-06T08:00:00Z"}
    status, made = await send_json(site, "POST", "/api/v1/tasks", body)
    assert (status, made["kind"], made["due_at"]) == (201, "todo", "2026-01-06T08:00:00.000Z")
    change = {"rev": made["rev"], "due_at": None, "title": "Order four tyres"}
    status, changed = await send_json(site, "PATCH", f"/api/v1/tasks/{made['id']}", change)
    assert (status, changed["due_at"], changed["title"]) == (200, None, "Order four tyres")
    status, said = await send_json(site, "PATCH", f"/api/v1/tasks/{made['id']}", change)
    assert (status, said["error"]["code"]) == (409, "tasks.stale")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"title": "   "},
        {"title": "x" * 201},
        {"kind": "callback"},
        {"kind": "callback", "number": "101"},
        {"kind": "callback", "number": "anonymous"},
        {"title": "x", "due_at": "soon"},
        {"title": "x", "unknown": 1},
        {"title": "a\x00b"},
    ],
    ids=str,
)
@pytest.mark.one_on_postgres
async def test_a_task_that_makes_no_sense_is_refused_in_words(site: Client, body: dict[str, Any]) -> None:
    status, said = await send_json(site, "POST", "/api/v1/tasks", body)
    assert status == 422
    assert said["error"]["text"]


async def test_unknown_clients_owners_shops_and_tasks_are_not_there(site: Client) -> None:
    for body in ({"client_id": "nobody"}, {"owner_id": "nobody"}, {"shop_id": "nowhere"}):
        status, _ = await send_json(site, "POST", "/api/v1/tasks", {"title": "x", **body})
        assert status == 404, body
    for task in ("x", "0" * 26, "0" * 80):
        assert (await do(site, task, "claim"))[0] == 404


async def test_a_call_on_a_private_mobile_is_one_line(hub: Hub, site: Client) -> None:
    client = await make_client(hub, "Ірина", IRYNA)
    await the_task(hub)
    status, said = await send_json(
        site, "POST", "/api/v1/tasks/mobile-calls", {"line": "- 0501234567 mailbox"}
    )
    assert (status, said["is_reached"], said["text"], said["client_id"]) == (201, False, "mailbox", client.id)
    assert [task.failed_tries for task in await open_tasks(hub)] == [1]
    line = {"line": "050 123 45 67 comes on Friday"}
    status, said = await send_json(site, "POST", "/api/v1/tasks/mobile-calls", line)
    assert (status, said["number"], said["is_reached"]) == (201, IRYNA, True)
    assert await open_tasks(hub) == ()
    _, listed = await get_json(site, "/api/v1/tasks/mobile-calls", limit=1)
    assert len(listed["items"]) == 1
    assert listed["next"]
    status, said = await send_json(site, "POST", "/api/v1/tasks/mobile-calls", {"line": "comes on Friday"})
    assert (status, said["error"]["code"]) == (422, "tasks.no_number")


async def test_a_superior_is_told_once_of_what_is_far_too_late(hub: Hub, frozen_clock: FrozenClock) -> None:
    await the_task(hub)
    seen = []
    for minutes in (29, 2, 1):
        frozen_clock.advance(minutes * 60)
        async with tasks_of(hub) as tasks:
            await tasks.doing.escalate(frozen_clock.now())
        (task,) = await open_tasks(hub)
        seen.append((task.is_escalated, task.rev))
    assert [escalated for escalated, _ in seen] == [False, True, True]
    assert seen[1] == seen[2]


async def test_the_page_shows_tasks_soft_rows_and_what_was_done(hub: Hub, site: Client) -> None:
    _, page = await get_text(site, "/tasks")
    assert 'class="empty' in page
    task = await the_task(hub)
    begun = {"ended_at": ended("2", 60, "missed").started_at + timedelta(seconds=3)}
    await happen(hub, ended("2", 60, "short_abandon", from_number=OTHER, **begun))
    await happen(hub, ended("3", 70, "missed", from_number=None))
    _, page = await get_text(site, "/tasks")
    assert f'id="task-{task}"' in page
    assert 'id="soft-1"' in page
    assert 'href="tel:+380501234567"' in page
    status, where, _ = await send_form(site, f"/tasks/{task}/close", {"reason": "done"})
    assert (status, where) == (303, "/tasks")
    _, page = await get_text(site, "/tasks/state")
    assert f'id="closed-{task}"' in page
    assert f'id="task-{task}"' not in page


async def test_a_state_that_is_known_is_not_sent_again(site: Client) -> None:
    async with site.get("/tasks/state") as first:
        tag = first.headers["ETag"]
    async with site.get("/tasks/state", headers={"If-None-Match": tag}) as second:
        assert second.status == 304


async def test_what_a_caller_says_his_name_is_stays_text(hub: Hub, site: Client) -> None:
    await make_client(hub, "<script>alert(1)</script>", IRYNA)
    await the_task(hub)
    _, page = await get_text(site, "/tasks")
    assert "<script>alert(1)" not in page


async def test_a_number_is_marked_as_no_clients_from_its_row(hub: Hub, site: Client) -> None:
    task = await the_task(hub)
    status, _, _ = await send_form(site, f"/tasks/{task}/not-client", {"relation": "spam"})
    assert status == 303
    async with tasks_of(hub) as tasks:
        await tasks.numbers.known(IRYNA, "")
    assert await open_tasks(hub) == ()


async def test_the_figures_stand_in_metrics(hub: Hub, site: Client) -> None:
    await the_task(hub)
    _, text = await get_text(site, "/metrics")
    assert "pitline_tasks_open 1\n" in text
    assert "pitline_misses_withheld_today 0\n" in text


async def test_a_mechanic_sees_no_tasks(hub: Hub) -> None:
    client = await site_of(hub, "mechanic")
    assert (await get_json(client, "/api/v1/tasks"))[0] == 403
    await client.close()


async def test_a_superior_hears_of_a_promise_only_after_the_grace_in_working_time(hub: Hub) -> None:
    evening = datetime(2026, 1, 5, 15, 55, tzinfo=UTC)  # 17:55 in Kyiv, the shop closes at 18
    async with tasks_of(hub) as tasks:
        entry = TaskEntry(shop_id=FIRST_SHOP, kind="callback", number=IRYNA, due_at=evening)
        made = await tasks.remind(entry)
        moved = await tasks.remind(replace(entry, due_at=evening + timedelta(minutes=4)))
    assert moved.id == made.id
    for task in (made, moved):
        assert task.escalate_at is not None
        assert task.due_at is not None
        assert task.escalate_at > task.due_at
        assert task.escalate_at.astimezone(ZoneInfo("Europe/Kyiv")).hour == 9  # nobody is woken

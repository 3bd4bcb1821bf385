"""A client who rang two shops of a network is one person to ring back; each shop sees its own part of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from aiohttp.test_utils import TestClient, TestServer
from hypothesis import given
from hypothesis import strategies as st

from hub.app import Hub
from hub.kernel.shops import FIRST_SHOP, Place
from hub.modules.access.api import AccessApi, ShopEntry, Span
from hub.modules.crm.api import CrmApi
from hub.modules.tasks.api import Holder, MissView, TaskEntry, TasksApi, TaskView, TryView
from hub.modules.tasks.rules_shares import Part, as_seen
from hub.values import ShopId
from tests.factories.calls import LINE, at, ended, fact, tell
from tests.factories.crm import make_client
from tests.factories.site import Client, get_json, get_text, send_json
from tests.factories.tasks import every_task, happen, open_hours, open_tasks, tasks_of
from tests.modules.tasks.test_calls import outbound, short
from webui.app import make_app

IRYNA, WORK, THERE = "+380501234567", "+380939998877", "+380322000000"


@pytest.fixture
async def lviv(hub: Hub) -> ShopId:
    """A second shop, open from eleven while the first opens at nine."""
    await open_hours(hub)
    deps = hub.installation.deps
    async with hub.transactions.writing(actor=None, shop_id=FIRST_SHOP) as uow:
        entry = ShopEntry(name="Львів", country="UA", timezone="Europe/Kyiv", currency="UAH", language="uk")
        shops = AccessApi(uow, deps).shops
        made = (await shops.create(entry)).id
        spans = [Span(opens=11 * 60, closes=20 * 60)]
        await shops.set_hours(made, dict.fromkeys(range(7), spans), [])
    deps.places.learn({made: Place("UA", ZoneInfo("Europe/Kyiv"))})
    return made


async def both_missed(hub: Hub, lviv: ShopId) -> str:
    """Rung in Kyiv first, then in Lviv from the other phone; the one task there is."""
    await make_client(hub, "Ірина", IRYNA, WORK)
    await happen(hub, ended("kyiv", 0, "missed"))
    await happen(hub, ended("lviv", 60, "missed", from_number=WORK, to_number=THERE), shop_id=lviv)
    (task,) = await open_tasks(hub)
    return task.id


async def person(hub: Hub, name: str, shop_id: ShopId) -> Holder:
    async with hub.transactions.writing(actor=None, shop_id=shop_id) as uow:
        access = AccessApi(uow, hub.installation.deps)
        one = await access.create_person(name, "receptionist", shop_id=shop_id)
    return Holder(id=one.id, name=f"101 {name}")


@pytest.fixture
async def desk(hub: Hub, lviv: ShopId) -> AsyncIterator[Client]:
    """A receptionist of Lviv."""
    async with hub.transactions.writing(actor=None, shop_id=lviv) as uow:
        key = (await AccessApi(uow, hub.installation.deps).tokens.create("Lviv", "receptionist"))[1]
    headers = {"Authorization": f"Bearer {key}"}
    site: Any = TestClient(TestServer(make_app(hub.installation)), headers=headers)
    await site.start_server()
    yield site
    await site.close()


async def test_who_rang_two_shops_is_one_call_back(hub: Hub, lviv: ShopId) -> None:
    task = await both_missed(hub, lviv)
    (whole,) = await open_tasks(hub)
    assert [miss.call_id for miss in whole.misses] == ["kyiv", "lviv"]
    assert (whole.shop_ids, whole.is_shared) == ((FIRST_SHOP, lviv), False)
    for shop, call, line, number in (
        (FIRST_SHOP, "kyiv", LINE, IRYNA), (lviv, "lviv", THERE, WORK),
    ):  # fmt: skip
        (mine,) = await open_tasks(hub, shop)
        assert (mine.id, [miss.call_id for miss in mine.misses]) == (task, [call])
        assert (mine.call_id, mine.line, mine.number) == (call, line, number)
        assert (mine.shop_ids, mine.is_shared) == ((shop,), True)


async def test_the_earlier_clock_of_the_two_shops_counts(hub: Hub, lviv: ShopId) -> None:
    await happen(hub, ended("lviv", 0, "missed", to_number=THERE), shop_id=lviv)
    (task,) = await open_tasks(hub)
    assert task.due_at == datetime(2026, 1, 5, 9, 15, tzinfo=UTC)  # 11:15 in Lviv, which opens at eleven
    await happen(hub, ended("kyiv", 60, "missed"))
    (task,) = await open_tasks(hub)
    assert task.due_at == at(60) + timedelta(minutes=15)


async def test_a_talk_with_either_shop_ends_it_for_both(hub: Hub, lviv: ShopId) -> None:
    await both_missed(hub, lviv)
    await happen(hub, outbound("back", 300, to_number=WORK), shop_id=lviv)
    assert [(task.state, task.reason) for task in await every_task(hub)] == [("done", "answered")]
    assert await open_tasks(hub, FIRST_SHOP) == ()


async def test_a_try_of_one_shop_is_known_to_the_other_without_its_details(hub: Hub, lviv: ShopId) -> None:
    await both_missed(hub, lviv)
    await happen(hub, outbound("try", 300, "no_answer"))
    (there,) = await open_tasks(hub, lviv)
    (one,) = there.tries
    assert (one.outcome, one.is_elsewhere, there.failed_tries) == ("no_answer", True, 1)
    assert (one.call_id, one.who, one.note, one.shop_id) == (None, "", "", None)
    (here,) = await open_tasks(hub, FIRST_SHOP)
    assert [(one.call_id, one.is_elsewhere) for one in here.tries] == [("try", False)]


async def test_a_short_talk_is_asked_about_where_it_was(hub: Hub, lviv: ShopId) -> None:
    task = await both_missed(hub, lviv)
    await happen(hub, outbound("try", 300, talk_seconds=9.0))
    assert [one.asked is not None for one in await open_tasks(hub, FIRST_SHOP)] == [True]
    assert [one.asked is not None for one in await open_tasks(hub, lviv)] == [False]
    async with tasks_of(hub) as tasks:
        await tasks.doing.answer(task, Holder(id="x", name="x"), False, frozenset({lviv}))
    (here,) = await open_tasks(hub, FIRST_SHOP)
    assert here.asked is not None, "the word of the other shop is not about this talk"


async def test_whoever_has_it_in_hand_is_another_shop_to_the_other_one(hub: Hub, lviv: ShopId) -> None:
    task, oksana = await both_missed(hub, lviv), await person(hub, "Оксана", FIRST_SHOP)
    async with tasks_of(hub) as tasks:
        await tasks.claim(task, oksana, frozenset({FIRST_SHOP}))
    (there,) = await open_tasks(hub, lviv)
    assert (there.is_held_elsewhere, there.claimed_by, there.claimed_name) == (True, None, "")
    assert (there.owner_id, there.claimed_until is not None) == (None, True)
    (here,) = await open_tasks(hub, FIRST_SHOP)
    assert (here.claimed_by, here.owner_id, here.is_held_elsewhere) == (oksana.id, oksana.id, False)


async def test_the_other_shop_can_neither_take_it_nor_take_it_away(
    hub: Hub, lviv: ShopId, desk: Client
) -> None:
    task, oksana = await both_missed(hub, lviv), await person(hub, "Оксана", FIRST_SHOP)
    async with tasks_of(hub) as tasks:
        await tasks.claim(task, oksana, frozenset({FIRST_SHOP}))
    for action in ("claim", "release"):
        status, said = await send_json(desk, "POST", f"/api/v1/tasks/{task}/{action}", None)
        assert (status, said["error"]["code"]) == (409, "tasks.claimed")
        assert "Оксана" not in str(said)
    status, page = await get_text(desk, "/tasks")
    assert status == 200
    assert "Телефонує інша філія" in page
    assert "Оксана" not in page


async def test_what_one_shop_wrote_stays_its_own(hub: Hub, lviv: ShopId, desk: Client) -> None:
    task = await both_missed(hub, lviv)
    async with tasks_of(hub) as tasks:
        await tasks.doing.change(task, {"note": "asks for a discount"}, None, frozenset({FIRST_SHOP}))
    status, one = await send_json(desk, "PATCH", f"/api/v1/tasks/{task}", {"note": "speaks Polish"})
    assert (status, one["note"]) == (200, "speaks Polish")
    (here,), (whole,) = await open_tasks(hub, FIRST_SHOP), await open_tasks(hub)
    assert (here.note, whole.note) == ("asks for a discount", "asks for a discount\nspeaks Polish")


async def test_the_api_tells_a_receptionist_nothing_of_the_other_shop(
    hub: Hub, lviv: ShopId, desk: Client
) -> None:
    task = await both_missed(hub, lviv)
    await happen(hub, outbound("try", 300, "no_answer"))
    async with tasks_of(hub) as tasks:
        await tasks.doing.tried(task, Holder(id="x", name="101 Оксана"), "at work", frozenset({FIRST_SHOP}))
    for path, query in (("/api/v1/tasks", {"state": "open"}), (f"/api/v1/tasks/{task}", {})):
        status, found = await get_json(desk, path, **query)
        assert status == 200
        for secret in ("kyiv", LINE, IRYNA, FIRST_SHOP, "Оксана", "at work", '"try"'):
            assert secret not in str(found).replace("'", '"'), secret
    status, counts = await get_json(desk, "/api/v1/tasks/counts")
    assert (status, counts["open"]) == (200, 1)
    status, page = await get_text(desk, "/tasks")
    assert "разом з іншою філією" in page
    assert "інша філія</span>" in page


async def test_a_call_back_by_hand_joins_that_of_the_other_shop(hub: Hub, lviv: ShopId, desk: Client) -> None:
    await happen(hub, ended("kyiv", 0, "missed"))
    asked = {"kind": "callback", "number": IRYNA, "title": "Bring winter tyres"}
    assert (await get_json(desk, "/api/v1/tasks"))[1]["items"] == []
    status, made = await send_json(desk, "POST", "/api/v1/tasks", asked)
    assert (status, made["misses"], made["number"], made["is_shared"]) == (201, [], IRYNA, True)
    assert len(await every_task(hub)) == 1
    (here,) = await open_tasks(hub, FIRST_SHOP)
    assert here.title == ""
    status, said = await send_json(desk, "POST", "/api/v1/tasks", asked)
    assert (status, said["error"]["code"]) == (409, "tasks.there_is_one")


async def test_a_miss_that_was_none_takes_its_shop_away(hub: Hub, lviv: ShopId) -> None:
    await both_missed(hub, lviv)
    await happen(hub, ended("lviv", 60, "answered", from_number=WORK, talk_seconds=3.0), step=2, shop_id=lviv)
    assert await open_tasks(hub, lviv) == ()
    (task,) = await open_tasks(hub)
    assert task.shop_ids == (FIRST_SHOP,)


async def test_where_the_first_miss_was_none_the_next_shop_has_the_task(hub: Hub, lviv: ShopId) -> None:
    deps = hub.installation.deps
    await make_client(hub, "Ірина", IRYNA, WORK)
    await happen_unattended(hub, "kyiv", 0, FIRST_SHOP, IRYNA)
    await happen_unattended(hub, "lviv", 60, lviv, WORK)
    await happen(hub, ended("kyiv", 0, "answered", talk_seconds=3.0), step=2)
    assert await open_tasks(hub, FIRST_SHOP) == ()
    (task,) = await open_tasks(hub)
    assert (task.shop_ids, task.call_id) == ((lviv,), "lviv")
    async with hub.transactions.reading(actor=None, shop_id=lviv) as uow:
        assert (await TasksApi(uow, deps).reading.one(task.id, frozenset({lviv}))).state == "open"


async def happen_unattended(hub: Hub, call_id: str, seconds: float, shop: ShopId, number: str) -> None:
    """As the relay does it: nobody acts."""
    await tell(hub, fact(1, ended(call_id, seconds, "missed", from_number=number)), shop_id=shop)
    async with hub.transactions.writing(actor=None, shop_id=shop) as uow:
        await TasksApi(uow, hub.installation.deps).calls.consider(call_id)


async def test_two_short_calls_at_two_shops_are_a_call_for_help(hub: Hub, lviv: ShopId) -> None:
    await happen(hub, short("kyiv", 0))
    assert await open_tasks(hub) == ()
    await happen(hub, short("lviv", 120, to_number=THERE), shop_id=lviv)
    (task,) = await open_tasks(hub)
    assert task.shop_ids == (lviv, FIRST_SHOP)


async def test_merged_clients_of_two_shops_share_one_call_back_until_they_come_apart(
    hub: Hub, lviv: ShopId
) -> None:
    one, other = await make_client(hub, "Ірина", IRYNA), await make_client(hub, "Ирина", WORK)
    await happen_unattended(hub, "kyiv", 0, FIRST_SHOP, IRYNA)
    await happen_unattended(hub, "lviv", 60, lviv, WORK)
    assert len(await open_tasks(hub)) == 2
    async with hub.transactions.writing(actor=None, shop_id=FIRST_SHOP) as uow:
        await CrmApi(uow, hub.installation.deps).merging.merge(one.id, other.id, "")
    (task,) = await open_tasks(hub)
    assert {*task.shop_ids} == {FIRST_SHOP, lviv}
    async with hub.transactions.writing(actor=None, shop_id=FIRST_SHOP) as uow:
        crm = CrmApi(uow, hub.installation.deps)
        (merging,) = (await crm.merging.recent(cursor=None, limit=5)).items
        await crm.merging.undo(merging.id)
    assert [task.shop_ids for task in await open_tasks(hub, FIRST_SHOP)] == [(FIRST_SHOP,)]
    assert [task.shop_ids for task in await open_tasks(hub, lviv)] == [(lviv,)]
    assert not any(task.is_shared for task in await open_tasks(hub))


async def test_one_call_that_was_a_try_of_two_call_backs_is_one_when_they_become_one(
    hub: Hub, lviv: ShopId
) -> None:
    iryna, _ = await make_client(hub, "Ірина", IRYNA, WORK), await make_client(hub, "Олег", WORK)
    await happen(hub, ended("kyiv", 0, "missed"))
    await happen(hub, ended("lviv", 60, "missed", from_number=WORK, to_number=THERE), shop_id=lviv)
    await happen(hub, outbound("try", 300, "no_answer", to_number=WORK))
    assert [len(task.tries) for task in await open_tasks(hub)] == [1, 1]
    async with tasks_of(hub) as tasks:
        await tasks.numbers.chosen("lviv", iryna.id)
    (task,) = await open_tasks(hub)
    assert [one.call_id for one in task.tries] == ["try"]


async def test_merged_clients_come_apart_also_where_one_call_tried_both(hub: Hub, lviv: ShopId) -> None:
    third = "+380671112233"
    one, other = await make_client(hub, "Ірина", IRYNA, WORK), await make_client(hub, "Ирина", third, WORK)
    await happen_unattended(hub, "kyiv", 0, FIRST_SHOP, IRYNA)
    await happen_unattended(hub, "lviv", 60, lviv, third)
    await happen(hub, outbound("try", 300, "no_answer", to_number=WORK))
    async with hub.transactions.writing(actor=None, shop_id=FIRST_SHOP) as uow:
        await CrmApi(uow, hub.installation.deps).merging.merge(one.id, other.id, "")
    (task,) = await open_tasks(hub)
    assert [one.call_id for one in task.tries] == ["try"]
    async with hub.transactions.writing(actor=None, shop_id=FIRST_SHOP) as uow:
        crm = CrmApi(uow, hub.installation.deps)
        (merging,) = (await crm.merging.recent(cursor=None, limit=5)).items
        await crm.merging.undo(merging.id)
    assert sorted(len(task.tries) for task in await open_tasks(hub)) == [0, 1]


@pytest.mark.parametrize(("minutes", "counts"), [(-5, "theirs"), (600, "the first")])
async def test_a_promise_of_one_shop_never_puts_the_other_ones_off(
    hub: Hub, lviv: ShopId, minutes: int, counts: str
) -> None:
    await happen(hub, ended("kyiv", 0, "missed"))
    (first,) = await open_tasks(hub)
    assert first.due_at is not None
    theirs = first.due_at + timedelta(minutes=minutes)
    entry = TaskEntry(shop_id=lviv, kind="callback", number=IRYNA, due_at=theirs)
    for _ in range(2):  # joins it, then finds it
        async with tasks_of(hub) as tasks:
            await tasks.remind(entry, frozenset({lviv}))
        (task,) = await open_tasks(hub)
        assert (task.shop_ids, task.due_at) == (
            (FIRST_SHOP, lviv), theirs if counts == "theirs" else first.due_at,
        )  # fmt: skip


async def test_either_shop_hears_at_once_that_something_changed(hub: Hub, lviv: ShopId) -> None:
    task = await both_missed(hub, lviv)
    watcher = hub.live.subscribe()
    async with hub.transactions.writing(actor=None, shop_id=lviv) as uow:
        await TasksApi(uow, hub.installation.deps).doing.close(task, "done", "", frozenset({lviv}))
    hints = [await watcher.next() for _ in range(2)]
    assert {(hint.topic, hint.id, hint.shop_id) for hint in hints} == {
        ("task", task, FIRST_SHOP), ("task", task, lviv),
    }  # fmt: skip


@given(st.sets(st.sampled_from("abcd"), min_size=1), st.sets(st.sampled_from("abcd"), min_size=1))
def test_nothing_of_a_shop_is_seen_by_who_does_not_see_it(waiting: set[str], seen: set[str]) -> None:
    begun = datetime(2026, 1, 5, tzinfo=UTC)
    parts = {
        ShopId(shop): Part(title=f"title-{shop}", note=f"note-{shop}", number=f"number-{shop}", at=begun)
        for shop in sorted(waiting)
    }
    task = _task_of(sorted(waiting))
    mine = seen & waiting
    if not mine:
        return
    shown = repr(as_seen(task, parts, frozenset(map(ShopId, seen)), ()))
    for shop in waiting - mine:
        assert f"-{shop}" not in shown
    for shop in mine:
        assert f"note-{shop}" in shown
    assert shown.count("outcome='no_answer'") == len(waiting)


def _task_of(shops: list[str]) -> TaskView:
    begun = datetime(2026, 1, 5, tzinfo=UTC)
    misses = tuple(
        MissView(
            call_id=f"call-{shop}", shop_id=ShopId(shop), task_id="t", kind="missed", reason=None,
            number=f"number-{shop}", number_key=f"key-{shop}", line=f"line-{shop}", started_at=begun,
            is_settled=False,
        )
        for shop in shops
    )  # fmt: skip
    tries = tuple(
        TryView(
            id=f"id{number}", shop_id=ShopId(shop), call_id=f"try-{shop}", at=begun, outcome="no_answer",
            talk_seconds=0.0, who=f"who-{shop}", note=f"said-{shop}",
        )
        for number, shop in enumerate(shops)
    )  # fmt: skip
    return TaskView(
        id="t", rev=1, shop_id=ShopId(shops[0]), kind="callback", title="", note="", state="open",
        reason=None, client_id="c", number=f"number-{shops[-1]}", number_key=f"key-{shops[-1]}",
        line=f"line-{shops[-1]}", call_id=f"call-{shops[-1]}", owner_id=f"owner-{shops[0]}",
        created_at=begun, due_at=begun, escalate_at=begun, is_escalated=False,
        claimed_by=f"who-{shops[0]}", claimed_name=f"who-{shops[0]}", claimed_until=begun, closed_at=None,
        closed_by=f"who-{shops[0]}", misses=misses, tries=tries,
    )  # fmt: skip

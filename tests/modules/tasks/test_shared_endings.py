"""A shared call-back ends, or ends for one of its shops: what the others keep, and what each is told."""

from __future__ import annotations

import json

from sqlalchemy import select

from hub.app import Hub
from hub.kernel.shops import FIRST_SHOP
from hub.kernel.stream.outbox import event_outbox
from hub.modules.tasks.api import TaskEntry
from hub.values import ShopId
from tests.factories.calls import ended
from tests.factories.crm import make_client
from tests.factories.site import Client, get_json, send_json
from tests.factories.tasks import every_task, happen, open_tasks, tasks_of
from tests.modules.tasks.test_shared import IRYNA, WORK, both_missed, desk, happen_unattended, lviv, person

__all__ = ["desk", "lviv"]


async def told(hub: Hub, name: str) -> set[tuple[str, str | None, str | None]]:
    """Of each fact: whose it is, which call and number it names."""
    query = select(event_outbox.c.shop_id, event_outbox.c.payload).where(event_outbox.c.name == name)
    rows = await hub.database.read(lambda connection: connection.execute(query).all())
    facts = [(row.shop_id, json.loads(row.payload)) for row in rows]
    assert len({shop for shop, _ in facts}) == len(facts), "each shop is told once"
    return {(shop, fact["call_id"], fact["number"]) for shop, fact in facts}


async def by_hand(hub: Hub, shop_id: ShopId, number: str = IRYNA) -> None:
    async with tasks_of(hub) as tasks:
        entry = TaskEntry(shop_id=shop_id, kind="callback", number=number)
        await tasks.doing.create(entry, frozenset({shop_id}))


async def test_each_shop_is_told_by_its_own_call_and_never_by_the_other_ones(hub: Hub, lviv: ShopId) -> None:
    task, oksana = await both_missed(hub, lviv), await person(hub, "Оксана", FIRST_SHOP)
    assert await told(hub, "task.opened") == {(FIRST_SHOP, "kyiv", IRYNA)}
    assert await told(hub, "task.shared") == {(lviv, "lviv", WORK)}
    async with tasks_of(hub) as tasks:
        await tasks.claim(task, oksana, frozenset({FIRST_SHOP}))
    late = (await open_tasks(hub))[0].escalate_at
    assert late is not None
    async with tasks_of(hub) as tasks:
        await tasks.doing.escalate(late)
    async with tasks_of(hub) as tasks:
        await tasks.doing.close(task, "done", "", frozenset({FIRST_SHOP}))
    for name in ("task.taken", "task.escalated", "task.closed"):
        assert await told(hub, name) == {(FIRST_SHOP, "kyiv", IRYNA), (lviv, "lviv", WORK)}


async def test_who_took_it_is_told_to_their_own_shop_only(hub: Hub, lviv: ShopId) -> None:
    task, oksana = await both_missed(hub, lviv), await person(hub, "Оксана", FIRST_SHOP)
    async with tasks_of(hub) as tasks:
        await tasks.claim(task, oksana, frozenset({FIRST_SHOP}))
    query = select(event_outbox.c.shop_id, event_outbox.c.payload).where(event_outbox.c.name == "task.taken")
    rows = await hub.database.read(lambda connection: connection.execute(query).all())
    assert {row.shop_id: json.loads(row.payload)["who"] for row in rows} == {
        FIRST_SHOP: oksana.name, lviv: "",
    }  # fmt: skip


async def test_not_needed_at_one_shop_leaves_the_other_one_its_call_back(
    hub: Hub, lviv: ShopId, desk: Client
) -> None:
    task = await both_missed(hub, lviv)
    status, said = await send_json(desk, "POST", f"/api/v1/tasks/{task}/close", {"reason": "not_needed"})
    assert (status, said["state"], said["reason"]) == (200, "cancelled", "not_needed")
    assert (await get_json(desk, f"/api/v1/tasks/{task}"))[0] == 404
    (here,) = await open_tasks(hub, FIRST_SHOP)
    assert (here.id, here.call_id, here.number, here.is_shared) == (task, "kyiv", IRYNA, False)
    assert [miss.call_id for miss in here.misses] == ["kyiv"], "what happened in Lviv is not told here"
    assert await told(hub, "task.closed") == {(lviv, "lviv", WORK)}


async def test_given_up_where_it_began_it_is_the_other_shops(hub: Hub, lviv: ShopId) -> None:
    task = await both_missed(hub, lviv)
    async with tasks_of(hub) as tasks:
        await tasks.doing.close(task, "unreached", "", frozenset({FIRST_SHOP}))
    assert await open_tasks(hub, FIRST_SHOP) == ()
    (there,) = await open_tasks(hub, lviv)
    assert (there.id, there.shop_ids, there.call_id, there.number) == (task, (lviv,), "lviv", WORK)
    async with tasks_of(hub) as tasks:
        await tasks.doing.close(task, "unreached", "", frozenset({lviv}))
    assert [(one.state, one.reason) for one in await every_task(hub)] == [("done", "unreached")]


async def test_who_sees_every_shop_ends_it_for_all(hub: Hub, lviv: ShopId) -> None:
    task = await both_missed(hub, lviv)
    async with tasks_of(hub) as tasks:
        await tasks.doing.close(task, "not_needed", "", None)
    assert [one.state for one in await every_task(hub)] == ["cancelled"]


async def test_a_shop_that_gave_up_waits_again_when_they_ring_again(hub: Hub, lviv: ShopId) -> None:
    task = await both_missed(hub, lviv)
    async with tasks_of(hub) as tasks:
        await tasks.doing.close(task, "not_needed", "", frozenset({lviv}))
    await happen(hub, ended("again", 600, "missed", from_number=WORK), shop_id=lviv)
    (there,) = await open_tasks(hub, lviv)
    assert (there.id, there.call_id) == (task, "again")


async def test_what_was_made_by_hand_outlives_the_miss_that_was_none(hub: Hub, lviv: ShopId) -> None:
    await by_hand(hub, FIRST_SHOP)
    await happen_unattended(hub, "kyiv", 0, FIRST_SHOP, IRYNA)
    await happen(hub, ended("kyiv", 0, "answered", talk_seconds=3.0), step=2)
    assert len(await open_tasks(hub, FIRST_SHOP)) == 1


async def test_what_another_shop_made_by_hand_becomes_its_own_when_the_first_miss_was_none(
    hub: Hub, lviv: ShopId
) -> None:
    await happen_unattended(hub, "kyiv", 0, FIRST_SHOP, IRYNA)
    await by_hand(hub, lviv)
    for step in (2, 3):
        result, more = ("answered", {"talk_seconds": 3.0}) if step == 2 else ("missed", {})
        await happen(hub, ended("kyiv", 0, result, **more), step=step)
        (there,) = await open_tasks(hub, lviv)
        assert there.number == IRYNA
    await happen(hub, ended("kyiv", 0, "answered", talk_seconds=3.0), step=4)
    assert await open_tasks(hub, FIRST_SHOP) == ()
    (task,) = await open_tasks(hub)
    assert (task.shop_ids, task.number) == ((lviv,), IRYNA), "made by hand still, after a miss came and went"


async def test_a_number_written_by_hand_stays_when_they_ring_another_shop_from_another_phone(
    hub: Hub, lviv: ShopId
) -> None:
    await make_client(hub, "Ірина", IRYNA, WORK)
    await by_hand(hub, FIRST_SHOP)
    await happen(hub, ended("lviv", 60, "missed", from_number=WORK), shop_id=lviv)
    (here,), (there,) = await open_tasks(hub, FIRST_SHOP), await open_tasks(hub, lviv)
    assert (here.id, here.number, there.number) == (there.id, IRYNA, WORK)

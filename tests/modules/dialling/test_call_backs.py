"""A call-back by one request: the task in hand, the own phone, the client."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from hub.kernel.shops import FIRST_SHOP
from hub.modules.dialling.api import DiallingApi
from hub.modules.tasks.api import TaskEntry
from tests.factories.calls import LINE, ended, tell_calls
from tests.factories.site import Client, get_json, site_of
from tests.factories.tasks import OKSANA, open_tasks, tasks_of
from tests.modules.dialling.shop import IRYNA, Shop


@pytest.fixture
async def site(shop: Shop) -> AsyncIterator[Client]:
    client = await site_of(shop.hub)
    yield client
    await client.close()


async def the_task(shop: Shop) -> str:
    """Somebody who had rung our line is to be called back."""
    await tell_calls(shop.hub, ended("1", 0, "missed"))
    async with tasks_of(shop.hub) as tasks:
        entry = TaskEntry(shop_id=FIRST_SHOP, kind="callback", number=IRYNA)
        return (await tasks.doing.create(entry, None)).id


async def ring(site: Client, task: str, key: str = "", **body: str) -> tuple[int, Any]:
    headers = {"Idempotency-Key": key} if key else {}
    async with site.post(f"/api/v1/tasks/{task}/call", json=body, headers=headers) as answer:
        return answer.status, await answer.json()


async def orders(shop: Shop) -> list[tuple[str, str | None, str | None]]:
    async with shop.hub.transactions.reading(actor=None, shop_id=FIRST_SHOP) as uow:
        page = await DiallingApi(uow, shop.hub.installation.deps).page(None)
    return [(one.extension, one.number, one.line) for one in page.items]


async def test_one_request_takes_it_in_hand_and_orders_one_call(shop: Shop, site: Client) -> None:
    task = await the_task(shop)
    status, said = await ring(site, task, "the-same-click", extension="101")
    assert (status, said["task_id"]) == (202, task)
    assert await ring(site, task, "the-same-click", extension="101") == (202, said)
    assert await orders(shop) == [("101", IRYNA, LINE)]
    (held,) = await open_tasks(shop.hub)
    assert held.claimed_by is not None
    _, order = await get_json(site, f"/api/v1/dialling/{said['order_id']}")
    assert order["number"] == IRYNA


async def test_nobody_is_rung_for_a_task_that_a_colleague_has_in_hand(shop: Shop, site: Client) -> None:
    task = await the_task(shop)
    async with tasks_of(shop.hub) as tasks:
        await tasks.claim(task, OKSANA)
    status, said = await ring(site, task, extension="101")
    assert (status, said["error"]["code"]) == (409, "tasks.claimed")
    assert await orders(shop) == []


async def test_what_dialling_refuses_leaves_the_task_free(shop: Shop, site: Client) -> None:
    task = await the_task(shop)
    status, said = await ring(site, task)
    assert (status, said["error"]["code"]) == (422, "dial.no_phone")
    (free,) = await open_tasks(shop.hub)
    assert free.claimed_by is None


async def test_without_the_right_nobody_calls(shop: Shop) -> None:
    task = await the_task(shop)
    stranger = await site_of(shop.hub, "mechanic")
    assert (await ring(stranger, task, extension="101"))[0] == 403
    await stranger.close()


@pytest.mark.parametrize("key", ["1", "x" * 255], ids=["short", "long"])
async def test_a_key_of_any_length_is_one_call(shop: Shop, site: Client, key: str) -> None:
    task = await the_task(shop)
    status, said = await ring(site, task, key, extension="101")
    assert status == 202, said
    assert await ring(site, task, key, extension="101") == (202, said)
    assert len(await orders(shop)) == 1

"""What is said of a call, over HTTP: a real hub and web admin, facts through the intake."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import pytest_asyncio

from hub.kernel.shops import FIRST_SHOP
from hub.modules.access.api import AccessApi, ShopEntry
from hub.modules.tasks.api import TaskEntry, TasksApi
from hub.modules.wrapup.api import WrapUpApi
from tests.flows.desk_shop import IRYNA, NOBODY, Hand, Shop, open_shop
from tests.modules.desk.telling import Telling
from tests.patience import within

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shop(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Shop]:
    folder: Path = tmp_path_factory.mktemp("wrapup")
    async with open_shop(folder) as shop:
        yield shop


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def oksana(shop: Shop) -> AsyncIterator[Hand]:
    async with shop.hand("oksana") as hand:
        yield hand


async def talked(shop: Shop, number: str = IRYNA) -> Telling:
    call = shop.call(number)
    await call.begins()
    await call.rings("101")
    await call.answered_by("101")
    await call.ends()
    return call


def path(call: Telling, action: str) -> str:
    return f"/calls/{quote(call.call.call_id, safe='')}/wrap-up/{action}"


async def said(shop: Shop, call: Telling) -> tuple[str | None, set[str]]:
    async with shop.reading() as uow:
        found = (await WrapUpApi(uow, shop.hub.installation.deps).of([call.call.call_id])).get(
            call.call.call_id
        )
    if found is None:
        return None, set()
    return found.disposition.title if found.disposition else None, {tag.title for tag in found.tags}


async def api(hand: Hand, method: str, address: str, **body: Any) -> tuple[int, Any]:
    headers = {"X-CSRF-Token": hand.token, "Accept": "application/json"}
    async with hand.http.request(method, f"/api/v1{address}", json=body or None, headers=headers) as answer:
        return answer.status, await answer.json()


async def test_another_result_takes_the_place_of_the_first_and_tags_stand_beside(
    shop: Shop, oksana: Hand
) -> None:
    call = await talked(shop)
    for choice in ("booked", "advice", "urgent", "warranty", "urgent"):
        status, _ = await oksana.post(path(call, "mark"), choice=choice)
        assert status == 200
    assert await said(shop, call) == ("Advice", {"urgent", "warranty"})
    await oksana.post(path(call, "unmark"), choice="urgent")
    await oksana.post(path(call, "unmark"), choice="urgent")
    assert await said(shop, call) == ("Advice", {"warranty"})


async def test_a_word_that_there_is_not_is_refused_in_words(shop: Shop, oksana: Hand) -> None:
    call = await talked(shop)
    status, answer = await oksana.post(path(call, "mark"), choice="no such")
    assert (status, answer["error"]["code"]) == (422, "wrapup.unknown")


async def test_nothing_is_asked_while_it_rings(shop: Shop, oksana: Hand) -> None:
    call = shop.call(IRYNA)
    await call.begins()
    await call.rings("101")
    address = f"/calls/{quote(call.call.call_id, safe='')}"
    assert "data-leader" not in (await oksana.get(address))[1]
    await call.answered_by("101")
    _, page, _ = await oksana.get(address)
    assert re.findall(r'data-leader="(\w+)"', page) == ["result", "tag", "later"]
    await call.ends()


async def test_a_promise_makes_a_call_back_and_a_second_one_moves_it(shop: Shop, oksana: Hand) -> None:
    call = await talked(shop, NOBODY)
    due = []
    for when in ("hour", "morning"):
        status, _ = await oksana.post(path(call, "later"), when=when)
        assert status == 200
        async with shop.reading() as uow:
            [task] = await TasksApi(uow, shop.hub.installation.deps).about(None, NOBODY)
        due.append(task.due_at)
    assert due[0] < due[1]
    status, _ = await oksana.post(path(call, "later"), when="never")
    assert status == 422


async def test_a_promise_joins_the_call_back_of_another_shop_and_never_puts_it_off(
    shop: Shop, oksana: Hand
) -> None:
    number, deps = "+380671110099", shop.hub.installation.deps
    async with shop.hub.transactions.writing(actor="person:x", shop_id=FIRST_SHOP) as uow:
        entry = ShopEntry(name="Львів", country="UA", timezone="Europe/Kyiv", currency="UAH", language="uk")
        lviv = (await AccessApi(uow, deps).shops.create(entry)).id
        late = deps.clock.now() - timedelta(hours=1)
        asked = TaskEntry(shop_id=lviv, kind="callback", number=number, due_at=late)
        await TasksApi(uow, deps).doing.create(asked, None)
    call = await talked(shop, number)
    for _ in range(2):
        status, _ = await oksana.post(path(call, "later"), when="morning")
        assert status == 200
        async with shop.reading() as uow:
            [task] = await TasksApi(uow, deps).about(None, number)
        assert ([*task.shop_ids], task.due_at) == ([lviv, FIRST_SHOP], late)


async def test_a_mechanic_says_nothing_of_calls(shop: Shop) -> None:
    call = await talked(shop)
    async with shop.hand("vasyl") as hand:
        status, _ = await hand.post(path(call, "mark"), choice="booked")
        assert status == 403
        assert (await api(hand, "PUT", "/wrap-up-choices", tags=["x"]))[0] == 403
    assert await said(shop, call) == (None, set())


async def test_a_call_that_became_a_part_of_another_takes_along_what_was_said(
    shop: Shop, oksana: Hand
) -> None:
    whole, part = await talked(shop), await talked(shop)
    await oksana.post(path(whole, "mark"), choice="urgent")
    for choice in ("booked", "urgent", "tow"):
        await oksana.post(path(part, "mark"), choice=choice)
    await part.becomes_part_of(whole)
    async with asyncio.timeout(within(5)):
        while await said(shop, whole) != ("Booked", {"urgent", "tow truck"}):
            await asyncio.sleep(0.02)


async def test_the_owner_chooses_the_words_and_calls_keep_the_old_ones(shop: Shop, oksana: Hand) -> None:
    call = await talked(shop)
    await oksana.post(path(call, "mark"), choice="complaint")
    await oksana.post(path(call, "mark"), choice="fleet")
    async with shop.hand("owner") as owner:
        _, page, _ = await owner.get("/settings/wrap-up")
        assert "Complaint" in page
        status, answer = await api(owner, "PUT", "/wrap-up-choices", dispositions=["Booked", "booked"])
        assert (status, answer["error"]["fields"]) == (
            422,
            {"disposition": "One of them stands there twice."},
        )
        status, _ = await owner.post("/settings/wrap-up", disposition="Agreed price\nBooked", tag="urgent")
        assert status == 200
        _, choices = await api(owner, "GET", "/wrap-up-choices")
        assert [one["title"] for one in choices["items"]] == ["Agreed price", "Booked", "urgent"]
        assert choices["items"][1]["id"] == "booked"
    assert await said(shop, call) == ("Complaint", {"fleet"})
    status, answer = await oksana.post(path(call, "mark"), choice="complaint")
    assert status == 200  # it has it already
    other = await talked(shop)
    status, answer = await oksana.post(path(other, "mark"), choice="complaint")
    assert (status, answer["error"]["code"]) == (422, "wrapup.unknown")


async def test_programs_read_and_replace_what_was_said(shop: Shop, oksana: Hand) -> None:
    call = await talked(shop)
    address = f"/calls/{quote(call.call.call_id, safe='')}/wrap-up"
    status, answer = await api(oksana, "PUT", address, disposition="booked", tags=["urgent"])
    assert (status, answer["disposition"]["id"]) == (200, "booked")
    assert [tag["id"] for tag in answer["tags"]] == ["urgent"]
    status, answer = await api(oksana, "PUT", address, tags=[])
    assert (status, answer["disposition"], answer["tags"]) == (200, None, [])
    assert (await api(oksana, "PUT", address, disposition="no such"))[0] == 422

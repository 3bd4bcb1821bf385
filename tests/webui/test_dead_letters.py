"""Failed deliveries on the screen: found by filter, tried again, counted in the menu; a fact's story."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from aiohttp.test_utils import TestClient
from sqlalchemy import insert, select

from hub.app import Hub
from hub.kernel.shops import FIRST_SHOP
from hub.kernel.stream.dead_letters import DeadFilter
from hub.kernel.stream.outbox import event_delivery, event_outbox
from hub.modules.access.api import AccessApi, ShopEntry
from tests.webui.stage import Shop

SAME = {"Sec-Fetch-Site": "same-origin"}


async def fact(
    hub: Hub, fact_id: str, name: str = "call.ended", *, cause: str | None = None, hours: float = 0,
    shop: str = FIRST_SHOP, handlers: dict[str, str] | None = None,
) -> None:  # fmt: skip
    """A fact, so many hours old, with its handlers' states."""
    row = {
        "id": fact_id, "name": name, "version": 1, "shop_id": shop, "key": f"call:{fact_id}",
        "occurred_at": hub.installation.clock.now() - timedelta(hours=hours), "cause_id": cause,
        "source": "test", "external_id": fact_id, "payload": "{}",
    }  # fmt: skip
    deliveries = [
        {"event_id": fact_id, "handler": handler, "key": f"call:{fact_id}", "state": state, "attempts": 6,
         "not_before": 0.0, "claimed_until": 0.0, "last_error": "boom"}
        for handler, state in (handlers or {}).items()
    ]  # fmt: skip
    await hub.database.write(lambda c: c.execute(insert(event_outbox), [row]))
    if deliveries:
        await hub.database.write(lambda c: c.execute(insert(event_delivery), deliveries))


async def states(hub: Hub) -> dict[str, str]:
    query = select(event_delivery.c.event_id, event_delivery.c.state)
    return {row[0]: row[1] for row in await hub.database.read(lambda c: c.execute(query).all())}


async def shown(client: TestClient[Any, Any], query: str = "") -> set[str]:
    text = await (await client.get(f"/system/dead-letters?{query}")).text()
    return set(re.findall(r'href="/system/facts/(\w+)"', text))


async def in_english(shop: Shop, role: str) -> TestClient[Any, Any]:
    client = await shop.signed_in(role)
    await client.post("/account/language", data={"language": "en"}, headers=SAME)
    return client


@pytest.fixture
async def elsewhere(hub: Hub, shop: Shop) -> str:
    """A second shop."""
    installation = hub.installation
    async with installation.transactions.writing(actor=None, shop_id=FIRST_SHOP) as uow:
        entry = ShopEntry(name="Lviv", country="UA", timezone="Europe/Kyiv", currency="UAH", language="uk")
        return str((await AccessApi(uow, installation.deps).shops.create(entry)).id)


@pytest.fixture
async def failed(hub: Hub, elsewhere: str) -> None:
    """Four of them: two handlers, two facts, young and old, here and in the other shop."""
    await fact(hub, "young", handlers={"crm.on_it": "dead"})
    await fact(hub, "old", hours=48, handlers={"crm.on_it": "dead"})
    await fact(hub, "named", "call.ringing", hours=2, handlers={"desk.on_it": "dead"})
    await fact(hub, "away", shop=elsewhere, handlers={"crm.on_it": "dead"})
    await fact(hub, "fine", handlers={"crm.on_it": "done"})


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", {"young", "old", "named", "away"}),
        ("handler=crm.on_it", {"young", "old", "away"}),
        ("event=call.ringing", {"named"}),
        ("age=hour", {"young", "away"}),
        ("age=day", {"young", "named", "away"}),
        ("age=older-day", {"old"}),
        ("shop=main&handler=crm.on_it&age=day", {"young"}),
        ("handler=nobody", set()),
    ],
)
async def test_failed_deliveries_are_found_by_handler_fact_age_and_shop(
    shop: Shop, failed: None, query: str, found: set[str]
) -> None:
    owner = await shop.signed_in("owner")
    assert await shown(owner, query) == found


async def test_retry_all_that_match_puts_back_what_the_filter_finds_and_nothing_else(
    hub: Hub, shop: Shop, failed: None
) -> None:
    owner = await shop.signed_in("owner")
    fields = {
        "handler": "crm.on_it",
        "event": "",
        "age": "day",
        "shop": "main",
        "back": "/system/dead-letters",
    }
    answer = await owner.post("/system/dead-letters/retry", data=fields, headers=SAME, allow_redirects=False)
    assert (answer.status, answer.headers["Location"]) == (303, "/system/dead-letters")
    assert await states(hub) == {
        "young": "pending", "old": "dead", "named": "dead", "away": "dead", "fine": "done",
    }  # fmt: skip
    [entry] = [one for one in await shop.entries() if one.action == "system.retry_all"]
    assert "handler=crm.on_it" in entry.subject


async def test_one_is_retried_another_given_up_and_neither_twice(hub: Hub, shop: Shop, failed: None) -> None:
    owner = await shop.signed_in("owner")
    by_fact = {one.event_id: one.id for one in await hub.system.letters.page(DeadFilter())}
    for path in (f"{by_fact['young']}/retry", f"{by_fact['old']}/give-up"):
        answers = [
            (await owner.post(f"/system/dead/{path}", headers=SAME, allow_redirects=False)).status
            for _ in range(2)
        ]
        assert answers == [303, 404]
    assert (await states(hub))["young"] == "pending"
    assert (await states(hub))["old"] == "done"
    assert {("system.give_up", "done"), ("system.retry", "done")} <= set(await shop.audit())


async def test_who_sees_one_shop_finds_only_its_failed_deliveries_and_may_not_retry(
    hub: Hub, shop: Shop, failed: None
) -> None:
    await hub.system.letters.look()
    manager = await in_english(shop, "manager")
    assert await shown(manager) == {"young", "old", "named"}
    assert await shown(manager, "shop=" + "x") == set()
    text = await (await manager.get("/system/dead-letters")).text()
    assert "Retry all that match" not in text
    assert (await manager.get("/system/facts/away")).status == 404
    assert (await manager.get("/system/facts/young")).status == 200
    refused = await manager.post("/system/dead-letters/retry", headers=SAME, allow_redirects=False)
    assert refused.status == 403


@pytest.mark.usefixtures("failed")
@pytest.mark.parametrize(("role", "count"), [("owner", 4), ("manager", 3)])
async def test_the_system_page_counts_what_the_viewer_may_see_and_metrics_all(
    shop: Shop, role: str, count: int
) -> None:
    client = await in_english(shop, role)
    assert f"given up: {count}" in await (await client.get("/system")).text()
    assert "pitline_deliveries_dead 4" in (await (await client.get("/metrics")).text()).splitlines()


@pytest.mark.parametrize(
    ("role", "said"), [("owner", "Failed deliveries: 4"), ("manager", "Failed deliveries: 3")]
)
async def test_the_menu_of_every_page_counts_what_the_viewer_may_see(
    hub: Hub, shop: Shop, failed: None, role: str, said: str
) -> None:
    await hub.system.letters.look()
    client = await in_english(shop, role)
    badge = (await (await client.get("/live/badges")).json())["badges"]["/system"]
    assert (badge["text"], badge["level"]) == (said, "problem")
    assert 'data-badge="/system" data-topics="dead"' in await (await client.get("/desk")).text()


async def test_who_has_no_right_sees_no_count(hub: Hub, shop: Shop, failed: None) -> None:
    await hub.system.letters.look()
    receptionist = await in_english(shop, "receptionist")
    assert "/system" not in (await (await receptionist.get("/live/badges")).json())["badges"]


async def test_a_changed_count_is_told_to_the_browsers_of_that_shop(
    hub: Hub, shop: Shop, elsewhere: str
) -> None:
    watch, before = hub.live.subscribe(), hub.live.published
    await fact(hub, "late", shop=elsewhere, handlers={"crm.on_it": "dead"})
    await hub.system.letters.look()
    await hub.system.letters.look()
    hint = await watch.next()
    assert hint is not None
    assert (hint.topic, hint.shop_id) == ("dead", elsewhere)
    assert hub.live.published == before + 1


async def test_the_story_of_a_fact_runs_from_the_first_cause_to_the_last_effect(hub: Hub, shop: Shop) -> None:
    await fact(hub, "f1", "call.ringing", handlers={"calls.on_it": "done"})
    await fact(hub, "f2", "call.ended", cause="f1", handlers={"crm.on_it": "dead"})
    await fact(hub, "f3", "crm.client_added", cause="f2")
    await fact(hub, "f4", "crm.client_changed", cause="f3")
    await fact(hub, "f5", "crm.vehicle_added", cause="f2")
    await fact(hub, "other", "call.ringing")
    owner = await in_english(shop, "owner")
    text = await (await owner.get("/system/facts/f2")).text()
    order = re.findall(r'data-depth="(\d)".*?<code>([\w.]+)</code>', text, re.DOTALL)
    assert order == [
        ("0", "call.ringing"), ("1", "call.ended"), ("2", "crm.client_added"), ("3", "crm.client_changed"),
        ("2", "crm.vehicle_added"),
    ]  # fmt: skip
    assert "the first cause" in text
    assert "is not kept any more" not in text
    above = await (await owner.get("/system/facts/f4")).text()
    assert re.findall(r'data-depth="(\d)"', above) == ["0", "1", "2", "3"]


async def test_the_story_tells_what_was_done_with_the_commit_of_a_fact_too(hub: Hub, shop: Shop) -> None:
    await fact(hub, "done", "call.ringing")
    await fact(hub, "waits", "call.ringing", handlers={"calls.on_call_facts": "pending"})
    owner = await in_english(shop, "owner")
    for asked, said in (("done", "done"), ("waits", "waits")):
        text = await (await owner.get(f"/system/facts/{asked}")).text()
        states = re.findall(r"<code>calls\.on_call_facts</code>.*?>(\w+)</span>", text, re.DOTALL)
        assert states == [said]


async def test_a_story_whose_beginning_was_dropped_says_so(hub: Hub, shop: Shop) -> None:
    await fact(hub, "f2", cause="gone")
    owner = await in_english(shop, "owner")
    assert "is not kept any more" in await (await owner.get("/system/facts/f2")).text()


async def test_a_story_that_is_too_long_is_cut_and_one_without_an_end_ends(hub: Hub, shop: Shop) -> None:
    await fact(hub, "a", cause="b")
    await fact(hub, "b", cause="a")
    for number in range(205):
        await fact(hub, f"c{number:03}", cause="b")
    owner = await in_english(shop, "owner")
    text = await (await owner.get("/system/facts/b")).text()
    assert "More followed" in text
    assert (await owner.get("/system/facts/nothing")).status == 404


async def test_a_program_lists_them_page_by_page_and_retries_by_filter(
    hub: Hub, shop: Shop, failed: None
) -> None:
    headers, program = {"Authorization": f"Bearer {await shop.token('owner')}"}, shop.browser()

    async def listed(query: str) -> tuple[list[str], str | None]:
        answer = await (await program.get(f"/api/v1/dead-letters?{query}", headers=headers)).json()
        return [one["event_id"] for one in answer["items"]], answer["next"]

    first, cursor = await listed("limit=3")
    rest, end = await listed(f"limit=3&cursor={cursor}")
    assert (first, rest, end) == (["away", "named", "old"], ["young"], None)
    assert (await listed("event=call.ringing"))[0] == ["named"]
    retried = await program.post("/api/v1/dead-letters/retry", json={"handler": "crm.on_it"}, headers=headers)
    assert await retried.json() == {"count": 3}
    [last] = await hub.system.letters.page(DeadFilter())
    paths = [f"/api/v1/dead-letters/{last.id}/retry"] * 2
    assert [(await program.post(path, headers=headers)).status for path in paths] == [204, 404]
    assert set((await states(hub)).values()) == {"pending", "done"}

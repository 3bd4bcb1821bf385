"""Two shops in two zones and countries: each one's people see their own clock, days and numbers."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from aiohttp.test_utils import TestClient

from hub.app import Hub
from hub.kernel.shops import Places
from hub.modules.access.api import AccessApi, ShopEntry, follow
from hub.modules.calls.api import CallsApi, LineEntry
from hub.modules.crm.api import ClientEntry, CrmApi, PhoneEntry
from hub.values import ShopId
from tests.factories.calls import call_of, ended, fact, tell
from tests.webui.stage import Shop
from tests.webui.test_rights import SAME

KYIV_MIDNIGHT = datetime(2026, 1, 4, 22, 0, tzinfo=UTC)
"""Monday begins in Kyiv; in Lisbon it is ten in the evening of Sunday."""
LISBON_LINE = "+351210000001"


async def _lisbon(hub: Hub) -> ShopId:
    installation = hub.installation
    async with installation.transactions.writing(actor=None, shop_id=installation.default_shop) as uow:
        shops = AccessApi(uow, installation.deps).shops
        entry = ShopEntry(
            name="Lisboa", country="PT", timezone="Europe/Lisbon", currency="EUR", language="en"
        )
        shop = (await shops.create(entry)).id
    async with installation.transactions.writing(actor=None, shop_id=shop) as uow:
        line = LineEntry(number="21 000 0001", name="Lisboa", shop_id=shop)
        saved = await CallsApi(uow, installation.deps).numbers.save(line, None)
        assert saved.number == LISBON_LINE
    return shop


async def _text(client: TestClient[Any, Any], path: str, **query: str) -> str:
    answer = await client.get(path, params=query, headers=SAME)
    assert answer.status == 200, path
    return await answer.text()


async def _at_both(shop: Shop, hub: Hub) -> tuple[ShopId, TestClient[Any, Any], TestClient[Any, Any]]:
    lisbon = await _lisbon(hub)
    await shop.person("manager", "kyiv")
    await shop.person("manager", "lisbon", shop_id=lisbon)
    return lisbon, await shop.sign_in("kyiv"), await shop.sign_in("lisbon")


async def test_times_and_days_are_those_of_the_viewers_shop(shop: Shop, hub: Hub) -> None:
    lisbon, in_kyiv, in_lisbon = await _at_both(shop, hub)
    for number, minutes in (("1", -30), ("2", 30), ("3", 150)):
        moved = (KYIV_MIDNIGHT.timestamp() - 1767596530) + minutes * 60  # from the factory's morning
        await tell(hub, fact(1, ended(f"b1:{number}.1", moved, "missed")))
        await tell(hub, fact(1, ended(f"b2:{number}.1", moved, "missed")), shop_id=lisbon)
    kyiv = await _text(in_kyiv, "/calls", period="today", part="list")
    assert [name in kyiv for name in ("b1:1.1", "b1:2.1", "b1:3.1", "b2:3.1")] == [False, True, True, False]
    assert "00:30" in kyiv
    assert "02:30" in kyiv
    there = await _text(in_lisbon, "/calls", period="today", part="list")
    assert [name in there for name in ("b2:1.1", "b2:2.1", "b2:3.1", "b1:3.1")] == [False, False, True, False]
    assert "00:30" in there
    asked = {"period": "custom", "from": "2026-01-04", "to": "2026-01-04"}
    sunday = await _text(in_lisbon, "/calls", part="list", **asked)
    assert [name in sunday for name in ("b2:1.1", "b2:2.1", "b2:3.1")] == [True, True, False]
    assert "22:30" in sunday
    assert "b1:2.1" not in await _text(in_kyiv, "/calls", part="list", **asked)


async def test_a_call_of_another_shop_is_told_by_that_shops_clock(shop: Shop, hub: Hub) -> None:
    lisbon, in_kyiv, _ = await _at_both(shop, hub)
    owner = await shop.signed_in("owner")
    moved = KYIV_MIDNIGHT.timestamp() - 1767596530
    await tell(hub, fact(1, ended("b1:1.1", moved, "missed")))
    await tell(hub, fact(1, ended("b2:1.1", moved, "missed")), shop_id=lisbon)
    page = await _text(owner, "/calls/b2:1.1")
    assert "22:00:00" in page
    assert "Europe/Lisbon" in page
    assert "Europe/Kyiv" not in await _text(in_kyiv, "/calls/b1:1.1")
    assert "00:00:00" in await _text(in_kyiv, "/calls/b1:1.1")


async def test_a_number_is_read_in_the_country_of_the_shop(shop: Shop, hub: Hub) -> None:
    lisbon, in_kyiv, in_lisbon = await _at_both(shop, hub)
    installation = hub.installation
    made = []
    for where, number in ((lisbon, "912 345 678"), (installation.default_shop, "050 123 45 67")):
        async with installation.transactions.writing(actor=None, shop_id=where) as uow:
            entry = ClientEntry(name="Ana", phones=(PhoneEntry(number=number),))
            made.append(await CrmApi(uow, installation.deps).create_client(entry))
    assert [client.phones[0].number for client in made] == ["+351912345678", "+380501234567"]
    assert made[0].id in await _text(in_lisbon, "/clients", q="912345678", part="rows")
    assert made[1].id in await _text(in_kyiv, "/clients", q="0501234567", part="rows")
    assert made[0].id in await _text(in_kyiv, "/clients", q="+351912345678", part="rows")
    foreign = ended("b2:7.1", 0, "missed", from_number="912345678", to_number=LISBON_LINE, dialled="x")
    await tell(hub, fact(1, foreign))
    call = await call_of(hub, "b2:7.1")
    assert (call.shop_id, call.client_id) == (lisbon, made[0].id)


async def test_a_shop_that_moves_counts_at_once_here_and_soon_elsewhere(shop: Shop, hub: Hub) -> None:
    lisbon, _, in_lisbon = await _at_both(shop, hub)
    moved = KYIV_MIDNIGHT.timestamp() - 1767596530
    await tell(hub, fact(1, ended("b2:1.1", moved, "missed")), shop_id=lisbon)
    assert "22:00:00" in await _text(in_lisbon, "/calls/b2:1.1")
    entry = ShopEntry(name="Açores", country="PT", timezone="Atlantic/Azores", currency="EUR", language="en")
    installation = hub.installation
    async with installation.transactions.writing(actor=None, shop_id=lisbon) as uow:
        await AccessApi(uow, installation.deps).shops.change(lisbon, entry)
    assert "21:00:00" in await _text(in_lisbon, "/calls/b2:1.1")
    elsewhere = Places(hub.installation.settings.shop)
    other = replace(hub.installation, deps=replace(hub.installation.deps, places=elsewhere))
    assert elsewhere.of(lisbon).zone.key == "Europe/Kyiv"
    await follow(other)
    assert elsewhere.of(lisbon).zone.key == "Atlantic/Azores"

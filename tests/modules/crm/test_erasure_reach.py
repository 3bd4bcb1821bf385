"""Requests to be forgotten: who sees what of them (numbers, another shop's words), and whose clock counts."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from babel.dates import format_date

from hub.app import Hub
from hub.kernel.shops import FIRST_SHOP, Place
from hub.kernel.web import ApiOperation, Route
from hub.modules.access.api import AccessApi, ShopEntry
from hub.modules.calls import web_forgotten
from hub.modules.crm import operations_asked, web_asked
from hub.modules.crm.api import CrmApi, ErasureRequestView
from hub.values import ShopId
from tests.factories.calls import ended, fact, tell, tell_calls
from tests.factories.crm import crm_of, make_client
from tests.factories.site import Client, get_text, send_form, send_json, site_of
from webui.audit_words import ACTIONS

IRYNA, STRANGER = "+380501234567", "+380671112299"
LIST = "/clients/erasures"
DESK = {"calls.view": "shop", "clients.view": "all", "clients.ask_erasure": "shop"}


@pytest.fixture
async def lisbon(hub: Hub) -> ShopId:
    """A second shop, whose days end two hours later."""
    values = {"country": "PT", "timezone": "Europe/Lisbon", "currency": "EUR", "language": "uk"}
    async with hub.transactions.writing(actor=None, shop_id=FIRST_SHOP) as uow:
        shops = AccessApi(uow, hub.installation.deps).shops
        made = (await shops.create(ShopEntry(name="Lisboa", **values))).id
    hub.installation.deps.places.learn({made: Place("PT", ZoneInfo("Europe/Lisbon"))})
    return made


@asynccontextmanager
async def site_with(hub: Hub, rights: Mapping[str, str]) -> AsyncIterator[Client]:
    """Somebody of the first shop with a role of their own."""
    async with hub.transactions.writing(actor=None, shop_id=FIRST_SHOP) as uow:
        roles = AccessApi(uow, hub.installation.deps).roles
        role = (await roles.create(f"Own {sorted(rights.values())}", "manager", rights)).id
    client = await site_of(hub, role)
    yield client
    await client.close()


async def asked(hub: Hub, shop_id: ShopId = FIRST_SHOP, **whose: Any) -> ErasureRequestView:
    async with hub.transactions.writing(actor="person:x", shop_id=shop_id) as uow:
        return await CrmApi(uow, hub.installation.deps).asked.ask(**whose)


def shows(page: str, number: str) -> bool:
    """Whether the number can be read whole, in any writing."""
    return number[-9:] in re.sub(r"[\s()\-+.\u00a0]|%2B", "", page)


async def test_who_may_not_read_numbers_writes_it_down_by_the_call(hub: Hub) -> None:
    await tell_calls(hub, ended("b1:1.1", 0, "answered", from_number=STRANGER))
    address = "/calls/b1%3A1.1"
    async with site_with(hub, DESK) as desk:
        pages = [(await get_text(desk, path))[1] for path in (address, f"{address}/forgotten")]
        assert f'href="{address}/forgotten"' in pages[0]
        assert "•••2299" in pages[1]
        assert not any(shows(page, STRANGER) for page in pages)
        status, where, _ = await send_form(desk, f"{address}/forgotten", {"words": "телефоном"})
        assert (status, where.partition("?")[0]) == (303, address)
        assert "crm-asked" in (await get_text(desk, address))[1]
    async with crm_of(hub) as crm:
        (made,) = await crm.asked.all("open", None)
    assert (made.number, made.words, made.client_id) == (STRANGER, "телефоном", None)


async def test_a_number_of_the_address_is_shown_to_nobody(hub: Hub) -> None:
    async with site_with(hub, DESK) as desk:
        page = (await get_text(desk, f"{LIST}/ask?number=%2B380671112299"))[1]
        assert not shows(page, STRANGER)


async def test_another_shops_call_is_not_there(hub: Hub, lisbon: ShopId) -> None:
    await tell(hub, fact(1, ended("1", 0, "answered", from_number=STRANGER)), shop_id=lisbon)
    async with site_with(hub, DESK) as desk:
        assert (await get_text(desk, "/calls/1/forgotten"))[0] == 404
        assert (await send_form(desk, "/calls/1/forgotten", {"words": ""}))[0] == 404
    async with crm_of(hub) as crm:
        assert await crm.asked.all("open", None) == []


async def test_the_call_of_a_client_leads_to_the_client(hub: Hub) -> None:
    client = await make_client(hub, "Ірина", IRYNA)
    await tell_calls(hub, ended("1", 0, "answered"))
    async with site_with(hub, DESK) as desk, desk.get("/calls/1/forgotten") as answer:
        assert answer.url.path_qs == f"{LIST}/ask?client_id={client.id}"


async def test_what_is_too_long_is_said_in_the_form_of_the_call(hub: Hub) -> None:
    await tell_calls(hub, ended("1", 0, "answered", from_number=STRANGER))
    async with site_with(hub, DESK) as desk:
        status, _, page = await send_form(desk, "/calls/1/forgotten", {"words": "x" * 301})
        assert status == 422
        assert 'id="fault-words"' in page


async def test_who_decides_for_one_shop_is_shown_no_way_to_another_ones_request(
    hub: Hub, lisbon: ShopId
) -> None:
    client = await make_client(hub, "Ірина", IRYNA)
    one = await asked(hub, lisbon, client_id=client.id, words="таємниця")
    async with site_with(hub, {**DESK, "clients.erase": "shop"}) as manager:
        page = (await get_text(manager, f"/clients/{client.id}"))[1]
        assert "crm-asked" in page
        assert f'href="{LIST}"' not in page
        assert "btn-warning" not in (await get_text(manager, "/clients"))[1]
        assert "таємниця" not in (await get_text(manager, LIST))[1]
        body = {"client_id": client.id}
        status, told = await send_json(manager, "POST", "/api/v1/erasure-requests", body)
        assert (status, told["id"], told["words"], told["asked_by"]) == (201, one.id, "", None)
        assert (await send_form(manager, f"{LIST}/{one.id}/tie", {"client_id": client.id}))[0] == 404
    async with site_with(hub, {**DESK, "clients.erase": "all"}) as owner:
        assert f'href="{LIST}"' in (await get_text(owner, f"/clients/{client.id}"))[1]
        assert "btn-warning" in (await get_text(owner, "/clients"))[1]


async def test_who_may_erase_always_finds_the_way_and_others_do_not(hub: Hub) -> None:
    for role, is_there in (("owner", True), ("receptionist", False)):
        client = await site_of(hub, role)
        assert (f'href="{LIST}"' in (await get_text(client, "/clients"))[1]) is is_there
        await client.close()


async def test_the_day_of_the_answer_is_the_one_of_the_shop_that_was_asked(hub: Hub, lisbon: ShopId) -> None:
    """Its last second is the next morning already where the owner sits."""
    client = await make_client(hub, "Ірина", IRYNA)
    one = await asked(hub, lisbon, client_id=client.id)
    here, there = (one.due_at.astimezone(ZoneInfo(f"Europe/{city}")).date() for city in ("Kyiv", "Lisbon"))
    assert here > there
    days = [format_date(day, "EEEE, d MMMM", locale="uk") for day in (here, there)]
    owner = await site_of(hub)
    for path in (LIST, f"/clients/{client.id}"):
        page = (await get_text(owner, path))[1]
        assert [day in page for day in days] == [False, True]
    await owner.close()


def test_all_that_is_done_with_requests_has_words_in_the_log() -> None:
    done: list[Route | ApiOperation] = [
        *web_asked.routes,
        *operations_asked.operations,
        *web_forgotten.routes,
    ]
    names = {one.name for one in done if one.method == "POST"}
    signed = {f"{one.name}.confirm" for one in web_asked.routes if one.second}
    assert len(names) >= 8
    assert (names | signed) - set(ACTIONS) == set()

"""Calling out over HTTP: the click, the API, the settings, who may not, and what must never reach the PBX."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from hub.kernel.shops import FIRST_SHOP
from hub.modules.dialling.api import DialSettings
from hub.modules.dialling.models import Command
from hub.modules.dialling.rules_settings import RoleRule
from tests.factories.site import Client, get_json, get_text, send_form, send_json, site_of
from tests.faults.figures import Fault
from tests.modules.dialling.numbers import REFUSED
from tests.modules.dialling.shop import IRYNA, Shop

API = "/api/v1/dialling/calls"


@pytest.fixture
async def site(shop: Shop) -> AsyncIterator[Client]:
    client = await site_of(shop.hub)
    yield client
    await client.close()


async def call(site: Client, number: str = IRYNA, **more: object) -> tuple[int, Any]:
    return await send_json(site, "POST", API, {"number": number, "extension": "101", **more})


async def test_a_program_calls_and_sees_what_became_of_it(shop: Shop, site: Client) -> None:
    status, order = await call(site)
    assert (status, order["number"], order["extension"], order["kind"]) == (202, IRYNA, "101", "call")
    assert order["is_open"]
    status, listed = await get_json(site, "/api/v1/dialling")
    assert [one["id"] for one in listed["items"]] == [order["id"]]
    assert (await get_json(site, f"/api/v1/dialling/{order['id']}"))[0] == 200
    assert (await get_json(site, "/api/v1/dialling/nothing"))[0] == 404


async def test_a_request_that_is_sent_again_is_one_call(shop: Shop, site: Client) -> None:
    headers = {"Idempotency-Key": "one-click-0001"}
    body = {"number": IRYNA, "extension": "101"}
    answers = []
    for _ in range(2):
        async with site.post(API, json=body, headers=headers) as answer:
            answers.append(await answer.read())
    assert answers[0] == answers[1]
    async with site.post(API, json=body | {"number": "+380671112233"}, headers=headers) as answer:
        assert answer.status == 422


async def test_a_program_says_which_phone_rings(site: Client) -> None:
    status, said = await send_json(site, "POST", API, {"number": IRYNA})
    assert (status, said["error"]["code"]) == (422, "dial.no_phone")
    status, said = await call(site, extension="999")
    assert (status, said["error"]["code"]) == (403, "dial.not_your_phone")


async def test_who_has_no_right_calls_nobody(shop: Shop) -> None:
    client = await site_of(shop.hub, "mechanic")
    assert (await call(client))[0] == 403
    form = {"number": IRYNA, "key": "click-00000001"}
    assert (await send_form(client, "/dialling/call", form))[0] == 403
    assert (await get_text(client, "/settings/dialling"))[0] == 403
    await client.close()
    assert shop.originates == []


@pytest.mark.fault("F101")
async def test_what_may_not_be_dialled_reaches_the_pbx_by_no_entrance(
    shop: Shop, site: Client, fault: Fault
) -> None:
    """Every number by the page's form and by the API; transfers in test_steering.py."""
    for text in fault.cases(REFUSED, sample=30):
        with fault.run(ascii(text)):
            status, _ = await call(site, text[:128])
            form = {"number": text, "key": shop.new_key(), "extension": "101"}
            by_form, _, _ = await send_form(site, "/dialling/call", form)
            assert status in (403, 422)
            assert by_form in (400, 403, 422)
    await asyncio.sleep(0.1)
    assert shop.originates == []


async def test_above_the_hours_limit_a_second_person_is_asked(shop: Shop, site: Client) -> None:
    await shop.settle(DialSettings(roles={"owner": RoleRule(per_hour=2)}))
    for number in ("+380501234561", "+380501234562"):
        assert (await call(site, number))[0] == 202
    status, said = await call(site, "+380501234563")
    assert (status, said["error"]["code"]) == (403, "dial.cap")
    assert (await call(site, "102"))[0] == 202, "colleagues are not counted"
    status, said = await send_json(
        site, "POST", f"{API}/above", {"number": "+380501234563", "extension": "101"}
    )
    assert (status, said["error"]["code"]) == (403, "second.needed")


async def test_a_storm_of_clicks_is_slowed_down(shop: Shop, site: Client) -> None:
    answers = [await call(site, f"+38050123456{n}") for n in range(9)]
    assert [status for status, _ in answers] == [202] * 8 + [429]


async def test_yesterdays_calls_count_no_more(shop: Shop, site: Client) -> None:
    await shop.settle(DialSettings(roles={"owner": RoleRule(per_hour=9, per_day=1)}))
    assert (await call(site, "+380501234561"))[0] == 202
    assert (await call(site, "+380501234562"))[0] == 403
    async with shop.hub.transactions.writing(actor=None, shop_id=FIRST_SHOP) as uow:
        long_ago = shop.hub.installation.clock.now() - timedelta(days=2)
        await uow.session.execute(update(Command).values(wanted_at=long_ago))
    assert (await call(site, "+380501234562"))[0] == 202


async def test_the_settings_are_said_in_words_and_what_is_wrong_stands_at_its_field(
    shop: Shop, site: Client
) -> None:
    _, page = await get_text(site, "/settings/dialling")
    for words in ("Інші країни", "101 Олена", "Yealink"):
        assert words in page
    typed = {
        "context": "from-internal", "ring_seconds": "30", "format": "plus", "technology": "PJSIP",
        "auto_answer": "none", "phone-101": "answer_after", "countries-owner": "pl, de",
        "per_hour-owner": "5", "per_day-owner": "20",
    }  # fmt: skip
    others = {f"{name}-{role}": "5" for role in ("manager", "receptionist", "master", "integration")
              for name in ("per_hour", "per_day")}  # fmt: skip
    assert (await send_form(site, "/settings/dialling", typed | others))[:2] == (303, "/settings/dialling")
    _, page = await get_text(site, "/settings/dialling")
    assert 'value="PL, DE"' in page
    wrong = typed | others | {"context": "a b", "countries-owner": "Poland", "per_day-owner": "-1"}
    status, _, page = await send_form(site, "/settings/dialling", wrong)
    assert status == 422
    for name in ("context", "countries-owner", "per_day-owner"):
        assert f'id="fault-{name}"' in page


async def test_a_read_of_an_order_is_in_words_and_escaped(shop: Shop, site: Client) -> None:
    shop.pbx.script.refused.add("Originate")
    _, order = await call(site)
    await shop.becomes(await shop.order_by(order["id"]), "failed", "refused")
    _, page = await get_text(site, f"/dialling/orders/{order['id']}")
    assert "АТС відмовила." in page
    assert "Permission denied" in page

"""The settings page of alerts and the page of one's own account, over HTTP."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import pytest

from tests.factories.calls import ended
from tests.factories.site import Client, get_json, get_text, send_form, site_of
from tests.factories.tasks import happen
from tests.modules.alerts.stage import Staff


@pytest.fixture
async def site(unbound: Staff) -> AsyncIterator[Client]:
    client = await site_of(unbound.house.hub)
    yield client
    await client.close()


async def test_the_page_leads_to_a_bound_group_and_a_test_in_it(unbound: Staff, site: Client) -> None:
    status, text = await get_text(site, "/settings/alerts")
    assert (status, "@shop_bot" in text) == (200, True)
    status, _, text = await send_form(site, "/settings/alerts/code", {"shop": "main"})
    code = re.search(r"/pair ([A-Z2-9]{5}-[A-Z2-9]{5})", text)
    assert (status, code is not None) == (200, True)
    await unbound.type(code[0] if code else "")
    await unbound.told()
    status, where, _ = await send_form(site, "/settings/alerts/test", {"shop": "main"})
    assert (status, where.partition("?")[0]) == (303, "/settings/alerts")
    await unbound.told()
    assert [text.split()[1] for _, text, _ in unbound.wire.said.values()] == ["Відтепер", "Перевірка:"]
    assert "прив’язано" in (await get_text(site, "/settings/alerts"))[1]
    await send_form(site, "/settings/alerts/unbind", {"shop": "main"})
    await happen(unbound.house.hub, ended("1", 0, "missed"))
    await unbound.told()
    assert len(unbound.wire.posts) == 2


async def test_what_is_told_is_chosen(unbound: Staff, site: Client) -> None:
    fields = {"shop": "main", "kind-message": "1", "kind-nonsense": "1"}
    assert (await send_form(site, "/settings/alerts", fields))[0] == 303
    _, text = await get_text(site, "/settings/alerts")
    assert re.findall(r'name="kind-(\w+)"[^>]*checked', text) == ["message"]


async def test_a_test_without_a_group_and_a_strange_shop_are_refused_kindly(site: Client) -> None:
    assert (await send_form(site, "/settings/alerts/test", {"shop": "main"}))[0] == 409
    assert (await send_form(site, "/settings/alerts/code", {"shop": "elsewhere"}))[0] == 404
    assert (await get_text(site, "/settings/alerts?shop=elsewhere"))[0] == 404


async def test_without_a_bot_the_page_says_what_is_missing(unbound: Staff, site: Client) -> None:
    unbound.wire.name = ""
    assert "HUB_TELEGRAM__TOKEN" in (await get_text(site, "/settings/alerts"))[1]


async def test_the_api_lists_what_was_told(unbound: Staff, site: Client) -> None:
    await unbound.bind()
    await happen(unbound.house.hub, ended("1", 0, "missed"))
    await unbound.told()
    status, page = await get_json(site, "/api/v1/alerts")
    (alert,) = page["items"]
    assert (status, alert["kind"], alert["state"], alert["is_told"]) == (200, "missed", "open", True)


async def test_a_program_has_no_account_to_bind_and_a_stranger_no_page(unbound: Staff, site: Client) -> None:
    assert (await get_text(site, "/account/telegram"))[0] == 303
    stranger = await site_of(unbound.house.hub, None)
    assert (await get_text(stranger, "/settings/alerts"))[0] == 303
    receptionist = await site_of(unbound.house.hub, "receptionist")
    assert (await get_text(receptionist, "/settings/alerts"))[0] == 403
    await stranger.close()
    await receptionist.close()

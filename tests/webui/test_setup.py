"""The first owner: once, by whoever is at the machine or knows the code."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer

from hub.app import Hub
from tests.webui.stage import WIDE, Shop
from webui.app import SITE, make_app

OWNER = {"name": "Олена", "login": "olena", "password": "four plain words here"}


async def test_the_first_visitor_is_led_to_the_set_up_and_comes_out_as_owner(shop: Shop) -> None:
    client = shop.browser()
    assert (await client.get("/login", allow_redirects=False)).headers["Location"] == "/setup"
    assert 'name="code"' not in await (await client.get("/setup")).text()
    answer = await client.post("/setup", data=OWNER, allow_redirects=False)
    assert answer.status == 303
    assert (await client.get("/settings/tokens")).status == 200
    assert (await shop.browser().get("/setup", allow_redirects=False)).headers["Location"] == "/login"


async def test_once_there_is_an_owner_nobody_becomes_one_by_this_page(shop: Shop) -> None:
    await shop.person("manager")
    answer = await shop.browser().post("/setup", data=OWNER)
    assert answer.status == 409
    assert (await shop.audit()).count(("access.first_owner", "done")) == 0


async def test_of_two_at_the_same_moment_one_becomes_owner(shop: Shop) -> None:
    clients = [shop.browser() for _ in range(6)]
    answers = await asyncio.gather(
        *(
            client.post("/setup", data={**OWNER, "login": f"olena{n}"}, allow_redirects=False)
            for n, client in enumerate(clients)
        )
    )
    assert sorted(answer.status for answer in answers) == [303, 409, 409, 409, 409, 409]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("password", "short"),
        ("password", "password1"),
        ("login", "with space"),
        ("name", "  "),
        ("login", ""),
    ],
)
@pytest.mark.one_on_postgres
async def test_a_bad_choice_is_told_and_nothing_is_made(shop: Shop, field: str, value: str) -> None:
    client = shop.browser()
    answer = await client.post("/setup", data={**OWNER, field: value})
    assert answer.status == 422
    assert "is-invalid" in await answer.text()
    assert (await client.get("/setup", allow_redirects=False)).status == 200


async def test_from_elsewhere_the_code_of_the_log_is_needed(hub: Hub, shop: Shop) -> None:
    installation = hub.installation
    server = replace(installation.settings.server, host="0.0.0.0")
    app = make_app(replace(installation, settings=replace(installation.settings, server=server)), WIDE)
    client: TestClient[Any, Any]
    async with TestClient(TestServer(app)) as client:
        assert (await client.post("/setup", data=OWNER)).status == 422
        assert (await client.post("/setup", data={**OWNER, "code": "0000"})).status == 422
        right = {**OWNER, "code": app[SITE].setup_code}
        assert (await client.post("/setup", data=right, allow_redirects=False)).status == 303


async def test_another_sites_page_cannot_set_up_for_me(shop: Shop) -> None:
    headers = {"Sec-Fetch-Site": "cross-site"}
    assert (await shop.browser().post("/setup", data=OWNER, headers=headers)).status == 403


async def test_a_strangers_page_whose_name_leads_to_this_machine_sets_nothing_up(shop: Shop) -> None:
    """DNS rebinding: the owner's own browser asks 127.0.0.1 on behalf of a page from elsewhere, and calls
    it the page's own origin. Only the name that was asked for tells it apart."""
    strange = {"Host": "evil.example:8080", "Sec-Fetch-Site": "same-origin"}
    client = shop.browser()
    assert 'name="code"' in await (await client.get("/setup", headers=strange)).text()
    assert (await client.post("/setup", data=OWNER, headers=strange)).status == 422
    assert (await client.get("/metrics", headers=strange)).status == 401
    for own in ("localhost:8080", "127.0.0.1", "[::1]:8080"):
        assert (await client.get("/metrics", headers={"Host": own})).status == 200, own
    answer = await client.post(
        "/setup", data=OWNER, headers={"Host": "localhost:8080"}, allow_redirects=False
    )
    assert answer.status == 303

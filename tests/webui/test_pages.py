"""What the settings and system pages do."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer

from hub.app import Hub
from hub.modules.access.api import prepare
from tests.webui.fake_pbx import FakePbx
from tests.webui.stage import WIDE, Shop
from webui.app import make_app

SAME = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture
def pbx() -> FakePbx:
    return FakePbx()


@pytest.fixture
async def owner(hub: Hub, shop: Shop, pbx: FakePbx) -> Any:
    """An owner's browser at a web admin with a PBX line and a practice exchange."""
    deps = replace(hub.installation.deps, telephony=pbx, practice=pbx)
    server = TestServer(make_app(replace(hub.installation, deps=deps), WIDE))
    client = TestClient(server)
    await client.start_server()
    await shop.person("owner")
    await client.post("/login", data={"login": "owner", "password": "four plain words here"})
    yield client
    await client.close()


async def test_the_page_of_the_line_shows_state_and_endpoints(owner: TestClient[Any, Any]) -> None:
    text = await (await owner.get("/settings/pbx")).text()
    assert "Asterisk 22" in text
    ticked = re.findall(r'name="line" value="([^"]+)" checked', text)
    assert ticked == ["kyivstar_1"]
    assert "&lt;b&gt;sip044&lt;/b&gt;" in text


async def test_an_unreachable_pbx_is_told_on_the_page(owner: TestClient[Any, Any], pbx: FakePbx) -> None:
    pbx.is_deaf = True
    answer = await owner.get("/settings/pbx")
    assert answer.status == 200
    assert "The PBX is away." in await answer.text()


async def test_ticked_lines_are_stored_told_at_once_and_again_after_a_start(
    owner: TestClient[Any, Any], hub: Hub, pbx: FakePbx
) -> None:
    data = [("line", "kyivstar_1"), ("line", "sip[044]"), ("line", "trunk-a"), ("patterns", "trunk*")]
    answer = await owner.post("/settings/pbx/lines", data=data, headers=SAME, allow_redirects=False)
    assert answer.status == 303
    expected = ("trunk*", "kyivstar_1", "sip[[]044]")
    assert pbx.trunks[-1] == expected
    pbx.trunks.clear()
    await prepare(replace(hub.installation, deps=replace(hub.installation.deps, telephony=pbx)))
    assert set(pbx.trunks) == {expected}


async def test_the_test_button_shows_what_was_found(owner: TestClient[Any, Any]) -> None:
    answer = await owner.post("/settings/pbx/test", headers={**SAME, "HX-Request": "true"})
    text = await answer.text()
    assert "No right to read &lt;calls&gt;." in text
    assert "Add read=call." in text
    assert "<!doctype" not in text


async def test_the_banner_stands_on_every_page_while_the_line_is_away(
    owner: TestClient[Any, Any], pbx: FakePbx
) -> None:
    assert (await (await owner.get("/live/state")).json())["banner"] == ""
    pbx.is_up = False
    said = await (await owner.get("/live/state")).json()
    assert said["pbx"]["is_up"] is False
    assert "09:02:10" in said["banner"]
    assert "Немає зв’язку з АТС" in await (await owner.get("/settings/people")).text()


async def test_the_practice_exchange_rings_from_the_system_page(
    owner: TestClient[Any, Any], pbx: FakePbx
) -> None:
    assert "A known client rings" in await (await owner.get("/system")).text()
    answer = await owner.post("/system/practice/known", headers=SAME, allow_redirects=False)
    assert answer.status == 303
    assert "Дзвонить." in await (await owner.get("/system")).text()
    assert "Дзвонить." not in await (await owner.get("/system")).text()
    assert pbx.played == ["known"]
    assert (await owner.post("/system/practice/none", headers=SAME)).status == 404


async def test_a_token_is_shown_once_works_and_is_revoked(shop: Shop) -> None:
    client = await shop.signed_in("owner")
    answer = await client.post("/settings/tokens", data={"name": "1C", "role": "integration"}, headers=SAME)
    text = await answer.text()
    found = re.search(r"pit_[\w-]{43}", text)
    assert found is not None
    headers = {"Authorization": f"Bearer {found[0]}"}
    program = shop.browser()
    assert (await program.get("/api/v1/employees", headers=headers)).status == 200
    listed = await (await client.get("/settings/tokens")).text()
    assert found[0] not in listed
    revoke = re.search(r'action="(/settings/tokens/\w+/revoke)"', listed)
    assert revoke is not None
    await client.post(revoke[1], headers=SAME)
    assert (await program.get("/api/v1/employees", headers=headers)).status == 401


async def test_a_log_in_is_given_with_a_one_time_password_that_works(shop: Shop) -> None:
    client = await shop.signed_in("owner")
    await client.post(
        "/settings/people/new", data={"name": "Ira", "role": "receptionist", "is_active": "1"}, headers=SAME
    )
    people = (await (await client.get("/api/v1/employees")).json())["items"]
    person = next(one for one in people if one["name"] == "Ira")
    answer = await client.post(f"/settings/people/{person['id']}/login", data={"login": "ira"}, headers=SAME)
    keys = re.findall(r'<code class="shell-key">([^<]+)</code>', await answer.text())
    assert keys[0] == "ira"
    await shop.sign_in("ira", keys[1])


async def test_a_manager_cannot_take_the_owners_log_in_over(shop: Shop) -> None:
    boss = await shop.person("owner")
    client = await shop.signed_in("manager")
    answer = await client.post(f"/settings/people/{boss.id}/login", data={"login": "mine"}, headers=SAME)
    assert answer.status == 403
    promoted = await client.post(
        "/settings/people/new", data={"name": "X", "role": "owner", "is_active": "1"}, headers=SAME
    )
    assert promoted.status == 403


async def test_probes_answer_as_documented(shop: Shop) -> None:
    client = shop.browser()
    assert (await client.get("/healthz")).status == 200
    body = await (await client.get("/readyz")).json()
    assert set(body) == {"ready", "database", "relay", "connectors"}
    metrics = await (await client.get("/metrics")).text()
    assert re.search(r"^pitline_live_sockets 0$", metrics, re.MULTILINE)
    assert re.search(r"^# TYPE pitline_commits_total counter$", metrics, re.MULTILINE)
    for line in metrics.splitlines():
        comment = r"# TYPE \w+ (counter|gauge)|# HELP \w+ [^\n]+"
        assert re.fullmatch(comment + r"|\w+(\{[^}]*\})? [-+.\de]+", line), line


async def test_figures_are_not_for_strangers_from_elsewhere(hub: Hub, shop: Shop) -> None:
    installation = hub.installation
    server = replace(installation.settings.server, host="0.0.0.0")
    app = make_app(replace(installation, settings=replace(installation.settings, server=server)), WIDE)
    client: TestClient[Any, Any]
    async with TestClient(TestServer(app)) as client:
        assert (await client.get("/metrics")).status == 401
        headers = {"Authorization": f"Bearer {await shop.token('owner')}"}
        assert (await client.get("/metrics", headers=headers)).status == 200
        assert (await client.get("/readyz")).status in (200, 503)

"""The frame of /system: every part alone, the worst on top, the same figures in /metrics."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer
from sqlalchemy import update

from hub.app import Hub
from hub.errors import Unavailable
from hub.kernel.manifest import Module
from hub.kernel.web import Condition, PageRequest, SystemPart, SystemSection
from hub.modules.access.api import AccessApi, ShopEntry
from hub.modules.webhooks.api import EndpointEntry, WebhooksApi
from hub.modules.webhooks.models import Endpoint
from tests.contracts.sources import ROOT
from tests.webui.stage import WIDE, Shop
from webui.app import make_app
from webui.figures import HELP, readme_table
from webui.system import frame

SAME = {"Sec-Fetch-Site": "same-origin"}


async def weary(request: PageRequest) -> SystemSection:
    shops = await request.apis.of(AccessApi).list_shops()
    worst = Condition(level="problem", text="The lift is stuck.", hint="Call <Borys>.")
    slow = Condition(level="warning", text="The kettle is slow.")
    return SystemSection(
        conditions=(slow, worst), figures={'pitline_lifts{state="stuck"}': float(len(shops))}
    )


async def broken(request: PageRequest) -> SystemSection:
    raise Unavailable("lift.away", "The lift does not answer.", "Look at its plug.")


async def endless(request: PageRequest) -> SystemSection:
    await asyncio.sleep(60)
    return SystemSection()


def part(look: Any, order: int = 25) -> SystemPart:
    name = look.__name__
    return SystemPart(name=name, order=order, title=f"Part {name}", icon="tool", look=look)


@pytest.fixture
def parts() -> tuple[SystemPart, ...]:
    return (part(weary), part(broken, 26))


@pytest.fixture
async def owner(hub: Hub, shop: Shop, parts: tuple[SystemPart, ...]) -> AsyncIterator[TestClient[Any, Any]]:
    lift = Module(name="lift", title="Lift", folder=Path(__file__).parent, system=parts)
    installation = replace(hub.installation, modules=(*hub.installation.modules, lift))
    client: TestClient[Any, Any]
    async with TestClient(TestServer(make_app(installation, WIDE))) as client:
        await shop.person("owner")
        await client.post("/login", data={"login": "owner", "password": "four plain words here"})
        await client.post("/account/language", data={"language": "en"}, headers=SAME)
        yield client


async def test_a_module_brings_a_part_and_the_worst_stands_on_top(owner: TestClient[Any, Any]) -> None:
    text = await (await owner.get("/system")).text()
    top = text[text.index("system-top") : text.index("system-parts")]
    assert re.findall(r"<h2>([^<]+)</h2>", top) == ["The lift is stuck."]
    assert top.index("stuck") < top.index("kettle")
    assert "Call &lt;Borys&gt;." in text
    assert "All is well" not in text


async def test_a_part_that_fails_says_so_and_the_others_stand(owner: TestClient[Any, Any]) -> None:
    text = await (await owner.get("/system")).text()
    assert "This part cannot be read now: The lift does not answer." in text
    assert "Look at its plug." in text
    assert "The database works." in text


@pytest.mark.parametrize("parts", [(part(endless),)])
async def test_a_part_that_does_not_answer_is_not_waited_for(
    owner: TestClient[Any, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frame, "PATIENCE", 0.3)
    text = await (await owner.get("/system")).text()
    assert "It did not answer in time." in text


@pytest.mark.parametrize("parts", [()])
async def test_where_nothing_is_wrong_one_line_says_so(owner: TestClient[Any, Any]) -> None:
    assert "All is well" in await (await owner.get("/system")).text()


async def test_the_same_figures_stand_in_metrics(owner: TestClient[Any, Any]) -> None:
    lines = (await (await owner.get("/metrics")).text()).splitlines()
    for line in (
        'pitline_lifts{state="stuck"} 1',
        'pitline_system_level{part="weary"} 2',
        'pitline_system_level{part="broken"} 2',
        'pitline_system_level{part="engine"} 0',
        "pitline_deliveries_dead 0",
        "pitline_outages_week 0",
        "pitline_database_up 1",
    ):
        assert line in lines


async def test_only_what_changes_is_sent_to_the_page_that_stands_open(owner: TestClient[Any, Any]) -> None:
    text = await (await owner.get("/system?part=all")).text()
    assert "The lift is stuck." in text
    assert "<!doctype" not in text.lower()


async def test_http_is_warned_of_from_elsewhere_only(hub: Hub, shop: Shop) -> None:
    token = {"Authorization": f"Bearer {await shop.token('owner')}"}
    said = {}
    own, world = "http://127.0.0.1:8080", "http://shop.example"  # the demo calls itself by the first
    for host, url in (
        ("127.0.0.1", ""), ("0.0.0.0", ""), ("127.0.0.1", "https://shop.example"), ("127.0.0.1", own),
        ("127.0.0.1", world), ("0.0.0.0", own),
    ):  # fmt: skip
        server = replace(hub.installation.settings.server, host=host, public_url=url)
        settings = replace(hub.installation.settings, server=server)
        deps = replace(hub.installation.deps, settings=settings)
        app = make_app(replace(hub.installation, settings=settings, deps=deps), WIDE)
        client: TestClient[Any, Any]
        async with TestClient(TestServer(app)) as client:
            metrics = await (await client.get("/metrics", headers=token)).text()
            said[host, url] = re.findall(r'^pitline_system_level\{part="door"\} (\d)$', metrics, re.MULTILINE)
    assert list(said.values()) == [["0"], ["1"], ["0"], ["0"], ["1"], ["1"]]


async def test_every_documented_figure_is_there_and_stands_in_the_readme(owner: TestClient[Any, Any]) -> None:
    told = await (await owner.get("/metrics")).text()
    families = set(re.findall(r"^# TYPE (\w+)", told, re.MULTILINE))
    connectors = {"pitline_connector_state"}  # only where there is one
    assert set(HELP) - families <= connectors
    assert readme_table() in (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(("role", "names"), [("owner", {"Kyiv", "Lviv"}), ("manager", {"Kyiv"})])
async def test_endpoints_that_are_in_trouble_are_shown_to_whom_their_shop_is_shown(
    hub: Hub, shop: Shop, role: str, names: set[str]
) -> None:
    installation = hub.installation
    now, first = installation.clock.now(), installation.default_shop
    async with installation.transactions.writing(actor=None, shop_id=first) as uow:
        place = ShopEntry(name="Lviv", country="UA", timezone="Europe/Kyiv", currency="UAH", language="uk")
        lviv = str((await AccessApi(uow, installation.deps).shops.create(place)).id)
        endpoints = WebhooksApi(uow, installation.deps).endpoints
        for name, where in (("Kyiv", str(first)), ("Lviv", lviv)):
            entry = EndpointEntry(url=f"https://example.org/{name}", name=name, shop_id=where)
            await endpoints.create(entry, None)
        await uow.session.execute(update(Endpoint).values(failing_since=now))
    client = await shop.signed_in(role)
    await client.post("/account/language", data={"language": "en"}, headers=SAME)
    text = await (await client.get("/system")).text()
    assert set(re.findall(r"(\w+) does not take what is sent", text)) == names
    metrics = (await (await client.get("/metrics")).text()).splitlines()
    assert {"pitline_webhooks_failing 2", 'pitline_system_level{part="webhooks"} 1'} <= set(metrics)


async def test_the_key_file_that_others_can_read_and_a_key_that_is_missing_are_said(
    hub: Hub, shop: Shop
) -> None:
    client = await shop.signed_in("owner")
    assert (
        "Другі фактори й секрети вебхуків лежать у базі зашифрованими"
        in await (await client.get("/system")).text()
    )
    path = hub.seal.store.path
    assert path is not None
    path.chmod(0o644)
    await hub.database.write(
        lambda connection: connection.exec_driver_sql(
            "INSERT INTO access_factors (person_id, secret, created_at, last_step)"
            f" SELECT id, 'sealed:1:{'0' * 16}:AAAA', created_at, 0 FROM access_people"
        )
    )
    page = await (await client.get("/system")).text()
    assert f"chmod 600 {path}" in page
    assert "Секрети, які не можна відкрити, бо їхнього ключа тут немає: 1" in page
    figures = await (await client.get("/metrics")).text()
    assert "pitline_secrets_locked 1" in figures

"""Calls are filtered by what was said of them: list, totals, API and report say the same."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from hub.app import Hub
from hub.clock import FrozenClock
from hub.kernel.journal.files import FileJournal
from hub.kernel.shops import FIRST_SHOP
from hub.kernel.stream.outbox import event_outbox
from hub.main import MODULES
from hub.modules.wrapup.api import WrapUpApi
from hub.settings import ModulesSettings, Settings
from tests.factories.calls import calls_of, ended, tell_calls
from tests.factories.site import Client, get_json, get_text, send_json, site_of

TODAY = {"period": "custom", "from": "2026-01-05", "to": "2026-01-05"}


@pytest.fixture
async def site(hub: Hub) -> AsyncIterator[Client]:
    client = await site_of(hub)
    yield client
    await client.close()


async def say(hub: Hub, call_id: str, *choices: str) -> None:
    async with calls_of(hub) as calls:
        call = await calls.call(call_id)
    async with hub.transactions.writing(actor="person:tester", shop_id=FIRST_SHOP) as uow:
        service = WrapUpApi(uow, hub.installation.deps).service
        for choice in choices:
            await service.mark(call, choice, "Оксана")


async def furnish(hub: Hub) -> None:
    """Five calls: 1 booked and urgent, 2 booked and warranty, 3 urgent, 4 and 5 nothing."""
    await tell_calls(
        hub, ended("1", 0, "answered"), ended("2", 10, "answered"), ended("3", 20, "missed"),
        ended("4", 30, "answered"), ended("5", 40, "missed"),
    )  # fmt: skip
    await say(hub, "1", "booked", "urgent")
    await say(hub, "2", "booked", "warranty")
    await say(hub, "3", "urgent")


ASKED: Sequence[tuple[dict[str, str], list[str]]] = [
    ({"disposition": "booked"}, ["2", "1"]),
    ({"tag": "urgent"}, ["3", "1"]),
    ({"disposition": "booked", "tag": "urgent"}, ["1"]),
    ({"tag": "urgent", "result": "missed"}, ["3"]),
    ({"disposition": "-"}, ["5", "4", "3"]),
    ({"tag": "-"}, ["5", "4"]),
    ({"disposition": "-", "result": "answered"}, ["4"]),
    ({"disposition": "urgent"}, []),
    ({"tag": "' OR 1=1"}, []),
]


async def test_list_totals_and_api_find_the_same_calls(hub: Hub, site: Client) -> None:
    await furnish(hub)
    for asked, found in ASKED:
        _, answer = await get_json(site, "/api/v1/calls", **asked)
        assert [call["id"] for call in answer["items"]] == found, asked
        _, page = await get_text(site, "/calls", **asked)
        assert re.findall(r'<tr data-call="([^"]+)"', page) == found, asked
        assert re.findall(r'data-total="count">(\d+)', page) == [str(len(found))], asked


async def test_many_calls_of_a_tag_are_found_like_few(hub: Hub, site: Client) -> None:
    """Beyond five hundred, the calls are looked at one by one."""
    await tell_calls(hub, *(ended(f"{n:04}", n, "answered") for n in range(520)))
    async with calls_of(hub) as calls:
        all_of_them = [await calls.call(f"{n:04}") for n in range(510)]
    async with hub.transactions.writing(actor=None, shop_id=FIRST_SHOP) as uow:
        service = WrapUpApi(uow, hub.installation.deps).service
        for call in all_of_them:
            await service.mark(call, "tow", "")
    _, answer = await get_json(site, "/api/v1/calls", tag="tow", limit=2)
    assert [call["id"] for call in answer["items"]] == ["0509", "0508"]
    _, page = await get_text(site, "/calls", tag="tow", period="all")
    assert re.findall(r'data-total="count">(\d+)', page) == ["510"]


async def test_the_report_counts_and_links_what_was_asked_for(hub: Hub, site: Client) -> None:
    await furnish(hub)
    _, answer = await get_json(site, "/api/v1/reports/calls", tag="urgent", hours="all", **TODAY)
    assert (answer["inbound"]["calls"], answer["inbound"]["missed"], answer["callbacks"]) == (2, 1, None)
    _, page = await get_text(site, "/reports/calls", tag="urgent", hours="all", **TODAY)
    links = {
        link.replace("&amp;", "&") for link in re.findall(r'class="reports-number" href="([^"]+)"', page)
    }
    assert links
    assert all("tag=urgent" in link for link in links)
    lost = next(link for link in sorted(links) if "outcome=lost" in link)
    _, listed = await get_text(site, lost)
    assert re.findall(r'<tr data-call="([^"]+)"', listed) == ["3"]


async def test_a_word_that_is_gone_still_finds_its_calls(hub: Hub, site: Client) -> None:
    await furnish(hub)
    status, _ = await send_json(site, "PUT", "/api/v1/wrap-up-choices", {"tags": ["new word"]})
    assert status == 200
    _, page = await get_text(site, "/calls", tag="urgent")
    offered = re.findall(
        r'<option value="([^"]+)"( selected)?', page.split('name="tag"')[1].split("</select>")[0]
    )
    assert ("urgent", " selected") in offered
    assert re.findall(r'<tr data-call="([^"]+)"', page) == ["3", "1"]


async def test_the_description_of_the_api_names_the_filters(site: Client) -> None:
    _, document = await get_json(site, "/api/v1/openapi.json")
    for path in ("/api/v1/calls", "/api/v1/reports/calls"):
        named = {one["name"] for one in document["paths"][path]["get"]["parameters"]}
        assert {"disposition", "tag", "direction" if path.endswith("v1/calls") else "line"} <= named
    status, _ = await get_json(site, "/api/v1/calls", tag="x" * 129)
    assert status == 422


async def test_a_change_is_one_fact_with_all_that_is_said(hub: Hub, site: Client) -> None:
    await tell_calls(hub, ended("1", 0, "answered"))
    body: dict[str, Any] = {"disposition": "booked", "tags": ["urgent", "tow"]}
    for _ in range(2):  # the second time nothing changes, so there is nothing to tell
        assert (await send_json(site, "PUT", "/api/v1/calls/1/wrap-up", body))[0] == 200
    await send_json(site, "PUT", "/api/v1/calls/1/wrap-up", {"disposition": "advice", "tags": ["tow"]})

    rows = await hub.database.read(
        lambda connection: connection.execute(
            select(event_outbox.c.payload)
            .where(event_outbox.c.name == "call.wrapped_up")
            .order_by(event_outbox.c.id)
        ).all()
    )
    told = [json.loads(row.payload) for row in rows]
    assert [(one["disposition"], sorted(one["tags"])) for one in told] == [
        ("booked", ["tow", "urgent"]),
        ("advice", ["tow"]),
    ]


@pytest.fixture
async def without(settings: Settings, frozen_clock: FrozenClock, tmp_path: Path) -> AsyncIterator[Client]:
    """A hub whose owner has switched wrap-up off."""
    off = replace(settings, modules=ModulesSettings(off=("wrapup", "autotexts")))
    hub = Hub(off, MODULES, clock=frozen_clock, journal=FileJournal(tmp_path / "journal", 30))
    await hub.open()
    await tell_calls(hub, ended("1", 0, "answered"))
    client = await site_of(hub)
    yield client
    await client.close()
    await hub.close()


async def test_without_the_module_there_is_no_such_filter(without: Client) -> None:
    status, answer = await get_json(without, "/api/v1/calls", tag="urgent")
    assert (status, list(answer["error"]["fields"])) == (422, ["tag"])
    _, page = await get_text(without, "/calls")
    assert 'name="tag"' not in page


@pytest.fixture
async def basic(settings: Settings, frozen_clock: FrozenClock, tmp_path: Path) -> AsyncIterator[Client]:
    """A hub of the smallest package."""
    small = replace(settings, shop=replace(settings.shop, plan="free"))
    hub = Hub(small, MODULES, clock=frozen_clock, journal=FileJournal(tmp_path / "journal", 30))
    await hub.open()
    client = await site_of(hub)
    yield client
    await client.close()
    await hub.close()


async def test_outside_the_package_the_filter_is_refused_by_name(basic: Client) -> None:
    status, answer = await get_json(basic, "/api/v1/reports/calls", tag="urgent")
    assert (status, answer["error"]["code"]) == (403, "plan.not_included")
    status, page = await get_text(basic, "/reports/calls")
    assert status == 200
    assert 'name="tag"' not in page

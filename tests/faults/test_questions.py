"""F85, F86: what is typed into a search, a filter or a name is text and nothing else. Every filter of every
GET operation of every manifest is asked, with a payload and with harmless letters: the answers are equal."""

from __future__ import annotations

import html
import json
import re
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import ClientSession
from aiohttp.test_utils import TestServer
from sqlalchemy import text
from yarl import URL

from connectors.practice_twilio.connector import PracticeSms
from hub.app import Hub
from hub.clock import SystemClock
from hub.kernel.web import PUBLIC
from hub.modules.access.api import AccessApi, PersonEntry
from hub.modules.crm.api import ClientEntry, CrmApi, PhoneEntry, VehicleEntry
from tests.factories.calls import fact, snapshot, tell
from tests.faults.figures import Fault
from tests.faults.polyglots import TEMPLATES
from tests.webui.stage import WIDE, Shop
from tests.webui.test_rights import OPERATIONS, PAGES, SAME
from webui.app import make_app
from webui.openapi import PREFIX

pytestmark = pytest.mark.slow
_BREAKERS = ("'", '"', "')", "'))", "\\'", "%' ", "_' ", "';", "`", "1", "a' ")
_TAILS = (
    "OR 1=1 --",
    "OR '1'='1",
    "OR 1=1#",
    "AND 1=0 UNION SELECT NULL --",
    "UNION ALL SELECT 1,2,3,4,5 --",
    "; DROP TABLE crm_clients; --",
    "; UPDATE access_people SET role='owner'; --",
    "OR SLEEP(5) --",
    "; SELECT pg_sleep(5); --",
    "AND 1=(SELECT 1 FROM pg_sleep(5)) --",
    "OR randomblob(200000000) --",
    "AND LENGTH(HEX(RANDOMBLOB(100000000))) --",
    "ORDER BY 99 --",
    "|| (SELECT password_hash FROM access_people)",
    "LIKE '%",
    "GLOB '*",
    "COLLATE NOCASE",
    "/**/OR/**/1=1",
    "OR true",
    "-> '$.x'",
    "::int",
    "LIMIT 1 OFFSET 1",
    "ESCAPE '\\",
    "IN (SELECT id FROM access_tokens)",
    "; ATTACH DATABASE 'x' AS y; --",
    "IS NOT NULL",
    "\u02bc OR 1=1",
)
_WILD = ("%", "_", "%%%", "____")
INJECTIONS = (*(f"{breaker} {tail}" for breaker in _BREAKERS for tail in _TAILS), *_WILD)
"""301 of them; the last four are wildcards of LIKE."""
SLOW = 4.0
"""Seconds, twice: a smuggled sleep is as long each time, an honest one on a busy machine is not."""
AWAY = ("/system/practice/telegram",)
"""Pages of what only a demo has: they say that it is away."""


@pytest.fixture
async def demo(shop: Shop, hub: Hub) -> AsyncIterator[Shop]:
    """The shop with the practice phone: without one its page says only that it is away."""
    phone = PracticeSms("http://127.0.0.1:1", "http://127.0.0.1:1", SystemClock())
    deps = replace(hub.installation.deps, practice_phones=(phone,))
    server = TestServer(make_app(replace(hub.installation, deps=deps), WIDE))
    await server.start_server()
    yield replace(shop, server=server)
    await server.close()


async def _furnish(hub: Hub) -> None:
    installation = hub.installation
    async with installation.transactions.writing(actor=None, shop_id=installation.default_shop) as uow:
        crm = CrmApi(uow, installation.deps)
        for number in range(3):
            phones = (PhoneEntry(number=f"+38050123456{number}", is_main=True),)
            client = await crm.create_client(ClientEntry(name=f"Client {number}", phones=phones))
            car = VehicleEntry(plate=f"AA123{number}BB", make="VW", client_id=client.id)
            await crm.create_vehicle(car)
        await AccessApi(uow, installation.deps).people.create(PersonEntry(name="Anna", role="mechanic"))
    for number in range(3):
        await tell(hub, fact(1, snapshot(f"b1:{number}.1")))


def _fields() -> Iterator[tuple[str, str]]:
    """Address and parameter of every text that a GET operation takes."""
    for operation in OPERATIONS:
        if operation.method == "GET" and operation.query is not None and "{" not in operation.path:
            for name, field in operation.query.model_fields.items():
                if "str" in str(field.annotation):
                    yield PREFIX + operation.path, field.alias or name


async def _timed(
    client: ClientSession, url: URL, headers: Mapping[str, str] | None = None
) -> tuple[int, bytes, float]:
    """Status, body, and seconds: of the second time where the first was slow."""
    for _ in range(2):
        begun = time.perf_counter()
        async with client.get(url, headers=headers, allow_redirects=False) as answer:
            status, body = answer.status, await answer.read()
        if (took := time.perf_counter() - begun) < SLOW:
            break
    return status, body, took


async def _counts(hub: Hub) -> list[int]:
    tables = ("crm_clients", "crm_vehicles", "calls_calls", "access_people", "access_tokens", "access_shops")

    def count(connection: Any) -> list[int]:
        return [int(connection.scalar(text(f"SELECT count(*) FROM {table}"))) for table in tables]

    return await hub.database.read(count)


@pytest.mark.fault("F85")
async def test_sql_in_a_filter_finds_what_letters_find(shop: Shop, hub: Hub, fault: Fault) -> None:
    await _furnish(hub)
    token = {"Authorization": f"Bearer {await shop.token('owner')}"}
    client, before = shop.browser(), await _counts(hub)
    fields = list(_fields())
    assert len(fields) >= 10
    for path, name in fields:
        for payload in fault.cases(INJECTIONS, sample=10):
            letters = (
                re.sub(r"\W|\d", "q", payload, flags=re.ASCII) if len(payload) > 4 else "q" * len(payload)
            )
            status, body, took = await _timed(client, URL(path).with_query({name: payload}), token)
            said = json.loads(body)
            async with client.get(path, params={name: letters}, headers=token) as answer:
                honest, expected = await answer.json(), answer.status
            same = (status, said.get("items")) == (expected, honest.get("items"))
            fault.check(f"{path}?{name}={payload}: {status}, {took:.1f} s", same and took < SLOW)
    fault.check("rows came or went", await _counts(hub) == before)


@pytest.mark.fault("F85")
async def test_sql_in_the_address_of_a_page_is_only_text(demo: Shop, hub: Hub, fault: Fault) -> None:
    await _furnish(hub)
    client, before = await demo.signed_in("owner"), await _counts(hub)
    names = (
        "q",
        "number",
        "person",
        "line",
        "queue",
        "object",
        "action",
        "cursor",
        "before",
        "shop",
        "sort",
        "client_id",
    )
    pages = [r.path for r in PAGES if r.method == "GET" and "{" not in r.path and r.right != PUBLIC]
    for path in pages:
        for payload in fault.cases(INJECTIONS, sample=4):
            status, _, took = await _timed(client, URL(path).with_query(dict.fromkeys(names, payload)))
            is_fine = status < 500 or (status == 503 and ("pbx" in path or path in AWAY))
            fault.check(f"{path} {payload}: {status}, {took:.1f} s", is_fine and took < SLOW)
    fault.check("rows came or went", await _counts(hub) == before)


@pytest.mark.fault("F86")
async def test_a_template_in_a_name_is_shown_and_not_evaluated(shop: Shop, hub: Hub, fault: Fault) -> None:
    """In a client's name, a car, a note, an employee's name, a notice and a refusal that names somebody."""
    browser = await shop.signed_in("owner")
    token = {"Authorization": f"Bearer {await shop.token('owner')}"}
    program = shop.browser()
    for number, payload in enumerate(fault.cases(TEMPLATES, sample=12)):
        body = {"name": payload, "note": payload, "tags": [payload[:30]]}
        async with program.post("/api/v1/clients", json=body, headers=token) as answer:
            assert answer.status == 201, await answer.text()
            made = await answer.json()
        async with browser.get(f"/clients/{made['id']}") as answer:
            page = html.unescape(await answer.text())
        with fault.run(f"client {payload}"):
            assert answer.status == 200
            assert made["name"] == " ".join(payload.split())
            assert page.count(" ".join(payload.split())) >= 2, "not shown as it is"
            assert "49" not in _without_ids(page.replace(" ".join(payload.split()), ""))
        person = {"name": payload, "role": "mechanic", "extensions": f"9{number:02d}", "is_active": "1"}
        async with browser.post("/settings/people/new", data=person, headers=SAME) as answer:
            assert answer.status == 200, await answer.text()
        other = {**person, "name": "Other"}
        async with browser.post("/settings/people/new", data=other, headers=SAME) as answer:
            refusal = html.unescape(await answer.text())
        with fault.run(f"refusal that names {payload}"):
            assert answer.status == 422
            assert " ".join(payload.split()) in refusal, "not shown as it is"


def _without_ids(page: str) -> str:
    """What a person reads: no addresses of assets, no ids, no moments, no drawings."""
    return re.sub(r"<[^>]*>|[0-9a-z]{20,}|\d{1,2}:\d\d(:\d\d)?|\d{4}", " ", page.split("<main", 1)[-1])


def test_every_payload_is_another_one() -> None:
    assert len(set(INJECTIONS)) == len(INJECTIONS) >= 300
    assert len(set(TEMPLATES)) == len(TEMPLATES) == 40
    assert json.dumps(INJECTIONS)

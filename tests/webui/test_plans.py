"""The packages: every function in every package is let through or refused with the package that has it."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from hub.app import Hub
from hub.clock import FrozenClock, SystemClock
from hub.errors import Invalid, NotAllowed
from hub.kernel.check import check_features
from hub.kernel.gate import card_parts
from hub.kernel.installation import Installation
from hub.kernel.jobs.definition import JobContext, on_demand
from hub.kernel.journal.files import FileJournal
from hub.kernel.manifest import Module
from hub.kernel.plans import BASIS, load_plans
from hub.kernel.shops import FIRST_SHOP
from hub.kernel.web import PUBLIC, PageRequest, Route
from hub.main import MODULES
from hub.ports.live import Hint
from hub.settings import Settings
from tests.patience import within
from tests.webui.stage import PASSWORD, WIDE, Shop
from tests.webui.test_rights import SAME
from webui.app import OWN_ROUTES, make_app
from webui.openapi import PREFIX
from webui.operations import every_operation

PLANS = load_plans()


async def page(_: PageRequest) -> web.StreamResponse:
    return web.Response(text="here")


def with_plan(hub: Hub, plan: str, *more: Module) -> Installation:
    """The same hub with another package."""
    found = hub.installation
    settings = replace(found.settings, shop=replace(found.settings.shop, plan=plan))
    deps = replace(found.deps, settings=settings)
    return replace(found, settings=settings, deps=deps, modules=(*found.modules, *more))


def matrix() -> Module:
    """A page for every function."""
    routes = tuple(
        Route(method="GET", path=f"/f/{name}", handler=page, right=PUBLIC, name=f"f.{name}", feature=name)
        for name in PLANS.features
    )
    return Module(name="f", title="F", folder=Path(__file__).parent, routes=routes)


EACH_PLAN = pytest.mark.parametrize(
    "plan",
    [
        one if one == "specialist" else pytest.param(one, marks=pytest.mark.sqlite)  # no SQL is judged
        for one in PLANS.titles
    ],
)


def test_the_matrix_has_its_49_functions_and_a_bigger_package_has_what_a_smaller_has() -> None:
    order = tuple(PLANS.titles)
    assert (len(PLANS.features), order) == (49, ("free", "basic", "specialist", "master", "profi"))
    assert {f: p for f, p in PLANS.features.items() if p != order[order.index(p[0]) :]} == {}


@EACH_PLAN
@pytest.mark.sqlite
async def test_every_function_is_let_through_or_refused_by_the_package(hub: Hub, plan: str) -> None:
    given = with_plan(hub, plan, matrix())
    wrong: dict[str, object] = {}
    async with TestClient(TestServer(make_app(given, WIDE))) as client:
        for name, plans in PLANS.features.items():
            async with client.get(f"/f/{name}", headers={"Accept": "application/json"}) as answer:
                said: object = answer.status
                if answer.status == 403:
                    error = (await answer.json())["error"]
                    said = (error["code"], error["data"]["package"])
            expected: object = 200 if plan in plans else ("plan.not_included", plans[0])
            if said != expected:
                wrong[name] = said
    assert wrong == {}


async def test_a_page_outside_the_package_says_so_in_words_and_leaves_the_menu(hub: Hub, shop: Shop) -> None:
    given = with_plan(hub, "free")
    token = {"Authorization": f"Bearer {await shop.token('owner')}"}
    async with TestClient(TestServer(make_app(given, WIDE))) as client:
        page = await client.get("/calls", headers={**token, "Accept": "text/html"})
        api = await client.get("/api/v1/clients", headers=token)
        text, body = await page.text(), await api.json()
    assert (page.status, api.status) == (403, 403)
    assert "Free" in text
    assert "Profi" in text
    assert 'href="/calls"' not in text
    assert (body["error"]["code"], body["error"]["data"]["package"]) == ("plan.not_included", "basic")


@pytest.mark.slow
@EACH_PLAN
async def test_every_page_and_operation_that_there_is_asks_the_package(
    hub: Hub, shop: Shop, plan: str
) -> None:
    """With the owner's own rights, so that nothing but the package can refuse."""
    await shop.person("owner")
    token = {"Authorization": f"Bearer {await shop.token('owner')}", "Accept": "application/json"}
    wrong: dict[str, object] = {}
    client: TestClient[Any, Any]
    async with TestClient(TestServer(make_app(with_plan(hub, plan), WIDE))) as client:
        await client.post("/login", data={"login": "owner", "password": PASSWORD})
        for method, path, feature, headers in [
            *((r.method, r.path, r.feature, {**SAME, "Accept": "application/json"}) for r in every_page()),
            *((o.method, PREFIX + o.path, o.feature, token) for o in every_operation(MODULES)),
        ]:
            if feature in ("", BASIS):
                continue
            place = re.sub(r"\{\w+[^}]*\}", "unknown", path)
            async with client.request(method, place, headers=headers, allow_redirects=False) as answer:
                is_line = answer.content_type == "text/plain"  # a desk phone's display shows no code
                is_refused = answer.status == 403 and (is_line or "plan.not_included" in await answer.text())
            if is_refused == (plan in PLANS.features[feature]):
                wrong[f"{method} {place}"] = answer.status
    assert wrong == {}


def every_page() -> list[Route]:
    """With the function of its module where it names none itself."""
    of_modules = [replace(r, feature=r.feature or m.feature) for m in MODULES for r in m.routes]
    return [*OWN_ROUTES, *of_modules]


async def test_menus_scripts_and_the_first_page_lead_to_nothing_that_is_refused(hub: Hub, shop: Shop) -> None:
    await shop.person("owner")
    client: TestClient[Any, Any]
    for plan in PLANS.titles:
        async with TestClient(TestServer(make_app(with_plan(hub, plan), WIDE))) as client:
            await client.post("/login", data={"login": "owner", "password": PASSWORD})
            first = await client.get("/")
            text = await (await client.get("/settings/shops")).text()
            paths = {*re.findall(r'href="(/[a-z/]+)"', text), *re.findall(r'src="(/[a-z/]+)\?', text)}
            answers = {path: (await client.get(path)).status for path in paths}
        assert first.status == 200
        assert {path: status for path, status in answers.items() if status >= 400} == {}, plan
        assert ("/desk" in paths, "/settings/shops/new" in paths) == (plan == "profi", plan == "profi")


@pytest.mark.sqlite
async def test_the_live_socket_tells_of_no_topic_outside_the_package(hub: Hub, shop: Shop) -> None:
    token = {"Authorization": f"Bearer {await shop.token('owner')}"}
    heard: dict[str, list[str]] = {}
    client: TestClient[Any, Any]
    for plan in ("free", "basic", "profi"):
        async with TestClient(TestServer(make_app(with_plan(hub, plan), WIDE))) as client:
            ws = await client.ws_connect("/live", headers=token)
            for topic in ("desk", "call", "client", "webhook", "job"):
                hub.live.publish(Hint(topic, "1", 1, FIRST_SHOP))
            heard[plan] = []
            while heard[plan][-1:] != ["job"]:
                heard[plan].append((await asyncio.wait_for(ws.receive_json(), within(3)))["topic"])
            await ws.close()
    assert heard == {
        "free": ["webhook", "job"],
        "basic": ["client", "webhook", "job"],
        "profi": ["desk", "call", "client", "webhook", "job"],
    }


async def test_a_job_outside_the_package_cannot_be_asked_for(
    settings: Settings, frozen_clock: FrozenClock, tmp_path: Path
) -> None:
    payroll = Module(
        name="test_plans",
        title="Payroll",
        folder=Path(__file__).parent,
        feature="4.6",
        jobs=(on_demand(run=reckon),),
    )
    master = replace(settings, shop=replace(settings.shop, plan="specialist"))
    made = Hub(master, [*MODULES, payroll], clock=frozen_clock, journal=FileJournal(tmp_path / "j", 30))
    await made.open()
    async with made.transactions.writing(actor=None, shop_id=FIRST_SHOP) as uow:
        with pytest.raises(NotAllowed) as caught:
            await made.installation.deps.jobs.enqueue(uow, reckon)
    await made.close()
    assert (caught.value.code, caught.value.data["package"]) == ("plan.not_included", "master")


async def reckon(_: JobContext) -> None:
    """A job of a function that smaller packages do not have."""


def test_the_card_has_no_part_outside_the_package() -> None:
    names = {plan: [part.name for part in card_parts(MODULES, plan)] for plan in PLANS.titles}
    assert (names["free"], names["basic"]) == ([], ["crm.warning", "desk.cars", "crm.roles", "crm.asked"])
    assert set(names["profi"]) >= {"desk.cars", "desk.last_calls"}


@pytest.mark.parametrize(
    ("plan", "seen", "setting"),
    [
        (
            "free",
            ["Your package is Free.", "Basic would add", "Car found by its registration plate"],
            "basic",
        ),
        ("master", ["Your package is Master.", "Profi would add", "in a later version"], "profi"),
        ("profi", ["Your package is Profi.", "It is the biggest one"], "master"),
    ],
)
async def test_the_page_of_the_package_says_what_one_has_and_could_have(
    hub: Hub, shop: Shop, plan: str, seen: list[str], setting: str
) -> None:
    await shop.person("owner", language="en")
    client: TestClient[Any, Any]
    async with TestClient(TestServer(make_app(with_plan(hub, plan), WIDE))) as client:
        await client.post("/login", data={"login": "owner", "password": PASSWORD})
        text = await (await client.get("/settings/package")).text()
    assert [one for one in (*seen, f"HUB_SHOP__PLAN={setting}") if one not in text] == []
    assert ("would add" in text) == (plan != "profi")
    assert len(re.findall("package-section", text)) >= 3


def test_an_unknown_function_or_package_stops_the_start(settings: Settings, tmp_path: Path) -> None:
    odd = Module(name="odd", title="Odd", folder=Path(__file__).parent, feature="9.9")
    with pytest.raises(Invalid, match=r"'9\.9'"):
        check_features([odd], "profi")
    wrong = replace(settings, shop=replace(settings.shop, plan="proffi"))
    with pytest.raises(Invalid, match="proffi") as caught:
        Hub(wrong, MODULES, clock=SystemClock(), journal=FileJournal(tmp_path / "j", 30))
    assert caught.value.hint == "Did you mean profi?"

"""The packages: every function in every package is let through or refused with the package that has it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from hub.app import Hub
from hub.clock import SystemClock
from hub.errors import Invalid
from hub.kernel.check import check_features
from hub.kernel.journal.files import FileJournal
from hub.kernel.manifest import Module
from hub.kernel.plans import load_plans
from hub.kernel.web import PUBLIC, PageRequest, Route
from hub.modules.catalogue import MODULES
from hub.settings import Settings
from tests.webui.stage import WIDE, Shop
from webui.app import make_app

PLANS = load_plans()


async def page(_: PageRequest) -> web.StreamResponse:
    return web.Response(text="here")


def matrix() -> Module:
    """A page for every function."""
    routes = tuple(
        Route(method="GET", path=f"/f/{name}", handler=page, right=PUBLIC, name=f"f.{name}", feature=name)
        for name in PLANS.features
    )
    return Module(name="f", title="F", folder=Path(__file__).parent, routes=routes)


def test_the_matrix_has_its_49_functions_and_a_bigger_package_has_what_a_smaller_has() -> None:
    order = tuple(PLANS.titles)
    assert (len(PLANS.features), order) == (49, ("free", "basic", "specialist", "master", "profi"))
    assert {f: p for f, p in PLANS.features.items() if p != order[order.index(p[0]) :]} == {}


@pytest.mark.parametrize("plan", PLANS.titles)
async def test_every_function_is_let_through_or_refused_by_the_package(hub: Hub, plan: str) -> None:
    installation = hub.installation
    settings = replace(installation.settings, shop=replace(installation.settings.shop, plan=plan))
    given = replace(
        installation, settings=settings, deps=replace(installation.deps, settings=settings),
        modules=(*installation.modules, matrix()),
    )  # fmt: skip
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
    installation = hub.installation
    settings = replace(installation.settings, shop=replace(installation.settings.shop, plan="free"))
    given = replace(installation, settings=settings, deps=replace(installation.deps, settings=settings))
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


def test_an_unknown_function_or_package_stops_the_start(settings: Settings, tmp_path: Path) -> None:
    odd = Module(name="odd", title="Odd", folder=Path(__file__).parent, feature="9.9")
    with pytest.raises(Invalid, match=r"'9\.9'"):
        check_features([odd], "profi")
    wrong = replace(settings, shop=replace(settings.shop, plan="proffi"))
    with pytest.raises(Invalid, match="proffi") as caught:
        Hub(wrong, MODULES, clock=SystemClock(), journal=FileJournal(tmp_path / "j", 30))
    assert caught.value.hint == "Did you mean profi?"

"""The numbers at the menu's entries: each for who may see the entry, none in the way of another."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer

from hub.app import Hub
from hub.errors import Unavailable
from hub.kernel.manifest import MenuBadge, MenuItem, Module
from hub.kernel.web import Badge, PageRequest
from hub.modules.access.api import AccessApi
from tests.webui.stage import WIDE, Shop
from webui.app import make_app


async def shops(request: PageRequest) -> Badge:
    known = await request.apis.of(AccessApi).list_shops()
    return Badge(count=len(known), text=f"shops: {len(known)} of {len(request.viewer.shop_ids)}", newest="7")


async def broken(_request: PageRequest) -> Badge:
    raise Unavailable("lift.away", "The lift does not answer.")


LIFT = Module(
    name="lift",
    title="Lift",
    folder=Path(__file__).parent,
    menu=(
        MenuItem("Broken", "/lift/broken", "people.view", "tool", badge=MenuBadge(broken, ("lift",))),
        MenuItem("Lifts", "/lift", "people.view", "tool", badge=MenuBadge(shops, ("lift", "call"))),
        MenuItem("Owner's", "/lift/own", "people.secure", "tool", badge=MenuBadge(shops, ("lift",))),
    ),
)


@pytest.fixture
async def shop_with_a_lift(hub: Hub, shop: Shop) -> AsyncIterator[Shop]:
    installation = replace(hub.installation, modules=(*hub.installation.modules, LIFT))
    server = TestServer(make_app(installation, WIDE))
    await server.start_server()
    yield replace(shop, server=server)
    await server.close()


async def badges(client: TestClient[Any, Any]) -> dict[str, Any]:
    answer = await client.get("/live/badges")
    assert answer.status == 200
    found: dict[str, Any] = (await answer.json())["badges"]
    return {path: badge for path, badge in found.items() if path.startswith("/lift")}


async def test_one_asks_for_the_numbers_of_the_own_menu_and_a_broken_one_hides_no_other(
    shop_with_a_lift: Shop,
) -> None:
    owner = await shop_with_a_lift.signed_in("owner")
    seen = {"count": 1, "text": "shops: 1 of 1", "level": "warning", "newest": "7"}
    assert await badges(owner) == {"/lift": seen, "/lift/own": seen}
    receptionist = await shop_with_a_lift.signed_in("receptionist")
    assert await badges(receptionist) == {"/lift": seen}


async def test_the_place_of_a_number_stands_in_the_menu_with_what_it_listens_to(
    shop_with_a_lift: Shop,
) -> None:
    owner = await shop_with_a_lift.signed_in("owner")
    page = await (await owner.get("/account")).text()
    assert 'data-badge="/lift" data-topics="lift call" hidden' in page


async def test_a_stranger_is_told_nothing(shop_with_a_lift: Shop) -> None:
    answer = await shop_with_a_lift.browser().get("/live/badges", headers={"Accept": "application/json"})
    assert answer.status == 401

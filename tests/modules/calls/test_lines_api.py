"""Lines and shops over HTTP, as programs see them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from hub.app import Hub
from tests.factories.site import Client, get_json, send_json, site_of

LINES = "/api/v1/lines"
NEW = {"number": "044 123 45 67", "name": "Main", "source": "Site", "capacity": 3, "trunk": "trunk-*"}


@pytest.fixture
async def site(hub: Hub) -> AsyncIterator[Client]:
    client = await site_of(hub)
    yield client
    await client.close()


async def test_a_line_is_made_read_changed_and_taken_away(site: Client) -> None:
    status, made = await send_json(site, "POST", LINES, NEW)
    assert (status, made["number"], made["capacity"], made["shop_id"]) == (201, "+380441234567", 3, "main")
    place = f"{LINES}/{made['id']}"
    assert await get_json(site, place) == (200, made)
    status, changed = await send_json(
        site, "PATCH", place, {"rev": made["rev"], "capacity": None, "name": "New"}
    )
    assert (status, changed["capacity"], changed["name"], changed["trunk"]) == (200, None, "New", "trunk-*")
    assert (await send_json(site, "PATCH", place, {"rev": made["rev"], "name": "Late"}))[0] == 409
    assert (await site.delete(place)).status == 204
    assert (await get_json(site, place))[0] == 404


async def test_the_list_is_walked_without_loss_or_repetition(site: Client) -> None:
    for number in range(5):
        await send_json(site, "POST", LINES, {"number": f"04412345{number:02d}", "name": f"L{number}"})
    seen: list[str] = []
    page: Any = {"next": ""}
    while page["next"] is not None:
        more = {"cursor": page["next"]} if page["next"] else {}
        status, page = await get_json(site, LINES, limit=2, **more)
        assert status == 200, page
        seen += [line["id"] for line in page["items"]]
    assert seen == sorted(set(seen), reverse=True)
    assert len(seen) == 5


@pytest.mark.parametrize(
    "wrong",
    [
        {"number": "\x00"}, {"name": "\x00"}, {"capacity": 0}, {"shop_id": "none"},
        {"callback_number": "x"}, {"strange": 1}, {"number": "  "}, {"name": " "},
    ],
)  # fmt: skip
@pytest.mark.one_on_postgres
async def test_a_wrong_line_is_refused(site: Client, wrong: dict[str, Any]) -> None:
    assert (await send_json(site, "POST", LINES, {**NEW, **wrong}))[0] == 422
    assert (await get_json(site, LINES))[1]["items"] == []


async def test_a_number_has_one_line(site: Client) -> None:
    await send_json(site, "POST", LINES, NEW)
    status, said = await send_json(site, "POST", LINES, {**NEW, "number": "+380 44 123-45-67"})
    assert (status, said["error"]["code"]) == (409, "calls.line_known")
    _, other = await send_json(site, "POST", LINES, {**NEW, "number": "0441234568"})
    assert (await send_json(site, "PATCH", f"{LINES}/{other['id']}", {"number": NEW["number"]}))[0] == 409


async def test_a_shop_tells_its_hours_and_takes_new_ones(site: Client) -> None:
    _, shops = await get_json(site, "/api/v1/shops")
    shop = shops["items"][0]
    assert shop["hours"]["week"]["0"] == [{"opens": "09:00", "closes": "19:00"}]
    assert (shop["is_open"], shop["changes_at"]) == (True, "2026-01-05T17:00:00.000Z")
    week = {"0": [{"opens": "8:00", "closes": "12:00"}, {"opens": "13:00", "closes": "24:00"}]}
    body = {"rev": shop["rev"], "week": week, "special_days": [{"day": "2026-01-05", "title": "Inventory"}]}
    status, changed = await send_json(site, "PUT", "/api/v1/shops/main/hours", body)
    assert (status, changed["is_open"], changed["hours"]["special_days"][0]["span"]) == (200, False, None)
    assert changed["hours"]["week"]["0"][1] == {"opens": "13:00", "closes": "24:00"}
    assert (await send_json(site, "PUT", "/api/v1/shops/main/hours", body))[0] == 409


@pytest.mark.parametrize(
    "wrong",
    [
        {"week": {"7": []}}, {"week": {"x": []}}, {"week": {"0": [{"opens": "25:00", "closes": "26:00"}]}},
        {"week": {"0": [{"opens": "10:00", "closes": "09:00"}]}},
        {"week": {"0": [{"opens": f"{n}:00", "closes": f"{n}:30"} for n in (1, 2, 3)]}},
        {"special_days": [{"day": "2026-01-05"}, {"day": "2026-01-05"}]}, {"special_days": [{"day": "soon"}]},
    ],
)  # fmt: skip
@pytest.mark.one_on_postgres
async def test_wrong_hours_are_refused(site: Client, wrong: dict[str, Any]) -> None:
    assert (await send_json(site, "PUT", "/api/v1/shops/main/hours", wrong))[0] == 422


async def test_a_further_shop_is_made_and_changed(site: Client) -> None:
    body = {"name": "Lviv", "country": "UA", "timezone": "Europe/Kyiv", "currency": "UAH", "language": "uk"}
    status, made = await send_json(site, "POST", "/api/v1/shops", body)
    assert (status, made["address"]) == (201, "")
    status, changed = await send_json(site, "PATCH", f"/api/v1/shops/{made['id']}", {"address": "Lviv, 1"})
    assert (status, changed["address"], changed["name"]) == (200, "Lviv, 1", "Lviv")
    wrong = {"timezone": "Mars"}
    status, said = await send_json(site, "PATCH", f"/api/v1/shops/{made['id']}", wrong)
    assert (status, set(said["error"]["fields"])) == (422, {"timezone"})

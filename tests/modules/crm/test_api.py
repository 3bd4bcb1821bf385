"""Clients and vehicles over /api/v1, and the display line at /cid."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from yarl import URL

from hub.app import Hub
from tests.factories.crm import make_car, make_client
from tests.factories.site import Client, get_json, get_text, send_json, site_of, token_of

CLIENTS = "/api/v1/clients"
VEHICLES = "/api/v1/vehicles"


@pytest.fixture
async def site(hub: Hub) -> AsyncIterator[Client]:
    client = await site_of(hub)
    yield client
    await client.close()


async def test_a_client_is_made_and_read_as_the_contract_says(site: Client) -> None:
    body = {
        "name": "Ірина Коваль", "phones": [{"number": "067 123-45-67", "label": "особистий"},
        {"number": "0501"}],
        "emails": ["i@example.com"], "language": "uk", "tags": ["VIP"],
    }  # fmt: skip
    status, made = await send_json(site, "POST", CLIENTS, body)
    assert status == 201
    expected = {
        "kind": "person", "relation": "client", "name": "Ірина Коваль",
        "phones": [
            {"number": "+380671234567", "label": "особистий", "is_main": True},
            {"number": "0501", "label": "", "is_main": False},
        ],
        "emails": ["i@example.com"], "language": "uk", "tags": ["VIP"], "is_archived": False, "rev": 1,
    }  # fmt: skip
    assert {name: made[name] for name in expected} == expected
    assert await get_json(site, f"{CLIENTS}/{made['id']}") == (200, made)


async def test_a_shared_phone_is_no_obstacle(site: Client) -> None:
    for name in ("Олена", "Петро"):
        status, _ = await send_json(
            site, "POST", CLIENTS, {"name": name, "phones": [{"number": "0501112233"}]}
        )
        assert status == 201
    _, page = await get_json(site, CLIENTS, phone="+380501112233")
    assert {client["name"] for client in page["items"]} == {"Олена", "Петро"}


async def test_only_what_is_given_is_changed(site: Client) -> None:
    _, made = await send_json(site, "POST", CLIENTS, {"name": "А", "language": "uk", "tags": ["x"]})
    address = f"{CLIENTS}/{made['id']}"
    status, changed = await send_json(site, "PATCH", address, {"name": "Б", "rev": 1})
    assert (status, changed["name"], changed["tags"], changed["rev"]) == (200, "Б", ["x"], 2)
    _, changed = await send_json(site, "PATCH", address, {"language": None, "relation": "supplier"})
    assert (changed["language"], changed["relation"], changed["name"]) == (None, "supplier", "Б")
    status, body = await send_json(site, "PATCH", address, {"name": "В", "rev": 1})
    assert (status, body["error"]["code"]) == (409, "crm.client_changed")


@pytest.mark.parametrize(
    "body",
    [
        {}, {"name": 1}, {"name": "x" * 201}, {"name": "x", "kind": "robot"}, {"name": "x",
        "relation": "foe"},
        {"name": "x", "phones": [{"number": "anonymous"}]}, {"name": "x", "phones": "0501112233"},
        {"name": "x", "emails": ["nobody"]}, {"name": "x", "balance": 1}, {"name": "a\x00"}, [], "x",
        {"name": "x", "phones": [{"number": "1" * 65}]},
    ],
)  # fmt: skip
@pytest.mark.one_on_postgres
async def test_what_cannot_be_a_client_is_422(site: Client, body: Any) -> None:
    status, answer = await send_json(site, "POST", CLIENTS, body)
    assert status == 422
    assert answer["error"]["code"]


async def test_clients_are_searched_and_listed_in_pages(hub: Hub, site: Client) -> None:
    for number in range(5):
        await make_client(hub, f"Клієнт {number}", f"05011122{number}0")
    _, first = await get_json(site, CLIENTS, limit=3)
    _, second = await get_json(site, CLIENTS, limit=3, cursor=first["next"])
    names = [client["name"] for client in first["items"] + second["items"]]
    assert (sorted(names), second["next"]) == ([f"Клієнт {n}" for n in range(5)], None)
    _, found = await get_json(site, CLIENTS, q="1122 40")
    assert [client["name"] for client in found["items"]] == ["Клієнт 4"]


@pytest.mark.parametrize(
    "query", [{"limit": "0"}, {"limit": "201"}, {"cursor": "?"}, {"relation": "foe"}, {"x": "1"}]
)
@pytest.mark.one_on_postgres
async def test_what_cannot_be_asked_is_422(site: Client, query: dict[str, str]) -> None:
    assert (await get_json(site, CLIENTS, **query))[0] == 422


@pytest.mark.parametrize(
    "path", [f"{CLIENTS}/nobody", f"{VEHICLES}/nothing", f"{CLIENTS}/%00", f"{VEHICLES}/'"]
)
async def test_what_does_not_exist_is_404(site: Client, path: str) -> None:
    assert (await get_json(site, path))[0] == 404


async def test_a_vehicle_is_made_sold_and_found(hub: Hub, site: Client) -> None:
    owner, buyer = await make_client(hub, "Олена"), await make_client(hub, "Петро")
    body = {
        "plate": "АА 1234 ВВ", "vin": "WVWZZZ1JZ3W386752", "make": "Škoda", "model": "Octavia", "year": 2018,
        "mileage_km": 124_000, "client_id": owner.id,
    }  # fmt: skip
    status, car = await send_json(site, "POST", VEHICLES, body)
    assert status == 201
    assert {name: car[name] for name in body} == body
    status, sold = await send_json(
        site, "PATCH", f"{VEHICLES}/{car['id']}", {"client_id": buyer.id, "rev": 1}
    )
    assert (status, sold["client_id"], sold["rev"], sold["plate"]) == (200, buyer.id, 2, "АА 1234 ВВ")
    for text in ("aa1234bb", "386752", "octavia", "петро"):
        _, page = await get_json(site, VEHICLES, q=text)
        assert [one["id"] for one in page["items"]] == [car["id"]], text
    _, page = await get_json(site, VEHICLES, client_id=owner.id)
    assert page["items"] == []
    status, _ = await send_json(site, "PATCH", f"{VEHICLES}/{car['id']}", {"vin": None, "mileage_km": None})
    _, bare = await get_json(site, f"{VEHICLES}/{car['id']}")
    assert (bare["vin"], bare["mileage_km"], bare["client_id"]) == (None, None, buyer.id)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 422), ({"plate": "A", "year": 3}, 422), ({"plate": "A", "mileage_km": -1}, 422),
        ({"vin": "short"}, 422), ({"plate": "A", "client_id": "nobody"}, 422), ({"plate": "A", "x": 1}, 422),
        ({"plate": "A", "year": 10**30}, 422), ({"vin": "WVWZZZ1JZ3W386752"}, 409),
    ],
)  # fmt: skip
async def test_what_cannot_be_a_vehicle_is_refused(
    hub: Hub, site: Client, body: dict[str, Any], status: int
) -> None:
    await make_car(hub, vin="WVWZZZ1JZ3W386752")
    assert (await send_json(site, "POST", VEHICLES, body))[0] == status


@pytest.mark.parametrize(
    ("role", "read", "write"),
    [
        ("manager", 200, 201), ("receptionist", 200, 201), ("integration", 200, 201), ("mechanic", 403, 403),
        ("storekeeper", 403, 403), ("cashier", 403, 403), ("fleet_manager", 403, 403), (None, 401, 401),
    ],
)  # fmt: skip
async def test_who_may_see_and_add_clients(hub: Hub, role: str | None, read: int, write: int) -> None:
    client = await site_of(hub, role)
    answers = [
        (await get_json(client, CLIENTS))[0], (await get_json(client, VEHICLES))[0],
        (await send_json(client, "POST", CLIENTS, {"name": "x"}))[0],
    ]  # fmt: skip
    await client.close()
    assert answers == [read, read, write]


@pytest.mark.parametrize(
    ("number", "line"),
    [
        ("380501112233", "Ірина Коваль Octavia АА1234ВВ"), ("0501112233", "Ірина Коваль Octavia АА1234ВВ"),
        ("0509999999", ""), ("anonymous", ""), ("", ""), ("101", ""), ("<script>", ""), ("x" * 5000, ""),
        ("a\r\nSet-Cookie: x=1", ""), ("🚗", ""), ("%'\"", ""),
    ],
)  # fmt: skip
async def test_the_display_line_is_one_line_of_plain_text(
    hub: Hub, site: Client, number: str, line: str
) -> None:
    client = await make_client(hub, "Ірина Коваль", "0501112233")
    await make_car(hub, plate="АА1234ВВ", model="Octavia", client_id=client.id)
    async with site.get("/cid", params={"number": number}) as answer:
        assert (answer.status, answer.content_type, answer.charset) == (200, "text/plain", "utf-8")
        assert await answer.text() == line + "\n"


async def test_the_display_line_takes_its_token_from_the_address_too(hub: Hub) -> None:
    await make_client(hub, "Ірина", "0501112233")
    stranger = await site_of(hub, None)
    good, weak = await token_of(hub, "integration"), await token_of(hub, "mechanic")
    asked = {"number": "0501112233"}
    answers = [await get_text(stranger, "/cid", **asked, token=token) for token in (good, weak, "x", "")]
    await stranger.close()
    assert answers == [(200, "Ірина\n"), (401, "\n"), (401, "\n"), (401, "\n")]


@pytest.mark.parametrize(
    ("address", "headers", "status"),
    [
        ("/cid?number=0501112233", {"Authorization": "Bearer nonsense"}, 401),
        ("/cid?number=0501112233", {"Authorization": "Bearer nonsense", "Accept": "application/json"}, 401),
        ("/cid?number=050%00", {}, 422),
        ("/cid?number=050%00", {"Accept": "text/html"}, 422),
    ],
)
async def test_whatever_is_wrong_a_desk_phone_is_given_an_empty_line_of_text(
    hub: Hub, address: str, headers: dict[str, str], status: int
) -> None:
    stranger = await site_of(hub, None)
    async with stranger.get(URL(address, encoded=True), headers=headers, allow_redirects=False) as answer:
        seen = (answer.status, answer.content_type, await answer.text())
    await stranger.close()
    assert seen == (status, "text/plain", "\n")

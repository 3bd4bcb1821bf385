"""Employees over HTTP, as programs see them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.webui.stage import Shop

FIELDS = {"id", "rev", "name", "role", "extensions", "mobile", "is_active"}


async def _program(shop: Shop, role: str = "owner") -> tuple[Any, dict[str, str]]:
    return shop.browser(), {"Authorization": f"Bearer {await shop.token(role)}"}


async def test_an_employee_is_made_read_listed_and_changed(shop: Shop) -> None:
    client, headers = await _program(shop)
    body = {"name": "Олена", "role": "receptionist", "extensions": ["101"], "mobile": "067 111 22 33"}
    made = await client.post("/api/v1/employees", json=body, headers=headers)
    assert made.status == 201
    one = await made.json()
    assert set(one) == FIELDS
    assert one["mobile"] == "+380671112233"
    assert await (await client.get(f"/api/v1/employees/{one['id']}", headers=headers)).json() == one
    changed = await client.patch(
        f"/api/v1/employees/{one['id']}", json={"rev": one["rev"], "mobile": None, "is_active": False},
        headers=headers,
    )  # fmt: skip
    assert changed.status == 200
    after = await changed.json()
    assert (after["mobile"], after["is_active"], after["extensions"]) == (None, False, ["101"])
    assert after["rev"] > one["rev"]
    stale = await client.patch(
        f"/api/v1/employees/{one['id']}", json={"rev": one["rev"], "name": "X"}, headers=headers
    )
    assert stale.status == 409


async def test_a_taken_extension_is_a_conflict_that_names_its_owner(shop: Shop) -> None:
    client, headers = await _program(shop)
    await client.post(
        "/api/v1/employees", json={"name": "A", "role": "mechanic", "extensions": ["101"]}, headers=headers
    )
    again = await client.post(
        "/api/v1/employees", json={"name": "B", "role": "mechanic", "extensions": ["101"]}, headers=headers
    )
    assert again.status == 409
    error = (await again.json())["error"]
    assert error["code"] == "access.extension_taken"
    assert error["data"] == {"extension": "101", "name": "A"}
    assert "101" in error["text"]


async def test_the_list_is_walked_newest_first_without_loss_or_repetition(shop: Shop) -> None:
    client, headers = await _program(shop)
    for number in range(7):
        shop.clock.advance(1)
        await client.post(
            "/api/v1/employees", json={"name": f"P{number}", "role": "mechanic"}, headers=headers
        )
    names: list[str] = []
    cursor = ""
    while True:
        page = await (await client.get(f"/api/v1/employees?limit=3{cursor}", headers=headers)).json()
        names += [one["name"] for one in page["items"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert names == [f"P{number}" for number in reversed(range(7))]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"role": "mechanic"}, "name"),
        ({"name": "", "role": "mechanic"}, "name"),
        ({"name": "A", "role": "king"}, "role"),
        ({"name": "A", "role": "mechanic", "extensions": ["a b"]}, "extensions"),
        ({"name": "A", "role": "mechanic", "mobile": "12"}, "mobile"),
        ({"name": "A", "role": "mechanic", "is_admin": True}, "is_admin"),
        ({"name": "A", "role": "mechanic", "id": "mine"}, "id"),
        ({"name": "a\u0000b", "role": "mechanic"}, "name"),
    ],
)
@pytest.mark.one_on_postgres
async def test_bad_fields_are_named(shop: Shop, body: dict[str, Any], field: str) -> None:
    client, headers = await _program(shop)
    answer = await client.post("/api/v1/employees", json=body, headers=headers)
    assert answer.status == 422
    assert field in (await answer.json())["error"]["fields"]


async def test_no_answer_ever_shows_a_password_or_its_hash(shop: Shop) -> None:
    person = await shop.person("manager")
    client, headers = await _program(shop)
    text = await (await client.get(f"/api/v1/employees/{person.id}", headers=headers)).text()
    assert "argon2" not in text
    assert set(await (await client.get(f"/api/v1/employees/{person.id}", headers=headers)).json()) == FIELDS


async def test_an_unknown_employee_is_404_and_the_integration_may_only_read(shop: Shop) -> None:
    client, headers = await _program(shop, "integration")
    assert (await client.get("/api/v1/employees/nobody", headers=headers)).status == 404
    body = {"name": "A", "role": "mechanic"}
    assert (await client.post("/api/v1/employees", json=body, headers=headers)).status == 403

"""F97: a field that nobody may set is not set; doubled and mistyped ones change nothing."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from sqlalchemy import text

from hub.app import Hub
from tests.faults.figures import Fault
from tests.webui.stage import Shop
from tests.webui.test_rights import OPERATIONS, SAME
from webui.openapi import PREFIX

NOT_YOURS = {
    "id": "x",
    "shop_id": "other",
    "is_admin": True,
    "created_at": "2020-01-01T00:00:00Z",
    "hash": "0" * 64,
    "password_hash": "x",
    "token_hash": "x",
    "rights": {"people.edit": "all"},
    "maker_id": "x",
    "seq": 1,
    "price": "0.01",
    "__class__": "x",
    "constructor": {"prototype": {"role": "owner"}},
    "login": "evil",
}
CONFUSED: tuple[Any, ...] = (
    ["owner"],
    {"$ne": None},
    {"role": "owner"},
    True,
    0,
    -1,
    1e308,
    2**70,
    None,
    "",
    " ",
    [],
    {},
    [[]],
    "owner\u0000",
    "ОWNER",
    "owner ",
    ["mechanic", "owner"],
    {"0": "owner"},
    "x" * 5000,
)


async def _state(hub: Hub) -> list[Any]:
    """Everybody's role, shop and log-in, and how many of each thing there are."""

    def read(connection: Any) -> list[Any]:
        people = connection.execute(
            text("SELECT id, role, shop_id, login, is_active FROM access_people ORDER BY id")
        )
        counts = [
            connection.scalar(text(f"SELECT count(*) FROM {t}")) for t in ("access_tokens", "crm_clients")
        ]
        return [*map(tuple, people), *counts]

    return await hub.database.read(read)


@pytest.mark.fault("F97")
async def test_no_operation_takes_a_field_that_is_not_its_own(shop: Shop, hub: Hub, fault: Fault) -> None:
    token = {"Authorization": f"Bearer {await shop.token('owner')}"}
    client, before = shop.browser(), await _state(hub)
    for operation in OPERATIONS:
        if operation.body is None:
            continue
        own = {field.alias or name for name, field in operation.body.model_fields.items()}
        path = PREFIX + re.sub(r"\{[^}]*\}", "01", operation.path)
        for name, value in NOT_YOURS.items():
            if name not in own:
                async with client.request(
                    operation.method, path, json={name: value}, headers=token
                ) as answer:
                    said = await answer.json()
                is_told = answer.status == 422 and name in said["error"]["fields"]
                fault.check(f"{operation.method} {path} {name}: {answer.status}", is_told)
    fault.check("something was changed", await _state(hub) == before)


@pytest.mark.fault("F97")
async def test_confused_types_in_an_operation_change_nothing(shop: Shop, hub: Hub, fault: Fault) -> None:
    person = await shop.person("mechanic", "m1")
    token = {"Authorization": f"Bearer {await shop.token('owner')}"}
    client, before = shop.browser(), await _state(hub)
    path = f"/api/v1/employees/{person.id}"
    for value in CONFUSED:
        async with client.patch(
            path, data=json.dumps({"role": value}), headers={**token, "Content-Type": "application/json"}
        ) as answer:
            is_refused = answer.status == 422 or (value is None and answer.status == 200)
        fault.check(f"role {value!r:.40}: {answer.status}", is_refused and await _state(hub) == before)
    for raw in (
        b'{"role": "mechanic", "role": ["owner"]}',
        b'{"role": NaN}',
        b'{"role": Infinity}',
        b"[]",
        b'"owner"',
        b'[{"role": "owner"}]',
        b'{"role": "owner"',
        b'{"role": "owner"}}',
        b'{"Role": "owner"}',
        b'{"role ": "owner"}',
    ):
        headers = {**token, "Content-Type": "application/json"}
        async with client.patch(path, data=raw, headers=headers) as answer:
            fault.check(f"{raw!r}: {answer.status}", answer.status == 422 and await _state(hub) == before)


@pytest.mark.fault("F97")
async def test_a_manager_makes_nobody_mightier_by_doubled_or_added_fields(
    shop: Shop, hub: Hub, fault: Fault
) -> None:
    client = await shop.signed_in("manager")
    base = [("name", "New"), ("is_active", "1")]
    tries = (
        [("role", "mechanic"), ("role", "owner")],
        [("role", "owner"), ("role", "mechanic")],
        [("role", "owner")],
        [("role[]", "owner"), ("role", "mechanic")],
        [("role", "mechanic"), ("shop_id", "other")],
        [("role", "mechanic"), ("login", "evil"), ("password_hash", "x")],
        [("Role", "owner"), ("role", "mechanic")],
        [("role", "manager")],
        [("role", "mechanic"), ("id", "x"), ("rev", "99")],
        [("role.name", "owner")],
        [("role", "mechanic"), ("is_one_time", "0"), ("rights", "all")],
        [("role", "mechanic,owner")],
    )
    for more in tries:
        async with client.post(
            "/settings/people/new", data=[*base, *more], headers=SAME, allow_redirects=False
        ) as answer:
            status = answer.status
        people = [one for one in await _state(hub) if isinstance(one, tuple)]
        others = [one for one in people if one[3] != "manager"]
        is_safe = all(
            role == "mechanic" and shop_id == "main" and login is None
            for _, role, shop_id, login, _ in others
        )
        fault.check(f"{more}: {status}, {others}", is_safe and status < 500)


@pytest.mark.fault("F97")
@pytest.mark.parametrize(
    "query", ["limit=1&limit=200", "denied=1&denied=0", "cursor=a&cursor=b", "limit=1&x=1", "LIMIT=1"]
)
async def test_a_doubled_or_unknown_parameter_is_refused(shop: Shop, query: str) -> None:
    token = {"Authorization": f"Bearer {await shop.token('owner')}"}
    async with shop.browser().get(f"/api/v1/audit?{query}", headers=token) as answer:
        assert answer.status == 422

"""Own roles: made by ticking rights, given to people and tokens, changed while they are used."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest
from aiohttp import WSMsgType
from aiohttp.test_utils import TestClient

from hub.modules.access.api import AccessApi
from tests.patience import within
from tests.webui.stage import Shop
from webui.live import CHANGED

SAME = {"Sec-Fetch-Site": "same-origin"}
BASIC = {"people.view": "shop", "desk.use": "shop"}


def _form(name: str, rights: dict[str, str], **more: str) -> list[tuple[str, str]]:
    fields = [("name", name), *more.items()]
    for right, reach in rights.items():
        fields += [("right", right), (f"reach.{right}", reach)]
    return fields


async def _made(client: TestClient[Any, Any], name: str = "Trainee", rights: dict[str, str] = BASIC) -> str:
    data = _form(name, rights, base="receptionist")
    answer = await client.post("/settings/roles/new", data=data, headers=SAME, allow_redirects=False)
    assert answer.status == 303, await answer.text()
    page = await (await client.get("/settings/roles")).text()
    return re.findall(rf'<a href="/settings/roles/(own:\w+)">{name}</a>', page)[0]


async def _change(client: TestClient[Any, Any], role: str, rights: dict[str, str]) -> int:
    answer = await client.post(
        f"/settings/roles/{role}", data=_form("Trainee", rights), headers=SAME, allow_redirects=False
    )
    return answer.status


async def test_a_person_with_an_own_role_may_what_is_ticked_and_nothing_else(shop: Shop) -> None:
    role = await _made(await shop.signed_in("owner"))
    client = await shop.signed_in(role, "ivan")
    assert (await client.get("/settings/people")).status == 200
    assert "Trainee" in await (await client.get("/settings/people")).text()
    assert (await client.get("/calls")).status == 403
    assert (await client.get("/settings/people/new")).status == 403


@pytest.mark.fault("F93")
async def test_a_change_of_the_role_counts_at_once_on_pages_sockets_and_for_tokens(shop: Shop) -> None:
    owner = await shop.signed_in("owner")
    role = await _made(owner)
    client = await shop.signed_in(role, "ivan")
    token = {"Authorization": f"Bearer {await shop.token(role)}"}
    program = shop.browser()
    origin = str(client.make_url("/")).rstrip("/")
    sockets = [
        await client.ws_connect("/live", headers={"Origin": origin}),
        await program.ws_connect("/live", headers=token),
    ]
    assert (await client.get("/settings/people")).status == 200
    assert (await program.get("/api/v1/employees", headers=token)).status == 200
    assert await _change(owner, role, {"desk.use": "shop"}) == 303
    assert (await client.get("/settings/people")).status == 403
    assert (await program.get("/api/v1/employees", headers=token)).status == 403
    for socket in sockets:
        message = await asyncio.wait_for(socket.receive(), within(1.0))
        assert (message.type, message.data) == (WSMsgType.CLOSE, CHANGED)
    assert await _change(owner, role, BASIC) == 303
    assert (await client.get("/settings/people")).status == 200


async def test_a_token_of_an_own_role_never_has_more_than_its_maker(shop: Shop) -> None:
    owner = await shop.signed_in("owner")
    role = await _made(owner, rights={**BASIC, "people.edit": "shop", "tokens.manage": "all"})
    maker = await shop.signed_in(role, "ivan")
    page = await (await maker.get("/settings/tokens")).text()
    assert '<option value="owner"' not in page
    data = {"name": "till", "role": role}
    answer = await maker.post("/settings/tokens", data=data, headers=SAME)
    secret = re.findall(r"pit_[\w-]{43}", await answer.text())[0]
    token, program = {"Authorization": f"Bearer {secret}"}, shop.browser()
    assert (await program.get("/api/v1/employees", headers=token)).status == 200
    person = next(p for p in await _people(shop) if p.login == "ivan")
    await owner.post(
        f"/settings/people/{person.id}", data={"name": "I", "role": "cashier", "is_active": "1"}, headers=SAME
    )
    assert (await program.get("/api/v1/employees", headers=token)).status == 403


async def test_an_owners_token_makes_no_owner_once_its_maker_is_none(shop: Shop) -> None:
    owner = await shop.signed_in("owner")
    second = await shop.signed_in("owner", "olga")
    answer = await second.post("/settings/tokens", data={"name": "t", "role": "owner"}, headers=SAME)
    secret = re.findall(r"pit_[\w-]{43}", await answer.text())[0]
    token, program = {"Authorization": f"Bearer {secret}"}, shop.browser()
    olga = next(p for p in await _people(shop) if p.login == "olga")
    await owner.post(
        f"/settings/people/{olga.id}", data={"name": "O", "role": "manager", "is_active": "1"}, headers=SAME
    )
    for role, status in (("owner", 403), ("manager", 403), ("mechanic", 201)):
        made = await program.post("/api/v1/employees", json={"name": "X", "role": role}, headers=token)
        assert made.status == status, role


async def test_nobody_gives_a_right_that_they_do_not_have_nor_changes_the_own_role(shop: Shop) -> None:
    owner = await shop.signed_in("owner")
    role = await _made(owner, rights={**BASIC, "roles.manage": "all", "people.edit": "shop"})
    client = await shop.signed_in(role, "ivan")
    strong = _form("Strong", {"settings.edit": "all"}, base="mechanic")
    assert (await client.post("/settings/roles/new", data=strong, headers=SAME)).status == 422
    assert await _change(client, role, {**BASIC, "settings.edit": "all"}) == 422
    weak = await _made(client, "Weak", {"people.view": "shop"})
    assert weak.startswith("own:")


@pytest.mark.parametrize(
    ("name", "rights", "status"),
    [
        ("", BASIC, 422),
        ("Trainee", BASIC, 422),
        ("New", {"no.such": "all"}, 422),
        ("New", {"settings.edit": "own"}, 422),
        ("New", {"people.view": "everything"}, 422),
        ("New", {}, 303),
    ],
)
async def test_a_role_needs_a_name_of_its_own_and_rights_that_exist(
    shop: Shop, name: str, rights: dict[str, str], status: int
) -> None:
    owner = await shop.signed_in("owner")
    await _made(owner)
    data = _form(name, rights, base="receptionist")
    answer = await owner.post("/settings/roles/new", data=data, headers=SAME, allow_redirects=False)
    assert answer.status == status


async def test_a_role_in_use_is_not_removed(shop: Shop) -> None:
    owner = await shop.signed_in("owner")
    role = await _made(owner)
    person = await shop.person(role, "ivan")
    assert (await owner.post(f"/settings/roles/{role}/remove", headers=SAME)).status == 409
    await owner.post(
        f"/settings/people/{person.id}", data={"name": "I", "role": "cashier", "is_active": "1"}, headers=SAME
    )
    answer = await owner.post(f"/settings/roles/{role}/remove", headers=SAME, allow_redirects=False)
    assert answer.status == 303
    data = {"name": "N", "role": role, "is_active": "1"}
    assert (await owner.post("/settings/people/new", data=data, headers=SAME)).status == 422


async def _people(shop: Shop) -> list[Any]:
    installation = shop.hub.installation
    async with installation.transactions.reading(actor=None, shop_id=installation.default_shop) as uow:
        return list(await AccessApi(uow, installation.deps).list_people())

"""The one-time link: who may send it, what it opens, and when it opens nothing."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest
from aiohttp.test_utils import TestClient

from tests.webui.stage import PASSWORD, Shop

SAME = {"Sec-Fetch-Site": "same-origin"}
CHOSEN = {"login": "ivan", "password": "my own plain words"}


async def _invited(client: TestClient[Any, Any], role: str = "mechanic", **more: str) -> tuple[str, str]:
    """The link's path and the person's id."""
    data = {"name": "Ivan", "role": role, "is_active": "1", "invite": "1", **more}
    answer = await client.post("/settings/people/new", data=data, headers=SAME)
    assert answer.status == 200, await answer.text()
    return _link(await answer.text())


def _link(page: str) -> tuple[str, str]:
    path = re.findall(r"http://[^/]+(/invite/[\w-]+)<", page)[0]
    return path, re.findall(r"/settings/people/(\w{26})", page)[0]


async def _accept(client: TestClient[Any, Any], path: str, **more: str) -> int:
    answer = await client.post(path, data={**CHOSEN, **more}, headers=SAME, allow_redirects=False)
    return answer.status


async def test_the_invited_person_chooses_log_in_and_password_and_is_in(shop: Shop) -> None:
    path, _ = await _invited(await shop.signed_in("owner"), extensions="101")
    client = shop.browser()
    page = await client.get(path)
    assert page.status == 200
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert await _accept(client, path) == 303
    assert (await client.get("/account")).status == 200
    await shop.sign_in("ivan", CHOSEN["password"])
    assert ("access.invitation_accepted", "done") in await shop.audit()


async def test_looking_at_a_link_changes_nothing_and_it_works_once(shop: Shop) -> None:
    path, _ = await _invited(await shop.signed_in("owner"))
    for _ in range(3):
        assert (await shop.browser().get(path)).status == 200
    assert await _accept(shop.browser(), path) == 303
    assert (await shop.browser().get(path)).status == 404
    assert await _accept(shop.browser(), path, login="other") == 404


async def test_of_two_who_use_a_link_at_the_same_moment_one_gets_in(shop: Shop) -> None:
    path, _ = await _invited(await shop.signed_in("owner"))
    answers = await asyncio.gather(
        *(_accept(shop.browser(), path, login=name) for name in ("ivan", "eve", "mallory"))
    )
    assert sorted(answers) == [303, 404, 404]


async def test_a_link_ends_after_three_days_by_withdrawal_and_by_a_new_one(shop: Shop) -> None:
    owner = await shop.signed_in("owner")
    path, person = await _invited(owner)
    answer = await owner.post(f"/settings/people/{person}/invite", headers=SAME)
    newer, _ = _link(await answer.text())
    assert (await shop.browser().get(path)).status == 404
    assert (await shop.browser().get(newer)).status == 200
    await owner.post(f"/settings/people/{person}/invite/revoke", headers=SAME)
    assert (await shop.browser().get(newer)).status == 404
    newest, _ = _link(await (await owner.post(f"/settings/people/{person}/invite", headers=SAME)).text())
    shop.clock.advance(73 * 3600)
    assert (await shop.browser().get(newest)).status == 404


async def test_only_the_hash_of_a_link_is_kept_and_it_stands_in_no_log(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    path, _ = await _invited(await shop.signed_in("owner"))
    secret = path.rpartition("/")[2]
    assert len(secret) == 22
    await shop.browser().post(path, data=CHOSEN, headers={"Sec-Fetch-Site": "cross-site"})
    await _accept(shop.browser(), path)
    await (await shop.sign_in("ivan", CHOSEN["password"])).get(path)
    dump = await shop.hub.database.read(
        lambda connection: "\n".join(connection.connection.dbapi_connection.iterdump())
        if connection.dialect.name == "sqlite" else ""
    )  # fmt: skip
    assert secret not in dump
    assert secret not in capsys.readouterr().out


async def test_a_link_is_not_taken_from_another_site(shop: Shop) -> None:
    path, _ = await _invited(await shop.signed_in("owner"))
    answer = await shop.browser().post(path, data=CHOSEN, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status == 403
    assert (await shop.browser().get(path)).status == 200


@pytest.mark.parametrize("role", ["manager", "owner"])
async def test_a_manager_invites_only_below_the_own_rank(shop: Shop, role: str) -> None:
    manager = await shop.signed_in("manager")
    data = {"name": "Ivan", "role": role, "is_active": "1", "invite": "1"}
    answer = await manager.post("/settings/people/new", data=data, headers=SAME)
    assert answer.status == 403
    boss = await shop.person(role, "boss")
    assert (await manager.post(f"/settings/people/{boss.id}/invite", headers=SAME)).status == 403
    await _invited(manager, "receptionist")


async def test_a_link_does_nothing_that_its_maker_could_not_do_today(shop: Shop) -> None:
    owner = await shop.signed_in("owner")
    path, person = await _invited(await shop.signed_in("manager"), "receptionist")
    await owner.post(
        f"/settings/people/{person}", data={"name": "Ivan", "role": "manager", "is_active": "1"}, headers=SAME
    )
    assert (await shop.browser().get(path)).status == 404


async def test_somebody_with_a_log_in_keeps_it_and_chooses_a_new_password(shop: Shop) -> None:
    owner, person = await shop.signed_in("owner"), await shop.person("manager", "maria")
    old = await shop.sign_in("maria")
    path, _ = _link(await (await owner.post(f"/settings/people/{person.id}/invite", headers=SAME)).text())
    assert await _accept(shop.browser(), path, login="other") == 303
    assert (await old.get("/account", allow_redirects=False)).status == 303
    await shop.sign_in("maria", CHOSEN["password"])


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"password": "short"}, "10 знаків"),
        ({"password": "password12"}, "легко вгадати"),
        ({"login": "a b"}, "літери"),
        ({"login": "owner"}, "зайнят"),
    ],
)
async def test_what_is_wrong_is_told_and_the_link_stays_good(
    shop: Shop, wrong: dict[str, str], said: str
) -> None:
    path, _ = await _invited(await shop.signed_in("owner"))
    answer = await shop.browser().post(path, data={**CHOSEN, **wrong}, headers=SAME)
    assert answer.status == 422
    assert said in (await answer.text()).lower()
    assert await _accept(shop.browser(), path) == 303


async def test_a_password_that_was_given_or_chosen_otherwise_ends_every_link(shop: Shop) -> None:
    """A link that lies in a mailbox must not open the account of somebody who is in already."""
    owner = await shop.signed_in("owner")
    path, person = await _invited(owner)
    answer = await owner.post(f"/settings/people/{person}/login", data={"login": "ivan"}, headers=SAME)
    assert answer.status == 200
    assert (await shop.browser().get(path)).status == 404
    maria = await shop.person("manager", "maria")
    again = await owner.post(f"/settings/people/{maria.id}/invite", headers=SAME)
    link, _ = _link(await again.text())
    browser = await shop.sign_in("maria")
    chosen = {"old": PASSWORD, "new": "other plain words there"}
    answer = await browser.post("/account/password", data=chosen, headers=SAME, allow_redirects=False)
    assert answer.status == 303
    assert (await shop.browser().get(link)).status == 404

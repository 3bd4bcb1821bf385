"""One's own account: browsers, password, and what must be done before anything else."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest
from aiohttp import WSMsgType
from aiohttp.test_utils import TestClient
from argon2 import PasswordHasher
from sqlalchemy import text

from tests.faults.figures import Fault
from tests.patience import within
from tests.webui.stage import PASSWORD, Shop
from webui.agents import described
from webui.live import SIGNED_OUT

SAME = {"Sec-Fetch-Site": "same-origin"}
OWN = {"own_password": PASSWORD}


async def _code(client: TestClient[Any, Any], act: Any) -> int:
    """Open a socket, do it, and wait a second for the socket's end."""
    origin = str(client.make_url("/")).rstrip("/")
    socket = await client.ws_connect("/live", headers={"Origin": origin})
    await act()
    message = await asyncio.wait_for(socket.receive(), within(1.0))
    assert message.type is WSMsgType.CLOSE
    return int(message.data)


async def test_one_sees_the_own_browsers_and_signs_one_out(shop: Shop) -> None:
    client, other = await shop.signed_in("owner"), await shop.sign_in("owner")
    page = await (await client.get("/account")).text()
    ended = re.findall(r'action="/account/sessions/(\w+)/end"', page)
    assert len(ended) == 1
    assert page.count("цей браузер") == 1

    async def end() -> None:
        await client.post(f"/account/sessions/{ended[0]}/end", data=OWN, headers=SAME)

    assert await _code(other, end) == SIGNED_OUT
    assert (await other.get("/account", allow_redirects=False)).status == 303
    assert (await client.get("/account", allow_redirects=False)).status == 200


async def test_without_the_password_nobody_is_signed_out_from_afar(shop: Shop) -> None:
    client, other = await shop.signed_in("owner"), await shop.sign_in("owner")
    page = await (await client.get("/account")).text()
    (theirs,) = re.findall(r'action="/account/sessions/(\w+)/end"', page)
    for path in (f"/account/sessions/{theirs}/end", "/account/sessions/end-others"):
        for data in ({}, {"own_password": "a wrong one, surely"}):
            answer = await client.post(path, data=data, headers=SAME, allow_redirects=False)
            assert answer.status == 422
    assert (await other.get("/account", allow_redirects=False)).status == 200
    assert ("access.password_asked", "failed") in await shop.audit()


async def test_all_others_are_signed_out_at_once(shop: Shop) -> None:
    client = await shop.signed_in("owner")
    others = [await shop.sign_in("owner") for _ in range(3)]

    async def end() -> None:
        await client.post("/account/sessions/end-others", data=OWN, headers=SAME)

    assert await _code(others[0], end) == SIGNED_OUT
    for other in others:
        assert (await other.get("/account", allow_redirects=False)).status == 303
    assert (await client.get("/account", allow_redirects=False)).status == 200


async def test_nobody_ends_the_sessions_of_somebody_else_by_their_id(shop: Shop) -> None:
    owner = await shop.signed_in("owner")
    await shop.sign_in("owner")
    page = await (await owner.get("/account")).text()
    theirs = re.findall(r'action="/account/sessions/(\w+)/end"', page)[0]
    await (await shop.signed_in("manager")).post(f"/account/sessions/{theirs}/end", data=OWN, headers=SAME)
    assert theirs in await (await owner.get("/account")).text()


async def test_a_manager_signs_somebody_below_out_everywhere_and_nobody_above(shop: Shop) -> None:
    below, boss = await shop.person("mechanic"), await shop.person("owner")
    client, manager = await shop.sign_in("mechanic"), await shop.signed_in("manager")

    async def end() -> None:
        await manager.post(f"/settings/people/{below.id}/sessions/end", headers=SAME)

    assert await _code(client, end) == SIGNED_OUT
    assert (await manager.post(f"/settings/people/{boss.id}/sessions/end", headers=SAME)).status == 403


@pytest.mark.fault("F93")
async def test_a_changed_password_ends_open_sockets_of_other_browsers(shop: Shop) -> None:
    client, other = await shop.signed_in("owner"), await shop.sign_in("owner")

    async def change() -> None:
        data = {"old": PASSWORD, "new": "other plain words"}
        await client.post("/account/password", data=data, headers=SAME)

    assert await _code(other, change) == SIGNED_OUT


@pytest.mark.fault("F92")
async def test_a_session_that_was_there_before_signing_in_is_worth_nothing_after_it(
    shop: Shop, fault: Fault
) -> None:
    """Planted cookies, and the session of somebody else who signed in here before."""
    await shop.person("owner")
    mechanic = await shop.signed_in("mechanic")
    planted = next(c.value for c in mechanic.session.cookie_jar if c.key == "pitline")
    for number, cookie in enumerate([planted, *(f"planted{n}" for n in range(19))]):
        shop.clock.advance(31 * 60)
        client = shop.browser()
        answer = await client.post(
            "/login", data={"login": "owner", "password": PASSWORD}, allow_redirects=False,
            headers={"Cookie": f"pitline={cookie}"},
        )  # fmt: skip
        fresh = answer.cookies["pitline"].value
        reused = await shop.browser().get(
            "/settings", headers={"Cookie": f"pitline={cookie}"}, allow_redirects=False
        )
        fault.check(f"cookie {number}", fresh != cookie and reused.status == 303)


@pytest.mark.fault("F92")
async def test_new_rights_begin_with_a_new_session(shop: Shop) -> None:
    person = await shop.person("mechanic")
    client, owner = await shop.sign_in("mechanic"), await shop.signed_in("owner")
    data = {"name": "M", "role": "manager", "is_active": "1"}
    await owner.post(f"/settings/people/{person.id}", data=data, headers=SAME)
    assert (await client.get("/account", allow_redirects=False)).status == 303


async def test_a_password_that_somebody_gave_is_changed_before_anything_else(shop: Shop) -> None:
    owner, person = await shop.signed_in("owner"), await shop.person("manager", "maria")
    answer = await owner.post(f"/settings/people/{person.id}/login", data={"login": "maria"}, headers=SAME)
    given = re.findall(r"\w{4}-\w{4}-\w{4}-\w{4}", await answer.text())[0]
    client = await shop.sign_in("maria", given)
    for path in ("/settings", "/calls", "/settings/people"):
        led = await client.get(path, allow_redirects=False)
        assert (led.status, led.headers["Location"]) == (303, "/account")
    assert (await client.get("/api/v1/employees")).status == 403
    assert (await client.get("/live/state")).status == 200
    data = {"old": given, "new": "my own plain words"}
    await client.post("/account/password", data=data, headers=SAME)
    assert (await client.get("/settings", allow_redirects=False)).status == 200


async def test_a_password_of_the_console_is_to_be_changed_after_a_day(shop: Shop) -> None:
    await shop.person("manager", is_one_time=True)
    client = await shop.sign_in("manager")
    assert (await client.get("/settings", allow_redirects=False)).status == 200
    shop.clock.advance(25 * 3600)
    client = await shop.sign_in("manager")
    assert (await client.get("/settings", allow_redirects=False)).headers["Location"] == "/account"


@pytest.mark.usefixtures("true_passwords")
async def test_a_hash_of_older_parameters_is_made_anew_when_one_signs_in(shop: Shop) -> None:
    await shop.person("owner")
    old = PasswordHasher(time_cost=1, memory_cost=8 * 1024, parallelism=1).hash(PASSWORD)
    await shop.hub.database.write(
        lambda c: c.execute(text("UPDATE access_people SET password_hash = :hash"), {"hash": old})
    )
    first = await shop.sign_in("owner")
    stored = await shop.hub.database.read(
        lambda c: c.execute(text("SELECT password_hash FROM access_people")).scalar()
    )
    assert stored != old
    assert "m=19456,t=2,p=1" in stored
    await shop.sign_in("owner")
    assert (await first.get("/account", allow_redirects=False)).status == 200


@pytest.mark.parametrize(
    ("agent", "shown"),
    [
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/130.0 Safari/537.36 Edg/130.0",
         "Edge, Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) Version/17.0 Safari/604.1",
         "Safari, iPhone"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0", "Firefox, Linux"),
        ("Mozilla/5.0 (Linux; Android 14) Chrome/130.0 Mobile Safari/537.36", "Chrome, Android"),
        ("something else", "something else"),
        ("", ""),
    ],
)  # fmt: skip
def test_browsers_are_told_in_words(agent: str, shown: str) -> None:
    assert described(agent) == shown

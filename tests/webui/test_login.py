"""Signing in, staying in, being out."""

from __future__ import annotations

from dataclasses import replace

import pytest
from aiohttp.test_utils import TestClient, TestServer
from sqlalchemy import text

from hub.app import Hub
from tests.webui.stage import PASSWORD, WIDE, Shop
from webui.app import SITE, make_app
from webui.request import own_path


async def test_right_password_opens_the_pages_and_the_cookie_is_for_this_site_alone(shop: Shop) -> None:
    await shop.person("owner")
    client = shop.browser()
    answer = await client.post(
        "/login", data={"login": "Owner ", "password": PASSWORD}, allow_redirects=False
    )
    assert answer.status == 303
    assert answer.headers["Location"] == "/"
    cookie = answer.cookies["pitline"]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Lax", "/")
    assert len(cookie.value) >= 43
    assert (await client.get("/settings")).status == 200


@pytest.mark.parametrize(("login", "password"), [("owner", "wrong words"), ("nobody", PASSWORD), ("", "")])
async def test_wrong_password_and_unknown_login_get_the_same_answer(
    shop: Shop, login: str, password: str
) -> None:
    await shop.person("owner")
    answer = await shop.browser().post("/login", data={"login": login, "password": password})
    assert answer.status == 401
    assert "Логін або пароль неправильні." in await answer.text()
    assert "pitline=" not in answer.headers.get("Set-Cookie", "")


async def test_one_who_left_cannot_sign_in(shop: Shop) -> None:
    person = await shop.person("manager")
    client = await shop.signed_in("owner")
    answer = await client.post(
        f"/settings/people/{person.id}",
        data={"name": "M", "role": "manager", "rev": str(person.rev)},
        headers={"Sec-Fetch-Site": "same-origin"},
        allow_redirects=False,
    )
    assert answer.status == 303
    tried = await shop.browser().post("/login", data={"login": "manager", "password": PASSWORD})
    assert tried.status == 401


async def test_log_in_never_keeps_an_id_that_the_browser_brought(shop: Shop) -> None:
    await shop.person("owner")
    client = shop.browser()
    client.session.cookie_jar.update_cookies({"pitline": "planted"}, client.make_url("/"))
    answer = await client.post("/login", data={"login": "owner", "password": PASSWORD}, allow_redirects=False)
    first = answer.cookies["pitline"].value
    assert first != "planted"
    again = await client.post("/login", data={"login": "owner", "password": PASSWORD}, allow_redirects=False)
    assert again.cookies["pitline"].value != first
    assert await _status_with(shop, first) == 303


async def test_after_signing_out_the_old_cookie_opens_nothing(shop: Shop) -> None:
    client = await shop.signed_in("owner")
    old = next(c.value for c in client.session.cookie_jar if c.key == "pitline")
    assert await _status_with(shop, old) == 200
    answer = await client.post("/logout", allow_redirects=False)
    assert answer.headers["Location"] == "/login"
    assert await _status_with(shop, old) == 303


async def test_session_ends_when_it_lies_idle_and_at_its_longest_life(shop: Shop) -> None:
    client = await shop.signed_in("owner")
    shop.clock.advance(11 * 3600)
    assert (await client.get("/settings", allow_redirects=False)).status == 200
    await shop.server.app[SITE].door.close()
    shop.clock.advance(11 * 3600)
    assert (await client.get("/settings", allow_redirects=False)).status == 200
    await shop.server.app[SITE].door.close()
    shop.clock.advance(12.1 * 3600)
    assert (await client.get("/settings", allow_redirects=False)).status == 303


async def test_what_another_process_revokes_counts_within_a_second(shop: Shop) -> None:
    """Written past the web admin, as another process would."""
    client = await shop.signed_in("owner")
    assert (await client.get("/settings", allow_redirects=False)).status == 200
    await shop.hub.database.write(
        lambda connection: connection.execute(text("UPDATE access_people SET is_active = false"))
    )
    shop.clock.advance(0.9)
    assert (await client.get("/settings", allow_redirects=False)).status == 303


async def test_a_changed_role_counts_at_once(shop: Shop) -> None:
    manager = await shop.person("manager")
    client = await shop.sign_in("manager")
    owner = await shop.signed_in("owner")
    assert (await client.get("/settings")).status == 200
    await owner.post(
        f"/settings/people/{manager.id}",
        data={"name": "M", "role": "mechanic", "is_active": "1", "rev": str(manager.rev)},
        headers={"Sec-Fetch-Site": "same-origin"},
    )
    assert (await client.get("/settings")).status == 403


async def test_one_time_password_of_the_console_is_to_be_changed_within_a_day_and_ends_after_a_week(
    shop: Shop,
) -> None:
    await shop.person("manager", is_one_time=True)
    client = await shop.sign_in("manager")
    assert "одноразовим паролем" in await (await client.get("/settings")).text()
    shop.clock.advance(8 * 86400)
    late = await shop.browser().post("/login", data={"login": "manager", "password": PASSWORD})
    assert late.status == 401


async def test_own_password_is_changed_and_every_other_browser_is_out(shop: Shop) -> None:
    await shop.person("manager")
    first, second = await shop.sign_in("manager"), await shop.sign_in("manager")
    answer = await first.post(
        "/account/password",
        data={"old": PASSWORD, "new": "other plain words"},
        headers={"Sec-Fetch-Site": "same-origin"},
        allow_redirects=False,
    )
    assert answer.status == 303
    assert (await first.get("/settings", allow_redirects=False)).status == 200
    assert (await second.get("/settings", allow_redirects=False)).status == 303
    await shop.sign_in("manager", "other plain words")


@pytest.mark.parametrize(
    ("old", "new"), [("wrong", "other plain words"), (PASSWORD, "short"), (PASSWORD, "password1")]
)
async def test_password_is_not_changed_without_the_old_one_or_to_a_bad_one(
    shop: Shop, old: str, new: str
) -> None:
    client = await shop.signed_in("manager")
    answer = await client.post(
        "/account/password", data={"old": old, "new": new}, headers={"Sec-Fetch-Site": "same-origin"}
    )
    assert answer.status == 422
    await shop.sign_in("manager")


async def test_with_a_public_https_address_cookies_belong_to_the_host_and_travel_only_encrypted(
    hub: Hub, shop: Shop
) -> None:
    await shop.person("owner")
    installation = hub.installation
    server = replace(installation.settings.server, public_url="https://shop.example")
    secure = replace(installation, settings=replace(installation.settings, server=server))
    async with TestClient(TestServer(make_app(secure, WIDE))) as client:
        answer = await client.post(
            "/login", data={"login": "owner", "password": PASSWORD}, allow_redirects=False
        )
        cookie = answer.cookies["__Host-pitline"]
        assert cookie["secure"]
        assert cookie["path"] == "/"
        assert not cookie["domain"]
        assert "max-age=" in answer.headers["Strict-Transport-Security"]


@pytest.mark.parametrize(
    ("asked", "given"),
    [
        ("/calls?day=1", "/calls?day=1"),
        ("//evil.example/", "/"),
        ("https://evil.example/", "/"),
        ("/\\evil.example", "/"),
        ("/a\r\nSet-Cookie: x=1", "/"),
        ("javascript:alert(1)", "/"),
        ("", "/"),
        (None, "/"),
    ],
)
def test_after_signing_in_one_only_ever_lands_on_our_own_pages(asked: str | None, given: str) -> None:
    assert own_path(asked) == given


async def test_pages_lead_to_the_log_in_and_programs_are_told_401(shop: Shop) -> None:
    await shop.person("owner")
    client = shop.browser()
    page = await client.get("/settings?x=1", allow_redirects=False)
    assert page.status == 303
    assert page.headers["Location"] == "/login?next=/settings?x%3D1"
    program = await client.get("/api/v1/employees")
    assert program.status == 401
    assert (await program.json())["error"]["code"] == "access.sign_in"
    bad = await client.get("/api/v1/employees", headers={"Authorization": "Bearer nonsense"})
    assert bad.status == 401
    assert bad.headers["WWW-Authenticate"].startswith("Bearer")


async def _status_with(shop: Shop, token: str) -> int:
    client = shop.browser()
    answer = await client.get("/settings", headers={"Cookie": f"pitline={token}"}, allow_redirects=False)
    return answer.status

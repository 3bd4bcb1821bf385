"""Pages of other sites cannot act for somebody who is signed in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from aiohttp.test_utils import make_mocked_request

from hub.settings import ServerSettings
from tests.webui.stage import Shop
from webui.guard import client_address, csrf_token, is_loopback

FORM = {"name": "New One", "role": "mechanic", "is_active": "1"}


@pytest.mark.parametrize(
    ("headers", "has_token", "status"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, False, 303),
        ({"Sec-Fetch-Site": "none"}, False, 303),
        ({"Sec-Fetch-Site": "same-origin"}, True, 303),
        ({"Sec-Fetch-Site": "cross-site"}, False, 403),
        ({"Sec-Fetch-Site": "same-site"}, False, 403),
        ({"Sec-Fetch-Site": "cross-site"}, True, 403),
        ({"Origin": "OURS"}, False, 303),
        ({"Origin": "http://evil.example"}, False, 403),
        ({"Origin": "null"}, False, 403),
        ({"Origin": "http://["}, False, 403),
        ({"Origin": "http://evil.example", "Sec-Fetch-Site": "same-origin"}, False, 303),
        ({}, True, 303),
        ({}, False, 403),
        ({"X-CSRF-Token": "wrong"}, False, 403),
        ({"Sec-Fetch-Site": "same-origin", "X-CSRF-Token": "wrong"}, False, 403),
        ({"X-HTTP-Method-Override": "GET"}, False, 403),
    ],
)
@pytest.mark.fault("F94")
async def test_a_change_needs_proof_that_our_own_page_sent_it(
    shop: Shop, headers: Mapping[str, str], has_token: bool, status: int
) -> None:
    client = await shop.signed_in("owner")
    cookie = next(c.value for c in client.session.cookie_jar if c.key == "pitline")
    ours = str(client.make_url("/")).rstrip("/")
    sent = {name: ours if value == "OURS" else value for name, value in headers.items()}
    data = {**FORM, "csrf": csrf_token(cookie)} if has_token else FORM
    answer = await client.post("/settings/people/new", data=data, headers=sent, allow_redirects=False)
    assert answer.status == status
    people = await (await client.get("/api/v1/employees")).json()
    assert len(people["items"]) == (2 if status == 303 else 1)


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
@pytest.mark.fault("F94")
async def test_nobody_is_signed_in_or_out_by_another_site(shop: Shop, site: str) -> None:
    client = await shop.signed_in("owner")
    headers = {"Sec-Fetch-Site": site}
    assert (await client.post("/logout", headers=headers)).status == 403
    data = {"login": "owner", "password": "x"}
    assert (await client.post("/login", data=data, headers=headers)).status == 403
    assert (await client.get("/settings")).status == 200


@pytest.mark.fault("F94")
async def test_a_cookie_reads_the_api_but_changes_nothing_through_it(shop: Shop) -> None:
    client = await shop.signed_in("owner")
    assert (await client.get("/api/v1/employees")).status == 200
    answer = await client.post(
        "/api/v1/employees", json={"name": "X", "role": "mechanic"}, headers={"Sec-Fetch-Site": "same-origin"}
    )
    assert answer.status == 401


@pytest.mark.fault("F94")
async def test_json_disguised_as_text_is_refused(shop: Shop) -> None:
    headers = {"Authorization": f"Bearer {await shop.token('owner')}", "Content-Type": "text/plain"}
    body = b'{"name": "X", "role": "mechanic"}'
    answer = await shop.browser().post("/api/v1/employees", data=body, headers=headers)
    assert answer.status == 415
    assert (await answer.json())["error"]["code"] == "request.media_type"


@pytest.mark.fault("F94")
async def test_every_page_forbids_framing_and_inline_scripts(shop: Shop) -> None:
    client = await shop.signed_in("owner")
    for path in ("/settings", "/login", "/nothing-here", "/api/v1/employees"):
        headers = (await client.get(path, allow_redirects=False)).headers
        policy = headers["Content-Security-Policy"]
        assert "default-src 'self'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cache-Control"] == "no-store"
        assert "Server" not in headers


HERE = {"Host": "127.0.0.1:8080"}


def _request(peer: str, **headers: str) -> Any:
    class Transport:
        def get_extra_info(self, name: str, default: object = None) -> object:
            return (peer, 50000) if name == "peername" else default

    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return make_mocked_request("GET", "/", headers=names, transport=Transport())


@pytest.mark.parametrize(
    ("peer", "forwarded", "proxies", "address"),
    [
        ("203.0.113.9", "198.51.100.1", (), "203.0.113.9"),
        ("127.0.0.1", "198.51.100.1", ("127.0.0.1",), "198.51.100.1"),
        ("127.0.0.1", "6.6.6.6, 198.51.100.1", ("127.0.0.1",), "198.51.100.1"),
        ("127.0.0.1", "198.51.100.1, 10.1.1.1", ("127.0.0.1", "10.0.0.0/8"), "198.51.100.1"),
        ("127.0.0.1", "junk", ("127.0.0.1",), "127.0.0.1"),
        ("127.0.0.1", "", ("127.0.0.1",), "127.0.0.1"),
    ],
)
def test_forwarded_addresses_count_only_as_far_as_trusted_proxies_wrote_them(
    peer: str, forwarded: str, proxies: tuple[str, ...], address: str
) -> None:
    server = replace(ServerSettings(), trusted_proxies=proxies)
    assert client_address(_request(peer, X_Forwarded_For=forwarded), server) == address


@pytest.mark.parametrize(
    ("peer", "headers", "server", "is_local"),
    [
        ("127.0.0.1", HERE, ServerSettings(), True),
        ("::1", {"Host": "[::1]:8080"}, ServerSettings(host="::1"), True),
        ("203.0.113.9", HERE, ServerSettings(), False),
        ("127.0.0.1", {**HERE, "X_Forwarded_For": "203.0.113.9"}, ServerSettings(), False),
        ("127.0.0.1", HERE, ServerSettings(host="0.0.0.0"), False),
        ("127.0.0.1", HERE, ServerSettings(public_url="https://shop.example"), False),
        ("127.0.0.1", {"Host": "strangers.example:8080"}, ServerSettings(), False),
    ],
)
def test_who_comes_through_a_proxy_is_not_at_this_machine(
    peer: str, headers: dict[str, str], server: ServerSettings, is_local: bool
) -> None:
    assert is_loopback(_request(peer, **headers), server) is is_local

"""Without https only one's own network is served; signing out clears what the browser kept."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace

import pytest

from hub.errors import NotAllowed
from hub.settings import ServerSettings, Settings
from tests.webui.stage import Shop
from tests.webui.test_cross_site import _request
from webui.guard import check_transport, client_address

HTTPS = ServerSettings(public_url="https://shop.example", trusted_proxies=("10.0.0.0/8",))
PLAIN = ServerSettings()


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, server=ServerSettings(trusted_proxies=("127.0.0.0/8",)))


@pytest.mark.parametrize(
    ("peer", "headers", "server", "is_served"),
    [
        ("127.0.0.1", {}, PLAIN, True),
        ("192.168.1.20", {}, PLAIN, True),
        ("fd00::7", {}, PLAIN, True),
        ("100.64.0.9", {}, PLAIN, True),
        ("8.8.8.8", {}, PLAIN, False),
        ("2a00:1450:4025::66", {}, PLAIN, False),
        ("8.8.8.8", {"X_Forwarded_Proto": "https"}, PLAIN, False),
        ("2a00:1450:4025::66", {}, ServerSettings(plain_http_from=("2a00:1450::/32",)), True),
        ("8.8.8.8", {}, ServerSettings(plain_http_from=("0.0.0.0/0", "::/0")), True),
        ("10.1.1.1", {"X_Forwarded_For": "8.8.8.8", "X_Forwarded_Proto": "https"}, HTTPS, True),
        ("10.1.1.1", {"X_Forwarded_For": "8.8.8.8"}, HTTPS, True),
        ("10.1.1.1", {"X_Forwarded_For": "8.8.8.8", "X_Forwarded_Proto": "http"}, HTTPS, False),
        ("8.8.8.8", {"X_Forwarded_Proto": "https"}, HTTPS, False),
        ("192.168.1.20", {}, HTTPS, True),
        ("10.1.1.1", {"X_Forwarded_For": "8.8.8.8"}, replace(HTTPS, public_url="http://shop.example"), False),
    ],
)
def test_the_open_internet_is_served_over_https_only(
    peer: str, headers: dict[str, str], server: ServerSettings, is_served: bool
) -> None:
    request = _request(peer, **headers)
    expected = nullcontext() if is_served else pytest.raises(NotAllowed, match="https only")
    with expected:
        check_transport(request, server, client_address(request, server))


async def test_nobody_signs_in_or_asks_from_outside_over_plain_http(shop: Shop) -> None:
    await shop.person("owner")
    outside = {"X-Forwarded-For": "8.8.8.8"}
    token = {"Authorization": f"Bearer {await shop.token('owner')}"}
    for method, path, more in (
        ("GET", "/login", {}), ("POST", "/login", {}), ("GET", "/api/v1/me", token), ("GET", "/live", token),
        ("GET", "/healthz", {}),
    ):  # fmt: skip
        answer = await shop.browser().request(method, path, headers={**outside, **more})
        assert answer.status == 403, path
        assert "https" in await answer.text()
    answer = await shop.browser().get("/api/v1/me", headers={"X-Forwarded-For": "10.0.0.9", **token})
    assert answer.status == 200


async def test_signing_out_clears_what_the_browser_kept(shop: Shop) -> None:
    client = await shop.signed_in("owner")
    answer = await client.post("/logout", headers={"Sec-Fetch-Site": "same-origin"}, allow_redirects=False)
    assert answer.status == 303
    assert answer.headers["Clear-Site-Data"] == '"cache", "storage"'
    assert "leave.js" in await (await client.get("/login")).text()

"""F94: a page of somebody else, open in the browser of an owner who is signed in, tries everything that a
page can do: from another site (no cookie comes along) and from another port of the same one (it does)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from playwright.async_api import Browser, BrowserContext, Page
from sqlalchemy import text

from hub.app import Hub
from tests.faults.figures import Fault
from tests.flows.browser import chromium
from tests.webui.stage import PASSWORD, Shop

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(300)]
SITES = ("localhost", "127.0.0.1")
"""Another site than the hub's 127.0.0.1, and the same one on another port."""
HELPERS = """
const FIELDS = {name: 'Mallory', role: 'owner', is_active: '1'};
const BODY = JSON.stringify({name: 'Mallory', role: 'owner'});
const WITH = {method: 'POST', credentials: 'include'};
const JSON_TYPE = {'Content-Type': 'application/json'};
function form(path, fields, more = {}) {
  const made = Object.assign(document.createElement('form'), {method: 'post', action: V + path, ...more});
  for (const [name, value] of Object.entries(fields))
    made.append(Object.assign(document.createElement('input'), {type: 'hidden', name, value}));
  document.body.append(made);
  return made;
}
function put(tag, attributes) {
  document.body.append(Object.assign(document.createElement(tag), attributes));
}
"""
NEW, API = "/settings/people/new", "/api/v1/employees"
CASES = {
    "a form": f"form('{NEW}', FIELDS).submit()",
    "a form with parts": f"form('{NEW}', FIELDS, {{enctype: 'multipart/form-data'}}).submit()",
    "a form as text": f"form('{NEW}', FIELDS, {{enctype: 'text/plain'}}).submit()",
    "a form into a frame": f"put('iframe', {{name: 'f'}}); form('{NEW}', FIELDS, {{target: 'f'}}).submit()",
    "a form into a window": f"form('{NEW}', FIELDS, {{target: '_blank'}}).submit()",
    "JSON as the text of a form": (
        f"form('{API}', {{[BODY.slice(0, -1) + ',\"x\":\"']: '\"}}'}}, {{enctype: 'text/plain'}}).submit()"
    ),
    "a fetch": f"fetch(V + '{NEW}', {{...WITH, mode: 'no-cors', body: new URLSearchParams(FIELDS)}})",
    "a fetch that asks before": f"fetch(V + '{API}', {{...WITH, headers: JSON_TYPE, body: BODY}})",
    "JSON as text": f"fetch(V + '{API}', {{...WITH, mode: 'no-cors', body: BODY}})",
    "a beacon": f"navigator.sendBeacon(V + '{NEW}', new URLSearchParams(FIELDS))",
    "an old request": (
        f"const x = new XMLHttpRequest(); x.open('POST', V + '{NEW}'); x.withCredentials = true;"
        "x.setRequestHeader('Content-Type', 'application/x-www-form-urlencoded');"
        "x.send(new URLSearchParams(FIELDS))"
    ),
    "a method in the fields": f"form('{API}/ID', {{_method: 'PATCH', ...FIELDS}}).submit()",
    "a method in a header": (
        f"fetch(V + '{API}/ID', {{...WITH, headers: {{'X-HTTP-Method-Override': 'PATCH'}}, body: BODY}})"
    ),
    "PATCH": f"fetch(V + '{API}/ID', {{...WITH, method: 'PATCH', headers: JSON_TYPE, body: BODY}})",
    "a picture that signs out": "put('img', {src: V + '/logout'})",
    "a form that signs out": "form('/logout', {}).submit()",
    "a form that signs in": f"form('/login', {{login: 'mallory', password: '{PASSWORD}'}}).submit()",
    "what POST does by GET": f"location = V + '{NEW}?' + new URLSearchParams(FIELDS)",
    "a frame": "put('iframe', {src: V + '/account'})",
    "an object": "put('object', {data: V + '/account', type: 'text/html'})",
}
LEDGER = (
    "SELECT id, name, role, is_active, language, login, password_hash FROM access_people",
    "SELECT id, person_id, token_hash, revoked_at FROM access_sessions",
    "SELECT id, role, revoked_at FROM access_tokens",
)


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as made:
        yield made


async def _ledger(hub: Hub) -> list[Any]:
    def work(connection: Any) -> list[Any]:
        return [sorted(map(repr, connection.execute(text(one)).all())) for one in LEDGER]

    return await hub.database.read(work)


async def _evil(shop: Shop, owner_id: str) -> TestServer:
    victim = str(shop.server.make_url("/")).rstrip("/")

    async def attack(request: web.Request) -> web.Response:
        case = CASES[request.query["case"]].replace("ID", owner_id)
        script = f"const V = '{victim}';{HELPERS}; {{ {case} }}"
        return web.Response(text=f"<!doctype html><body><script>{script}</script>", content_type="text/html")

    app = web.Application()
    app.router.add_get("/", attack)
    server = TestServer(app)
    await server.start_server()
    return server


async def _signed_in(shop: Shop, context: BrowserContext) -> str:
    client = await shop.sign_in("owner")
    cookie = next(c.value for c in client.session.cookie_jar if c.key == "pitline")
    victim = str(shop.server.make_url("/"))
    await context.add_cookies(
        [{"name": "pitline", "value": cookie, "url": victim, "httpOnly": True, "sameSite": "Lax"}]
    )
    return cookie


async def _framed(page: Page) -> list[str]:
    """What of ours stands inside somebody else's page."""
    bodies = [await frame.content() for frame in page.frames[1:]]
    return [body for body in bodies if "data-theme" in body and "pitline" in body.lower()]


@pytest.mark.fault("F94")
async def test_a_page_of_another_origin_does_nothing_and_shows_nothing_of_ours(
    shop: Shop, hub: Hub, browser: Browser, fault: Fault
) -> None:
    owner = await shop.person("owner")
    await shop.person("manager", "mallory")
    context = await browser.new_context()
    cookie = await _signed_in(shop, context)
    evil = await _evil(shop, owner.id)
    try:
        for site, name in fault.cases([(s, c) for s in SITES for c in CASES], sample=5):
            before = await _ledger(hub)
            page = await context.new_page()
            with fault.run(f"{name} from {site}"):
                await page.goto(f"http://{site}:{evil.port}/?case={name}", wait_until="networkidle")
                await page.wait_for_timeout(120)
                assert await _framed(page) == []
                assert await _ledger(hub) == before
                kept = {c["name"]: c["value"] for c in await context.cookies(str(shop.server.make_url("/")))}
                assert kept["pitline"] == cookie
            for one in context.pages:
                await one.close()
    finally:
        await evil.close()
    refused = [entry for entry in await shop.entries() if entry.outcome == "refused"]
    assert refused, "no attack reached the hub"


@pytest.mark.fault("F94")
async def test_the_same_page_of_our_own_origin_would_have_done_it(
    shop: Shop, hub: Hub, browser: Browser
) -> None:
    """So that the other test can fail."""
    await shop.person("owner")
    context = await browser.new_context()
    await _signed_in(shop, context)
    before = await _ledger(hub)
    page = await context.new_page()
    await page.goto(str(shop.server.make_url("/settings/people")))
    fields = "new URLSearchParams({name: 'Mallory', role: 'mechanic', is_active: '1'})"
    await page.evaluate(f"fetch('{NEW}', {{method: 'POST', body: {fields}}})")
    assert await _ledger(hub) != before

"""The table of rights: what it says, that all of it is declared, and that its refusals are noted. What
each role reaches by it: test_rights_table.py."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest

from hub.app import Hub
from hub.clock import FrozenClock
from hub.kernel.manifest import ROLES, grants_of
from hub.kernel.web import PUBLIC, SIGNED_IN, ApiOperation, Route
from hub.main import MODULES
from tests.webui.stage import WIDE, Shop, open_shop
from webui.app import OWN_ROUTES
from webui.brakes import Limit, Limits
from webui.openapi import PREFIX
from webui.operations import every_operation

GRANTS = grants_of(MODULES)
SAME = {"Sec-Fetch-Site": "same-origin"}
PAGES = [*OWN_ROUTES, *(route for module in MODULES for route in module.routes)]
OPERATIONS = every_operation(MODULES)
EVERY: list[Route | ApiOperation] = [*PAGES, *OPERATIONS]
ENTRANCES = ("/login", "/logout", "/setup", "/invite/{token}", "/healthz", "/readyz", "/metrics", "/")
LINKS = (
    "/wall/{token}",
    "/recordings/shared/{token}",
    "/recordings/shared/{token}/media",
    "/recordings/shared/{token}/peaks",
    "/c/{token}",
    "/files/{token}",
)
"""Whoever holds the address may look; it is long, ends, and is taken back by a person."""


def _filled(path: str) -> str:
    return re.sub(r"\{(\w+)[^}]*\}", "0123456789abcdefghjkmnpqrs", path)


def _cells() -> Iterator[tuple[str, str, str, str]]:
    for route in PAGES:
        if route.right != PUBLIC:
            yield route.method, _filled(route.path), route.right, "page"
    for operation in OPERATIONS:
        yield operation.method, PREFIX + _filled(operation.path), operation.right, "api"


CELLS = list(_cells())


def test_no_route_is_without_a_right() -> None:
    declared = {permission.name for module in MODULES for permission in module.permissions}
    for route in EVERY:
        assert route.right in {*declared, PUBLIC, SIGNED_IN}, route.name


def test_public_pages_are_few_and_say_why() -> None:
    public = [route for route in EVERY if route.right == PUBLIC]
    assert {route.path for route in public} <= {*ENTRANCES, *LINKS, "/cid", f"{PREFIX}/openapi.json"}
    for route in public:
        assert "public" in (route.handler.__doc__ or "").lower(), route.name


def test_the_owner_has_every_right_and_a_mechanic_none_of_the_office() -> None:
    declared = {permission.name for module in MODULES for permission in module.permissions}
    assert set(GRANTS["owner"]) == declared
    office = {"people.edit", "settings.edit", "settings.view", "audit.view", "tokens.manage", "system.manage"}
    assert not office & (set(GRANTS["mechanic"]) | set(GRANTS["receptionist"]))
    only_the_owner = {right for right in office if [r for r in ROLES if right in GRANTS[r]] == ["owner"]}
    assert only_the_owner == {"settings.edit", "tokens.manage", "system.manage"}


async def test_every_refusal_has_its_entry(shop: Shop) -> None:
    client = await shop.signed_in("mechanic")
    for _ in range(5):
        assert (await client.get("/settings")).status == 403
    assert (await shop.audit()).count(("web.settings", "refused")) == 5


@pytest.fixture
def few() -> Limits:
    return replace(WIDE, refusal=Limit("refusal", 0.1, 3))


async def test_who_is_refused_again_and_again_does_not_fill_the_disk(
    hub: Hub, frozen_clock: FrozenClock, password_hash: str, few: Limits
) -> None:
    """Beyond the limit they are counted; the next entry says how many."""
    async with open_shop(hub, frozen_clock, password_hash, few) as shop:
        client = await shop.signed_in("mechanic")
        for _ in range(50):
            assert (await client.get("/settings")).status == 403
        assert (await shop.audit()).count(("web.settings", "refused")) == 3
        shop.clock.advance(11)
        assert (await client.get("/settings")).status == 403
        entries = [one for one in await shop.entries() if one.outcome == "refused"]
        assert (len(entries), entries[0].details["unwritten"]) == (4, 47)


async def test_the_page_of_rights_shows_every_right(shop: Shop) -> None:
    client = await shop.signed_in("owner")
    text = await (await client.get("/settings/roles")).text()
    for right in GRANTS["owner"]:
        assert f"<code>{right}</code>" in text


async def test_the_menu_shows_only_what_one_may_open(shop: Shop) -> None:
    client = await shop.signed_in("receptionist")
    text = await (await client.get("/account")).text()
    shown = set(re.findall(r'class="nav-link" href="([^"]+)"', text))
    assert "/desk" in shown
    assert "/settings" not in shown
    for path in shown:
        assert (await client.get(path)).status == 200, path

"""Who asks is looked up once for those who come at once, and never as it was before something changed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from hub.errors import NotSignedIn, Unavailable
from hub.modules.access.api import AccessApi
from tests.webui.stage import Shop
from webui.door import FRESH, Door
from webui.guard import Cookies


class Busy:
    """The hub's own transactions, behind a queue: reading goes on when the test opens it."""

    def __init__(self, transactions: Any) -> None:
        self._transactions = transactions
        self.open = asyncio.Event()
        self.has_read = asyncio.Event()
        self.is_away = False
        self.reads = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transactions, name)

    @asynccontextmanager
    async def reading(self, **whose: Any) -> AsyncIterator[Any]:
        """What was read, but late."""
        self.reads += 1
        async with self._transactions.reading(**whose) as uow:
            await uow.session.connection()
            yield uow
        self.has_read.set()
        await self.open.wait()
        if self.is_away:
            raise Unavailable("database.away", "The database is away.")


def _door(shop: Shop) -> tuple[Door, Busy]:
    installation = shop.hub.installation
    busy = Busy(installation.transactions)
    cookies = Cookies.of(installation.settings.server)
    return Door(replace(installation, transactions=busy), cookies), busy


def _with(token: str) -> web.Request:
    return make_mocked_request("GET", "/api/v1/calls", headers={"Authorization": f"Bearer {token}"})


async def _looks(door: Door, token: str, count: int) -> list[asyncio.Task[Any]]:
    looks = [asyncio.create_task(door.look(_with(token))) for _ in range(count)]
    await asyncio.sleep(0)  # all of them have begun
    return looks


async def test_those_who_come_at_once_share_one_look_up(shop: Shop) -> None:
    token = await shop.token("owner")
    door, busy = _door(shop)
    looks = await _looks(door, token, 12)
    busy.open.set()
    visitors = await asyncio.gather(*looks)
    assert busy.reads == 1
    assert {visitor.viewer.kind for visitor in visitors} == {"token"}
    await door.close()


async def test_who_comes_after_a_revocation_is_not_let_in_by_a_look_up_that_began_before(shop: Shop) -> None:
    token = await shop.token("owner")
    door, busy = _door(shop)
    before = await _looks(door, token, 1)
    await busy.has_read.wait()
    installation = shop.hub.installation
    async with installation.transactions.writing(actor=None, shop_id=installation.default_shop) as uow:
        tokens = AccessApi(uow, installation.deps).tokens
        viewer = await tokens.known(token)
        assert viewer is not None
        await tokens.revoke(viewer.viewer.id)
    door.forget()
    after = await _looks(door, token, 2)
    busy.open.set()
    assert (await before[0]).viewer.kind == "token"
    for look in after:
        with pytest.raises(NotSignedIn):
            await look
    with pytest.raises(NotSignedIn):
        await door.look(_with(token))
    await door.close()


async def test_a_look_up_that_takes_longer_than_an_answer_is_good_is_not_joined(shop: Shop) -> None:
    token = await shop.token("owner")
    door, busy = _door(shop)
    looks = await _looks(door, token, 1)
    shop.clock.advance(FRESH)
    looks += await _looks(door, token, 1)
    busy.open.set()
    await asyncio.gather(*looks)
    assert busy.reads == 2
    await door.close()


async def test_each_who_waited_hears_that_the_database_is_away_and_the_next_asks_anew(shop: Shop) -> None:
    token = await shop.token("owner")
    door, busy = _door(shop)
    looks = await _looks(door, token, 3)
    looks[0].cancel()
    busy.is_away = True
    busy.open.set()
    for look in looks[1:]:
        with pytest.raises(Unavailable):
            await look
    busy.is_away = False
    assert (await door.look(_with(token))).viewer.kind == "token"
    await door.close()


async def test_who_waits_for_another_ones_look_up_when_the_hub_stops_is_answered(shop: Shop) -> None:
    token = await shop.token("owner")
    door, busy = _door(shop)
    looks = await _looks(door, token, 2)
    await busy.has_read.wait()
    await door.close()
    for look in looks:
        with pytest.raises(Unavailable, match="stopping"):
            await look

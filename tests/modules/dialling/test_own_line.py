"""Who is called back sees a line of the caller's own shop, whichever call is named."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hub.errors import NotFound
from hub.kernel.shops import FIRST_SHOP
from hub.modules.access.api import AccessApi, ShopEntry
from hub.modules.calls.api import CallsApi
from hub.values import ShopId
from tests.factories.calls import LINE, ended, party, tell_calls
from tests.modules.dialling.shop import Shop

OTHER_LINE = "+380449990000"
SECOND = ShopEntry(name="Друга", country="UA", timezone="Europe/Kyiv", currency="UAH", language="uk")


async def two_shops(shop: Shop) -> ShopId:
    """Iryna rang our line an hour ago and the other shop's just now, where Olena's phone rang too."""
    deps = shop.hub.installation.deps
    async with shop.hub.transactions.writing(actor=None, shop_id=FIRST_SHOP) as uow:
        other = await AccessApi(uow, deps).shops.create(SECOND)
    async with shop.hub.transactions.writing(actor=None, shop_id=FIRST_SHOP) as uow:
        await CallsApi(uow, deps).save_line(OTHER_LINE, "Друга", "", other.id)
    await tell_calls(
        shop.hub,
        ended("ours", 0, "missed"),
        ended("theirs", 60, "missed", to_number=OTHER_LINE, parties=(party("201"),)),
        ended("rang-us", 120, "missed", to_number=OTHER_LINE, parties=(party("101"),)),
    )
    return other.id


async def test_a_call_of_another_shop_is_not_there_and_its_line_is_not_presented(shop: Shop) -> None:
    await two_shops(shop)
    with pytest.raises(NotFound):
        await shop.call(call_id="theirs")
    with pytest.raises(NotFound):
        await shop.call(call_id="never")
    assert (await shop.call(call_id="ours")).line == LINE


async def test_without_a_call_it_is_the_last_line_of_ones_own_shop(shop: Shop) -> None:
    await two_shops(shop)
    assert (await shop.call()).line == LINE


async def test_whoever_was_rung_in_another_shop_calls_back_by_a_line_of_their_own(shop: Shop) -> None:
    await two_shops(shop)
    assert (await shop.call(call_id="rang-us")).line == LINE


async def test_who_works_in_both_shops_presents_the_line_that_was_rung(shop: Shop) -> None:
    other = await two_shops(shop)
    everywhere = replace(shop.olena, shops=frozenset({FIRST_SHOP, other}))
    assert (await shop.call(call_id="theirs", asker=everywhere)).line == OTHER_LINE
    owner = replace(shop.olena, actor="person:owner", shops=None)
    assert (await shop.call(call_id="theirs", asker=owner)).line == OTHER_LINE

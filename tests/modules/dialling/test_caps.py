"""The caps on calls out hold when several orders of one person start at the same moment."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from hub.errors import HubError
from hub.kernel.shops import FIRST_SHOP
from hub.modules.dialling.api import DiallingApi, DialSettings
from hub.modules.dialling.rules_settings import RoleRule
from tests.modules.dialling.shop import Shop
from tests.modules.dialling.told import talking


async def transfer(shop: Shop, call: str, number: str) -> None:
    async with shop.hub.transactions.writing(actor=shop.olena.actor, shop_id=FIRST_SHOP) as uow:
        steering = DiallingApi(uow, shop.hub.installation.deps).steering
        await steering.transfer(call, number, "blind", shop.olena, shop.new_key(), None)


async def at_once(shop: Shop, call: str, numbers: Sequence[str]) -> list[str]:
    """Every second one a click, the others transfers of a call; what was said to those that were refused."""
    work = [
        shop.call(number) if index % 2 else transfer(shop, call, number)
        for index, number in enumerate(numbers)
    ]
    said = await asyncio.gather(*work, return_exceptions=True)
    assert all(isinstance(one, HubError) for one in said if isinstance(one, BaseException)), said
    return [one.code for one in said if isinstance(one, HubError)]


async def ordered(shop: Shop) -> int:
    """Orders to ring a number outside."""
    async with shop.hub.transactions.reading(actor=None, shop_id=FIRST_SHOP) as uow:
        page = await DiallingApi(uow, shop.hub.installation.deps).page(None)
    return sum(one.number is not None and str(one.number).startswith("+") for one in page.items)


NUMBERS = [f"+38050123456{digit}" for digit in range(10)]


@pytest.mark.parametrize(("per_hour", "per_day"), [(3, 50), (50, 3)])
async def test_no_more_than_the_cap_of_the_hour_and_of_the_day(
    shop: Shop, per_hour: int, per_day: int
) -> None:
    await shop.settle(DialSettings(roles={"receptionist": RoleRule(per_hour=per_hour, per_day=per_day)}))
    call = await talking(shop)
    assert await at_once(shop, call, NUMBERS) == ["dial.cap"] * 7
    assert await ordered(shop) == 3


async def test_no_more_than_eight_in_a_minute(shop: Shop) -> None:
    call = await talking(shop)
    assert await at_once(shop, call, NUMBERS) == ["dial.too_fast"] * 2
    assert await ordered(shop) == 8

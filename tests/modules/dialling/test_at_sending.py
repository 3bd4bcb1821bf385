"""What has changed between an order and its sending is seen at the last moment."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hub.errors import Invalid
from hub.kernel.shops import FIRST_SHOP
from hub.modules.dialling.ordering import command_of
from hub.modules.dialling.service_state import Claim
from hub.ports.commands import Command, TakeCall
from tests.factories.site import get_text, site_of
from tests.modules.dialling.shop import Shop
from tests.modules.dialling.told import TRUNK, ringing, talking

GIVEN = Claim(
    id="c1", kind="give", role="receptionist", actor="person:x", shop_id=FIRST_SHOP, extension="102",
    number="102", digits="102", line=None, call_id="a call", arguments={},
)  # fmt: skip


async def command(shop: Shop, claim: Claim) -> Command:
    async with shop.hub.transactions.reading(actor=None, shop_id=FIRST_SHOP) as uow:
        return await command_of(claim, uow, shop.hub.installation.deps)


async def test_a_caller_is_not_given_to_a_number_that_is_no_colleagues(shop: Shop) -> None:
    made = await command(shop, GIVEN)
    assert isinstance(made, TakeCall)
    assert made.extension == "102"
    for number in ("0501112233", "+380501112233", "112"):
        with pytest.raises(Invalid) as refused:
            await command(shop, replace(GIVEN, number=number, digits=number))
        assert refused.value.code == "dial.not_a_colleague"


async def test_a_caller_who_still_waits_is_taken(shop: Shop) -> None:
    call = await ringing(shop)
    take = TakeCall(command_id="c1", call_id=call, extension="102", context="from-internal")
    assert (await shop.connector.carry_out(take)).kind == "taken"
    assert [sent["channel"] for sent in shop.pbx.actions("redirect")] == [TRUNK]


async def test_two_who_talk_are_not_parted_by_an_order_that_comes_late(shop: Shop) -> None:
    call = await talking(shop)
    take = TakeCall(command_id="c1", call_id=call, extension="102", context="from-internal")
    result = await shop.connector.carry_out(take)
    assert (result.kind, result.text) == ("refused", "Somebody talks with them already.")
    assert shop.pbx.actions("redirect") == []
    order = await shop.call("102")
    await shop.becomes(order, "accepted")
    await shop.remember(order, state="failed", reason="refused", said=result.text)
    client = await site_of(shop.hub)
    _, words = await get_text(client, f"/dialling/orders/{order.id}")
    assert "З ними вже хтось розмовляє." in words
    await client.close()

"""One click is one call, whatever the line to the PBX does: cut before, between and after each step."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from hub.errors import Conflict, HubError, Unavailable
from hub.kernel.shops import FIRST_SHOP
from hub.modules.calls.api import CallsApi
from hub.modules.dialling.api import DialSettings
from tests.connectors.ami.ami_server import frame
from tests.factories.calls import ended, tell_calls
from tests.kernel.waiting import until
from tests.modules.dialling.shop import IRYNA, Shop


async def arrived(shop: Shop, count: int = 1) -> dict[str, str]:
    """So many Originates have reached the PBX; the newest."""

    async def is_so() -> bool:
        return len(shop.originates) >= count

    await until(is_so)
    return shop.originates[-1]


async def quiet(shop: Shop) -> None:
    """Long enough for a second Originate to come, if one were on its way: two looks of the sender, with a
    line that is up."""
    await until(shop.is_up)
    for _ in range(2):
        shop.hub.workers._contexts[0][1].work.set()
        await asyncio.sleep(0.05)


async def test_a_click_rings_ones_own_phone_and_then_the_number_is_dialled(shop: Shop) -> None:
    order = await shop.call("050 123 45 67")
    sent = await arrived(shop)
    assert sent["channel"] == "PJSIP/101"
    assert (sent["exten"], sent["context"], sent["priority"]) == ("0501234567", "from-internal", "1")
    assert (sent["async"], sent["timeout"]) == ("true", "25000")
    assert order.id in sent["channelid"]
    await shop.becomes(order, "accepted")


async def test_a_click_that_comes_twice_is_one_call(shop: Shop) -> None:
    key = shop.new_key()
    first = await shop.call(key=key)
    again = await shop.call(key=key)
    await shop.becomes(first, "accepted")
    once_more = await shop.call(key=key)
    assert first.id == again.id == once_more.id
    await quiet(shop)
    assert len(shop.originates) == 1


async def test_two_clicks_at_one_moment_are_one_call(shop: Shop) -> None:
    """Of two tabs, each with a key of its own."""
    made = await asyncio.gather(*(shop.call() for _ in range(4)))
    assert len({order.id for order in made}) == 1
    await arrived(shop)
    await quiet(shop)
    assert len(shop.originates) == 1


async def test_a_key_of_another_click_is_refused(shop: Shop) -> None:
    key = shop.new_key()
    await shop.call(key=key)
    with pytest.raises(Conflict):
        await shop.call("+380671112233", key=key)


async def test_without_a_line_nothing_is_stored_and_nothing_is_dialled_later(shop: Shop) -> None:
    await shop.pbx.stop()

    async def is_down() -> bool:
        return not shop.connector.link().is_up

    await until(is_down)
    with pytest.raises(Unavailable) as caught:
        await shop.call()
    assert caught.value.code == "dial.no_line"
    await shop.pbx.start()
    await quiet(shop)
    assert shop.originates == []


@pytest.mark.fault("F15")
async def test_a_line_that_is_cut_before_the_answer_leaves_it_unknown_and_the_pbx_that_shows_nothing_decides(
    shop: Shop,
) -> None:
    shop.pbx.script.silent.add("Originate")
    order = await shop.call()
    await arrived(shop)
    shop.pbx.session.reset()
    decided = await shop.becomes(order, "failed", "lost")
    assert decided.settled_at is not None
    await quiet(shop)
    assert len(shop.originates) == 1


@pytest.mark.fault("F15")
async def test_a_line_that_is_cut_before_the_answer_and_a_pbx_that_shows_the_channel_make_it_a_call(
    shop: Shop,
) -> None:
    shop.pbx.script.silent.add("Originate")
    order = await shop.call()
    leg = shop.leg(await arrived(shop))
    shop.pbx.script.channels.append(leg)
    shop.pbx.session.reset()
    await shop.becomes(order, "accepted")
    await quiet(shop)
    assert len(shop.originates) == 1


@pytest.mark.fault("F15")
async def test_while_it_is_unknown_it_says_so_and_a_second_click_is_not_a_second_call(shop: Shop) -> None:
    shop.pbx.script.silent.add("Originate")
    order = await shop.call()
    await arrived(shop)
    unknown = await shop.becomes(order, "unknown")
    assert unknown.is_open
    assert (await shop.call()).id == order.id
    await quiet(shop)
    assert len(shop.originates) == 1


@pytest.mark.fault("F15")
async def test_what_the_pbx_does_after_a_lost_answer_is_believed(shop: Shop) -> None:
    """The answer is lost, and the phone rings all the same."""
    shop.pbx.script.silent.add("Originate")
    order = await shop.call()
    shop.ring(await arrived(shop))
    await shop.becomes(order, "accepted")


@pytest.mark.fault("F15")
async def test_a_line_that_is_cut_after_the_answer_changes_nothing(shop: Shop) -> None:
    order = await shop.call()
    leg = shop.ring(await arrived(shop))
    await shop.becomes(order, "accepted")
    shop.pbx.script.channels.append(leg)
    shop.pbx.session.cut()
    await until(lambda: _sessions(shop, 2))
    await quiet(shop)
    assert (await shop.order(order)).state == "accepted"
    assert len(shop.originates) == 1


async def _sessions(shop: Shop, count: int) -> bool:
    return len(shop.pbx.sessions) >= count and shop.connector.takes_orders


@pytest.mark.fault("F15")
async def test_a_hub_that_is_stopped_between_sending_and_answer_sends_nothing_again(shop: Shop) -> None:
    """As after a kill: the row says sent, and nobody knows more."""
    shop.pbx.script.silent.add("Originate")
    order = await shop.call()
    await arrived(shop)
    await shop.hub.workers.stop()
    assert (await shop.order(order)).state == "sent"
    shop.hub.workers.start()
    await quiet(shop)
    assert (await shop.order(order)).state == "sent"
    assert len(shop.originates) == 1


@pytest.mark.fault("F15")
@pytest.mark.parametrize(
    ("is_there", "state", "reason"), [(True, "accepted", None), (False, "failed", "lost")]
)
async def test_a_hub_that_died_between_sending_and_answer_is_told_by_the_picture(
    shop: Shop, is_there: bool, state: str, reason: str | None
) -> None:
    shop.pbx.script.silent.add("Originate")
    order = await shop.call()
    leg = shop.leg(await arrived(shop))
    await shop.hub.workers.stop()
    await shop.remember(order, sent_at=shop.hub.installation.clock.now() - timedelta(seconds=20))
    shop.pbx.script.channels += [leg] * is_there
    await shop.begin_anew()
    await shop.becomes(order, state, reason)
    assert len(shop.originates) == 1


@pytest.mark.fault("F44")
async def test_a_hub_that_died_before_sending_sends_at_once_or_never(shop: Shop) -> None:
    """Nobody expects a phone to ring for a click of long ago."""
    await shop.hub.workers.stop()
    old, new = await shop.call("0501234561"), await shop.call("0501234562")
    await shop.remember(old, wanted_at=shop.hub.installation.clock.now() - timedelta(seconds=11))
    await shop.begin_anew()
    await shop.becomes(old, "failed", "too_late")
    await shop.becomes(new, "accepted")
    assert [sent["exten"] for sent in shop.originates] == ["0501234562"]


async def test_what_the_pbx_refuses_has_failed_in_its_own_words(shop: Shop) -> None:
    shop.pbx.script.refused.add("Originate")
    order = await shop.call()
    assert (await shop.becomes(order, "failed", "refused")).said == "Permission denied"


async def test_a_right_that_the_pbx_does_not_give_is_said_before_anything_is_ordered(shop: Shop) -> None:
    shop.pbx.script.rights = "CoreStatus Redirect"
    before = len(shop.pbx.actions("listcommands"))
    shop.pbx.session.cut()

    async def has_learnt() -> bool:
        return len(shop.pbx.actions("listcommands")) > before and bool(shop.connector.lacks())

    await until(has_learnt)
    with pytest.raises(HubError) as caught:
        await shop.call()
    assert (caught.value.code, caught.value.data) == ("dial.pbx_refuses", {"right": "originate"})


async def test_a_phone_that_is_away_is_told_apart_from_a_client_who_does_not_answer(shop: Shop) -> None:
    order = await shop.call()
    sent = await arrived(shop)
    response = {
        "ActionID": sent["actionid"], "Response": "Failure", "Channel": "PJSIP/101",
        "Context": "from-internal",
        "Exten": sent["exten"], "Reason": "0", "Uniqueid": "<null>", "CallerIDNum": "<unknown>",
    }  # fmt: skip
    shop.pbx.session.send(frame("Event: OriginateResponse", **response))
    await shop.becomes(order, "failed", "phone_away")


async def test_the_gate_stands_in_front_of_the_pbx_too(shop: Shop) -> None:
    """The settings change between the click and the sending, or a row comes by another way."""
    workers = shop.hub.workers
    await workers.stop()
    order = await shop.call()
    await shop.settle(replace(DialSettings(), blocked=("+38050",)))
    workers.start()
    assert (await shop.becomes(order, "failed", "not_allowed")).said == "This number is blocked here."
    assert shop.originates == []


async def test_who_is_called_back_sees_the_line_that_he_rang(shop: Shop) -> None:
    async with shop.hub.transactions.writing(actor=None, shop_id=FIRST_SHOP) as uow:
        await CallsApi(uow, shop.hub.installation.deps).save_line("0441112233", "Google", "Ads", FIRST_SHOP)
    await tell_calls(shop.hub, ended("1", 0, "missed", from_number=IRYNA, to_number="+380441112233",
                                     dialled="380441112233"))  # fmt: skip
    settings = DialSettings(auto_answer="answer_after")
    await shop.settle(settings)
    await shop.call()
    sent = await arrived(shop)
    assert sent["callerid"] == '"0501234567" <380441112233>'
    assert sent["variable"].split("\n") == [
        "PJSIP_HEADER(add,Call-Info)=<sip:pitline>;answer-after=0",
        "PITLINE_LINE=380441112233",
    ]

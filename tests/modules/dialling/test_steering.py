"""Steering calls: which order reaches the PBX, for which channel, once; what is refused reaches it never."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from hub.kernel.shops import FIRST_SHOP
from hub.modules.access.api import AccessApi, AuditFilter
from hub.modules.calls.api import CallsApi
from hub.modules.dialling.api import DiallingApi
from hub.modules.dialling.models import Command
from hub.modules.presence.api import PresenceApi
from tests.factories.site import Client, get_text, send_form, send_json, site_of
from tests.faults.figures import Fault
from tests.kernel.waiting import until
from tests.modules.dialling.numbers import REFUSED
from tests.modules.dialling.shop import Shop
from tests.modules.dialling.told import OUTSIDE, OWN, PHONE, TRUNK, parked, ringing, say, talking


@pytest.fixture
async def site(shop: Shop) -> AsyncIterator[Client]:
    client = await site_of(shop.hub)
    yield client
    await client.close()


async def order(site: Client, call: str, what: str, status: int = 202, **body: object) -> Any:
    answered, said = await send_json(site, "POST", f"/api/v1/calls/{call}/{what}", body or None)
    assert answered == status, said
    return said


async def asks(shop: Shop, call: str) -> bool:
    """Whether the desk shows a colleague as being asked."""
    async with shop.hub.transactions.reading(actor=None, shop_id=FIRST_SHOP) as uow:
        deps = shop.hub.installation.deps
        live = await CallsApi(uow, deps).call(call)
        return await DiallingApi(uow, deps).steering.consulting(live) is not None


async def reached(shop: Shop, action: str) -> dict[str, str]:
    async def is_so() -> bool:
        return bool(shop.pbx.actions(action))

    await until(is_so)
    (sent,) = shop.pbx.actions(action)
    return sent


async def test_hanging_up_ends_the_outside_channel_however_often_the_key_is_pressed(
    shop: Shop, site: Client
) -> None:
    call = await talking(shop)
    first = await order(site, call, "hang-up")
    again = await order(site, call, "hang-up")
    assert again["id"] == first["id"]
    assert (await reached(shop, "hangup"))["channel"] == TRUNK
    await shop.becomes(await shop.order_by(first["id"]), "done")


async def test_a_call_is_put_through_by_the_phone_that_has_it(shop: Shop, site: Client) -> None:
    call = await talking(shop)
    await order(site, call, "transfer", to="102")
    sent = await reached(shop, "blindtransfer")
    assert (sent["channel"], sent["exten"], sent["context"]) == (OWN, "102", "from-internal")


async def test_a_colleague_is_asked_and_then_handed_over_to(shop: Shop, site: Client) -> None:
    call = await talking(shop)
    said = await order(site, call, "consultation", 409, is_handed_over=True)
    assert said["error"]["code"] == "dial.nobody_asked"
    await order(site, call, "transfer", to="102", kind="attended")
    assert (await reached(shop, "atxfer"))["exten"] == "102"
    await order(site, call, "consultation", is_handed_over=False)
    assert (await reached(shop, "cancelatxfer"))["channel"] == OWN


async def test_who_was_asked_and_declined_cannot_be_handed_over_to(
    shop: Shop, site: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The caller is back with whoever asked: to end that phone's call would cut them off."""
    call = await talking(shop)
    await order(site, call, "transfer", to="102", kind="attended")
    await reached(shop, "atxfer")
    assert await asks(shop, call)
    monkeypatch.setattr("hub.modules.dialling.service_steering._UNDER_WAY", timedelta())
    assert not await asks(shop, call)
    said = await order(site, call, "consultation", 409, is_handed_over=True)
    assert said["error"]["code"] == "dial.nobody_asked"
    assert shop.pbx.actions("hangup") == []


async def test_a_hand_over_that_the_picture_contradicts_is_not_sent(shop: Shop, site: Client) -> None:
    call = await talking(shop)
    await order(site, call, "transfer", to="102", kind="attended")
    await reached(shop, "atxfer")
    ordered = await order(site, call, "consultation", is_handed_over=True)  # the caller never left 101
    await shop.becomes(await shop.order_by(ordered["id"]), "failed", "refused")
    assert shop.pbx.actions("hangup") == []


async def test_another_target_within_seconds_is_another_order(shop: Shop, site: Client) -> None:
    call = await talking(shop)
    first = await order(site, call, "transfer", to="102")
    again = await order(site, call, "transfer", to="102")
    other = await order(site, call, "transfer", to="0501112233")
    assert again["id"] == first["id"] != other["id"]


async def test_a_call_is_parked_with_its_space_read_out_to_the_phone(shop: Shop, site: Client) -> None:
    call = await talking(shop)
    await order(site, call, "park")
    sent = await reached(shop, "park")
    assert (sent["channel"], sent["announcechannel"]) == (TRUNK, OWN)


async def test_a_caller_who_still_rings_is_taken_and_one_who_talks_is_not(shop: Shop, site: Client) -> None:
    call = await ringing(shop)
    await order(site, call, "take", extension="102")
    sent = await reached(shop, "redirect")
    assert (sent["channel"], sent["exten"], sent["context"]) == (TRUNK, "102", "from-internal")


@pytest.mark.parametrize(
    ("how", "kind", "options"),
    [
        ({}, "listen", "qES"),
        ({"may_whisper": True}, "whisper", "qESw"),
        ({"may_talk": True}, "barge", "qESB"),
    ],
)
async def test_listening_in_rings_ones_own_phone_and_is_audited(
    shop: Shop, site: Client, how: dict[str, bool], kind: str, options: str
) -> None:
    call = await talking(shop)
    made = await order(site, call, "listen", extension="102", **how)
    assert made["kind"] == kind
    sent = await reached(shop, "originate")
    assert (sent["channel"], sent["application"], sent["data"]) == (
        "PJSIP/102",
        "ChanSpy",
        f"{OWN},{options}",
    )
    async with shop.hub.transactions.reading(actor=None, shop_id=FIRST_SHOP) as uow:
        page = await AccessApi(uow, shop.hub.installation.deps).audit.page(AuditFilter(shops={FIRST_SHOP}))
    assert "dialling.api_listen" in {entry.action for entry in page}


async def test_a_form_that_names_no_way_of_joining_rings_nobody(shop: Shop, site: Client) -> None:
    call = await talking(shop)
    status, _, _ = await send_form(site, f"/dialling/live/{call}/listen", {"how": "shout"})
    assert status == 422
    assert shop.originates == []


async def test_a_waiting_caller_is_given_to_a_colleague_and_to_nobody_else(shop: Shop, site: Client) -> None:
    call = await ringing(shop)
    said = await order(site, call, "give", 422, to="0501112233")
    assert said["error"]["code"] == "dial.not_a_colleague"
    await order(site, call, "give", 403, to="199")
    first = await order(site, call, "give", to="102")
    again = await order(site, call, "give", to="102")
    assert first["id"] == again["id"]
    assert (first["kind"], first["extension"]) == ("give", "102")
    sent = await reached(shop, "redirect")
    assert (sent["channel"], sent["exten"], sent["context"]) == (TRUNK, "102", "from-internal")


async def test_a_parked_caller_is_given_to_a_colleague_too(shop: Shop, site: Client) -> None:
    call = await parked(shop)
    await order(site, call, "give", to="102")
    sent = await reached(shop, "redirect")
    assert (sent["channel"], sent["exten"], sent["context"]) == (TRUNK, "102", "from-internal")


async def test_who_talks_already_is_not_given_away(shop: Shop, site: Client) -> None:
    call = await talking(shop)
    assert (await order(site, call, "give", 409, to="102"))["error"]["code"] == "dial.not_waiting"
    assert shop.pbx.actions("redirect") == []


async def test_who_may_not_listen_does_not_see_that_somebody_does(shop: Shop, site: Client) -> None:
    call = await talking(shop)
    heard = await order(site, call, "listen", extension="102")
    parked = await order(site, call, "park")
    client = await site_of(shop.hub, "receptionist")
    for path in (f"/api/v1/dialling/{heard['id']}", f"/dialling/orders/{heard['id']}"):
        assert (await client.get(path)).status == 404
        assert (await site.get(path)).status == 200
    async with client.get("/api/v1/dialling") as answer:
        assert [one["id"] for one in (await answer.json())["items"]] == [parked["id"]]
    await client.close()


async def test_who_may_not_listen_does_not(shop: Shop) -> None:
    call = await talking(shop)
    client = await site_of(shop.hub, "receptionist")
    await order(client, call, "listen", 403, extension="102")
    await client.close()
    assert shop.originates == []


async def test_a_pause_is_ordered_for_each_way_by_which_queues_know_the_phone(
    shop: Shop, site: Client
) -> None:
    shop.pbx.script.members += [
        {"Queue": "reception", "Location": "PJSIP/101", "StateInterface": "PJSIP/101"},
        {"Queue": "service", "Location": "Local/101@from-queue/n", "StateInterface": "PJSIP/101"},
        {"Queue": "service", "Location": "PJSIP/102", "StateInterface": "PJSIP/102"},
    ]
    body = {"extension": "101", "is_paused": True, "reason": "lunch"}
    status, _ = await send_json(site, "POST", "/api/v1/dialling/pause", body)
    assert status == 202

    async def is_so() -> bool:
        return len(shop.pbx.actions("queuepause")) == 2

    await until(is_so)
    sent = shop.pbx.actions("queuepause")
    assert [one["interface"] for one in sent] == ["Local/101@from-queue/n", "PJSIP/101"]
    assert {(one["paused"], one["reason"]) for one in sent} == {("true", "lunch")}
    status, said = await send_json(
        site, "POST", "/api/v1/dialling/pause", body | {"reason": "x\r\nAction: y"}
    )
    assert (status, said["error"]["code"]) == (422, "dial.reason")


@pytest.mark.fault("F101")
async def test_no_call_is_put_through_to_what_may_not_be_dialled(
    shop: Shop, site: Client, fault: Fault
) -> None:
    call = await talking(shop)
    for text in fault.cases(REFUSED, sample=25):
        with fault.run(ascii(text)):
            body = {"to": text[:128], "kind": "blind"}
            status, _ = await send_json(site, "POST", f"/api/v1/calls/{call}/transfer", body)
            by_form, _, _ = await send_form(site, f"/dialling/live/{call}/transfer", {"to": text})
            assert status in (403, 422)
            assert by_form in (400, 403, 422)
    await asyncio.sleep(0.1)
    assert shop.pbx.actions("blindtransfer") == []


@pytest.mark.fault("F15")
async def test_a_hang_up_whose_answer_is_lost_is_said_to_be_unknown_and_not_sent_again(
    shop: Shop, site: Client
) -> None:
    call = await talking(shop)
    shop.pbx.script.silent.add("Hangup")
    shop.pbx.script.channels += [{**OUTSIDE, "BridgeId": "b1"}, {**PHONE, "BridgeId": "b1"}]
    made = await order(site, call, "hang-up")
    await reached(shop, "hangup")
    shop.pbx.session.reset()
    await shop.becomes(await shop.order_by(made["id"]), "unknown", "unseen")
    assert len(shop.pbx.actions("hangup")) == 1
    _, words = await get_text(site, f"/dialling/orders/{made['id']}")
    assert "повторно нічого не надсилається" in words


async def test_a_call_that_is_over_takes_no_orders(shop: Shop, site: Client) -> None:
    call = await talking(shop)
    for leg in (OUTSIDE, PHONE):
        say(shop, "Hangup", **leg, Cause="16")

    async def is_over() -> bool:
        return (await send_json(site, "POST", f"/api/v1/calls/{call}/park", None))[0] == 409

    await until(is_over)
    assert (await order(site, call, "hang-up", 409))["error"]["code"] == "dial.call_over"
    await order(site, "nothing", "hang-up", 404)


async def test_listening_in_ends_with_the_ear_and_is_not_taken_for_a_call(shop: Shop, site: Client) -> None:
    call = await talking(shop)
    made = await order(site, call, "listen", extension="102")
    ear = shop.leg(await reached(shop, "originate"))
    say(shop, "Newchannel", **ear)
    seen = await shop.becomes(await shop.order_by(made["id"]), "accepted")
    assert seen.call_id == call, "the call that is listened to, not one of its own"
    say(shop, "Newstate", **{**ear, "ChannelState": "6", "ChannelStateDesc": "Up"})
    say(shop, "Hangup", **ear, Cause="16")
    await shop.becomes(await shop.order_by(made["id"]), "done")


async def test_a_boss_without_a_phone_is_told_so(shop: Shop, site: Client) -> None:
    call = await talking(shop)
    made = await order(site, call, "listen", extension="102")
    sent = await reached(shop, "originate")
    response = {"ActionID": sent["actionid"], "Response": "Failure", "Channel": "PJSIP/102",
                "Application": "ChanSpy", "Reason": "0", "Uniqueid": "<null>"}  # fmt: skip
    say(shop, "OriginateResponse", **response)
    await shop.becomes(await shop.order_by(made["id"]), "failed", "phone_away")


async def test_orders_of_long_ago_are_forgotten_and_open_ones_are_not(shop: Shop) -> None:
    first = await shop.call("102")
    second = await shop.call("+380671112233")
    await shop.becomes(second, "accepted")
    clock, deps = shop.hub.installation.clock, shop.hub.installation.deps
    async with shop.hub.transactions.writing(actor=None, shop_id=FIRST_SHOP) as uow:
        old = {"wanted_at": clock.now() - timedelta(days=400)}
        await uow.session.execute(update(Command).values(**old))
        await uow.session.execute(update(Command).where(Command.id == first.id).values(is_open=False))
        assert await DiallingApi(uow, deps).states.forget() == 1
    assert (await shop.order(second)).id == second.id


async def test_whoever_is_away_is_not_rung_by_the_queues_and_whoever_is_back_is(shop: Shop) -> None:
    """By what a person says of themselves, through the relay, to the PBX; once each."""
    shop.pbx.script.members += [
        {"Queue": "reception", "Location": "PJSIP/101", "StateInterface": "PJSIP/101", "Status": "1"},
        {"Queue": "reception", "Location": "PJSIP/102", "StateInterface": "PJSIP/102", "Status": "1"},
    ]
    shop.connector.drop_line()

    async def queues_are_known() -> bool:
        async with shop.hub.transactions.reading(actor=None, shop_id=FIRST_SHOP) as uow:
            return bool(await PresenceApi(uow, shop.hub.installation.deps).queues())

    await until(queues_are_known)
    await until(shop.is_up)
    for kind in ("away", "away", "here"):
        async with shop.hub.transactions.writing(actor=None, shop_id=FIRST_SHOP) as uow:
            deps = shop.hub.installation.deps
            olena = await AccessApi(uow, deps).person_by_extension("101")
            assert olena is not None
            await PresenceApi(uow, deps).people.choose(olena, kind, reason="Lunch")

        async def is_ordered() -> bool:
            return bool(shop.pbx.actions("queuepause"))

        await until(is_ordered)
    [paused] = shop.pbx.actions("queuepause")
    assert (paused["interface"], paused["paused"], paused["reason"]) == ("PJSIP/101", "true", "Lunch")

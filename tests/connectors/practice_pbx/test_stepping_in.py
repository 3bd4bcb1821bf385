"""Orders by AMI on a running rehearsal: the tracker tells what really became of the call."""

from __future__ import annotations

import asyncio

import pytest

from connectors.ami.actions import (
    Action,
    Refused,
    Sent,
    attended_transfer,
    blind_transfer,
    hang_up,
    originate,
    park,
    redirect,
)
from connectors.ami.connector import AmiConnector
from hub.events.calls import CallSnapshot
from hub.ports.telephony import PracticeExchange, Telephony

from .test_with_the_ami_connector import Hub, running

__all__ = ["running"]
Running = tuple[Hub, PracticeExchange, Telephony]


async def _channels(ami: AmiConnector) -> dict[str, str]:
    """The living channels by their device."""
    answer = await ami.ask(Action("CoreShowChannels", complete="CoreShowChannelsComplete"))
    names = [row.get("Channel") for row in answer.rows]
    return {name.rpartition("-")[0]: name for name in names}


async def _talking(parts: Running) -> tuple[Hub, AmiConnector]:
    hub, practice, ami = parts
    assert isinstance(ami, AmiConnector)
    await practice.play("known_client")
    await hub.until(lambda: any(call.state == "talking" for call in hub.calls.values()))
    return hub, ami


async def _ended(hub: Hub) -> CallSnapshot:
    await hub.until(lambda: any(call.state == "ended" for call in hub.calls.values()))
    (call,) = hub.calls.values()
    return call


def _transfers(call: CallSnapshot) -> list[tuple[str, str | None, str]]:
    return [(t.kind, t.from_extension, t.to) for t in call.transfers]


async def test_a_redirect_from_the_screen_is_a_redirect_in_the_history(running: Running) -> None:
    hub, ami = await _talking(running)
    caller = (await _channels(ami))["PJSIP/trunk-kyivstar"]
    assert isinstance(await ami.order(redirect(caller, number="105", context="internal")), Sent)
    call = await _ended(hub)
    assert (call.result, call.last_extension, _transfers(call)) == (
        "answered", "105", [("redirect", "101", "105")],
    )  # fmt: skip


async def test_a_blind_transfer_from_the_screen_is_one(running: Running) -> None:
    hub, ami = await _talking(running)
    phone = (await _channels(ami))["PJSIP/101"]
    assert isinstance(await ami.order(blind_transfer(phone, number="105", context="internal")), Sent)
    call = await _ended(hub)
    assert (call.last_extension, _transfers(call)) == ("105", [("blind", "101", "105")])


async def test_an_attended_transfer_from_the_screen_is_one(running: Running) -> None:
    hub, ami = await _talking(running)
    phone = (await _channels(ami))["PJSIP/101"]
    assert isinstance(await ami.order(attended_transfer(phone, number="105", context="internal")), Sent)
    call = await _ended(hub)
    assert (call.last_extension, _transfers(call)) == ("105", [("attended", "101", "105")])


async def test_parking_from_the_screen_is_one(running: Running) -> None:
    hub, ami = await _talking(running)
    channels = await _channels(ami)
    order = park(channels["PJSIP/trunk-kyivstar"], announce=channels["PJSIP/101"])
    assert isinstance(await ami.order(order), Sent)
    call = await _ended(hub)
    assert (call.last_extension, _transfers(call)) == ("101", [("park", "101", "701")])


async def test_a_parked_caller_who_is_given_to_a_colleague_leaves_the_car_park(running: Running) -> None:
    hub, ami = await _talking(running)
    channels = await _channels(ami)
    caller = channels["PJSIP/trunk-kyivstar"]
    await ami.order(park(caller, announce=channels["PJSIP/101"]))
    await hub.until(lambda: any(call.state == "parked" for call in hub.calls.values()))
    assert isinstance(await ami.order(redirect(caller, number="105", context="internal")), Sent)
    await hub.until(lambda: any(call.last_extension == "105" for call in hub.calls.values()))
    assert all(call.parked_at_space is None for call in hub.calls.values())
    call = await _ended(hub)
    assert (call.result, call.last_extension) == ("answered", "105")


async def test_a_hangup_from_the_screen_ends_the_call_as_answered(running: Running) -> None:
    hub, ami = await _talking(running)
    caller = (await _channels(ami))["PJSIP/trunk-kyivstar"]
    assert isinstance(await ami.order(hang_up(caller)), Sent)
    assert (await _ended(hub)).result == "answered"


async def test_click_to_call_is_an_outbound_call_to_the_number(running: Running) -> None:
    hub, _, ami = running
    assert isinstance(ami, AmiConnector)
    order = originate("PJSIP/101", number="380671239988", context="internal", channel_id="pitline-9")
    assert isinstance(await ami.order(order), Sent)
    call = await _ended(hub)
    assert (call.direction, call.result, call.to_number, call.answered_by) == (
        "outbound", "answered", "+380671239988", "101",
    )  # fmt: skip


async def test_what_cannot_be_transferred_is_refused(running: Running) -> None:
    hub, ami = await _talking(running)
    caller = (await _channels(ami))["PJSIP/trunk-kyivstar"]
    for order in (
        blind_transfer(caller, number="105", context="internal"),
        attended_transfer(caller, number="105", context="internal"),
        redirect(caller, number="999", context="internal"),
    ):
        assert isinstance(await ami.order(order), Refused)
    await asyncio.sleep(0)
    assert (await _ended(hub)).result == "answered"


@pytest.mark.parametrize("name", ["PJSIP/nobody-00000001"])
async def test_a_channel_that_is_gone_is_said(running: Running, name: str) -> None:
    _, _, ami = running
    assert isinstance(ami, AmiConnector)
    assert isinstance(await ami.order(hang_up(name)), Refused)
    assert isinstance(await ami.order(park(name, announce=name)), Refused)

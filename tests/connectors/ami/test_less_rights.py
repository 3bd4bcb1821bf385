"""A PBX that does not let its AMI user list what lives."""

from __future__ import annotations

from datetime import timedelta

import pytest

from connectors.ami.message import Message
from connectors.ami.tracker import PbxSnapshot
from tests.connectors.ami.ami_server import Script, channel, serving
from tests.connectors.ami.hub_side import hub_on, until
from tests.connectors.ami.test_connector import PHONE as PHONE_CHANNEL
from tests.connectors.ami.test_connector import TRUNK, new_call, restored_on
from tests.connectors.ami.test_tracker_gaps import CALLER, PHONE, START, Shop, row_of


def partly(*rows: Message) -> PbxSnapshot:
    """What a user may see who may list no channels: who is in a bridge."""
    return PbxSnapshot(rows, (), (), (), (), is_whole=False)


@pytest.mark.parametrize("is_answered", [False, True])
def test_a_call_that_the_pbx_will_not_tell_of_is_closed_as_unknown_once_it_must_be_over(
    is_answered: bool,
) -> None:
    shop = Shop()
    shop.ring()
    if is_answered:
        shop.answer()
    shop.seconds = 5
    shop.facts += shop.tracker.link_lost(shop.now)
    shop.seconds = 20
    shop.facts += shop.tracker.no_picture(shop.now)
    for patience, is_over in ((3600 if is_answered else 180, False), (1, True)):
        shop.seconds += patience - 0.5
        shop.facts += shop.tracker.expire(shop.now)
        assert (shop.call.state == "ended") is is_over
    assert (shop.call.result, shop.call.ended_at, shop.call.is_complete) == ("unknown", None, False)
    assert shop.call.talk_seconds == (5.0 if is_answered else 0.0)
    assert shop.tracker.living == 0


def test_a_call_that_is_heard_of_again_needs_no_proof() -> None:
    shop = Shop()
    shop.ring()
    shop.facts += shop.tracker.link_lost(shop.now)
    shop.facts += shop.tracker.no_picture(shop.now)
    shop.seconds = 100
    shop.say("Newstate", PHONE, ChannelState="5")
    shop.seconds = 400
    shop.facts += shop.tracker.expire(shop.now)
    assert shop.call.state == "ringing"
    shop.say("Hangup", CALLER)
    assert (shop.call.state, shop.call.is_complete) == ("ended", False)


def test_a_part_of_the_picture_proves_those_whom_it_shows_and_closes_nobody() -> None:
    shop = Shop()
    shop.ring()
    shop.answer()
    other = {"Channel": "PJSIP/trunk-07", "Uniqueid": "shop-1795442000.7", "Linkedid": "shop-1795442000.7"}
    shop.say("Newchannel", other, ChannelState="4", CallerIDNum="0507654321", Exten="380670001122")
    shop.facts += shop.tracker.link_lost(shop.now)
    rows = [row_of(leg, BridgeId="b", Duration="") for leg in (CALLER, PHONE)]
    assert shop.reconcile(partly(*rows)) == (0, 0)
    shop.seconds = 200
    shop.facts += shop.tracker.expire(shop.now)
    assert (shop.call.result, shop.call.from_number) == ("unknown", "+380507654321")
    assert len(shop.tracker.living_calls) == 1


def test_a_call_met_in_a_bridge_began_when_its_channel_was_born() -> None:
    shop = Shop()
    shop.seconds = 100
    born = int(START.timestamp()) + 30
    caller = {"Channel": "PJSIP/trunk-01", "Uniqueid": f"shop-{born}.1", "Linkedid": f"shop-{born}.1"}
    phone = {"Channel": "PJSIP/101-02", "Uniqueid": f"shop-{born}.2", "Linkedid": f"shop-{born}.1"}
    rows = [row_of(leg, BridgeId="b", Duration="") for leg in (caller, phone)]
    assert shop.reconcile(partly(*rows)) == (0, 1)
    assert (shop.call.started_at, shop.call.answered_by) == (START + timedelta(seconds=30), "101")


def test_calls_of_a_former_life_of_the_pbx_are_closed_where_no_picture_comes() -> None:
    shop = Shop()
    shop.ring()
    shop.facts += shop.tracker.link_lost(shop.now)
    shop.tracker.session_started("two", 2, shop.now)
    shop.facts += shop.tracker.no_picture(shop.now)
    assert (shop.call.state, shop.call.result) == ("ended", "unknown")


async def test_a_pbx_that_refuses_its_picture_still_leaves_no_call_of_a_killed_hub_open() -> None:
    async with serving(Script(refused={"CoreShowChannels", "Status"})) as server, hub_on(server) as hub:
        assert (await restored_on(hub)).living == ()
        server.session.send(new_call())
        await until(lambda: hub.calls)
        server.session.cut()
        assert (await restored_on(hub, 2)).living == tuple(hub.calls)


async def test_where_channels_may_not_be_listed_their_status_tells_what_lives() -> None:
    async with serving(Script(refused={"CoreShowChannels"})) as server, hub_on(server) as hub:
        await restored_on(hub)
        server.session.send(new_call("1.1") + new_call("1.2"))
        await until(lambda: len(hub.calls) == 2)
        server.script.status = [channel(TRUNK, "1.2"), channel(TRUNK, "1.3", Seconds="40")]
        server.session.cut()
        told = await restored_on(hub, 2)
        assert (told.closed_calls, told.adopted_calls) == (1, 1)
        await until(lambda: sorted(call.state for call in hub.calls.values()) == ["ended", *["ringing"] * 2])


async def test_where_nothing_may_be_listed_the_bridges_tell_who_talks_and_nothing_is_closed() -> None:
    script = Script(refused={"CoreShowChannels", "Status", "ParkedCalls"})
    async with serving(script) as server, hub_on(server) as hub:
        await restored_on(hub)
        server.session.send(new_call("1.1"))
        await until(lambda: hub.calls)
        talking = [
            channel(TRUNK, "1.2", ChannelState="6"),
            channel(PHONE_CHANNEL, "1.3", ChannelState="6", Linkedid="1.2"),
        ]
        server.script.bridges = {"b": talking}
        server.session.cut()
        told = await restored_on(hub, 2)
        assert (told.closed_calls, told.adopted_calls) == (0, 1)
        await until(lambda: len(hub.calls) == 2)
        assert sorted((call.state, call.answered_by) for call in hub.calls.values()) == [
            ("ringing", None),
            ("talking", "101"),
        ]

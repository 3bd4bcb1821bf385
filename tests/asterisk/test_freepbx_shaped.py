"""The FreePBX-shaped dialplan on a real Asterisk: transfers, groups, follow-me, and who hears whom."""

from __future__ import annotations

import asyncio
import gzip
import json
from pathlib import Path

import pytest

from tests.asterisk.ami_tap import AmiTap
from tests.asterisk.dialog import PhoneCall
from tests.asterisk.pbx import AsteriskPbx
from tests.asterisk.record import record
from tests.asterisk.scenarios.base import DIRECT_LINE, FOLLOW_LINE, GROUP_LINE, IVR_LINE, QUEUE_LINE
from tests.asterisk.scenarios.catalogue import SCENARIOS

pytestmark = [pytest.mark.asterisk, pytest.mark.slow]

CALLER = "380501112233"
KYIVSTAR, CITY = "kyivstar_1", "sip044"


def hears(listener: PhoneCall, speaker: PhoneCall) -> bool:
    """Whether the speaker's note was in what the listener received, for a third of a second or more."""
    return listener.audio.seconds_of(speaker.phone.frequency) > 0.3


async def test_boots_without_a_warning(freepbx_pbx: AsteriskPbx) -> None:
    assert freepbx_pbx.complaints() == []


async def test_the_system_name_stands_in_every_uniqueid(
    freepbx_pbx: AsteriskPbx, freepbx_tap: AmiTap
) -> None:
    async with freepbx_pbx.trunk(KYIVSTAR) as mobiles:
        caller = await mobiles.call(QUEUE_LINE[0], number=CALLER)
        channel = await freepbx_tap.event("Newchannel")
        await (await caller.until("answered")).bye()
    assert channel["Uniqueid"].startswith("shop1-")
    assert channel["Channel"].startswith("PJSIP/kyivstar_1-")
    assert channel["SystemName"] == "shop1"


async def test_a_queue_call_reaches_a_phone_by_a_local_member(
    freepbx_pbx: AsteriskPbx, freepbx_tap: AmiTap
) -> None:
    async with freepbx_pbx.trunk(KYIVSTAR) as mobiles, freepbx_pbx.phone("101") as anna:
        caller = await mobiles.call(QUEUE_LINE[0], number=CALLER)
        at_anna = (await anna.ringing()).answer()
        member = await freepbx_tap.event("AgentConnect")
        await asyncio.sleep(1)
        await caller.bye()
        await at_anna.until("ended")
    assert member["Interface"] == "Local/101@from-queue/n"
    joined: dict[str, set[str]] = {}
    for each in freepbx_tap.named("BridgeEnter"):
        joined.setdefault(each["BridgeUniqueid"], set()).add(each["Channel"].split("-0")[0])
    assert not any({"PJSIP/kyivstar_1", "PJSIP/101"} <= channels for channels in joined.values())
    assert hears(caller, at_anna)
    assert hears(at_anna, caller)


async def test_refer_with_replaces_joins_the_caller_with_the_master(
    freepbx_pbx: AsteriskPbx, freepbx_tap: AmiTap
) -> None:
    async with (
        freepbx_pbx.trunk(KYIVSTAR) as mobiles,
        freepbx_pbx.phone("101") as anna,
        freepbx_pbx.phone("105") as master,
    ):
        caller = await mobiles.call(DIRECT_LINE[0], number=CALLER)
        at_anna = (await anna.ringing()).answer()
        await caller.until("answered")
        await at_anna.hold()
        asking = await anna.call("105")
        at_master = (await master.ringing()).answer()
        await asking.until("answered")
        await asyncio.sleep(1)
        await at_anna.refer_to(asking)
        await at_anna.until("ended")
        await freepbx_tap.event("AttendedTransfer", lambda each: each["Result"] == "Success")
        await asyncio.sleep(1)
        await caller.bye()
        await at_master.until("ended")
    assert hears(asking, at_master)
    assert hears(caller, at_master)
    assert hears(at_master, caller)


async def test_a_feature_code_asks_the_master_first(freepbx_pbx: AsteriskPbx) -> None:
    async with (
        freepbx_pbx.trunk(KYIVSTAR) as mobiles,
        freepbx_pbx.phone("101") as anna,
        freepbx_pbx.phone("105") as master,
    ):
        caller = await mobiles.call(DIRECT_LINE[0], number=CALLER)
        at_anna = (await anna.ringing()).answer()
        await caller.until("answered")
        await asyncio.sleep(0.5)
        at_anna.press("*2105")
        at_master = (await master.ringing()).answer()
        await asyncio.sleep(2)
        await at_anna.bye()
        await asyncio.sleep(1.5)
        await caller.bye()
        await at_master.until("ended")
    assert hears(at_anna, at_master)
    assert hears(caller, at_master)


async def test_a_blind_transfer_that_nobody_takes_comes_back(asterisk: str) -> None:
    async with (
        AsteriskPbx("freepbx", settings={"extensions.conf:XFER_SECONDS": "2"}) as pbx,
        pbx.trunk(KYIVSTAR) as mobiles,
        pbx.phone("101") as anna,
        pbx.phone("102") as boris,
    ):
        caller = await mobiles.call(DIRECT_LINE[0], number=CALLER)
        at_anna = (await anna.ringing()).answer()
        await caller.until("answered")
        await asyncio.sleep(0.5)
        await at_anna.refer("102")
        at_boris = await boris.ringing()
        again = (await anna.ringing()).answer()
        await again.until("confirmed")
        await caller.bye()
        await again.until("ended")
    assert at_boris.ended_by == "pbx"


async def test_a_mobile_takes_the_call_only_with_key_1(freepbx_pbx: AsteriskPbx) -> None:
    async with freepbx_pbx.trunk(KYIVSTAR) as mobiles, freepbx_pbx.phone("101") as anna:
        caller = await mobiles.call(FOLLOW_LINE[0], number=CALLER)
        at_anna, mobile = await anna.ringing(), (await mobiles.ringing()).answer()
        assert (mobile.dialled, mobile.number) == ("380671112233", "380670001122")
        await asyncio.sleep(1.5)
        assert not at_anna.has_ended, "an answered mobile is not yet a person"
        mobile.press("1")
        await at_anna.until("ended")
        await asyncio.sleep(0.5)
        assert "answered" in caller.at
        await caller.bye()
        await mobile.until("ended", 20)


async def test_one_declining_phone_does_not_end_the_group_call(freepbx_pbx: AsteriskPbx) -> None:
    async with (
        freepbx_pbx.trunk(CITY) as city,
        freepbx_pbx.phone("101") as anna,
        freepbx_pbx.phone("102") as boris,
    ):
        caller = await city.call(GROUP_LINE[0], number="0501112233")
        at_anna, at_boris = await anna.ringing(), await boris.ringing()
        at_anna.reject(603)
        await asyncio.sleep(0.5)
        at_boris.answer()
        await caller.until("answered")
        await caller.bye()
        await at_boris.until("ended")


async def test_a_key_in_the_menu_leads_to_the_queue(freepbx_pbx: AsteriskPbx) -> None:
    async with freepbx_pbx.trunk(CITY) as city, freepbx_pbx.phone("102") as boris:
        caller = await city.call(IVR_LINE[0], number="0501112233")
        await caller.until("answered")
        await asyncio.sleep(1)
        caller.press("1")
        await boris.ringing()
        await caller.bye()


@pytest.mark.parametrize(
    ("trunk", "dialled", "presented"),
    [(KYIVSTAR, "380931234567", "380670001122"), (CITY, "0931234567", "0445003040")],
)
async def test_each_route_goes_out_by_its_own_trunk(
    freepbx_pbx: AsteriskPbx, trunk: str, dialled: str, presented: str
) -> None:
    async with freepbx_pbx.trunk(trunk) as provider, freepbx_pbx.phone("101") as anna:
        ours = await anna.call(dialled)
        theirs = await provider.ringing()
        assert (theirs.dialled, theirs.number) == (dialled, presented)
        theirs.answer()
        await ours.until("answered")
        await theirs.bye()
        await ours.until("ended")


async def test_three_hear_one_another_in_the_conference_room(freepbx_pbx: AsteriskPbx) -> None:
    async with (
        freepbx_pbx.phone("101") as anna,
        freepbx_pbx.phone("102") as boris,
        freepbx_pbx.phone("105") as master,
    ):
        calls = [await (await phone.call("8101")).until("answered") for phone in (anna, boris, master)]
        await asyncio.sleep(1.5)
        for call in calls:
            await call.bye()
    assert all(hears(one, other) for one in calls for other in calls if one is not other)


async def test_the_listener_hears_both_and_is_heard_by_none(freepbx_pbx: AsteriskPbx) -> None:
    async with (
        freepbx_pbx.trunk(KYIVSTAR) as mobiles,
        freepbx_pbx.phone("101") as anna,
        freepbx_pbx.phone("103") as vera,
    ):
        caller = await mobiles.call(DIRECT_LINE[0], number=CALLER)
        at_anna = (await anna.ringing()).answer()
        await caller.until("answered")
        spying = await (await vera.call("*555101")).until("answered")
        await asyncio.sleep(1.5)
        await spying.bye()
        await caller.bye()
        await at_anna.until("ended")
    assert hears(spying, at_anna)
    assert hears(spying, caller)
    assert not hears(caller, spying)
    assert not hears(at_anna, spying)


async def test_two_exchanges_stand_side_by_side(asterisk: str) -> None:
    async with AsteriskPbx("freepbx") as one, AsteriskPbx("freepbx") as two:
        for pbx in (one, two):
            async with pbx.phone("101") as anna, pbx.phone("105") as master:
                ours = await anna.call("105")
                (await master.ringing()).answer()
                await ours.until("answered")
                await ours.bye()


async def test_a_killed_exchange_comes_back_on_the_same_ports(freepbx_pbx: AsteriskPbx) -> None:
    async with freepbx_pbx.phone("101") as anna, freepbx_pbx.phone("105") as master:
        await freepbx_pbx.kill()
        await freepbx_pbx.start()
        for phone in (anna, master):
            await phone.register()
        ours = await anna.call("105")
        (await master.ringing()).answer()
        await ours.until("answered")
        await ours.bye()


async def test_a_played_scenario_leaves_its_stream_and_its_truth(asterisk: str, tmp_path: Path) -> None:
    scenario = next(each for each in SCENARIOS if each.name == "78_busy")
    await record(scenario, tmp_path)
    truth = json.loads((tmp_path / "78_busy.json").read_text())
    assert truth["expect"][0]["call"]["missed_reason"] == "busy"
    for name in ("78_busy", "78_busy.lean"):
        stream = gzip.decompress((tmp_path / f"{name}.ami.gz").read_bytes())
        reads = [
            line.split() for line in gzip.decompress((tmp_path / f"{name}.idx.gz").read_bytes()).splitlines()
        ]
        assert stream.startswith(b"Asterisk Call Manager/")
        assert b"Event: Hangup\r\n" in stream
        assert sum(int(size) for _, _, size in reads) == len(stream)

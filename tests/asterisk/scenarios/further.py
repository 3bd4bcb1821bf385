"""Further things that happen in a shop: transfers outside, the sample dialplan, calls that change hands."""

from __future__ import annotations

import asyncio

from tests.asterisk.scenarios.base import DIRECT_LINE, FOLLOW_LINE, GROUP_LINE, Scenario
from tests.asterisk.stage import Stage, span

MOBILE = "380671119988"


async def monday_morning(stage: Stage) -> None:
    """The sample PBX: 101 and 102 ring, 102 declines, 101 answers and hands over to the master on 105."""
    anna, boris, master = await stage.plug_in("101", "102", "105")
    caller = await stage.world.call("380441234567", number="380671234590", name="Ковальчук")
    at_anna, at_boris = await anna.ringing(), await boris.ringing()
    await asyncio.sleep(2)
    at_boris.reject(603)
    await asyncio.sleep(3)
    at_anna.answer()
    await stage.tap.event("AgentConnect")
    await asyncio.sleep(2)
    await at_anna.hold()
    asking = await anna.call("105")
    at_master = await master.ringing()
    await asyncio.sleep(1)
    at_master.answer()
    await asking.until("answered")
    await asyncio.sleep(2)
    await at_anna.refer_to(asking)
    await at_anna.until("ended")
    await asyncio.sleep(3)
    await at_master.bye()
    await caller.until("ended")
    stage.expect(
        {"from_number": "+380671234590"},
        direction="inbound",
        to_number="+380441234567",
        result="answered",
        queue="reception",
        answered_by="101",
        last_extension="105",
        wait_seconds=span(caller.at["invited"], at_anna.at["answered"]),
        talk_seconds=span(at_anna.at["answered"], caller.at["ended"]),
        hold_seconds=span(at_anna.holds[0][0], at_anna.at["referred"]),
        parties={"101": ["answered"], "102": ["declined"], "105": ["answered"]},
        transfers=[["attended", "101", "105"]],
    )
    await stage.settle()


async def attended_to_a_mobile(stage: Stage) -> None:
    """Anna asks the owner on his mobile (through the trunk) and joins him with the caller."""
    (anna,) = await stage.plug_in("101")
    caller = await stage.kyivstar.call(DIRECT_LINE[0], number="380671234591")
    at_anna = (await anna.ringing()).answer()
    await asyncio.sleep(2)
    await at_anna.hold()
    asking = await anna.call(MOBILE)
    mobile = await stage.kyivstar.ringing()
    await asyncio.sleep(1)
    mobile.answer()
    await asking.until("answered")
    await asyncio.sleep(2)
    await at_anna.refer_to(asking)
    await at_anna.until("ended")
    await asyncio.sleep(3)
    await caller.bye()
    await mobile.until("ended")
    stage.expect(
        {"from_number": "+380671234591"},
        direction="inbound",
        to_number=DIRECT_LINE[1],
        result="answered",
        answered_by="101",
        last_extension=f"+{MOBILE}",
        talk_seconds=span(at_anna.at["answered"], caller.at["ended"]),
        hold_seconds=span(at_anna.holds[0][0], at_anna.at["referred"]),
        parties={"101": ["answered"], f"+{MOBILE}": ["answered"]},
        transfers=[["attended", "101", f"+{MOBILE}"]],
    )
    await stage.settle()


async def blind_to_a_mobile(stage: Stage) -> None:
    """Anna sends the caller to the owner's mobile by REFER."""
    (anna,) = await stage.plug_in("101")
    caller = await stage.kyivstar.call(DIRECT_LINE[0], number="380671234592")
    at_anna = (await anna.ringing()).answer()
    await asyncio.sleep(2)
    await at_anna.refer(MOBILE)
    mobile = await stage.kyivstar.ringing()
    await asyncio.sleep(2)
    mobile.answer()
    await asyncio.sleep(3)
    await caller.bye()
    await mobile.until("ended")
    stage.expect(
        {"from_number": "+380671234592"},
        direction="inbound",
        to_number=DIRECT_LINE[1],
        result="answered",
        answered_by="101",
        last_extension=f"+{MOBILE}",
        talk_seconds=span(
            at_anna.at["answered"], at_anna.at["referred"], mobile.at["answered"], caller.at["ended"]
        ),
        parties={"101": ["answered"], f"+{MOBILE}": ["answered"]},
        transfers=[["blind", "101", f"+{MOBILE}"]],
    )
    await stage.settle()


async def outbound_handed_over(stage: Stage) -> None:
    """Anna rings a customer and hands him to the master by REFER."""
    anna, master = await stage.plug_in("101", "105")
    ours = await anna.call("0931234567")
    theirs = await stage.city.ringing()
    await asyncio.sleep(1)
    theirs.answer()
    await ours.until("answered")
    await asyncio.sleep(2)
    await ours.refer("105")
    at_master = await master.ringing()
    await asyncio.sleep(1.5)
    at_master.answer()
    await asyncio.sleep(3)
    await theirs.bye()
    await at_master.until("ended")
    stage.expect(
        {"direction": "outbound"},
        to_number="+380931234567",
        result="answered",
        answered_by="101",
        last_extension="105",
        wait_seconds=span(ours.at["invited"], theirs.at["answered"]),
        talk_seconds=span(
            theirs.at["answered"], ours.at["referred"], at_master.at["answered"], theirs.at["ended"]
        ),
        transfers=[["blind", "101", "105"]],
    )
    await stage.settle()


async def asked_in_vain(stage: Stage) -> None:
    """Anna presses *2 105, the master is busy; she goes on with the caller."""
    anna, master = await stage.plug_in("101", "105")
    caller = await stage.kyivstar.call(DIRECT_LINE[0], number="380671234593")
    at_anna = (await anna.ringing()).answer()
    await asyncio.sleep(2)
    stage.note("101", "presses *2 105")
    at_anna.press("*2105")
    at_master = await master.ringing()
    await asyncio.sleep(1)
    at_master.reject(486)
    await asyncio.sleep(14)
    stage.note("101", "has heard 10 s of busy tone and is with the caller again")
    await asyncio.sleep(2)
    await at_anna.bye()
    await caller.until("ended")
    stage.expect(
        {"from_number": "+380671234593"},
        direction="inbound",
        result="answered",
        answered_by="101",
        last_extension="101",
        talk_seconds=span(at_anna.at["answered"], caller.at["ended"]),
        hold_seconds=[10.5, 14.5],
        transfers=[],
    )
    stage.remark = "105 may be listed as busy or not at all: it was asked, the caller was not sent there."
    await stage.settle()


async def parked_by_ami(stage: Stage) -> None:
    """The desk parks the caller (AMI Park); Anna takes him back."""
    (anna,) = await stage.plug_in("101")
    caller = await stage.kyivstar.call(DIRECT_LINE[0], number="380671234594")
    at_anna = (await anna.ringing()).answer()
    await asyncio.sleep(2)
    channel = stage.tap.channel("PJSIP/kyivstar_1-")
    away = stage.note("ami", "Park of the caller's channel")
    await stage.tap.action("Park", Channel=channel, AnnounceChannel=stage.tap.channel("PJSIP/101-"))
    parked = await stage.tap.event("ParkedCall")
    await at_anna.until("ended", 10)
    await asyncio.sleep(2)
    taking = await (await anna.call(parked["ParkingSpace"])).until("answered")
    await asyncio.sleep(3)
    await caller.bye()
    await taking.until("ended")
    stage.expect(
        {"from_number": "+380671234594"},
        direction="inbound",
        result="answered",
        answered_by="101",
        last_extension="101",
        talk_seconds=span(
            at_anna.at["answered"], away, taking.at["answered"], caller.at["ended"], tolerance=1.2
        ),
        parties={"101": ["answered"]},
        transfers=[["park", "101", parked["ParkingSpace"]]],
    )
    stage.remark = "AMI names the caller as the parker; it was parked for the last of ours who talked."
    await stage.settle(2)


async def group_race(stage: Stage) -> None:
    """Two phones of the ring group answer within milliseconds."""
    anna, boris = await stage.plug_in("101", "102")
    caller = await stage.city.call(GROUP_LINE[0], number="0671234595")
    at_anna, at_boris = await anna.ringing(), await boris.ringing()
    await asyncio.sleep(2)
    at_anna.answer()
    at_boris.answer()
    await caller.until("answered")
    await asyncio.sleep(3)
    winner, loser = (at_anna, at_boris) if at_boris.has_ended else (at_boris, at_anna)
    assert loser.has_ended
    await caller.bye()
    await winner.until("ended")
    stage.expect(
        {"from_number": "+380671234595"},
        to_number=GROUP_LINE[1],
        result="answered",
        answered_by=winner.phone.user,
        wait_seconds=span(caller.at["invited"], winner.at["answered"]),
        talk_seconds=span(winner.at["answered"], caller.at["ended"]),
        parties={winner.phone.user: ["answered"], loser.phone.user: ["answered_elsewhere"]},
        transfers=[],
    )
    await stage.settle()


async def mobile_declines(stage: Stage) -> None:
    """Follow-me: the mobile declines, Anna answers at her desk."""
    (anna,) = await stage.plug_in("101")
    caller = await stage.kyivstar.call(FOLLOW_LINE[0], number="380671234596")
    at_anna = await anna.ringing()
    mobile = await stage.kyivstar.ringing()
    await asyncio.sleep(2)
    mobile.reject(603)
    await asyncio.sleep(2)
    at_anna.answer()
    await caller.until("answered")
    await asyncio.sleep(3)
    await caller.bye()
    await at_anna.until("ended")
    stage.expect(
        {"from_number": "+380671234596"},
        direction="inbound",
        result="answered",
        answered_by="101",
        wait_seconds=span(caller.at["invited"], at_anna.at["answered"]),
        talk_seconds=span(at_anna.at["answered"], caller.at["ended"]),
        parties={"101": ["answered"], "+380671112233": ["declined"]},
        transfers=[],
    )
    await stage.settle()


async def same_number_twice(stage: Stage) -> None:
    """A caller hangs up after 3 s and calls again at once; then he is answered."""
    (anna,) = await stage.plug_in("101")
    first = await stage.kyivstar.call(DIRECT_LINE[0], number="380671234597")
    await anna.ringing()
    await asyncio.sleep(3)
    await first.bye()
    second = await stage.kyivstar.call(DIRECT_LINE[0], number="380671234597")
    at_anna = await anna.ringing()
    await asyncio.sleep(1)
    at_anna.answer()
    await asyncio.sleep(3)
    await second.bye()
    await at_anna.until("ended")
    stage.calls_in_all = 2
    number = {"from_number": "+380671234597"}
    stage.expect(
        number | {"result": "short_abandon"}, missed_reason="rang_out", parties={"101": ["cancelled"]}
    )
    stage.expect(
        number | {"result": "answered"},
        answered_by="101",
        talk_seconds=span(at_anna.at["answered"], second.at["ended"]),
        parties={"101": ["answered"]},
    )
    await stage.settle()


async def internal_cancelled(stage: Stage) -> None:
    """101 calls 105 and gives up."""
    anna, master = await stage.plug_in("101", "105")
    ours = await anna.call("105")
    theirs = await master.ringing()
    await asyncio.sleep(3)
    await ours.bye()
    await theirs.until("ended")
    stage.expect({"direction": "internal"}, result="cancelled", answered_by=None, talk_seconds=[0, 0])
    await stage.settle()


async def internal_absent(stage: Stage) -> None:
    """101 calls 105, whose phone is not plugged in."""
    (anna,) = await stage.plug_in("101")
    ours = await anna.call("105")
    await ours.until("ended", 20)
    stage.expect({"direction": "internal"}, result="failed", answered_by=None, talk_seconds=[0, 0])
    await stage.settle()


async def click_through_local(stage: Stage) -> None:
    """Click-to-call as FreePBX's own panels do it: the first leg is a Local channel."""
    (anna,) = await stage.plug_in("101")
    begun = stage.note("ami", "Originate: Local/101@from-internal, then 0931234567")
    await stage.tap.action(
        "Originate",
        Channel="Local/101@from-internal/n",
        Exten="0931234567",
        Context="from-internal",
        Priority="1",
        CallerID="0931234567",
        Timeout="20000",
        Async="true",
        ChannelId="pitline-local-1",
        OtherChannelId="pitline-local-2",
    )
    ours = await anna.ringing()
    await asyncio.sleep(1)
    ours.answer()
    theirs = await stage.city.ringing()
    await asyncio.sleep(2)
    theirs.answer()
    await asyncio.sleep(3)
    await ours.bye()
    await theirs.until("ended")
    stage.expect(
        {"direction": "outbound"},
        to_number="+380931234567",
        result="answered",
        answered_by="101",
        wait_seconds=span(begun, theirs.at["answered"]),
        talk_seconds=span(theirs.at["answered"], ours.at["ended"]),
        transfers=[],
    )
    await stage.settle()


SCENARIOS = (
    Scenario(
        "210_monday_morning",
        "Sample dialplan: 102 declines, 101 answers, attended transfer to 105",
        monday_morning,
        plan="sample",
        settings={"extensions.conf:OPEN": "*,*,*,*"},
    ),
    Scenario("211_attended_to_a_mobile", "101 asks a mobile, REFER with Replaces", attended_to_a_mobile),
    Scenario("212_blind_to_a_mobile", "101 sends the caller to a mobile by REFER", blind_to_a_mobile),
    Scenario("213_outbound_handed_over", "101 dials out, answered, REFER to 105", outbound_handed_over),
    Scenario("214_asked_in_vain", "*2 105 while 105 is busy; 101 goes on", asked_in_vain),
    Scenario("215_parked_by_ami", "AMI Park, taken back by 101", parked_by_ami),
    Scenario("216_group_race", "Ring group: 101 and 102 answer within 3 ms", group_race),
    Scenario("217_mobile_declines", "Follow-me: the mobile declines, 101 answers", mobile_declines),
    Scenario("218_same_number_twice", "One number calls twice: given up, answered", same_number_twice),
    Scenario("219_internal_cancelled", "101 calls 105 and gives up after 3 s", internal_cancelled),
    Scenario("220_internal_absent", "101 calls 105, not registered", internal_absent),
    Scenario("221_click_through_local", "Originate with a Local channel, both answer", click_through_local),
)

"""Odd things that real phones and desks do."""

from __future__ import annotations

import asyncio

from tests.asterisk.scenarios.base import DIRECT_LINE, GROUP_LINE, QUEUE_LINE, VOICEMAIL_LINE, Scenario
from tests.asterisk.stage import Stage, span


async def group_picked_up(stage: Stage) -> None:
    """A ring group rings at 101 and 102; 103 takes it with **102."""
    anna, boris, vera = await stage.plug_in("101", "102", "103")
    caller = await stage.city.call(GROUP_LINE[0], number="0671234610")
    at_anna = await anna.ringing()
    await boris.ringing()
    await asyncio.sleep(2)
    taken = await (await vera.call("**102")).until("answered")
    await at_anna.until("ended")
    await asyncio.sleep(3)
    await caller.bye()
    await taken.until("ended")
    stage.expect(
        {"from_number": "+380671234610"},
        direction="inbound",
        result="answered",
        answered_by="103",
        wait_seconds=span(caller.at["invited"], taken.at["answered"]),
        talk_seconds=span(taken.at["answered"], caller.at["ended"]),
        parties={"101": ["answered_elsewhere"], "102": ["answered_elsewhere"], "103": ["answered"]},
        transfers=[],
    )
    await stage.settle()


async def internal_picked_up(stage: Stage) -> None:
    """101 calls 105; 103 takes it with **105."""
    anna, master, vera = await stage.plug_in("101", "105", "103")
    ours = await anna.call("105")
    at_master = await master.ringing()
    await asyncio.sleep(1)
    taken = await (await vera.call("**105")).until("answered")
    await at_master.until("ended")
    await asyncio.sleep(3)
    await ours.bye()
    await taken.until("ended")
    stage.expect(
        {"direction": "internal"},
        result="answered",
        answered_by="103",
        talk_seconds=span(taken.at["answered"], ours.at["ended"]),
    )
    await stage.settle()


async def redirect_into_the_queue(stage: Stage) -> None:
    """The desk moves Anna's caller into the queue by Redirect; nobody answers, he gives up."""
    anna, boris = await stage.plug_in("101", "102")
    caller = await stage.kyivstar.call(DIRECT_LINE[0], number="380671234612")
    at_anna = (await anna.ringing()).answer()
    await asyncio.sleep(2)
    channel = stage.tap.channel("PJSIP/kyivstar_1-")
    await stage.tap.action("Redirect", Channel=channel, Exten="600", Context="from-internal", Priority="1")
    await at_anna.until("ended")
    at_boris = await boris.ringing()
    await asyncio.sleep(4)
    await caller.bye()
    await at_boris.until("ended")
    stage.expect(
        {"from_number": "+380671234612"},
        direction="inbound",
        result="answered",
        queue="600",
        answered_by="101",
        last_extension="101",
        talk_seconds=span(at_anna.at["answered"], at_anna.at["ended"]),
        transfers=[["redirect", "101", "600"]],
    )
    await stage.settle()


async def redirect_while_queued(stage: Stage) -> None:
    """The desk takes a caller out of the queue and rings 105, who answers."""
    anna, master = await stage.plug_in("101", "105")
    caller = await stage.kyivstar.call(QUEUE_LINE[0], number="380671234613")
    at_anna = await anna.ringing()
    await asyncio.sleep(2)
    channel = stage.tap.channel("PJSIP/kyivstar_1-")
    await stage.tap.action("Redirect", Channel=channel, Exten="105", Context="from-internal", Priority="1")
    await at_anna.until("ended")
    at_master = await master.ringing()
    await asyncio.sleep(1.5)
    at_master.answer()
    await asyncio.sleep(3)
    await caller.bye()
    await at_master.until("ended")
    stage.expect(
        {"from_number": "+380671234613"},
        direction="inbound",
        result="answered",
        queue="600",
        answered_by="105",
        last_extension="105",
        wait_seconds=span(caller.at["invited"], at_master.at["answered"]),
        talk_seconds=span(at_master.at["answered"], caller.at["ended"]),
    )
    await stage.settle()


async def voicemail_left_at_once(stage: Stage) -> None:
    """The queue rings out; the caller leaves while the mailbox still greets him."""
    (anna,) = await stage.plug_in("101")
    caller = await stage.city.call(VOICEMAIL_LINE[0], number="0671234614")
    at_anna = await anna.ringing()
    await at_anna.until("ended", 20)
    await asyncio.sleep(1.5)
    await caller.bye()
    stage.remark = "A machine had begun to take a message: voicemail by the letter, a miss for the person."
    stage.expect(
        {"from_number": "+380671234614"},
        direction="inbound",
        result=["voicemail", "missed"],
        missed_reason="rang_out",
        queue="602",
        answered_by=None,
        talk_seconds=[0, 0],
        parties={"101": ["no_answer"]},
    )
    await stage.settle()


async def consulted_while_ringing(stage: Stage) -> None:
    """Anna presses *2 105 and hangs up while the master's phone still rings; he answers the caller."""
    anna, master = await stage.plug_in("101", "105")
    caller = await stage.kyivstar.call(DIRECT_LINE[0], number="380671234615")
    at_anna = (await anna.ringing()).answer()
    await asyncio.sleep(2)
    at_anna.press("*2105")
    at_master = await master.ringing()
    await asyncio.sleep(1)
    await at_anna.bye()
    await asyncio.sleep(1.5)
    at_master.answer()
    await asyncio.sleep(3)
    await caller.bye()
    await at_master.until("ended")
    stage.expect(
        {"from_number": "+380671234615"},
        direction="inbound",
        result="answered",
        answered_by="101",
        last_extension="105",
        talk_seconds=span(
            at_anna.at["answered"],
            at_anna.at["ended"],
            at_master.at["answered"],
            caller.at["ended"],
            tolerance=1.0,
        ),
        parties={"101": ["answered"], "105": ["answered"]},
        transfers=[["attended", "101", "105"]],
    )
    await stage.settle()


async def two_transfers(stage: Stage) -> None:
    """From 101 to 102 blind, from 102 to 105 attended."""
    anna, boris, master = await stage.plug_in("101", "102", "105")
    caller = await stage.kyivstar.call(DIRECT_LINE[0], number="380671234616")
    at_anna = (await anna.ringing()).answer()
    await asyncio.sleep(1.5)
    await at_anna.refer("102")
    at_boris = (await boris.ringing()).answer()
    await at_boris.until("confirmed")
    await asyncio.sleep(2)
    await at_boris.hold()
    asking = await boris.call("105")
    at_master = (await master.ringing()).answer()
    await asking.until("answered")
    await asyncio.sleep(1.5)
    await at_boris.refer_to(asking)
    await at_boris.until("ended")
    await asyncio.sleep(3)
    await at_master.bye()
    await caller.until("ended")
    stage.expect(
        {"from_number": "+380671234616"},
        direction="inbound",
        result="answered",
        answered_by="101",
        last_extension="105",
        talk_seconds=span(
            at_anna.at["answered"], at_anna.at["referred"], at_boris.at["answered"], caller.at["ended"]
        ),
        hold_seconds=span(at_boris.holds[0][0], at_boris.at["referred"]),
        parties={"101": ["answered"], "102": ["answered"], "105": ["answered"]},
        transfers=[["blind", "101", "102"], ["attended", "102", "105"]],
    )
    await stage.settle()


async def nameless(stage: Stage) -> None:
    """A caller without any number (empty user part), who gives up late."""
    (anna,) = await stage.plug_in("101")
    caller = await stage.kyivstar.call(DIRECT_LINE[0], number="unknown", name="")
    at_anna = await anna.ringing()
    await asyncio.sleep(6)
    await caller.bye()
    await at_anna.until("ended")
    stage.remark = "A provider's word for 'withheld' is as it came: null, or the word."
    stage.expect(
        {"direction": "inbound"},
        from_number=[None, "unknown"],
        result="missed",
        missed_reason="rang_out",
        parties={"101": ["cancelled"]},
    )
    await stage.settle()


async def hostile_name(stage: Stage) -> None:
    """A caller whose name is markup, quotes and a line that looks like a header."""
    (anna,) = await stage.plug_in("101")
    name = "<script>alert(1)</script> Event: Hangup \\\" '; --"
    caller = await stage.kyivstar.call(DIRECT_LINE[0], number="380671234617", name=name)
    at_anna = (await anna.ringing()).answer()
    await asyncio.sleep(3)
    await caller.bye()
    await at_anna.until("ended")
    stage.expect(
        {"from_number": "+380671234617"},
        direction="inbound",
        result="answered",
        answered_by="101",
        talk_seconds=span(at_anna.at["answered"], caller.at["ended"]),
    )
    await stage.settle()


SCENARIOS = (
    Scenario("240_group_picked_up", "Ring group; 103 takes it with **102", group_picked_up),
    Scenario("241_internal_picked_up", "101 calls 105; 103 takes it with **105", internal_picked_up),
    Scenario(
        "242_redirect_into_queue",
        "Redirect of a talking caller into 600; he gives up",
        redirect_into_the_queue,
    ),
    Scenario(
        "243_redirect_while_queued", "Redirect of a queued caller to 105, answered", redirect_while_queued
    ),
    Scenario(
        "244_voicemail_left_at_once",
        "Queue 602 rings out; the caller leaves during the mailbox's greeting",
        voicemail_left_at_once,
        settings={"extensions.conf:QUEUE_SECONDS": "6"},
    ),
    Scenario(
        "245_consulted_while_ringing", "*2 105, hang up while it rings, 105 answers", consulted_while_ringing
    ),
    Scenario("246_two_transfers", "101 blind to 102, 102 attended to 105", two_transfers),
    Scenario("247_nameless", "A caller called unknown gives up after 6 s", nameless),
    Scenario("248_hostile_name", "A caller with a hostile name", hostile_name),
)

"""The line to the PBX is away, or the PBX itself dies, in the middle of calls."""

from __future__ import annotations

import asyncio

from tests.asterisk.scenarios.base import DEVICES_LINE, DIRECT_LINE, QUEUE_LINE, Scenario
from tests.asterisk.stage import Stage, span


async def link_cut(stage: Stage) -> None:
    """AMI is away for 10 s: one call lives on, one ends meanwhile, one begins, one waits in the queue."""
    anna, halyna, boris = await stage.plug_in("101", "104", "102")
    lives = await stage.kyivstar.call(DIRECT_LINE[0], number="380671234570")
    at_anna = (await anna.ringing()).answer()
    ends = await stage.kyivstar.call(DEVICES_LINE[0], number="380671234571")
    at_halyna = (await halyna.ringing()).answer()
    waits = await stage.kyivstar.call(QUEUE_LINE[0], number="380671234572")
    at_boris = await boris.ringing()
    await asyncio.sleep(2)
    await stage.cut_link()
    await asyncio.sleep(3)
    await ends.bye()
    await at_halyna.until("ended")
    begins = await stage.kyivstar.call(DEVICES_LINE[0], number="380671234573")
    fresh = (await halyna.ringing()).answer()
    await asyncio.sleep(7)
    await stage.log_in()
    await asyncio.sleep(2)
    at_boris.answer()
    await asyncio.sleep(2)
    await lives.bye()
    await at_anna.until("ended")
    await begins.bye()
    await fresh.until("ended")
    await waits.bye()
    await at_boris.until("ended")
    stage.calls_in_all = 4
    stage.remark = "Two sessions. Nothing may be left open; every call that the gap touched is incomplete."
    partly = {"direction": "inbound", "is_complete": False}
    stage.expect({"from_number": "+380671234570"}, **partly, result="answered", answered_by="101")
    stage.expect({"from_number": "+380671234571"}, **partly, result="unknown")
    stage.expect(
        {"from_number": "+380671234572"},
        **partly,
        result="answered",
        queue="600",
        answered_by="102",
        talk_seconds=span(at_boris.at["answered"], waits.at["ended"]),
    )
    stage.expect({"from_number": "+380671234573"}, **partly, result="answered", answered_by="104")
    await stage.settle()


async def killed(stage: Stage) -> None:
    """Asterisk dies by SIGKILL in mid-call and comes back; another call follows."""
    anna, boris = await stage.plug_in("101", "102")
    caller = await stage.kyivstar.call(DIRECT_LINE[0], number="380671234574")
    (await anna.ringing()).answer()
    waits = await stage.kyivstar.call(QUEUE_LINE[0], number="380671234575")
    await boris.ringing()
    await asyncio.sleep(2)
    stage.note("pbx", "SIGKILL")
    await stage.pbx.kill()
    await asyncio.sleep(0.3)
    await stage.cut_link()
    await asyncio.sleep(2)
    await stage.pbx.start()
    stage.note("pbx", "booted again")
    await stage.log_in()
    for phone in (anna, boris):
        await phone.register()
    after = await stage.kyivstar.call(DIRECT_LINE[0], number="380671234576")
    at_anna = (await anna.ringing()).answer()
    await asyncio.sleep(3)
    await after.bye()
    await at_anna.until("ended")
    for dead in (caller, waits):
        dead.audio.close()
    stage.calls_in_all = 3
    stage.remark = "Two sessions of two boots: Uptime in FullyBooted, CoreStartupTime in CoreStatus."
    broken = {"direction": "inbound", "is_complete": False, "result": "unknown"}
    stage.expect({"from_number": "+380671234574"}, **broken, answered_by="101")
    stage.expect({"from_number": "+380671234575"}, **broken, queue="600")
    stage.expect(
        {"from_number": "+380671234576"},
        direction="inbound",
        result="answered",
        answered_by="101",
        talk_seconds=span(at_anna.at["answered"], after.at["ended"]),
    )
    await stage.settle()


SCENARIOS = (
    Scenario("110_link_cut", "AMI away for 10 s while four calls live, end and begin", link_cut),
    Scenario("111_killed", "Asterisk killed with SIGKILL in mid-call, restarted, another call", killed),
)

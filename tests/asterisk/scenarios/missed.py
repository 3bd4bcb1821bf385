"""Calls that no person answered, and why."""

from __future__ import annotations

import asyncio

from tests.asterisk.scenarios.base import (
    DIRECT_LINE,
    EMPTY_LINE,
    HOURS_LINE,
    IVR_LINE,
    QUEUE_LINE,
    UNPLUGGED_LINE,
    VOICEMAIL_LINE,
    Scenario,
)
from tests.asterisk.stage import Stage, span


def _expect_missed(stage: Stage, number: str | None, line: str, reason: str, **fields: object) -> None:
    common = {
        "direction": "inbound",
        "to_number": line,
        "result": "missed",
        "missed_reason": reason,
        "answered_by": None,
        "last_extension": None,
        "talk_seconds": [0, 0],
        "transfers": [],
    }
    stage.expect({"from_number": number}, **common | fields)


async def withheld(stage: Stage) -> None:
    """The caller hides his number; answered."""
    anna, boris = await stage.plug_in("101", "102")
    caller = await stage.kyivstar.call(QUEUE_LINE[0], number="anonymous", name="Anonymous")
    at_anna, at_boris = await anna.ringing(), await boris.ringing()
    await asyncio.sleep(2)
    at_anna.answer()
    await at_boris.until("ended")
    await asyncio.sleep(3)
    await caller.bye()
    stage.expect(
        {"from_number": None},
        direction="inbound",
        to_number=QUEUE_LINE[1],
        result="answered",
        queue="600",
        answered_by="101",
        wait_seconds=span(caller.at["invited"], at_anna.at["answered"]),
        talk_seconds=span(at_anna.at["answered"], caller.at["ended"]),
        parties={"101": ["answered"], "102": ["answered_elsewhere"]},
    )
    await stage.settle()


async def ivr_key(stage: Stage) -> None:
    """The caller presses 1 in the menu; Boris answers from the queue."""
    anna, boris = await stage.plug_in("101", "102")
    caller = await stage.city.call(IVR_LINE[0], number="0671234531")
    await caller.until("answered")
    await asyncio.sleep(2)
    caller.press("1")
    at_anna, at_boris = await anna.ringing(), await boris.ringing()
    await asyncio.sleep(2)
    at_boris.answer()
    await at_anna.until("ended")
    await asyncio.sleep(3)
    await at_boris.bye()
    await caller.until("ended")
    stage.expect(
        {"from_number": "+380671234531"},
        direction="inbound",
        to_number=IVR_LINE[1],
        result="answered",
        queue="600",
        answered_by="102",
        wait_seconds=span(caller.at["invited"], at_boris.at["answered"]),
        talk_seconds=span(at_boris.at["answered"], caller.at["ended"]),
        parties={"101": ["answered_elsewhere"], "102": ["answered"]},
    )
    await stage.settle()


async def ivr_left_at_once(stage: Stage) -> None:
    """The caller leaves the menu after 3 s."""
    await stage.plug_in("101", "102")
    caller = await stage.city.call(IVR_LINE[0], number="0671234532")
    await asyncio.sleep(3)
    await caller.bye()
    _expect_missed(
        stage,
        "+380671234532",
        IVR_LINE[1],
        "before_ringing",
        result="short_abandon",
        queue=None,
        parties={},
        wait_seconds=span(caller.at["invited"], caller.at["ended"]),
    )
    await stage.settle()


async def ivr_left_late(stage: Stage) -> None:
    """The caller leaves the menu after 8 s."""
    await stage.plug_in("101", "102")
    caller = await stage.city.call(IVR_LINE[0], number="0671234533")
    await asyncio.sleep(8)
    await caller.bye()
    waited = span(caller.at["invited"], caller.at["ended"])
    _expect_missed(
        stage, "+380671234533", IVR_LINE[1], "before_ringing", queue=None, parties={}, wait_seconds=waited
    )
    await stage.settle()


async def closed(stage: Stage) -> None:
    """Closed hours: the caller hears it, and the PBX hangs up."""
    await stage.plug_in("101", "102")
    await stage.pbx.command("database put DAYNIGHT C0 NIGHT")
    caller = await stage.city.call(HOURS_LINE[0], number="0671234534")
    await caller.until("ended", 30)
    _expect_missed(stage, "+380671234534", HOURS_LINE[1], "before_ringing", queue=None, parties={})
    await stage.settle()


async def voicemail(stage: Stage) -> None:
    """Nobody takes the queue call; application VoiceMail takes a message."""
    anna, boris = await stage.plug_in("101", "102")
    caller = await stage.city.call(VOICEMAIL_LINE[0], number="0671234535")
    at_anna, at_boris = await anna.ringing(), await boris.ringing()
    await at_anna.until("ended", 30)
    await at_boris.until("ended", 30)
    await asyncio.sleep(6)
    await caller.bye()
    _expect_missed(
        stage,
        "+380671234535",
        VOICEMAIL_LINE[1],
        "rang_out",
        result="voicemail",
        queue="602",
        parties={"101": ["no_answer"], "102": ["no_answer"]},
        wait_seconds=span(caller.at["invited"], caller.at["ended"]),
    )
    await stage.settle()


async def voicemail_of_the_sample(stage: Stage) -> None:
    """Our sample dialplan: queue, then UserEvent(VoicemailStarted) and Record."""
    anna, boris = await stage.plug_in("101", "102")
    caller = await stage.world.call("380441234567", number="380671234536")
    at_anna, at_boris = await anna.ringing(), await boris.ringing()
    await at_anna.until("ended", 30)
    await at_boris.until("ended", 30)
    await stage.tap.event("UserEvent")
    await asyncio.sleep(6)
    await caller.bye()
    _expect_missed(
        stage,
        "+380671234536",
        "+380441234567",
        "rang_out",
        result="voicemail",
        queue="reception",
        parties={"101": ["no_answer"], "102": ["no_answer"]},
        wait_seconds=span(caller.at["invited"], caller.at["ended"]),
    )
    await stage.settle()


async def abandoned(stage: Stage) -> None:
    """The caller gives up after 10 s of ringing."""
    anna, boris = await stage.plug_in("101", "102")
    caller = await stage.kyivstar.call(QUEUE_LINE[0], number="380671234537")
    at_anna, at_boris = await anna.ringing(), await boris.ringing()
    await asyncio.sleep(10)
    await caller.bye()
    await at_anna.until("ended")
    await at_boris.until("ended")
    _expect_missed(
        stage,
        "+380671234537",
        QUEUE_LINE[1],
        "rang_out",
        queue="600",
        parties={"101": ["cancelled"], "102": ["cancelled"]},
        wait_seconds=span(caller.at["invited"], caller.at["ended"]),
    )
    await stage.settle()


async def short_abandon(stage: Stage) -> None:
    """Lets it ring once and hangs up: call me back."""
    anna, boris = await stage.plug_in("101", "102")
    caller = await stage.kyivstar.call(QUEUE_LINE[0], number="380671234538")
    at_anna, at_boris = await anna.ringing(), await boris.ringing()
    await asyncio.sleep(2.5)
    await caller.bye()
    await at_anna.until("ended")
    await at_boris.until("ended")
    _expect_missed(
        stage,
        "+380671234538",
        QUEUE_LINE[1],
        "rang_out",
        result="short_abandon",
        queue="600",
        parties={"101": ["cancelled"], "102": ["cancelled"]},
        wait_seconds=span(caller.at["invited"], caller.at["ended"]),
    )
    await stage.settle()


async def nobody_logged_in(stage: Stage) -> None:
    """A queue without members: the caller is told to try later."""
    caller = await stage.city.call(EMPTY_LINE[0], number="0671234539")
    await caller.until("ended", 30)
    _expect_missed(stage, "+380671234539", EMPTY_LINE[1], "unreachable", parties={})
    stage.remark = (
        "app_queue does not let the caller in: there is no QueueCallerJoin. The queue's name is in Newexten."
    )
    await stage.settle()


async def nobody_plugged_in(stage: Stage) -> None:
    """A queue whose phones are not registered."""
    caller = await stage.city.call(UNPLUGGED_LINE[0], number="0671234540")
    await caller.until("ended", 40)
    _expect_missed(stage, "+380671234540", UNPLUGGED_LINE[1], "unreachable", queue="601")
    await stage.settle()


async def direct_unplugged(stage: Stage) -> None:
    """The line of a phone that is not registered."""
    caller = await stage.kyivstar.call(DIRECT_LINE[0], number="380671234541")
    await caller.until("ended", 40)
    _expect_missed(stage, "+380671234541", DIRECT_LINE[1], "unreachable", queue=None)
    await stage.settle()


async def busy(stage: Stage) -> None:
    """The phone says busy."""
    (anna,) = await stage.plug_in("101")
    caller = await stage.kyivstar.call(DIRECT_LINE[0], number="380671234542")
    at_anna = await anna.ringing()
    await asyncio.sleep(1)
    at_anna.reject(486)
    await caller.until("ended", 20)
    _expect_missed(stage, "+380671234542", DIRECT_LINE[1], "busy", queue=None, parties={"101": ["busy"]})
    await stage.settle()


async def one_busy_one_silent(stage: Stage) -> None:
    """Of two phones one is busy, the other rings on until the caller leaves."""
    anna, boris = await stage.plug_in("101", "102")
    caller = await stage.kyivstar.call(QUEUE_LINE[0], number="380671234543")
    at_anna, at_boris = await anna.ringing(), await boris.ringing()
    await asyncio.sleep(1)
    at_anna.reject(486)
    await asyncio.sleep(7)
    await caller.bye()
    await at_boris.until("ended")
    _expect_missed(
        stage,
        "+380671234543",
        QUEUE_LINE[1],
        "rang_out",
        queue="600",
        parties={"101": ["busy"], "102": ["cancelled"]},
        wait_seconds=span(caller.at["invited"], caller.at["ended"]),
    )
    await stage.settle()


SCENARIOS = (
    Scenario("66_withheld_number", "The caller hides his number; queue 600, 101 answers", withheld),
    Scenario("67_ivr_key", "IVR, key 1, queue 600, 102 answers", ivr_key),
    Scenario("68_ivr_left_at_once", "The caller leaves the IVR after 3 s", ivr_left_at_once),
    Scenario("69_ivr_left_late", "The caller leaves the IVR after 8 s", ivr_left_late),
    Scenario("70_closed_hours", "Closed: announcement, the PBX hangs up", closed),
    Scenario(
        "71_voicemail_after_queue",
        "Queue 602 rings out after 7 s, application VoiceMail takes a message",
        voicemail,
        settings={"extensions.conf:QUEUE_SECONDS": "7"},
    ),
    Scenario(
        "72_voicemail_of_the_sample",
        "Sample dialplan: queue rings out after 7 s, UserEvent(VoicemailStarted), Record",
        voicemail_of_the_sample,
        plan="sample",
        settings={"extensions.conf:QUEUE_SECONDS": "7", "extensions.conf:OPEN": "*,*,*,*"},
    ),
    Scenario("73_queue_abandoned", "Queue 600, the caller gives up after 10 s", abandoned),
    Scenario("74_short_abandon", "Queue 600, the caller gives up after 2.5 s", short_abandon),
    Scenario("75_queue_without_members", "Queue 603 has no members: announcement, hang-up", nobody_logged_in),
    Scenario(
        "76_queue_unregistered",
        "Queue 601: neither phone is registered; 8 s, then hang-up",
        nobody_plugged_in,
        settings={"extensions.conf:QUEUE_SECONDS": "8"},
    ),
    Scenario("77_direct_unregistered", "Direct line of 101, which is not registered", direct_unplugged),
    Scenario("78_busy", "Direct line of 101, which answers 486", busy),
    Scenario(
        "79_queue_one_busy",
        "Queue 600: 101 answers 486, 102 rings until the caller leaves",
        one_busy_one_silent,
    ),
)

"""Ring groups, pickups and races: who of several phones took the call."""

from __future__ import annotations

import asyncio

from tests.asterisk.dialog import PhoneCall
from tests.asterisk.scenarios.base import DIRECT_LINE, GROUP_LINE, QUEUE_LINE, Scenario
from tests.asterisk.stage import Stage, span


async def one_declines(stage: Stage) -> None:
    """101 declines, 102 answers."""
    anna, boris = await stage.plug_in("101", "102")
    caller = await stage.city.call(GROUP_LINE[0], number="0671234501", name="Олена")
    at_anna, at_boris = await anna.ringing(), await boris.ringing()
    await asyncio.sleep(1.5)
    at_anna.reject(603)
    await asyncio.sleep(1.5)
    at_boris.answer()
    await caller.until("answered")
    await asyncio.sleep(4)
    await caller.bye()
    await at_boris.until("ended")
    stage.expect(
        {"from_number": "+380671234501"},
        direction="inbound",
        to_number=GROUP_LINE[1],
        result="answered",
        missed_reason=None,
        answered_by="102",
        last_extension="102",
        wait_seconds=span(caller.at["invited"], at_boris.at["answered"]),
        talk_seconds=span(at_boris.at["answered"], caller.at["ended"]),
        hold_seconds=[0, 0],
        parties={"101": ["declined"], "102": ["answered"]},
        transfers=[],
    )
    await stage.settle()


async def all_decline(stage: Stage) -> None:
    """Both phones decline; the PBX ends the call."""
    anna, boris = await stage.plug_in("101", "102")
    caller = await stage.city.call(GROUP_LINE[0], number="0671234502")
    at_anna, at_boris = await anna.ringing(), await boris.ringing()
    await asyncio.sleep(1)
    at_anna.reject(603)
    await asyncio.sleep(1)
    at_boris.reject(603)
    await caller.until("ended", 20)
    stage.expect(
        {"from_number": "+380671234502"},
        direction="inbound",
        to_number=GROUP_LINE[1],
        result="missed",
        missed_reason="declined",
        answered_by=None,
        talk_seconds=[0, 0],
        parties={"101": ["declined"], "102": ["declined"]},
        transfers=[],
    )
    await stage.settle()


async def group_pickup(stage: Stage) -> None:
    """A queue call rings at 101 and 102; 103 takes it with *8."""
    anna, boris, vera = await stage.plug_in("101", "102", "103")
    caller = await stage.kyivstar.call(QUEUE_LINE[0], number="380671234503")
    await anna.ringing()
    await boris.ringing()
    await asyncio.sleep(2)
    pickup = await vera.call("*8")
    await pickup.until("answered")
    await asyncio.sleep(4)
    await caller.bye()
    await pickup.until("ended")
    _expect_pickup(stage, caller, pickup, "+380671234503", QUEUE_LINE[1], ["101", "102"], queue="600")
    await stage.settle()


async def directed_pickup(stage: Stage) -> None:
    """A call rings at 101; 103 takes it with **101."""
    anna, vera = await stage.plug_in("101", "103")
    caller = await stage.kyivstar.call(DIRECT_LINE[0], number="380671234504")
    await anna.ringing()
    await asyncio.sleep(2)
    pickup = await vera.call("**101")
    await pickup.until("answered")
    await asyncio.sleep(4)
    await pickup.bye()
    await caller.until("ended")
    _expect_pickup(stage, caller, pickup, "+380671234504", DIRECT_LINE[1], ["101"], queue=None)
    await stage.settle()


def _expect_pickup(
    stage: Stage,
    caller: PhoneCall,
    pickup: PhoneCall,
    number: str,
    line: str,
    rang: list[str],
    queue: str | None,
) -> None:
    end = min(caller.at["ended"], pickup.at["ended"])
    stage.expect(
        {"from_number": number},
        direction="inbound",
        to_number=line,
        result="answered",
        queue=queue,
        answered_by="103",
        last_extension="103",
        wait_seconds=span(caller.at["invited"], pickup.at["answered"]),
        talk_seconds=span(pickup.at["answered"], end),
        parties={user: ["answered_elsewhere"] for user in rang} | {"103": ["answered"]},
        transfers=[],
    )


async def race(stage: Stage) -> None:
    """Two phones answer the same queue call within milliseconds; one wins."""
    anna, boris = await stage.plug_in("101", "102")
    caller = await stage.kyivstar.call(QUEUE_LINE[0], number="380671234505")
    at_anna, at_boris = await anna.ringing(), await boris.ringing()
    await asyncio.sleep(2)
    at_boris.answer()
    at_anna.answer()
    await asyncio.sleep(5)
    winner, loser = (at_anna, at_boris) if at_boris.has_ended else (at_boris, at_anna)
    assert loser.has_ended
    assert not winner.has_ended
    await caller.bye()
    await winner.until("ended")
    stage.expect(
        {"from_number": "+380671234505"},
        direction="inbound",
        to_number=QUEUE_LINE[1],
        result="answered",
        queue="600",
        answered_by=winner.phone.user,
        last_extension=winner.phone.user,
        wait_seconds=span(caller.at["invited"], winner.at["answered"]),
        talk_seconds=span(winner.at["answered"], caller.at["ended"]),
        parties={winner.phone.user: ["answered"], loser.phone.user: ["answered_elsewhere"]},
        transfers=[],
    )
    await stage.settle()


SCENARIOS = (
    Scenario("50_group_one_declines", "Ring group 101+102: 101 declines (603), 102 answers", one_declines),
    Scenario(
        "51_group_all_decline", "Ring group 101+102: both decline (603); the PBX ends the call", all_decline
    ),
    Scenario("52_group_pickup", "Queue 600 rings at 101 and 102; 103 picks up with *8", group_pickup),
    Scenario("53_directed_pickup", "A direct call rings at 101; 103 picks up with **101", directed_pickup),
    Scenario("54_queue_race", "Queue 600: 102 and 101 answer within 3 ms of one another; one wins", race),
)

"""What people do with calls that a queue gave them: there a Local channel stands between caller and phone."""

from __future__ import annotations

import asyncio

from tests.asterisk.dialog import PhoneCall
from tests.asterisk.phone import Phone
from tests.asterisk.scenarios.base import QUEUE_LINE, Scenario
from tests.asterisk.stage import Range, Stage, span


async def _anna_talks(stage: Stage, number: str) -> tuple[Phone, PhoneCall, PhoneCall]:
    """Queue 600 rings at 101 (102 is not plugged in); 101 has answered."""
    (anna,) = await stage.plug_in("101")
    caller = await stage.kyivstar.call(QUEUE_LINE[0], number=number)
    at_anna = await anna.ringing()
    await asyncio.sleep(1)
    at_anna.answer()
    await stage.tap.event("AgentConnect")
    await asyncio.sleep(2)
    return anna, at_anna, caller


def _expect(
    stage: Stage, number: str, at_anna: PhoneCall, caller: PhoneCall, talk: Range, **fields: object
) -> None:
    common = {
        "direction": "inbound",
        "to_number": QUEUE_LINE[1],
        "result": "answered",
        "queue": "600",
        "answered_by": "101",
        "wait_seconds": span(caller.at["invited"], at_anna.at["answered"]),
        "talk_seconds": talk,
    }
    stage.expect({"from_number": f"+{number}"}, **common | fields)


async def attended_replaces(stage: Stage) -> None:
    """A queue call: hold, ask the master, REFER with Replaces."""
    anna, at_anna, caller = await _anna_talks(stage, "380671234580")
    (master,) = await stage.plug_in("105")
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
    await caller.bye()
    await at_master.until("ended")
    _expect(
        stage,
        "380671234580",
        at_anna,
        caller,
        span(at_anna.at["answered"], caller.at["ended"]),
        hold_seconds=span(at_anna.holds[0][0], at_anna.at["referred"]),
        last_extension="105",
        parties={"101": ["answered"], "105": ["answered"]},
        transfers=[["attended", "101", "105"]],
    )
    await stage.settle()


async def attended_feature_code(stage: Stage) -> None:
    """A queue call: *2 105, then Anna hangs up."""
    _, at_anna, caller = await _anna_talks(stage, "380671234581")
    (master,) = await stage.plug_in("105")
    asked = stage.note("101", "presses *2 105")
    at_anna.press("*2105")
    at_master = await master.ringing()
    await asyncio.sleep(1)
    at_master.answer()
    await asyncio.sleep(2.5)
    await at_anna.bye()
    await asyncio.sleep(3)
    await caller.bye()
    await at_master.until("ended")
    _expect(
        stage,
        "380671234581",
        at_anna,
        caller,
        span(at_anna.at["answered"], caller.at["ended"]),
        hold_seconds=span(asked, at_anna.at["ended"], tolerance=1.2),
        last_extension="105",
        parties={"101": ["answered"], "105": ["answered"]},
        transfers=[["attended", "101", "105"]],
    )
    await stage.settle()


async def blind(stage: Stage) -> None:
    """A queue call: REFER to 105."""
    _, at_anna, caller = await _anna_talks(stage, "380671234582")
    (master,) = await stage.plug_in("105")
    await at_anna.refer("105")
    at_master = await master.ringing()
    await asyncio.sleep(2)
    at_master.answer()
    await asyncio.sleep(3)
    await caller.bye()
    await at_master.until("ended")
    _expect(
        stage,
        "380671234582",
        at_anna,
        caller,
        span(at_anna.at["answered"], at_anna.at["referred"], at_master.at["answered"], caller.at["ended"]),
        last_extension="105",
        parties={"101": ["answered"], "105": ["answered"]},
        transfers=[["blind", "101", "105"]],
    )
    await stage.settle()


async def blind_by_keys(stage: Stage) -> None:
    """A queue call: ## 105 on the phone's keys."""
    _, at_anna, caller = await _anna_talks(stage, "380671234583")
    (master,) = await stage.plug_in("105")
    stage.note("101", "presses ## 105")
    at_anna.press("##105")
    at_master = await master.ringing()
    await at_anna.until("ended", 10)
    await asyncio.sleep(2)
    at_master.answer()
    await asyncio.sleep(3)
    await caller.bye()
    await at_master.until("ended")
    _expect(
        stage,
        "380671234583",
        at_anna,
        caller,
        span(
            at_anna.at["answered"],
            at_anna.at["ended"],
            at_master.at["answered"],
            caller.at["ended"],
            tolerance=1.2,
        ),
        last_extension="105",
        parties={"101": ["answered"], "105": ["answered"]},
        transfers=[["blind", "101", "105"]],
    )
    await stage.settle()


async def hold_and_leave(stage: Stage) -> None:
    """A queue call: Anna holds, resumes, holds again, and the caller hangs up on hold."""
    _, at_anna, caller = await _anna_talks(stage, "380671234584")
    await at_anna.hold()
    await asyncio.sleep(2)
    await at_anna.unhold()
    await asyncio.sleep(1.5)
    await at_anna.hold()
    await asyncio.sleep(2)
    await caller.bye()
    await at_anna.until("ended")
    (first, back), (again, _) = at_anna.holds
    assert back is not None
    _expect(
        stage,
        "380671234584",
        at_anna,
        caller,
        span(at_anna.at["answered"], caller.at["ended"]),
        hold_seconds=span(first, back, again, caller.at["ended"]),
        last_extension="101",
        parties={"101": ["answered"]},
        transfers=[],
    )
    await stage.settle()


async def held_by_the_caller(stage: Stage) -> None:
    """The caller puts us on hold: that is no hold of ours."""
    _, at_anna, caller = await _anna_talks(stage, "380671234585")
    await caller.hold()
    await asyncio.sleep(2)
    await caller.unhold()
    await asyncio.sleep(1)
    await caller.bye()
    await at_anna.until("ended")
    _expect(
        stage,
        "380671234585",
        at_anna,
        caller,
        span(at_anna.at["answered"], caller.at["ended"]),
        hold_seconds=[0, 0],
        last_extension="101",
        parties={"101": ["answered"]},
        transfers=[],
    )
    await stage.settle()


async def rings_again(stage: Stage) -> None:
    """Nobody answers the first round of the queue; the second round is answered."""
    anna, boris = await stage.plug_in("101", "102")
    caller = await stage.kyivstar.call(QUEUE_LINE[0], number="380671234586")
    await anna.ringing()
    await boris.ringing()
    second, other = await anna.ringing(20), await boris.ringing(20)
    await asyncio.sleep(2)
    second.answer()
    await other.until("ended")
    await asyncio.sleep(3)
    await caller.bye()
    await second.until("ended")
    _expect(
        stage,
        "380671234586",
        second,
        caller,
        span(second.at["answered"], caller.at["ended"]),
        last_extension="101",
        parties={"101": ["answered"], "102": ["answered_elsewhere"]},
        transfers=[],
    )
    await stage.settle()


async def back_into_the_queue(stage: Stage) -> None:
    """Anna sends the caller into the queue again by REFER to 600; Boris answers there."""
    _, at_anna, caller = await _anna_talks(stage, "380671234587")
    (boris,) = await stage.plug_in("102")
    await at_anna.refer("600")
    await at_anna.until("ended")
    at_boris = await boris.ringing()
    await asyncio.sleep(2)
    at_boris.answer()
    await asyncio.sleep(3)
    await caller.bye()
    await at_boris.until("ended")
    _expect(
        stage,
        "380671234587",
        at_anna,
        caller,
        span(at_anna.at["answered"], at_anna.at["referred"], at_boris.at["answered"], caller.at["ended"]),
        last_extension="102",
        parties={"101": ["answered"], "102": ["answered"]},
        transfers=[["blind", "101", "600"]],
    )
    await stage.settle()


async def park(stage: Stage) -> None:
    """A queue call: parked by REFER to 70, taken by 105."""
    _, at_anna, caller = await _anna_talks(stage, "380671234588")
    (master,) = await stage.plug_in("105")
    await at_anna.refer("70")
    parked = await stage.tap.event("ParkedCall")
    await asyncio.sleep(3)
    taking = await (await master.call(parked["ParkingSpace"])).until("answered")
    await asyncio.sleep(3)
    await taking.bye()
    await caller.until("ended")
    _expect(
        stage,
        "380671234588",
        at_anna,
        caller,
        span(
            at_anna.at["answered"],
            at_anna.at["referred"],
            taking.at["answered"],
            caller.at["ended"],
            tolerance=1.2,
        ),
        last_extension="105",
        parties={"101": ["answered"], "105": ["answered"]},
        transfers=[["park", "101", parked["ParkingSpace"]]],
    )
    await stage.settle(2)


SCENARIOS = (
    Scenario(
        "200_queue_attended_replaces", "Queue call: hold, ask 105, REFER with Replaces", attended_replaces
    ),
    Scenario("201_queue_attended_keys", "Queue call: *2 105, hang up", attended_feature_code),
    Scenario("202_queue_blind", "Queue call: REFER to 105, answered", blind),
    Scenario("203_queue_blind_keys", "Queue call: ## 105, answered", blind_by_keys),
    Scenario("204_queue_hold_and_leave", "Queue call: held twice, the caller leaves on hold", hold_and_leave),
    Scenario("205_held_by_the_caller", "Queue call: the outside party holds us", held_by_the_caller),
    Scenario("206_queue_second_round", "Queue: first round rings out, second is answered", rings_again),
    Scenario("207_back_into_the_queue", "Queue call: REFER to 600, 102 answers there", back_into_the_queue),
    Scenario("208_queue_park", "Queue call: parked, taken by 105", park),
)

"""Parking: picked up elsewhere, and coming back when nobody does."""

from __future__ import annotations

import asyncio

from tests.asterisk.scenarios.base import DIRECT_LINE, Scenario
from tests.asterisk.stage import Stage, span


async def picked_up_by_another(stage: Stage) -> None:
    """Anna parks the caller by REFER to 70; Boris takes him back from 71."""
    anna, boris = await stage.plug_in("101", "102")
    caller = await stage.kyivstar.call(DIRECT_LINE[0], number="380671234520")
    at_anna = await anna.ringing()
    await asyncio.sleep(1)
    at_anna.answer()
    await asyncio.sleep(2)
    await at_anna.refer("70")
    parked = await stage.tap.event("ParkedCall")
    await asyncio.sleep(4)
    taking = await boris.call(parked["ParkingSpace"])
    await taking.until("answered")
    await asyncio.sleep(3)
    await caller.bye()
    await taking.until("ended")
    stage.expect(
        {"from_number": "+380671234520"},
        direction="inbound",
        to_number=DIRECT_LINE[1],
        result="answered",
        answered_by="101",
        last_extension="102",
        wait_seconds=span(caller.at["invited"], at_anna.at["answered"]),
        talk_seconds=span(
            at_anna.at["answered"],
            at_anna.at["referred"],
            taking.at["answered"],
            caller.at["ended"],
            tolerance=1.0,
        ),
        parties={"101": ["answered"], "102": ["answered"]},
        transfers=[["park", "101", parked["ParkingSpace"]]],
    )
    await stage.settle(2)


async def comes_back(stage: Stage) -> None:
    """Anna parks the caller; after 6 s he rings at Anna again, and she answers."""
    (anna,) = await stage.plug_in("101")
    caller = await stage.kyivstar.call(DIRECT_LINE[0], number="380671234521")
    at_anna = await anna.ringing()
    await asyncio.sleep(1)
    at_anna.answer()
    await asyncio.sleep(2)
    await at_anna.refer("70")
    parked = await stage.tap.event("ParkedCall")
    again = await anna.ringing(25)
    await asyncio.sleep(2)
    again.answer()
    await asyncio.sleep(3)
    await again.bye()
    await caller.until("ended")
    stage.expect(
        {"from_number": "+380671234521"},
        direction="inbound",
        to_number=DIRECT_LINE[1],
        result="answered",
        answered_by="101",
        last_extension="101",
        wait_seconds=span(caller.at["invited"], at_anna.at["answered"]),
        talk_seconds=span(
            at_anna.at["answered"],
            at_anna.at["referred"],
            again.at["answered"],
            caller.at["ended"],
            tolerance=1.0,
        ),
        parties={"101": ["answered"]},
        transfers=[["park", "101", parked["ParkingSpace"]]],
    )
    await stage.settle(2)


async def left_while_parked(stage: Stage) -> None:
    """Anna parks the caller; he hangs up in the car park."""
    (anna,) = await stage.plug_in("101")
    caller = await stage.kyivstar.call(DIRECT_LINE[0], number="380671234522")
    at_anna = (await anna.ringing()).answer()
    await asyncio.sleep(2)
    await at_anna.refer("70")
    parked = await stage.tap.event("ParkedCall")
    await asyncio.sleep(4)
    await caller.bye()
    stage.expect(
        {"from_number": "+380671234522"},
        direction="inbound",
        to_number=DIRECT_LINE[1],
        result="answered",
        answered_by="101",
        last_extension="101",
        talk_seconds=span(at_anna.at["answered"], at_anna.at["referred"], tolerance=1.0),
        parties={"101": ["answered"]},
        transfers=[["park", "101", parked["ParkingSpace"]]],
    )
    await stage.settle(2)


SCENARIOS = (
    Scenario(
        "63_park_and_pick_up",
        "101 answers, parks (REFER to 70); 102 takes it from the space",
        picked_up_by_another,
    ),
    Scenario(
        "64_park_comes_back",
        "101 answers, parks; after 6 s it rings at 101 again, answered",
        comes_back,
        settings={"res_parking.conf:parkingtime": "6"},
    ),
    Scenario(
        "65_park_caller_leaves", "101 answers, parks; the caller hangs up while parked", left_while_parked
    ),
)

"""Transfers of every kind: who talks in the end, and by what way the call came there."""

from __future__ import annotations

import asyncio

from tests.asterisk.dialog import PhoneCall
from tests.asterisk.phone import Phone
from tests.asterisk.scenarios.base import DIRECT_LINE, Scenario
from tests.asterisk.stage import Range, Stage, span


async def _anna_talks(stage: Stage, number: str) -> tuple[Phone, PhoneCall, PhoneCall]:
    """A caller from the outside has reached Anna at 101."""
    (anna,) = await stage.plug_in("101")
    caller = await stage.kyivstar.call(DIRECT_LINE[0], number=number, name="Петро Шевченко")
    at_anna = await anna.ringing()
    await asyncio.sleep(1)
    at_anna.answer()
    await caller.until("answered")
    await asyncio.sleep(2)
    return anna, at_anna, caller


def _expect(
    stage: Stage, number: str, at_anna: PhoneCall, caller: PhoneCall, talk: Range, **fields: object
) -> None:
    """What all these calls have in common."""
    common = {
        "direction": "inbound",
        "to_number": DIRECT_LINE[1],
        "result": "answered",
        "answered_by": "101",
        "wait_seconds": span(caller.at["invited"], at_anna.at["answered"]),
        "talk_seconds": talk,
    }
    stage.expect({"from_number": f"+{number}"}, **common | fields)


async def attended_replaces(stage: Stage) -> None:
    """Anna holds, asks the master, joins them by REFER with Replaces."""
    anna, at_anna, caller = await _anna_talks(stage, "380671234510")
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
        "380671234510",
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
    """Anna presses *2 105, talks with the master, hangs up."""
    _, at_anna, caller = await _anna_talks(stage, "380671234511")
    (master,) = await stage.plug_in("105")
    asked = stage.note("101", "presses *2 105")
    at_anna.press("*2105")
    at_master = await master.ringing()
    await asyncio.sleep(1)
    at_master.answer()
    await asyncio.sleep(2.5)
    await at_anna.bye()
    await asyncio.sleep(3)
    await at_master.bye()
    await caller.until("ended")
    _expect(
        stage,
        "380671234511",
        at_anna,
        caller,
        span(at_anna.at["answered"], caller.at["ended"]),
        hold_seconds=span(asked, at_anna.at["ended"], tolerance=1.2),
        last_extension="105",
        parties={"101": ["answered"], "105": ["answered"]},
        transfers=[["attended", "101", "105"]],
    )
    await stage.settle()


async def attended_by_ami(stage: Stage) -> None:
    """The desk transfers: AMI Atxfer, then Anna hangs up."""
    _, at_anna, caller = await _anna_talks(stage, "380671234512")
    (master,) = await stage.plug_in("105")
    asked = stage.note("ami", "Atxfer to 105")
    channel = stage.tap.channel("PJSIP/101-")
    await stage.tap.action("Atxfer", Channel=channel, Exten="105", Context="from-internal")
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
        "380671234512",
        at_anna,
        caller,
        span(at_anna.at["answered"], caller.at["ended"]),
        hold_seconds=span(asked, at_anna.at["ended"], tolerance=1.2),
        last_extension="105",
        parties={"101": ["answered"], "105": ["answered"]},
        transfers=[["attended", "101", "105"]],
    )
    await stage.settle()


async def redirect(stage: Stage) -> None:
    """The desk moves the talking caller to 102 by AMI Redirect."""
    _, at_anna, caller = await _anna_talks(stage, "380671234513")
    (boris,) = await stage.plug_in("102")
    stage.note("ami", "Redirect of the caller to 102")
    channel = stage.tap.channel("PJSIP/kyivstar_1-")
    await stage.tap.action("Redirect", Channel=channel, Exten="102", Context="from-internal", Priority="1")
    at_boris = await boris.ringing()
    await at_anna.until("ended")
    await asyncio.sleep(1.5)
    at_boris.answer()
    await asyncio.sleep(3)
    await caller.bye()
    await at_boris.until("ended")
    _expect(
        stage,
        "380671234513",
        at_anna,
        caller,
        span(at_anna.at["answered"], at_anna.at["ended"], at_boris.at["answered"], caller.at["ended"]),
        last_extension="102",
        parties={"101": ["answered"], "102": ["answered"]},
        transfers=[["redirect", "101", "102"]],
    )
    await stage.settle()


async def blind_answered(stage: Stage) -> None:
    """Anna sends the caller to 102 by REFER; 102 answers."""
    _, at_anna, caller = await _anna_talks(stage, "380671234514")
    (boris,) = await stage.plug_in("102")
    await at_anna.refer("102")
    at_boris = await boris.ringing()
    await at_anna.until("ended")
    await asyncio.sleep(1.5)
    at_boris.answer()
    await asyncio.sleep(3)
    await at_boris.bye()
    await caller.until("ended")
    _expect(
        stage,
        "380671234514",
        at_anna,
        caller,
        span(at_anna.at["answered"], at_anna.at["referred"], at_boris.at["answered"], caller.at["ended"]),
        last_extension="102",
        parties={"101": ["answered"], "102": ["answered"]},
        transfers=[["blind", "101", "102"]],
    )
    await stage.settle()


async def blind_comes_back(stage: Stage) -> None:
    """Anna sends the caller to 102; nobody answers; it rings at Anna again and she answers."""
    anna, at_anna, caller = await _anna_talks(stage, "380671234515")
    (boris,) = await stage.plug_in("102")
    await at_anna.refer("102")
    await boris.ringing()
    again = await anna.ringing(20)
    await asyncio.sleep(1.5)
    again.answer()
    await asyncio.sleep(3)
    await caller.bye()
    await again.until("ended")
    _expect(
        stage,
        "380671234515",
        at_anna,
        caller,
        span(at_anna.at["answered"], at_anna.at["referred"], again.at["answered"], caller.at["ended"]),
        last_extension="101",
        parties={"101": ["answered"], "102": ["no_answer"]},
        transfers=[["blind", "101", "102"]],
    )
    await stage.settle()


async def blind_not_answered(stage: Stage) -> None:
    """Anna sends the caller to 102; while it rings there, the caller gives up."""
    _, at_anna, caller = await _anna_talks(stage, "380671234516")
    (boris,) = await stage.plug_in("102")
    await at_anna.refer("102")
    at_boris = await boris.ringing()
    await asyncio.sleep(3)
    await caller.bye()
    await at_boris.until("ended")
    _expect(
        stage,
        "380671234516",
        at_anna,
        caller,
        span(at_anna.at["answered"], at_anna.at["referred"]),
        last_extension="101",
        parties={"101": ["answered"], "102": ["cancelled"]},
        transfers=[["blind", "101", "102"]],
    )
    await stage.settle()


async def hold_twice_with_consultation(stage: Stage) -> None:
    """Anna holds, resumes, holds again and asks the master, and resumes: no transfer."""
    anna, at_anna, caller = await _anna_talks(stage, "380671234517")
    (master,) = await stage.plug_in("105")
    await at_anna.hold()
    await asyncio.sleep(2)
    await at_anna.unhold()
    await asyncio.sleep(2)
    await at_anna.hold()
    asking = await anna.call("105")
    at_master = await master.ringing()
    await asyncio.sleep(1)
    at_master.answer()
    await asyncio.sleep(2)
    await asking.bye()
    await at_master.until("ended")
    await at_anna.unhold()
    await asyncio.sleep(1.5)
    await caller.bye()
    await at_anna.until("ended")
    (first, again), (second, back) = at_anna.holds
    assert again is not None
    assert back is not None
    _expect(
        stage,
        "380671234517",
        at_anna,
        caller,
        span(at_anna.at["answered"], caller.at["ended"]),
        hold_seconds=span(first, again, second, back),
        last_extension="101",
        parties={"101": ["answered"]},
        transfers=[],
    )
    stage.calls_in_all = 2
    stage.remark = "The question to the master is an internal call of its own: nothing joined the two."
    stage.expect(
        {"direction": "internal"},
        result="answered",
        answered_by="105",
        wait_seconds=span(asking.at["invited"], at_master.at["answered"]),
        talk_seconds=span(at_master.at["answered"], asking.at["ended"]),
    )
    await stage.settle()


SCENARIOS = (
    Scenario("55_attended_replaces", "101 answers, holds, asks 105, REFER with Replaces", attended_replaces),
    Scenario("56_attended_feature_code", "101 answers, *2 105, hangs up", attended_feature_code),
    Scenario("57_attended_by_ami", "101 answers, AMI Atxfer to 105, 101 hangs up", attended_by_ami),
    Scenario("58_redirect", "101 answers, AMI Redirect of the caller to 102, who answers", redirect),
    Scenario("59_blind_answered", "101 answers, REFER to 102, who answers", blind_answered),
    Scenario(
        "60_blind_comes_back",
        "101 answers, REFER to 102, no answer, comes back to 101, answered",
        blind_comes_back,
    ),
    Scenario(
        "61_blind_not_answered",
        "101 answers, REFER to 102, the caller gives up while it rings",
        blind_not_answered,
    ),
    Scenario(
        "62_hold_and_consultation",
        "101 holds twice, the second time asks 105; no transfer",
        hold_twice_with_consultation,
    ),
)

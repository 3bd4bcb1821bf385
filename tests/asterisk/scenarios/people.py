"""One person with several calls, devices or a mobile; conferences; listening in."""

from __future__ import annotations

import asyncio

from tests.asterisk.dialog import PhoneCall
from tests.asterisk.scenarios.base import (
    DEVICES_LINE,
    DIRECT_LINE,
    FOLLOW_LINE,
    IVR_LINE,
    QUEUE_LINE,
    Scenario,
)
from tests.asterisk.stage import Stage, span

MOBILE = "380671112233"


async def call_waiting(stage: Stage) -> None:
    """Anna talks; a second caller rings at her; she holds the first, talks with the second, goes back."""
    (anna,) = await stage.plug_in("101")
    first = await stage.kyivstar.call(DIRECT_LINE[0], number="380671234550")
    one = (await anna.ringing()).answer()
    await asyncio.sleep(3)
    second = await stage.kyivstar.call(DIRECT_LINE[0], number="380671234552")
    two = await anna.ringing()
    await asyncio.sleep(2)
    await one.hold()
    two.answer()
    await second.until("answered")
    await asyncio.sleep(3)
    await second.bye()
    await two.until("ended")
    await one.unhold()
    await asyncio.sleep(2)
    await first.bye()
    await one.until("ended")
    hold, back = one.holds[0]
    assert back is not None
    stage.calls_in_all = 2
    stage.expect(
        {"from_number": "+380671234550"},
        direction="inbound",
        result="answered",
        answered_by="101",
        talk_seconds=span(one.at["answered"], first.at["ended"]),
        hold_seconds=span(hold, back),
        parties={"101": ["answered"]},
        transfers=[],
    )
    stage.expect(
        {"from_number": "+380671234552"},
        direction="inbound",
        result="answered",
        answered_by="101",
        wait_seconds=span(second.at["invited"], two.at["answered"]),
        talk_seconds=span(two.at["answered"], second.at["ended"]),
        hold_seconds=[0, 0],
        parties={"101": ["answered"]},
        transfers=[],
    )
    await stage.settle()


async def several_devices(stage: Stage) -> None:
    """Halyna has a desk phone and two more devices under 104: one declines, another answers."""
    desk = await stage.phone("104", name="104 desk")
    hall = await stage.phone("104", name="104 hall")
    yard = await stage.phone("104", name="104 yard")
    caller = await stage.kyivstar.call(DEVICES_LINE[0], number="380671234553")
    at_desk, at_hall, at_yard = await desk.ringing(), await hall.ringing(), await yard.ringing()
    await asyncio.sleep(1)
    at_desk.reject(603)
    await asyncio.sleep(1)
    at_yard.answer()
    await at_hall.until("ended")
    await asyncio.sleep(3)
    await caller.bye()
    await at_yard.until("ended")
    stage.expect(
        {"from_number": "+380671234553"},
        direction="inbound",
        to_number=DEVICES_LINE[1],
        result="answered",
        answered_by="104",
        wait_seconds=span(caller.at["invited"], at_yard.at["answered"]),
        talk_seconds=span(at_yard.at["answered"], caller.at["ended"]),
        parties={"104": ["answered"]},
        transfers=[],
    )
    await stage.settle()


async def mobile_mailbox(stage: Stage) -> None:
    """Follow-me: the mobile's mailbox answers, nobody presses 1, the caller gives up."""
    (anna,) = await stage.plug_in("101")
    caller = await stage.kyivstar.call(FOLLOW_LINE[0], number="380671234554")
    at_anna = await anna.ringing()
    mailbox = await stage.kyivstar.ringing()
    await asyncio.sleep(2)
    mailbox.answer()
    await mailbox.until("ended", 30)
    await asyncio.sleep(2)
    await caller.bye()
    await at_anna.until("ended")
    stage.expect(
        {"from_number": "+380671234554"},
        direction="inbound",
        to_number=FOLLOW_LINE[1],
        result="missed",
        missed_reason="rang_out",
        answered_by=None,
        talk_seconds=[0, 0],
        wait_seconds=span(caller.at["invited"], caller.at["ended"]),
        parties={"101": ["cancelled"], f"+{MOBILE}": ["no_answer", "cancelled"]},
        transfers=[],
    )
    await stage.settle()


async def mobile_mailbox_outlives(stage: Stage) -> None:
    """Follow-me: the caller gives up while the mailbox still listens to the prompt."""
    (anna,) = await stage.plug_in("101")
    caller = await stage.kyivstar.call(FOLLOW_LINE[0], number="380671234555")
    at_anna = await anna.ringing()
    mailbox = await stage.kyivstar.ringing()
    await asyncio.sleep(2)
    mailbox.answer()
    await asyncio.sleep(4)
    await caller.bye()
    await at_anna.until("ended")
    await mailbox.until("ended", 30)
    stage.expect(
        {"from_number": "+380671234555"},
        direction="inbound",
        to_number=FOLLOW_LINE[1],
        result="missed",
        missed_reason="rang_out",
        answered_by=None,
        talk_seconds=[0, 0],
        wait_seconds=span(caller.at["invited"], caller.at["ended"]),
        parties={"101": ["cancelled"], f"+{MOBILE}": ["no_answer", "cancelled"]},
        transfers=[],
    )
    await stage.settle()


async def mobile_confirms(stage: Stage) -> None:
    """Follow-me: the owner answers on his mobile and presses 1."""
    (anna,) = await stage.plug_in("101")
    caller = await stage.kyivstar.call(FOLLOW_LINE[0], number="380671234556")
    at_anna = await anna.ringing()
    mobile = await stage.kyivstar.ringing()
    await asyncio.sleep(2)
    mobile.answer()
    await asyncio.sleep(2)
    mobile.press("1")
    await at_anna.until("ended", 10)
    joined = at_anna.at["ended"]
    await asyncio.sleep(5)
    await caller.bye()
    await mobile.until("ended", 20)
    stage.expect(
        {"from_number": "+380671234556"},
        direction="inbound",
        to_number=FOLLOW_LINE[1],
        result="answered",
        answered_by=f"+{MOBILE}",
        last_extension=f"+{MOBILE}",
        wait_seconds=span(caller.at["invited"], joined),
        talk_seconds=span(joined, caller.at["ended"]),
        parties={"101": ["answered_elsewhere"], f"+{MOBILE}": ["answered"]},
        transfers=[],
    )
    await stage.settle()


async def phone_made_conference(stage: Stage) -> None:
    """Anna's phone joins the caller and Boris by itself: to the PBX these are two calls."""
    anna, boris = await stage.plug_in("101", "102")
    caller = await stage.kyivstar.call(DIRECT_LINE[0], number="380671234557")
    one = (await anna.ringing()).answer()
    await asyncio.sleep(2)
    await one.hold()
    two = await anna.call("102")
    at_boris = (await boris.ringing()).answer()
    await two.until("answered")
    await asyncio.sleep(1.5)
    await one.unhold()
    stage.note("101", "mixes both calls")
    await asyncio.sleep(3)
    await caller.bye()
    await one.until("ended")
    await two.bye()
    await at_boris.until("ended")
    hold, back = one.holds[0]
    assert back is not None
    stage.calls_in_all = 2
    stage.expect(
        {"from_number": "+380671234557"},
        direction="inbound",
        result="answered",
        answered_by="101",
        talk_seconds=span(one.at["answered"], caller.at["ended"]),
        hold_seconds=span(hold, back),
        parties={"101": ["answered"]},
        transfers=[],
    )
    talk = span(at_boris.at["answered"], two.at["ended"])
    stage.expect({"direction": "internal"}, result="answered", answered_by="102", talk_seconds=talk)
    await stage.settle()


async def conference_room(stage: Stage) -> None:
    """Anna sends the caller into room 8101, joins it, Boris joins it too."""
    anna, boris = await stage.plug_in("101", "102")
    caller = await stage.kyivstar.call(DIRECT_LINE[0], number="380671234558")
    at_anna = (await anna.ringing()).answer()
    await asyncio.sleep(2)
    await at_anna.refer("8101")
    await at_anna.until("ended")
    await asyncio.sleep(1)
    one = await (await anna.call("8101")).until("answered")
    await asyncio.sleep(1)
    two = await (await boris.call("8101")).until("answered")
    await asyncio.sleep(3)
    await caller.bye()
    await asyncio.sleep(0.5)
    await one.bye()
    await two.bye()
    _expect_room(stage, caller, at_anna, one)
    await stage.settle()


def _expect_room(stage: Stage, caller: PhoneCall, at_anna: PhoneCall, one: PhoneCall) -> None:
    stage.remark = (
        "One call: the room ties three Linkedids together (by BridgeUniqueid and Conference). Until somebody "
        "of ours enters the room the caller is alone in it. The call ends when the caller is gone."
    )
    stage.expect(
        {"from_number": "+380671234558"},
        direction="inbound",
        to_number=DIRECT_LINE[1],
        result="answered",
        answered_by="101",
        last_extension=["101", "102"],
        talk_seconds=span(
            at_anna.at["answered"],
            at_anna.at["referred"],
            one.at["answered"],
            caller.at["ended"],
            tolerance=1.6,
        ),
        parties={"101": ["answered"], "102": ["answered"]},
        transfers=[["blind", "101", "8101"]],
    )


async def listening_in(stage: Stage) -> None:
    """Vera listens to Anna's call (*555101): the call is not changed by it."""
    anna, vera = await stage.plug_in("101", "103")
    caller = await stage.kyivstar.call(DIRECT_LINE[0], number="380671234559")
    at_anna = (await anna.ringing()).answer()
    await asyncio.sleep(2)
    spying = await (await vera.call("*555101")).until("answered")
    await asyncio.sleep(3)
    await spying.bye()
    await asyncio.sleep(1)
    await at_anna.bye()
    await caller.until("ended")
    stage.expect(
        {"from_number": "+380671234559"},
        direction="inbound",
        to_number=DIRECT_LINE[1],
        result="answered",
        answered_by="101",
        last_extension="101",
        talk_seconds=span(at_anna.at["answered"], caller.at["ended"]),
        parties={"101": ["answered"]},
        transfers=[],
    )
    await stage.settle()


async def three_lines_at_once(stage: Stage) -> None:
    """Three callers on three lines; two phones race for the queue call; each call stays its own."""
    anna, boris, halyna = await stage.plug_in("101", "102", "104")
    queue = await stage.kyivstar.call(QUEUE_LINE[0], number="380671234560")
    menu = await stage.city.call(IVR_LINE[0], number="0671234561")
    direct = await stage.kyivstar.call(DEVICES_LINE[0], number="380671234562")
    at_anna, at_boris, at_halyna = await anna.ringing(), await boris.ringing(), await halyna.ringing()
    await asyncio.sleep(2)
    at_anna.answer()
    at_boris.answer()
    at_halyna.answer()
    await asyncio.sleep(3)
    winner, loser = (at_anna, at_boris) if at_boris.has_ended else (at_boris, at_anna)
    assert loser.has_ended
    await menu.bye()
    await asyncio.sleep(1)
    await queue.bye()
    await at_halyna.bye()
    await direct.until("ended")
    stage.calls_in_all = 3
    stage.expect(
        {"from_number": "+380671234560"},
        result="answered",
        queue="600",
        answered_by=winner.phone.user,
        wait_seconds=span(queue.at["invited"], winner.at["answered"]),
        talk_seconds=span(winner.at["answered"], queue.at["ended"]),
        parties={winner.phone.user: ["answered"], loser.phone.user: ["answered_elsewhere"]},
    )
    stage.expect(
        {"from_number": "+380671234561"},
        result=["missed", "short_abandon"],
        missed_reason="before_ringing",
        wait_seconds=span(menu.at["invited"], menu.at["ended"]),
        parties={},
    )
    stage.expect(
        {"from_number": "+380671234562"},
        result="answered",
        queue=None,
        answered_by="104",
        talk_seconds=span(at_halyna.at["answered"], direct.at["ended"]),
        parties={"104": ["answered"]},
    )
    await stage.settle()


SCENARIOS = (
    Scenario("80_call_waiting", "101 talks, a second call rings at 101, hold, answer, back", call_waiting),
    Scenario("81_several_devices", "104 has three devices: one declines, one answers", several_devices),
    Scenario(
        "82_mobile_mailbox",
        "Follow-me: the mailbox answers, no key, the caller gives up later",
        mobile_mailbox,
    ),
    Scenario(
        "83_mobile_mailbox_outlives",
        "Follow-me: the caller gives up while the mailbox still hears the prompt",
        mobile_mailbox_outlives,
    ),
    Scenario("84_mobile_confirms", "Follow-me: the mobile answers and presses 1", mobile_confirms),
    Scenario(
        "85_phone_made_conference",
        "101 mixes the caller and 102 in the phone: two calls",
        phone_made_conference,
    ),
    Scenario(
        "86_conference_room", "101 sends the caller into ConfBridge 8101, 101 and 102 join", conference_room
    ),
    Scenario("87_listening_in", "103 listens to 101's call by ChanSpy", listening_in),
    Scenario(
        "88_three_lines_at_once", "Queue with a race, menu and direct line at once", three_lines_at_once
    ),
)

"""Calls that we make: to the outside, to a colleague, by click."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from tests.asterisk.dialog import PhoneCall
from tests.asterisk.scenarios.base import Scenario
from tests.asterisk.stage import Stage, span

THEIRS = ("0931234567", "+380931234567")
OURS = "+380445003040"

Other = Callable[[PhoneCall, PhoneCall], Awaitable[None]]


def _outside(result: str, other: Other) -> Callable[[Stage], Awaitable[None]]:
    """101 dials a customer; `other` is what the customer does, given (their call, our call)."""

    async def play(stage: Stage) -> None:
        (anna,) = await stage.plug_in("101")
        ours = await anna.call(THEIRS[0])
        theirs = await stage.city.incoming()
        await other(theirs, ours)
        await ours.until("ended", 30)
        is_answered = result == "answered"
        waited = span(ours.at["invited"], theirs.at["answered"]) if is_answered else None
        talked = span(theirs.at["answered"], ours.at["ended"]) if is_answered else [0, 0]
        stage.expect(
            {"direction": "outbound", "to_number": THEIRS[1]},
            from_number=OURS,
            line=None,
            queue=None,
            result=result,
            missed_reason=None,
            answered_by="101" if is_answered else None,
            talk_seconds=talked,
            transfers=[],
            **({"wait_seconds": waited} if waited else {}),
        )
        await stage.settle()

    return play


async def _answers(theirs: PhoneCall, ours: PhoneCall) -> None:
    theirs.ring()
    await asyncio.sleep(3)
    theirs.answer()
    await asyncio.sleep(4)
    await theirs.bye()


async def _is_busy(theirs: PhoneCall, ours: PhoneCall) -> None:
    await asyncio.sleep(1)
    theirs.reject(486)
    await asyncio.sleep(1.5)
    if not ours.has_ended:
        await ours.cancel()


async def _is_silent(theirs: PhoneCall, ours: PhoneCall) -> None:
    theirs.ring()
    await theirs.until("ended", 20)


async def _we_give_up(theirs: PhoneCall, ours: PhoneCall) -> None:
    theirs.ring()
    await asyncio.sleep(4)
    await ours.cancel()


async def _is_unknown(theirs: PhoneCall, ours: PhoneCall) -> None:
    theirs.reject(404)


async def _has_no_line(theirs: PhoneCall, ours: PhoneCall) -> None:
    theirs.reject(503)


async def _declines(theirs: PhoneCall, ours: PhoneCall) -> None:
    theirs.ring()
    await asyncio.sleep(2)
    theirs.reject(603)


async def internal_answered(stage: Stage) -> None:
    """101 calls 105, who answers."""
    anna, master = await stage.plug_in("101", "105")
    ours = await anna.call("105")
    theirs = await master.ringing()
    await asyncio.sleep(2)
    theirs.answer()
    await asyncio.sleep(3)
    await ours.bye()
    await theirs.until("ended")
    stage.expect(
        {"direction": "internal"},
        from_number=["101", None],
        to_number=["105", None],
        result="answered",
        answered_by="105",
        wait_seconds=span(ours.at["invited"], theirs.at["answered"]),
        talk_seconds=span(theirs.at["answered"], ours.at["ended"]),
        transfers=[],
    )
    await stage.settle()


async def internal_busy(stage: Stage) -> None:
    """101 calls 105, who is busy."""
    anna, master = await stage.plug_in("101", "105")
    ours = await anna.call("105")
    theirs = await master.ringing()
    await asyncio.sleep(1)
    theirs.reject(486)
    await asyncio.sleep(2)
    if not ours.has_ended:
        await ours.cancel()
    stage.expect({"direction": "internal"}, result="busy", talk_seconds=[0, 0], answered_by=None)
    await stage.settle()


async def internal_silent(stage: Stage) -> None:
    """101 calls 105, nobody answers until the PBX gives up."""
    anna, master = await stage.plug_in("101", "105")
    ours = await anna.call("105")
    await master.ringing()
    await ours.until("ended", 30)
    stage.expect({"direction": "internal"}, result="no_answer", talk_seconds=[0, 0], answered_by=None)
    await stage.settle()


async def _click(stage: Stage, number: str, timeout: int = 20) -> None:
    """What the hub sends for click-to-call: our phone first, then the number."""
    stage.note("ami", f"Originate: PJSIP/101, then {number}")
    await stage.tap.action(
        "Originate",
        Channel="PJSIP/101",
        Exten=number,
        Context="from-internal",
        Priority="1",
        CallerID=f'"{number}" <{number}>',
        Timeout=str(timeout * 1000),
        Async="true",
        ChannelId="pitline-click-1",
        OtherChannelId="pitline-click-2",
    )


async def click_answered(stage: Stage) -> None:
    """Click-to-call: Anna answers her phone, the customer answers."""
    (anna,) = await stage.plug_in("101")
    begun = stage.note("ami", "click")
    await _click(stage, THEIRS[0])
    ours = await anna.ringing()
    await asyncio.sleep(1.5)
    ours.answer()
    theirs = await stage.city.ringing()
    await asyncio.sleep(2)
    theirs.answer()
    await asyncio.sleep(3)
    await theirs.bye()
    await ours.until("ended")
    stage.expect(
        {"direction": "outbound"},
        to_number=THEIRS[1],
        result="answered",
        answered_by="101",
        wait_seconds=span(begun, theirs.at["answered"]),
        talk_seconds=span(theirs.at["answered"], ours.at["ended"]),
        transfers=[],
    )
    await stage.settle()


def _click_unanswered(
    result: str | list[str], at_phone: str, seconds: int
) -> Callable[[Stage], Awaitable[None]]:
    """Click-to-call that never leaves the house; `at_phone`: what our own phone does."""

    async def play(stage: Stage) -> None:
        if at_phone != "absent":
            (anna,) = await stage.plug_in("101")
        await _click(stage, THEIRS[0], seconds)
        if at_phone != "absent":
            ours = await anna.ringing()
            await asyncio.sleep(1)
            if at_phone == "declines":
                ours.reject(603)
            await ours.until("ended", 20)
        await stage.tap.event("OriginateResponse")
        stage.remark = (
            "The number asked for stands only in what the hub sent (and in the caller id shown to 101)."
        )
        stage.expect(
            {"direction": "outbound"}, result=result, answered_by=None, talk_seconds=[0, 0], transfers=[]
        )
        await stage.settle()

    return play


async def click_other_side_busy(stage: Stage) -> None:
    """Click-to-call: Anna answers her phone, the customer is busy."""
    (anna,) = await stage.plug_in("101")
    await _click(stage, THEIRS[0])
    ours = (await anna.ringing()).answer()
    theirs = await stage.city.incoming()
    await asyncio.sleep(1)
    theirs.reject(486)
    await asyncio.sleep(2)
    await ours.bye()
    stage.expect(
        {"direction": "outbound"},
        to_number=THEIRS[1],
        result="busy",
        answered_by=None,
        talk_seconds=[0, 0],
        transfers=[],
    )
    await stage.settle()


SILENT = {"extensions.conf:OUTSIDE_SECONDS": "6"}
SCENARIOS = (
    Scenario(
        "90_outbound_answered", "101 dials 0931234567, answered after 3 s", _outside("answered", _answers)
    ),
    Scenario("91_outbound_busy", "101 dials out: 486", _outside("busy", _is_busy)),
    Scenario(
        "92_outbound_silent",
        "101 dials out: rings 6 s, the PBX gives up",
        _outside("no_answer", _is_silent),
        settings=SILENT,
    ),
    Scenario(
        "93_outbound_cancelled",
        "101 dials out and hangs up after 4 s of ringing",
        _outside("cancelled", _we_give_up),
    ),
    Scenario(
        "94_outbound_404", "101 dials a number that does not exist: 404", _outside("failed", _is_unknown)
    ),
    Scenario(
        "95_outbound_503", "101 dials out: 503, the provider has no line", _outside("failed", _has_no_line)
    ),
    Scenario("96_outbound_declined", "101 dials out: 603", _outside("no_answer", _declines)),
    Scenario("97_internal_answered", "101 calls 105, answered", internal_answered),
    Scenario("98_internal_busy", "101 calls 105, busy", internal_busy),
    Scenario(
        "99_internal_silent",
        "101 calls 105, no answer for 6 s",
        internal_silent,
        settings={"extensions.conf:RING_SECONDS": "6"},
    ),
    Scenario("100_click_answered", "Originate: 101 answers, the customer answers", click_answered),
    Scenario(
        "101_click_own_phone_silent",
        "Originate: 101 does not answer for 5 s",
        _click_unanswered("no_answer", "silent", 5),
    ),
    Scenario(
        "102_click_own_phone_declines",
        "Originate: 101 declines",
        _click_unanswered(["cancelled", "no_answer"], "declines", 20),
    ),
    Scenario(
        "103_click_own_phone_absent",
        "Originate: 101 is not registered",
        _click_unanswered("failed", "absent", 20),
    ),
    Scenario(
        "104_click_other_side_busy", "Originate: 101 answers, the customer is busy", click_other_side_busy
    ),
)

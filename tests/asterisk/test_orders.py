"""Orders to a real Asterisk: calls by a click, hang-up, transfers, parking, pause, listening in."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from hub.events.calls import CallSnapshot
from hub.events.commands import CommandSeen
from hub.ports.commands import (
    Command,
    EndConsultation,
    HangUp,
    Hearing,
    ListenIn,
    ParkCall,
    PauseMember,
    Phone,
    RingAndDial,
    TakeCall,
    TransferCall,
)
from tests.asterisk.pbx import AsteriskPbx
from tests.asterisk.test_ami_line import CALLER, LINE, following
from tests.connectors.ami.hub_side import Hub, until

pytestmark = [pytest.mark.asterisk, pytest.mark.slow]

CONTEXT = "from-internal"


async def give(hub: Hub, command: Command, kind: str = "taken") -> None:
    result = await hub.connector.carry_out(command)
    assert (result.kind, result.text) == (kind, result.text), result.text
    assert result.kind == kind, result.text


async def the_call(hub: Hub, is_so: Callable[[CallSnapshot], bool]) -> CallSnapshot:
    await until(lambda: any(is_so(one) for one in hub.calls.values()), seconds=10)
    return next(one for one in hub.calls.values() if is_so(one))


def seen(hub: Hub, command_id: str) -> list[CommandSeen]:
    return [one for one in hub.intake.events if isinstance(one, CommandSeen) and one.command_id == command_id]


async def test_a_click_rings_the_own_phone_which_answers_by_itself_and_the_client_sees_the_line(
    sample_pbx: AsteriskPbx,
) -> None:
    async with following(sample_pbx) as hub, sample_pbx.trunk() as world, sample_pbx.phone("101") as anna:
        order = RingAndDial(
            command_id="01order0000000000000000001",
            phone=Phone(extension="101", auto_answer="answer_after"),
            number="0671112233", context=CONTEXT, shown="380449998877", line="380449998877",
        )  # fmt: skip
        await give(hub, order)
        own = await anna.ringing()
        assert own.invite.get("call-info") == "<sip:pitline>;answer-after=0"
        await until(lambda: [one.own_phone for one in seen(hub, order.command_id)] == ["rang"])
        own.answer()
        client = await world.ringing()
        assert (client.dialled, client.number) == ("0671112233", "380449998877")
        client.answer()
        call = await the_call(hub, lambda one: one.state == "talking")
        assert (call.direction, call.to_number, call.from_number) == (
            "outbound",
            "+380671112233",
            "+380449998877",
        )
        await until(lambda: seen(hub, order.command_id)[-1].answered_at is not None)
        await give(hub, HangUp(command_id="2", call_id=call.call_id))
        await own.until("ended")
        await client.until("ended")
        call = await the_call(hub, lambda one: one.state == "ended")
        assert (call.result, call.is_complete) == ("answered", True)
        last = seen(hub, order.command_id)[-1]
        assert (last.result, last.call_id) == ("answered", call.call_id)
        assert len(hub.calls) == 1


async def test_a_phone_that_is_not_there_is_told_so(sample_pbx: AsteriskPbx) -> None:
    async with following(sample_pbx) as hub:
        order = RingAndDial(
            command_id="01order0000000000000000001", phone=Phone(extension="101"), number="0671112233",
            context=CONTEXT,
        )  # fmt: skip
        await give(hub, order)
        await until(lambda: len(seen(hub, order.command_id)) > 0, seconds=10)
        last = seen(hub, order.command_id)[-1]
        assert (last.state, last.result, last.own_phone) == ("ended", "failed", "away")
        (call,) = hub.calls.values()
        assert call.to_number == "+380671112233"


async def test_a_caller_is_sent_to_a_colleague_blind(sample_pbx: AsteriskPbx) -> None:
    async with (
        following(sample_pbx) as hub, sample_pbx.trunk() as world, sample_pbx.phone("101") as anna,
        sample_pbx.phone("105") as master,
    ):  # fmt: skip
        caller = await world.call(LINE, number=CALLER)
        (await anna.ringing()).answer()
        call = await the_call(hub, lambda one: one.state == "talking")
        await give(hub, TransferCall(command_id="1", call_id=call.call_id, extension="101", number="105",
                                     context=CONTEXT, kind="blind"))  # fmt: skip
        (await master.ringing()).answer()
        call = await the_call(hub, lambda one: one.last_extension == "105" and one.state == "talking")
        assert [(one.kind, one.from_extension, one.to) for one in call.transfers] == [("blind", "101", "105")]
        await caller.bye()
        await the_call(hub, lambda one: one.state == "ended")


@pytest.mark.parametrize("is_handed_over", [True, False])
async def test_a_colleague_is_asked_first(sample_pbx: AsteriskPbx, is_handed_over: bool) -> None:
    async with (
        following(sample_pbx) as hub, sample_pbx.trunk() as world, sample_pbx.phone("101") as anna,
        sample_pbx.phone("105") as master,
    ):  # fmt: skip
        caller = await world.call(LINE, number=CALLER)
        (await anna.ringing()).answer()
        call = await the_call(hub, lambda one: one.state == "talking")
        await give(hub, TransferCall(command_id="1", call_id=call.call_id, extension="101", number="105",
                                     context=CONTEXT, kind="attended"))  # fmt: skip
        asked = await master.ringing()
        asked.answer()
        await asyncio.sleep(1.0)
        await give(hub, EndConsultation(command_id="2", call_id=call.call_id, extension="101",
                                        is_handed_over=is_handed_over))  # fmt: skip
        if is_handed_over:
            call = await the_call(hub, lambda one: one.last_extension == "105" and one.state == "talking")
            assert [one.kind for one in call.transfers] == ["attended"]
        else:
            await asked.until("ended")
            call = await the_call(hub, lambda one: one.call_id == call.call_id and one.state == "talking")
            assert (call.last_extension, call.transfers) == ("101", ())
        await caller.bye()
        await the_call(hub, lambda one: one.state == "ended")


async def test_a_caller_is_parked_and_fetched(sample_pbx: AsteriskPbx) -> None:
    async with (
        following(sample_pbx) as hub, sample_pbx.trunk() as world, sample_pbx.phone("101") as anna,
        sample_pbx.phone("105") as master,
    ):  # fmt: skip
        caller = await world.call(LINE, number=CALLER)
        (await anna.ringing()).answer()
        call = await the_call(hub, lambda one: one.state == "talking")
        await give(hub, ParkCall(command_id="1", call_id=call.call_id, extension="101"))
        call = await the_call(hub, lambda one: one.state == "parked" and one.parked_at_space is not None)
        fetch = RingAndDial(
            command_id="01order0000000000000000002", phone=Phone(extension="105"),
            number=call.parked_at_space or "", context=CONTEXT,
        )  # fmt: skip
        await give(hub, fetch)
        (await master.ringing()).answer()
        call = await the_call(hub, lambda one: one.last_extension == "105" and one.state == "talking")
        await caller.bye()
        call = await the_call(hub, lambda one: one.state == "ended")
        assert call.result == "answered"
        assert [one.kind for one in call.transfers] == ["park"]


async def test_a_phone_is_taken_out_of_its_queue_and_put_back(sample_pbx: AsteriskPbx) -> None:
    async with following(sample_pbx) as hub, sample_pbx.phone("101"):
        await give(hub, PauseMember(command_id="1", extension="101", is_paused=True, reason="lunch"))
        assert "paused:lunch" in await sample_pbx.command("queue show reception")
        await give(hub, PauseMember(command_id="2", extension="101", is_paused=False))
        assert "paused" not in await sample_pbx.command("queue show reception")
        await give(hub, PauseMember(command_id="3", extension="999", is_paused=True), "refused")


@pytest.mark.parametrize("how", ["listen", "whisper", "barge"])
async def test_listening_in_is_no_call(sample_pbx: AsteriskPbx, how: Hearing) -> None:
    async with (
        following(sample_pbx) as hub, sample_pbx.trunk() as world, sample_pbx.phone("101") as anna,
        sample_pbx.phone("105") as boss,
    ):  # fmt: skip
        caller = await world.call(LINE, number=CALLER)
        at_anna = (await anna.ringing()).answer()
        call = await the_call(hub, lambda one: one.state == "talking")
        order = ListenIn(
            command_id="01order0000000000000000003", phone=Phone(extension="105"), call_id=call.call_id,
            extension="101", how=how,
        )  # fmt: skip
        await give(hub, order)
        ear = (await boss.ringing()).answer()
        both = (anna.frequency, world.frequency)
        legs = {"anna": at_anna, "client": caller}
        told = {"listen": (), "whisper": ("anna",), "barge": ("anna", "client")}[how]

        def hearers() -> set[str]:
            return {name for name, leg in legs.items() if leg.audio.seconds_of(boss.frequency) > 0.5}

        # Twice as long as it takes to be heard: whoever shall not hear the boss has not heard them by then.
        await until(lambda: all(ear.audio.seconds_of(note) > 1.5 for note in both), seconds=10)
        await until(lambda: hearers() >= set(told), seconds=10)
        shown = await sample_pbx.command("core show channels concise")
        assert "ChanSpy" in shown
        assert hearers() == set(told)
        await caller.bye()
        await the_call(hub, lambda one: one.state == "ended")
        await until(lambda: seen(hub, order.command_id)[-1].state == "ended", seconds=5)
        assert seen(hub, order.command_id)[-1].result == "answered"
        assert len(hub.calls) == 1


async def test_a_boss_whose_phone_is_not_there_hears_nothing_and_is_told(sample_pbx: AsteriskPbx) -> None:
    async with following(sample_pbx) as hub, sample_pbx.trunk() as world, sample_pbx.phone("101") as anna:
        await world.call(LINE, number=CALLER)
        (await anna.ringing()).answer()
        call = await the_call(hub, lambda one: one.state == "talking")
        order = ListenIn(
            command_id="01order0000000000000000004", phone=Phone(extension="105"), call_id=call.call_id,
            extension="101", how="listen",
        )  # fmt: skip
        await give(hub, order)
        await until(lambda: [one.own_phone for one in seen(hub, order.command_id)] == ["away"], seconds=10)


async def test_a_caller_in_the_queue_is_taken_to_another_phone(sample_pbx: AsteriskPbx) -> None:
    async with (
        following(sample_pbx) as hub, sample_pbx.trunk() as world, sample_pbx.phone("101") as anna,
        sample_pbx.phone("105") as master,
    ):  # fmt: skip
        caller = await world.call(LINE, number=CALLER)
        at_anna = await anna.ringing()
        call = await the_call(hub, lambda one: one.state == "queued" and bool(one.parties))
        await give(hub, TakeCall(command_id="1", call_id=call.call_id, extension="105", context=CONTEXT))
        (await master.ringing()).answer()
        await at_anna.until("ended")
        call = await the_call(hub, lambda one: one.state == "talking")
        assert call.answered_by == "105"
        await caller.bye()
        call = await the_call(hub, lambda one: one.state == "ended")
        assert call.result == "answered"


async def test_a_waiting_caller_who_is_given_to_a_colleague_in_vain_is_back_in_the_queue(
    sample_pbx: AsteriskPbx,
) -> None:
    """A phone that is not there, then one that declines, then one that answers: the caller is never lost."""
    async with (
        following(sample_pbx) as hub, sample_pbx.trunk() as world, sample_pbx.phone("101") as anna,
        sample_pbx.phone("105") as master,
    ):  # fmt: skip
        caller = await world.call(LINE, number=CALLER)
        at_anna = await anna.ringing()
        call = await the_call(hub, lambda one: one.state == "queued" and bool(one.parties))
        for extension in ("103", "105"):
            await give(
                hub, TakeCall(command_id="1", call_id=call.call_id, extension=extension, context=CONTEXT)
            )
            await at_anna.until("ended")
            if extension == "105":
                (await master.ringing()).reject()
            at_anna = await anna.ringing()
            call = await the_call(hub, lambda one: one.state == "queued")
        at_anna.answer()
        call = await the_call(hub, lambda one: one.state == "talking")
        assert call.answered_by == "101"
        await caller.bye()
        call = await the_call(hub, lambda one: one.state == "ended")
        assert (call.result, len(hub.calls)) == ("answered", 1)


async def test_what_has_ended_takes_no_orders(sample_pbx: AsteriskPbx) -> None:
    async with following(sample_pbx) as hub:
        await give(hub, HangUp(command_id="1", call_id="gone"), "refused")


async def test_a_parked_caller_is_given_to_a_colleague_and_is_not_lost_when_nobody_picks_up(
    sample_pbx: AsteriskPbx,
) -> None:
    """To a phone that is not there: back in the queue. Parked again, and given to one that answers."""
    async with (
        following(sample_pbx) as hub, sample_pbx.trunk() as world, sample_pbx.phone("101") as anna,
        sample_pbx.phone("105") as master,
    ):  # fmt: skip
        caller = await world.call(LINE, number=CALLER)
        for extension in ("103", "105"):
            (await anna.ringing()).answer()
            call = await the_call(hub, lambda one: one.state == "talking")
            await give(hub, ParkCall(command_id="1", call_id=call.call_id, extension="101"))
            call = await the_call(hub, lambda one: one.state == "parked" and one.parked_at_space is not None)
            await give(
                hub, TakeCall(command_id="2", call_id=call.call_id, extension=extension, context=CONTEXT)
            )
        (await master.ringing()).answer()
        call = await the_call(hub, lambda one: one.last_extension == "105" and one.state == "talking")
        assert call.parked_at_space is None
        await caller.bye()
        call = await the_call(hub, lambda one: one.state == "ended")
        assert (call.result, len(hub.calls)) == ("answered", 1)

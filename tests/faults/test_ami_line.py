"""The line to the PBX is cut, the PBX starts anew, calls change meanwhile."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace

import pytest

from connectors.ami.config import AmiConfig
from connectors.ami.connector import AmiConnector
from connectors.practice_pbx import inbound, transfers
from hub.clock import SystemClock
from hub.events.calls import CallSnapshot, PbxLinkLost, PbxLinkRestored
from hub.kernel.processes.supervisor import Supervisor
from hub.ports.connector import Status
from hub.ports.intake import Intake
from hub.settings import SupervisorSettings
from tests.connectors.ami.ami_server import Script, channel, frame, serving
from tests.connectors.ami.hub_side import QUICK, Hub, KeptIntake, KeptJournal, config_for, hub_on, until
from tests.faults.figures import Fault
from tests.faults.shop_pbx import SECRET, TRUNKS, USERNAME, Made, ShopPbx, shop_pbx

TRUNK = "PJSIP/trunk-00000001"
FAST = replace(QUICK, settle=0.0)
PADDING = {f"Padding{number}": "x" * 40 for number in range(5)}


@asynccontextmanager
async def following(pbx: ShopPbx) -> AsyncIterator[Hub]:
    config = AmiConfig(
        host="127.0.0.1", port=pbx.port, username=USERNAME, secret=SECRET, trunks=(TRUNKS,), waits=FAST
    )
    hub = Hub(config)
    running = asyncio.create_task(hub.run_for_ever())
    try:
        await restored(hub, 1)
        yield hub
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


async def restored(hub: Hub, count: int) -> None:
    await until(lambda: len(hub.of(PbxLinkRestored)) >= count, seconds=10)


def call_of(hub: Hub, made: Made) -> CallSnapshot | None:
    found = [call for call in hub.calls.values() if call.from_number == f"+{made.number}"]
    assert len(found) <= 1, "one call became two"
    return found[0] if found else None


def state_of(hub: Hub, made: Made) -> tuple[str, str | None]:
    call = call_of(hub, made)
    return (call.state, call.result) if call is not None else ("not there", None)


@pytest.mark.fault("F01")
async def test_a_cut_at_any_byte_of_an_event_leaves_the_state_that_the_pbx_shows(fault: Fault) -> None:
    """A Hangup, or a Newchannel, of which only the first bytes come."""
    took: list[float] = []
    size = len(_end(0))
    async with serving() as server, hub_on(server, FAST) as hub:
        await restored(hub, 1)
        for number, at in enumerate(fault.cases(range(1, size), sample=40), 1):
            server.session.send(frame("Event: Newchannel", **channel(TRUNK, f"1.{number}")))
            await until(lambda so_far=number: len(hub.calls) == so_far)
            server.session.send(_end(number)[:at])
            await server.session.writer.drain()
            began = time.monotonic()
            server.session.cut()
            await restored(hub, number + 1)
            took.append(time.monotonic() - began)
            (call,) = [call for call in hub.calls.values() if call.state != "ended" or call.ended_at] or [
                None
            ]
            fault.check(f"cut at byte {at}", call is None and len(hub.calls) == number)
            if call is not None:
                break
        unknown = [
            call for call in hub.calls.values() if (call.result, call.is_complete) == ("unknown", False)
        ]
        fault.check("each is closed without an invented end", len(unknown) == len(hub.calls))
    fault.measure("size of the event", size, 2_000, " bytes")
    fault.measure("until it is right again", round(max(took), 2), 5.0, " s")


def _end(number: int) -> bytes:
    return frame("Event: Hangup", **channel(TRUNK, f"1.{number}", **PADDING), Cause="16")


@pytest.mark.fault("F04")
async def test_twenty_calls_of_a_pbx_that_starts_anew_end_unknown_and_none_is_doubled(fault: Fault) -> None:
    async with shop_pbx() as pbx, following(pbx) as hub:
        for number, dice in enumerate(fault.runs(full=20, sample=3), 1):
            with fault.run(f"restart {number}"):
                calls = [pbx.dial_in() for _ in range(20)]
                answered = dice.sample(calls, 2)
                for made, who in zip(answered, ("101", "102"), strict=True):
                    pbx.answer(made, who)
                await until(lambda made=calls: all(call_of(hub, one) for one in made))
                await pbx.kill()
                await until(lambda so_far=number: len(hub.of(PbxLinkLost)) >= so_far)
                await pbx.start()
                await restored(hub, number + 1)
                assert {state_of(hub, made) for made in calls} == {("ended", "unknown")}
                told = [call for made in calls if (call := call_of(hub, made)) is not None]
                assert not any(call.ended_at or call.is_complete for call in told)
                assert len(hub.calls) == 20 * number


@pytest.mark.fault("F05")
async def test_nine_calls_that_change_while_the_line_is_down_are_as_the_pbx_has_them(fault: Fault) -> None:
    """3 end, 2 are transferred, 4 begin. A short cut or a long one: nobody looks meanwhile."""
    wrong = 0
    async with shop_pbx() as pbx, following(pbx) as hub:
        for number, dice in enumerate(fault.runs(full=20, sample=4), 1):
            calls = [pbx.dial_in() for _ in range(5)]
            for made, who in zip(calls[:3], ("101", "102", "103"), strict=True):
                if who == "103":
                    inbound.rings(made.conversation, who)
                pbx.answer(made, who)
            await until(lambda made=calls: sum(state_of(hub, one)[0] == "talking" for one in made) == 3)
            await pbx.unplug()
            await until(lambda so_far=number: len(hub.of(PbxLinkLost)) >= so_far)
            for made in dice.sample([calls[2], calls[3], calls[4]], 3):
                pbx.hang_up(made)
            for made, who in ((calls[0], "105"), (calls[1], "100")):
                transfers.sends_to(made.conversation, made.answered_by or "", who)
                inbound.answers(made.conversation, who)
            new = [pbx.dial_in() for _ in range(4)]
            pbx.answer(new[0], "103" if "103" in new[0].conversation.legs else "102")
            await pbx.start()
            await restored(hub, number + 1)
            await until(lambda made=new: all(call_of(hub, one) for one in made))
            expected = [
                *((made, ("ended", "unknown")) for made in calls[2:]),
                *((made, ("talking", None)) for made in (*calls[:2], new[0])),
                *((made, ("queued", None)) for made in new[1:]),
            ]
            told = [
                (made.number, state_of(hub, made)) for made, state in expected if state_of(hub, made) != state
            ]
            last = [call.last_extension if (call := call_of(hub, made)) else None for made in calls[:2]]
            wrong += len(told)
            fault.check(f"cut {number}: {told}, now with {last}", not told and last == ["105", "100"])
            for made in pbx.living:
                pbx.hang_up(made)
            await until(lambda: all(call.state == "ended" for call in hub.calls.values()))
    fault.measure("calls told wrongly", wrong, 0)


@pytest.mark.fault("F06")
@pytest.mark.parametrize("boot", [0.25, None], ids=["late", "never"])
async def test_a_boot_that_is_told_late_or_never_closes_no_call_that_lives(
    fault: Fault, boot: float | None
) -> None:
    waits = replace(FAST, boot=0.5)
    async with serving() as server, hub_on(server, waits) as hub:
        await restored(hub, 1)
        for number, _ in enumerate(fault.runs(full=20, sample=3), 1):
            server.session.send(frame("Event: Newchannel", **channel(TRUNK, f"1.{number}")))
            await until(lambda so_far=number: len(hub.calls) == so_far)
            server.script.boot_delay, server.script.channels = boot, []
            server.session.cut()
            # A PBX that boots shows nothing yet.
            await server.logged_in(number + 1)
            await asyncio.sleep(0.1)
            asked_early = len(server.actions("CoreShowChannels")) > number
            server.script.channels = [channel(TRUNK, f"1.{one}") for one in range(1, number + 1)]
            await restored(hub, number + 1)
            alive = all(call.state == "ringing" for call in hub.calls.values())
            fault.check(f"log-in {number}", alive and not asked_early)


class Counted(AmiConnector):
    """How often it was asked to log in."""

    tried = 0

    async def run(self, intake: Intake, status: Status) -> None:
        self.tried += 1
        await super().run(intake, status)


@pytest.mark.fault("F16")
@pytest.mark.parametrize("trouble", ["refused", "nobody there"])
async def test_a_log_in_that_fails_is_tried_seldom(fault: Fault, trouble: str) -> None:
    """Ten minutes in half a second: every wait of the settings is a thousandth of itself."""
    usual, scale = SupervisorSettings(), 1_200.0
    waits = SupervisorSettings(
        first_wait=usual.first_wait / scale,
        longest_wait=usual.longest_wait / scale,
        auth_wait=usual.auth_wait / scale,
    )
    async with serving(Script(secret="another")) as server:
        connector = Counted(config_for(server), KeptJournal(), SystemClock())
        if trouble == "nobody there":
            await server.stop()
        supervisor = Supervisor((connector,), KeptIntake(), SystemClock(), waits)
        began = time.monotonic()
        supervisor.start()
        await asyncio.sleep(600 / scale)
        minutes = (time.monotonic() - began) * scale / 60
        attempts = connector.tried
        health = supervisor.health()["ami"]
        await supervisor.stop(1.0)
    fault.check("it is told", health.state == ("auth_failed" if trouble == "refused" else "not_ready"))
    fault.measure("attempts in ten minutes", round(attempts * 10 / minutes, 1), 20)


@pytest.mark.fault("F17")
async def test_a_uniqueid_used_again_after_a_restart_is_another_call(fault: Fault) -> None:
    async with serving() as server, hub_on(server, FAST) as hub:
        await restored(hub, 1)
        for number, _ in enumerate(fault.runs(full=20, sample=3), 1):
            server.session.send(frame("Event: Newchannel", **channel(TRUNK, "1.1")))
            await until(lambda so_far=number: len(hub.calls) == so_far)
            await server.stop()
            server.script.startup = ("2026-11-23", f"09:{number:02}:00")
            await server.start()
            await restored(hub, number + 1)
            fault.check(f"restart {number}", {call.state for call in hub.calls.values()} == {"ended"})

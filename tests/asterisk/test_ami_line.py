"""The AMI connector on a real Asterisk: log-in, filters, a cut line, a killed PBX, the doctor."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from connectors.ami.config import AmiConfig, AmiWaits
from hub.events.calls import PbxLinkRestored
from tests.asterisk.conftest import ALWAYS_OPEN
from tests.asterisk.pbx import AsteriskPbx
from tests.connectors.ami.hub_side import Hub, until

pytestmark = [pytest.mark.asterisk, pytest.mark.slow]

LINE, CALLER = "380441234567", "380501112233"
MANAGER = Path(__file__).parents[2] / "config" / "asterisk" / "manager.conf"


@asynccontextmanager
async def following(pbx: AsteriskPbx) -> AsyncIterator[Hub]:
    """A hub with the usual waits that follows a real PBX."""
    hub = Hub(
        AmiConfig(
            host=pbx.ami_host,
            port=pbx.ami_port,
            username=pbx.ami_user,
            secret=pbx.ami_secret,
            waits=AmiWaits(tick=0.2),
        )
    )
    running = asyncio.create_task(hub.run_for_ever(0.2))
    try:
        await restored(hub, 1)
        yield hub
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


async def restored(hub: Hub, count: int) -> PbxLinkRestored:
    def so_many() -> list[PbxLinkRestored]:
        return [event for event in hub.intake.events if isinstance(event, PbxLinkRestored)]

    await until(lambda: len(so_many()) >= count, seconds=20)
    return so_many()[count - 1]


async def test_the_sample_settings_satisfy_the_doctor(sample_pbx: AsteriskPbx) -> None:
    async with following(sample_pbx) as hub, sample_pbx.trunk() as world, sample_pbx.phone("101") as anna:
        caller = await world.call(LINE, number=CALLER, name="Іван")
        (await anna.ringing()).answer()
        await until(lambda: any(call.state == "talking" for call in hub.calls.values()))
        await caller.bye()
        await until(lambda: any(call.state == "ended" for call in hub.calls.values()))
        findings = await hub.connector.examine()
        assert [finding.text for finding in findings if finding.level != "ok"] == []
        assert "trunk" in {end.name for end in await hub.connector.endpoints() if end.is_trunk}


async def test_a_line_cut_in_mid_call_costs_the_call_its_completeness_and_nothing_else(
    sample_pbx: AsteriskPbx,
) -> None:
    async with following(sample_pbx) as hub, sample_pbx.trunk() as world, sample_pbx.phone("101") as anna:
        caller = await world.call(LINE, number=CALLER)
        (await anna.ringing()).answer()
        await until(lambda: any(call.state == "talking" for call in hub.calls.values()))
        hub.connector.drop_line()
        told = await restored(hub, 2)
        assert (told.closed_calls, told.adopted_calls, told.is_new_boot) == (0, 0, False)
        await caller.bye()
        await until(lambda: any(call.state == "ended" for call in hub.calls.values()))
        (call,) = hub.calls.values()
        assert (call.result, call.answered_by, call.is_complete) == ("answered", "101", False)
        assert call.ended_at is not None


async def test_a_killed_pbx_leaves_no_ghost_and_is_a_new_boot(sample_pbx: AsteriskPbx) -> None:
    async with following(sample_pbx) as hub, sample_pbx.trunk() as world, sample_pbx.phone("101") as anna:
        await world.call(LINE, number=CALLER)
        (await anna.ringing()).answer()
        await until(lambda: any(call.state == "talking" for call in hub.calls.values()))
        await sample_pbx.kill()
        # The start time is told to the second; a PBX does not boot twice in one.
        await asyncio.sleep(1)
        await sample_pbx.start()
        told = await restored(hub, 2)
        assert (told.closed_calls, told.is_new_boot) == (1, True)
        (call,) = hub.calls.values()
        assert (call.state, call.result, call.ended_at, call.is_complete) == ("ended", "unknown", None, False)


@pytest.mark.parametrize(("rights", "closed"), [("call", 1), ("originate", 0)])
async def test_a_user_who_may_not_list_channels_learns_by_other_questions_what_lives(
    asterisk: str, rights: str, closed: int
) -> None:
    """`Status` wants the right `call`; who is in which bridge is told to everybody."""
    text = MANAGER.read_text().replace("write = call,originate,reporting,agent,user", f"write = {rights}")
    async with (
        AsteriskPbx("sample", settings=ALWAYS_OPEN, files={"manager.conf": text}) as pbx,
        following(pbx) as hub,
        pbx.trunk() as world,
        pbx.phone("101") as anna,
    ):
        await world.call(LINE, number=CALLER)
        (await anna.ringing()).answer()
        await until(lambda: any(call.state == "talking" for call in hub.calls.values()))
        async with pbx.phone("102") as bohdan:
            other = await world.call(LINE, number="380671112233")
            (await bohdan.ringing()).answer()
            await until(lambda: sum(call.state == "talking" for call in hub.calls.values()) == 2)
            hub.connector.drop_line()
            await other.bye()
            told = await restored(hub, 2)
        assert (told.closed_calls, told.adopted_calls) == (closed, 0)
        living = {call.from_number: call.state for call in hub.calls.values()}
        assert living[f"+{CALLER}"] == "talking"
        assert living["+380671112233"] == ("ended" if closed else "talking")
        findings = {finding.text for finding in await hub.connector.examine()}
        is_blind = any(text.startswith("Status is not allowed") for text in findings)
        assert is_blind is (closed == 0)
        assert ("may not list calls" in hub.status.said[-1][1]) is is_blind


async def test_filters_of_our_own_leave_the_noise_at_the_pbx_and_nothing_else(asterisk: str) -> None:
    text = re.sub(r"(?m)^eventfilter.*$", "", MANAGER.read_text())
    text = text.replace("write = call,", "write = system,call,")
    async with (
        AsteriskPbx("sample", settings=ALWAYS_OPEN, files={"manager.conf": text}) as pbx,
        following(pbx) as hub,
        pbx.trunk() as world,
        pbx.phone("101") as anna,
    ):
        # The filters are asked for after the log-in, one by one.
        await asyncio.sleep(0.3)
        caller = await world.call(LINE, number=CALLER)
        (await anna.ringing()).answer()
        await asyncio.sleep(0.5)
        await caller.bye()
        await until(lambda: any(call.state == "ended" for call in hub.calls.values()))
        variables = [raw for _, _, raw in hub.journal.lines if raw.startswith(b"Event: VarSet")]
        assert [b"MIXMONITOR_FILENAME" in raw for raw in variables] == [True]
        seen = hub.connector.names_seen
        assert not seen & {"CEL", "TestEvent", "BridgeCreate", "MusicOnHoldStart", "DialState"}
        assert seen > {"Newchannel", "Newexten", "HangupRequest", "Hangup", "BridgeEnter"}

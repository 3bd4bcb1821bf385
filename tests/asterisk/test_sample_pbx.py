"""The sample of config/asterisk on a real Asterisk: what a shop gets when it uses it as it stands."""

from __future__ import annotations

import asyncio
import wave
from pathlib import Path

import pytest

from tests.asterisk.ami_tap import AmiTap
from tests.asterisk.conftest import ALWAYS_OPEN
from tests.asterisk.dialog import PhoneCall
from tests.asterisk.pbx import AsteriskPbx
from tests.patience import within

pytestmark = [pytest.mark.asterisk, pytest.mark.slow]

LINE = "380441234567"
CALLER = "380501112233"


async def _file_at(path: Path) -> Path:
    """Wait for a file to appear."""
    async with asyncio.timeout(within(5)):
        while not path.exists():
            await asyncio.sleep(0.02)
    return path


def _seconds(path: Path) -> float:
    with wave.open(str(path)) as sound:
        return float(sound.getnframes() / sound.getframerate())


async def _linkedid(tap: AmiTap) -> str:
    return (await tap.event("Newchannel", lambda each: each["Channel"].startswith("PJSIP/trunk-")))[
        "Linkedid"
    ]


async def test_boots_without_a_warning(sample_pbx: AsteriskPbx, asterisk: str) -> None:
    assert sample_pbx.complaints() == []
    assert int(asterisk.split()[1].split(".")[0]) >= 22


async def test_a_call_rings_both_receptionists_and_is_answered_with_sound(sample_pbx: AsteriskPbx) -> None:
    async with sample_pbx.trunk() as world, sample_pbx.phone("101") as anna, sample_pbx.phone("102") as boris:
        caller = await world.call(LINE, number=CALLER, name="Іван")
        at_anna, at_boris = await anna.ringing(), await boris.ringing()
        assert (at_anna.number, at_anna.name) == (CALLER, "Іван")
        at_anna.answer()
        await at_boris.until("ended")
        await asyncio.sleep(1.5)
        await caller.bye()
        await at_anna.until("ended")
    assert caller.audio.seconds_of(anna.frequency) > 0.8
    assert at_anna.audio.seconds_of(world.frequency) > 0.8
    assert caller.audio.seconds_of(boris.frequency) == 0


async def test_a_recording_is_renamed_into_done_when_the_call_is_over(
    sample_pbx: AsteriskPbx, sample_tap: AmiTap
) -> None:
    async with sample_pbx.trunk() as world, sample_pbx.phone("101") as anna:
        caller = await world.call(LINE, number=CALLER)
        at_anna = (await anna.ringing()).answer()
        await caller.until("answered")
        await asyncio.sleep(2)
        linkedid = await _linkedid(sample_tap)
        growing = sample_pbx.recordings / f"{linkedid}.wav"
        assert growing.exists()
        named = await sample_tap.event("VarSet")
        assert named["Variable"] == "MIXMONITOR_FILENAME"
        assert named["Value"] == str(growing)
        await at_anna.bye()
        await caller.until("ended")
        done = await _file_at(sample_pbx.recordings / "done" / f"{linkedid}.wav")
    assert not growing.exists()
    lasted = caller.at["ended"] - caller.at["answered"]
    assert _seconds(done) == pytest.approx(lasted, abs=0.5)


async def test_a_call_that_nobody_takes_becomes_a_voicemail_that_says_so(asterisk: str) -> None:
    settings = ALWAYS_OPEN | {"extensions.conf:QUEUE_SECONDS": "3"}
    async with (
        AsteriskPbx("sample", settings=settings) as pbx,
        pbx.trunk() as world,
        pbx.phone("101") as anna,
    ):
        tap = await AmiTap(pbx.ami_host, pbx.ami_port, pbx.ami_user, pbx.ami_secret).open()
        caller = await world.call(LINE, number=CALLER)
        ringing = await anna.ringing()
        said = await tap.event("UserEvent")
        await ringing.until("ended")
        await tap.event("Newexten", lambda each: each["Application"] == "Record")
        await asyncio.sleep(2)
        await caller.bye()
        linkedid = await _linkedid(tap)
        message = await _file_at(pbx.recordings / "done" / f"{linkedid}-voicemail.wav")
        await tap.close()
        assert _seconds(message) > 1
    assert said["UserEvent"] == "VoicemailStarted"
    assert said["Linkedid"] == linkedid


async def test_with_no_phone_registered_the_caller_goes_to_voicemail_at_once(
    sample_pbx: AsteriskPbx, sample_tap: AmiTap
) -> None:
    async with sample_pbx.trunk() as world:
        caller = await world.call(LINE, number=CALLER)
        said = await sample_tap.event("UserEvent", timeout=5)
        await caller.bye()
    assert said["UserEvent"] == "VoicemailStarted"
    assert said["Queuestatus"] in {"JOINEMPTY", "JOINUNAVAIL"}


async def test_the_switch_for_a_day_off_plays_the_closed_message(sample_pbx: AsteriskPbx) -> None:
    await sample_pbx.command("database put shop closed yes")
    async with sample_pbx.trunk() as world, sample_pbx.phone("101") as anna:
        caller = await world.call(LINE, number=CALLER)
        await caller.until("ended", 20)
        assert caller.ended_by == "pbx"
        assert anna.calls == []


# ------------------------------------------------------------------ what the AMI user sees and may do

NEEDED = {
    "FullyBooted", "Newchannel", "Newstate", "Newexten", "NewConnectedLine", "Hangup",
    "HangupRequest", "DialBegin", "DialEnd", "BridgeEnter", "BridgeLeave", "Hold", "Unhold",
    "QueueCallerJoin", "QueueCallerLeave", "QueueMemberStatus", "AgentCalled", "AgentConnect",
    "AgentComplete", "MixMonitorStart", "VarSet", "DeviceStateChange", "ExtensionStatus", "BlindTransfer",
    "ParkedCall", "ParkedCallGiveUp", "DTMFEnd", "ContactStatus",
}  # fmt: skip
NOISE = {
    "CEL", "Cdr", "TestEvent", "RTCPSent", "RTCPReceived", "ChallengeSent", "SuccessfulAuth", "DialState",
    "BridgeCreate", "BridgeDestroy", "MusicOnHoldStart", "MusicOnHoldStop", "HangupHandlerPush",
}  # fmt: skip


async def test_our_ami_user_sees_all_that_calls_need_and_none_of_the_noise(
    sample_pbx: AsteriskPbx, sample_tap: AmiTap
) -> None:
    everything = AmiTap(sample_pbx.ami_host, sample_pbx.ami_port, "everything", "everything")
    await everything.open()
    async with sample_pbx.trunk() as world, sample_pbx.phone("101") as anna, sample_pbx.phone("102") as boris:
        caller = await world.call(LINE, number=CALLER)
        at_anna, at_boris = await anna.ringing(), await boris.ringing()
        at_boris.reject(603)
        at_anna.answer()
        await caller.until("answered")
        caller.press("5")
        await asyncio.sleep(0.5)
        await at_anna.hold()
        await asyncio.sleep(0.5)
        await at_anna.unhold()
        await at_anna.refer("700")
        await sample_tap.event("ParkedCall")
        await caller.bye()
        await sample_tap.event("ParkedCallGiveUp")
        await asyncio.sleep(0.5)
    await everything.close()
    seen = {each["Event"] for each in sample_tap.events}
    assert NEEDED - seen == set()
    assert seen & NOISE == set()
    assert {each["Event"] for each in everything.events} & NOISE, "the yardstick saw no noise either"
    assert {each["Variable"] for each in sample_tap.named("VarSet")} == {"MIXMONITOR_FILENAME"}
    assert all("Timestamp" in each for each in sample_tap.named("Newchannel"))


@pytest.mark.parametrize(
    "action",
    [
        {"name": "Command", "Command": "core show version"},
        {"name": "GetConfig", "Filename": "manager.conf"},
        {"name": "UpdateConfig", "SrcFilename": "manager.conf", "DstFilename": "manager.conf"},
        {"name": "ModuleLoad", "LoadType": "reload"},
        {"name": "DBPut", "Family": "shop", "Key": "closed", "Val": "yes"},
        {"name": "Getvar", "Variable": "SHELL(id)"},
        {"name": "Setvar", "Variable": "FILE(/tmp/x)", "Value": "x"},
        {"name": "Originate", "Channel": "Local/999@phones", "Application": "System", "Data": "id"},
    ],
    ids=lambda action: action["name"],
)
async def test_our_ami_user_gets_no_shell_no_files_and_no_settings(
    sample_tap: AmiTap, action: dict[str, str]
) -> None:
    headers = dict(action)
    answer = await sample_tap.action(headers.pop("name"), **headers)
    assert answer["Response"] == "Error"


@pytest.mark.parametrize(
    "name",
    [
        "CoreStatus", "CoreSettings", "CoreShowChannels", "Status", "QueueStatus", "BridgeList",
        "ParkedCalls", "DeviceStateList", "ExtensionStateList", "Ping",
    ],
)  # fmt: skip
async def test_our_ami_user_may_ask_for_what_a_hub_must_know(sample_tap: AmiTap, name: str) -> None:
    assert (await sample_tap.action(name))["Response"] == "Success"


async def test_our_ami_user_may_list_phones_and_outside_lines(sample_tap: AmiTap) -> None:
    await sample_tap.action("DeviceStateList")
    devices = {each["Device"] for each in sample_tap.named("DeviceStateChange") if "ActionID" in each}
    assert {"PJSIP/101", "PJSIP/102", "PJSIP/103", "PJSIP/105", "PJSIP/trunk"} <= devices


async def test_our_ami_user_may_dial_transfer_and_hang_up(
    sample_pbx: AsteriskPbx, sample_tap: AmiTap
) -> None:
    async with (
        sample_pbx.trunk() as world,
        sample_pbx.phone("101") as anna,
        sample_pbx.phone("105") as master,
    ):
        dialled = await sample_tap.action(
            "Originate",
            Channel="PJSIP/101",
            Exten="0931234567",
            Context="from-internal",
            Priority="1",
            Async="true",
            ChannelId="click-1",
        )
        assert dialled["Response"] == "Success"
        (await anna.ringing()).answer()
        theirs = (await world.ringing()).answer()
        await theirs.until("confirmed")
        moved = sample_tap.channel("PJSIP/trunk-")
        target = {"Exten": "105", "Context": "from-internal", "Priority": "1"}
        assert (await sample_tap.action("Redirect", Channel=moved, **target))["Response"] == "Success"
        at_master = (await master.ringing()).answer()
        await at_master.until("confirmed")
        assert (await sample_tap.action("Hangup", Channel=moved))["Response"] == "Success"
        await theirs.until("ended")


# ------------------------------------------------------------------ our phones


async def test_an_outside_call_shows_our_number_and_is_recorded(
    sample_pbx: AsteriskPbx, sample_tap: AmiTap
) -> None:
    async with sample_pbx.trunk() as world, sample_pbx.phone("101") as anna:
        ours = await anna.call("0931234567")
        theirs = await world.ringing()
        assert (theirs.dialled, theirs.number) == ("0931234567", "380441234567")
        theirs.answer()
        await ours.until("answered")
        await asyncio.sleep(1)
        await ours.bye()
        await theirs.until("ended")
        linkedid = (await sample_tap.event("Newchannel"))["Linkedid"]
        await _file_at(sample_pbx.recordings / "done" / f"{linkedid}.wav")


async def test_a_caller_is_parked_and_taken_back_at_another_phone(
    sample_pbx: AsteriskPbx, sample_tap: AmiTap
) -> None:
    async with (
        sample_pbx.trunk() as world,
        sample_pbx.phone("101") as anna,
        sample_pbx.phone("105") as master,
    ):
        caller = await world.call(LINE, number=CALLER)
        at_anna = (await anna.ringing()).answer()
        await sample_tap.event("AgentConnect")
        await asyncio.sleep(0.5)
        await at_anna.refer("700")
        space = (await sample_tap.event("ParkedCall"))["ParkingSpace"]
        taken = await (await master.call(space)).until("answered")
        await asyncio.sleep(1.5)
        await caller.bye()
        await taken.until("ended")
    assert caller.audio.seconds_of(master.frequency) > 0.8


@pytest.mark.parametrize("code", ["*8", "**101"])
async def test_a_ringing_phone_is_picked_up_from_another(
    sample_pbx: AsteriskPbx, sample_tap: AmiTap, code: str
) -> None:
    async with (
        sample_pbx.trunk() as world,
        sample_pbx.phone("101") as anna,
        sample_pbx.phone("105") as master,
    ):
        caller = await world.call(LINE, number=CALLER)
        at_anna = await anna.ringing()
        taken = await (await master.call(code)).until("answered")
        await at_anna.until("ended")
        await sample_tap.event("Pickup")
        await asyncio.sleep(1.5)
        await caller.bye()
        await taken.until("ended")
    assert caller.audio.seconds_of(master.frequency) > 0.8


@pytest.mark.parametrize(("dialled", "code"), [("105", 480), ("102", 486)])
async def test_a_colleague_who_is_absent_or_busy_is_told_apart(
    sample_pbx: AsteriskPbx, dialled: str, code: int
) -> None:
    async def busy(call: PhoneCall) -> None:
        call.reject(486)

    async with sample_pbx.phone("101") as anna, sample_pbx.phone("102", reaction=busy):
        ours = await anna.call(dialled)
        await ours.until("ended")
    assert ours.code == code


async def test_a_caller_who_keeps_the_place_by_a_key_leaves_the_queue_and_it_is_told(
    sample_pbx: AsteriskPbx, sample_tap: AmiTap
) -> None:
    async with sample_pbx.trunk() as world, sample_pbx.phone("101") as anna:
        caller = await world.call(LINE, number=CALLER)
        ringing = await anna.ringing()
        await sample_tap.event("QueueCallerJoin")
        caller.press("1")
        left = await sample_tap.event("QueueCallerLeave")
        said = await sample_tap.event("UserEvent")
        await ringing.until("ended")
        await caller.until("ended")
        linkedid = await _linkedid(sample_tap)
    assert (said["UserEvent"], said["Linkedid"], said["Queue"]) == ("CallbackAsked", linkedid, "reception")
    assert left["Position"] == "1"


async def test_without_a_number_the_key_leads_back_into_the_queue(
    sample_pbx: AsteriskPbx, sample_tap: AmiTap
) -> None:
    async with sample_pbx.trunk() as world, sample_pbx.phone("101") as anna:
        caller = await world.call(LINE, number="anonymous")
        await anna.ringing()
        await sample_tap.event("QueueCallerJoin")
        caller.press("1")
        again = await anna.ringing()
        again.answer()
        await caller.until("answered")
        await caller.bye()
    assert [one["UserEvent"] for one in sample_tap.named("UserEvent")] == []

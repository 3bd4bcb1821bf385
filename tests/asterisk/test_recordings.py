"""A real SIP call with speech, recorded by a real Asterisk, is there within the minute: the right sound."""

from __future__ import annotations

import asyncio
import audioop
import subprocess
import time
import wave
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest

from hub.app import Hub
from hub.kernel.shops import FIRST_SHOP
from hub.main import build
from hub.modules.access.api import prepare
from hub.modules.calls.api import CallFilter, CallsApi
from hub.secret import Secret
from hub.settings import AmiSettings, RecordingsSettings, Settings
from recordings.api import RecordingFilter, RecordingsApi, RecordingView
from recordings.audio.ffmpeg import ffmpeg
from recordings.rules_basis import Policy
from recordings.store import store_of
from recordings.views_basis import CallRecordingView
from tests.asterisk.conftest import ALWAYS_OPEN
from tests.asterisk.dialog import PhoneCall
from tests.asterisk.pbx import AsteriskPbx
from tests.asterisk.sound import FRAME
from tests.machine import need_espeak
from tests.patience import within

pytestmark = [pytest.mark.asterisk, pytest.mark.slow]

LINE, CALLER = "380441234567", "380501112233"
SAID = "Добрий день, це автосервіс. Ваша машина готова, з вас чотири тисячі двісті гривень."


def spoken(text: str, folder: Path) -> bytes:
    """Speech as 16 bit samples of 8 kHz, whole frames."""
    need_espeak()
    path = folder / "speech.wav"
    subprocess.run(["espeak-ng", "-v", "uk", "-s", "150", "-w", path, text], check=True, capture_output=True)
    command = [ffmpeg(), "-loglevel", "error", "-i", path, "-ar", "8000", "-ac", "1", "-f", "s16le", "pipe:1"]
    sound = subprocess.run(command, check=True, capture_output=True).stdout
    return sound[: len(sound) - len(sound) % (FRAME * 2)]


def likeness(piece: bytes, recorded: bytes) -> float:
    """How much of a piece of sound is found in a recording where it fits best, 0 to 1 (correlation).

    The first stretch that is looked at has some sound: findfit divides by its power, and finds nothing
    better than "not a number" ever after.
    """
    sound = next((at for at, byte in enumerate(recorded) if byte), len(recorded))
    first = max(0, sound - len(piece) + 2)
    recorded = recorded[first - first % 2 :]
    at, _ = audioop.findfit(recorded, piece)
    there = recorded[at * 2 : at * 2 + len(piece)]
    if not audioop.rms(there, 2):
        return 0.0  # nothing is there, and nothing is wrong with it
    factor = audioop.findfactor(there, piece)
    rest = audioop.add(there, audioop.mul(piece, 2, -factor), 2)
    return 1 - audioop.rms(rest, 2) / audioop.rms(there, 2)


@asynccontextmanager
async def a_hub(
    settings: Settings, pbx: AsteriskPbx, folder: Path, record: tuple[str, ...] = (),
    policy: Policy | None = None,
) -> AsyncIterator[Hub]:  # fmt: skip
    """A whole hub with real waits that follows the PBX and looks through its spool."""
    line = AmiSettings(
        host=pbx.ami_host, port=pbx.ami_port, username=pbx.ami_user, secret=Secret(pbx.ami_secret),
        record=record, record_folder=str(pbx.recordings),
    )  # fmt: skip
    sound = RecordingsSettings(spool=str(pbx.recordings), store=str(folder / "store"))
    made = build(replace(settings, ami=line, recordings=sound))
    await made.open()
    await prepare(made.installation)
    if policy is not None:
        async with made.transactions.writing(actor=None, shop_id=FIRST_SHOP) as uow:
            await RecordingsApi(uow, made.installation.deps).basis.save(FIRST_SHOP, policy)
    await made.start()
    yield made
    await made.stop()


@pytest.fixture
async def hub(settings: Settings, sample_pbx: AsteriskPbx, tmp_path: Path) -> AsyncIterator[Hub]:
    async with a_hub(settings, sample_pbx, tmp_path) as made:
        yield made


async def recordings(hub: Hub, count: int, seconds: float = 55) -> list[RecordingView]:
    """So many recordings, as soon as there are."""
    until = time.monotonic() + within(seconds)
    while True:
        async with hub.transactions.reading(actor=None, shop_id=FIRST_SHOP) as uow:
            found = (await RecordingsApi(uow, hub.installation.deps).page(RecordingFilter())).items
        if len(found) >= count or time.monotonic() > until:
            return list(found)
        await asyncio.sleep(0.1)


async def sound_of(hub: Hub, recording: RecordingView) -> bytes:
    """What is played."""
    file = recording.playable
    assert file is not None
    data = b"".join([p async for p in store_of(hub.installation.deps).read(file.path, 0, file.size)])
    with wave.open(BytesIO(data)) as played:
        return played.readframes(played.getnframes())


async def test_a_call_with_speech_is_there_within_a_minute_and_is_the_right_one(
    hub: Hub, sample_pbx: AsteriskPbx, tmp_path: Path
) -> None:
    speech = spoken(SAID, tmp_path)
    async with sample_pbx.trunk() as world, sample_pbx.phone("101") as anna:
        caller = await world.call(LINE, number=CALLER)
        at_anna = (await anna.ringing()).answer()
        at_anna.audio.speak(audioop.lin2alaw(speech, 2))
        caller.audio.is_muted = True
        await caller.until("answered")
        await asyncio.sleep(len(speech) / 16000 + 1)
        await at_anna.bye()
        await caller.until("ended")
    ended = time.monotonic()
    [made] = await recordings(hub, 1)
    assert time.monotonic() - ended < within(60)
    assert (made.state, made.is_repaired, made.is_truncated) == ("ready", False, False)
    async with hub.transactions.reading(actor=None, shop_id=FIRST_SHOP) as uow:
        [call] = (await CallsApi(uow, hub.installation.deps).history(CallFilter())).items
    assert made.call_id == call.id
    assert made.offset_seconds == pytest.approx(0, abs=1)
    assert made.duration_seconds == pytest.approx(call.talk_seconds + (call.wait_seconds or 0), abs=1.5)
    recorded = await sound_of(hub, made)
    second = speech[16000 : 16000 + 8000]
    assert likeness(second, recorded) > 0.7
    backwards = audioop.reverse(second, 2)
    assert likeness(backwards, recorded) < 0.4, "another sound must not be found in it"


@pytest.fixture
async def silent_pbx(asterisk: str) -> AsyncIterator[AsteriskPbx]:
    """A PBX whose dialplan records nothing, and whose AMI user may order it."""
    config = Path(__file__).parents[2] / "config" / "asterisk"
    users = (config / "manager.conf").read_text().replace("write = call,", "write = system,call,")
    plan = (config / "extensions.conf").read_text()
    start = plan.index(" same => n,MixMonitor(")
    plan = plan[:start] + plan[plan.index(" same => n,Return()", start) :]
    assert ",MixMonitor(" not in plan
    files = {"manager.conf": users, "extensions.conf": plan}
    async with AsteriskPbx("sample", settings=ALWAYS_OPEN, files=files) as pbx:
        yield pbx


async def test_a_call_is_recorded_by_our_order_where_the_dialplan_does_not(
    settings: Settings, silent_pbx: AsteriskPbx, tmp_path: Path
) -> None:
    async with (
        a_hub(settings, silent_pbx, tmp_path, record=("inbound",)) as hub,
        silent_pbx.trunk() as world,
        silent_pbx.phone("101") as anna,
    ):
        caller = await world.call(LINE, number=CALLER)
        at_anna = (await anna.ringing()).answer()
        await caller.until("answered")
        await asyncio.sleep(4)
        await at_anna.bye()
        await caller.until("ended")
        [made] = await recordings(hub, 1)
        async with hub.transactions.reading(actor=None, shop_id=FIRST_SHOP) as uow:
            [call] = (await CallsApi(uow, hub.installation.deps).history(CallFilter())).items
        assert (made.call_id, made.state) == (call.id, "ready")
        assert made.duration_seconds == pytest.approx(call.talk_seconds, abs=1.5)


async def test_where_the_law_wants_a_yes_our_order_waits_until_one_of_ours_was_told_it(
    settings: Settings, silent_pbx: AsteriskPbx, tmp_path: Path
) -> None:
    async with (
        a_hub(settings, silent_pbx, tmp_path, record=("inbound",), policy=Policy(profile="opt_in")) as hub,
        silent_pbx.trunk() as world,
        silent_pbx.phone("101") as anna,
    ):
        caller = await world.call(LINE, number=CALLER)
        at_anna = (await anna.ringing()).answer()
        await caller.until("answered")
        await asyncio.sleep(4)
        assert (await _guarded(hub, "look")).state == "not_known"
        await _guarded(hub, "agreed")
        await _becomes(hub, "recording")
        await asyncio.sleep(3)
        await at_anna.bye()
        await caller.until("ended")
        [made] = await recordings(hub, 1)
        assert made.state == "ready"
        assert 2.0 < made.duration_seconds < 2.0 + within(2.5)
        assert (made.offset_seconds or 0.0) > 3.5


async def _talk(pbx: AsteriskPbx, stack: AsyncExitStack, speech: bytes) -> tuple[PhoneCall, PhoneCall]:
    """The caller is silent, Anna says the same again and again."""
    world = await stack.enter_async_context(pbx.trunk())
    anna = await stack.enter_async_context(pbx.phone("101"))
    caller = await world.call(LINE, number=CALLER)
    at_anna = (await anna.ringing()).answer()
    at_anna.audio.speak(audioop.lin2alaw(speech * 4, 2))
    caller.audio.is_muted = True
    await caller.until("answered")
    return caller, at_anna


async def _guarded(hub: Hub, what: str) -> CallRecordingView:
    """Do something with the recording of the one call, or only look at it."""
    async with hub.transactions.writing(actor="person:anna", shop_id=FIRST_SHOP) as uow:
        deps = hub.installation.deps
        (call,) = (await CallsApi(uow, deps).history(CallFilter())).items
        guard = RecordingsApi(uow, deps).guard
        if what == "pause":
            await guard.pause(call, name="Anna")
        elif what == "resume":
            await guard.resume(call, name="Anna")
        elif what == "agreed":
            await RecordingsApi(uow, deps).basis.spoken(call, name="Anna", agreed=True)
        elif what == "erase":
            await guard.stop_and_erase(call, name="Anna")
        return await guard.of(call)


async def _becomes(hub: Hub, state: str) -> CallRecordingView:
    for _ in range(100):
        found = await _guarded(hub, "look")
        if found.state == state:
            return found
        await asyncio.sleep(0.05)
    raise AssertionError(f"it is {found.state}")


@pytest.mark.fault("F68")
async def test_a_pause_is_silence_in_the_samples_and_sound_before_and_after_it(
    hub: Hub, sample_pbx: AsteriskPbx, tmp_path: Path
) -> None:
    async with AsyncExitStack() as stack:
        caller, at_anna = await _talk(sample_pbx, stack, spoken(SAID, tmp_path))
        await asyncio.sleep(2)
        await _guarded(hub, "pause")
        await _becomes(hub, "paused")
        await asyncio.sleep(2.5)
        await _guarded(hub, "resume")
        await _becomes(hub, "recording")
        await asyncio.sleep(2)
        await at_anna.bye()
        await caller.until("ended")
    [made] = await recordings(hub, 1)
    (gap,) = (await _guarded(hub, "look")).pauses
    assert gap.from_at is not None
    assert gap.to_at is not None
    recorded = await sound_of(hub, made)
    begin, end = (int((at - made.started_at).total_seconds() * 8000) * 2 for at in (gap.from_at, gap.to_at))
    assert end - begin > 2 * 16000
    slack = 1600 * 2  # the clocks of two machines and a packet: a tenth of a second at either end
    assert audioop.max(recorded[begin + slack : end - slack], 2) == 0
    assert audioop.rms(recorded[: begin - slack], 2) > 100
    assert audioop.rms(recorded[end + slack :], 2) > 100


async def test_stop_and_erase_stops_a_real_recording_and_nothing_of_it_is_left(
    hub: Hub, sample_pbx: AsteriskPbx, tmp_path: Path
) -> None:
    async with AsyncExitStack() as stack:
        caller, at_anna = await _talk(sample_pbx, stack, spoken(SAID, tmp_path))
        await asyncio.sleep(1)
        await _guarded(hub, "erase")
        assert (await _becomes(hub, "stopped")).basis.stop_state == "done"
        [made] = await recordings(hub, 1)
        assert made.state == "erased"
        await asyncio.sleep(1)
        await at_anna.bye()
        await caller.until("ended")
    await asyncio.sleep(1)
    assert [one.state for one in await recordings(hub, 1)] == ["erased"]
    assert [path for path in sample_pbx.recordings.rglob("*") if path.is_file()] == []
    assert [path for path in (tmp_path / "store").rglob("*") if path.is_file()] == []


LAWS = [
    ("notice", "", ("played", None), 1),
    ("opt-in", "1", ("played", "given"), 1),
    ("opt-in", "", ("played", "refused"), 0),
]


@pytest.mark.parametrize(("law", "key", "heard", "kept"), LAWS)
async def test_the_sample_tells_or_asks_and_pitline_knows_what_was_heard(
    settings: Settings,
    asterisk: str,
    tmp_path: Path,
    law: str,
    key: str,
    heard: tuple[str, str | None],
    kept: int,
) -> None:
    own = {**ALWAYS_OPEN, "extensions.conf:RECORD_LAW": law, "extensions.conf:RECORD_WORDS": "beep"}
    async with AsyncExitStack() as stack:
        pbx = await stack.enter_async_context(AsteriskPbx("sample", settings=own))
        hub = await stack.enter_async_context(a_hub(settings, pbx, tmp_path))
        world = await stack.enter_async_context(pbx.trunk())
        anna = await stack.enter_async_context(pbx.phone("101"))
        caller = await world.call(LINE, number=CALLER)
        await caller.until("answered")
        if key:
            await asyncio.sleep(1)
            caller.press(key)
        at_anna = (await anna.ringing()).answer()
        await asyncio.sleep(2)
        found = await _guarded(hub, "look")
        assert (found.basis.notice, found.basis.consent) == heard
        await at_anna.bye()
        await caller.until("ended")
        made = await recordings(hub, 1, seconds=8 if kept else 3)
        assert [one.state for one in made] == ["ready"] * kept

"""Parts of recordings: the right sound, by whom and why, links to them; they go with their recording."""

from __future__ import annotations

import asyncio
import re
import subprocess
from array import array
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestClient
from hypothesis import given
from hypothesis import strategies as st

from hub.app import Hub
from hub.kernel.shops import FIRST_SHOP
from recordings import jobs
from recordings.api import RecordingsApi, RecordingView
from recordings.audio import clips
from recordings.audio.ffmpeg import ffmpeg
from recordings.rules_parts import moment_of
from recordings.service_clips import peaks_within
from recordings.views import PeaksView
from recordings.views_library import ClipView
from tests.factories.calls import MORNING, ended, tell_calls
from tests.factories.recordings import put, recording
from tests.factories.relays import settled
from tests.factories.tones import RATE, tone, wav
from tests.recordings.stage import Spool, open_spool
from tests.recordings.test_erasing import erased
from tests.recordings.test_review import csrf
from tests.recordings.test_sharing import REASON, post, shares_of
from tests.recordings.test_upkeep import run
from tests.webui.stage import PASSWORD, Shop

Browser = TestClient[Any, Any]
STEPS = (400.0, 900.0, 1500.0)
"""Four seconds of each."""


@pytest.fixture
async def sound(hub: Hub) -> RecordingView:
    """12 seconds that sound otherwise every four."""
    await tell_calls(hub, ended("c1", 0, "answered"))
    made = await recording(hub, call_id="c1", seconds=12.0)
    steps = array("h", [sample for hertz in STEPS for sample in tone(hertz, 4.0)])
    put(hub, made.renditions["original"].path, wav(steps))
    await settled(hub)
    return made


@pytest.fixture
def spool(hub: Hub, tmp_path: Path) -> Spool:
    return open_spool(hub, tmp_path / "spool")


def heard(data: bytes, channels: int = 1) -> array[int]:
    """The samples of a file, all channels interleaved."""
    command = [ffmpeg(), "-loglevel", "error", "-i", "pipe:0", "-ac", str(channels), "-ar", str(RATE)]
    done = subprocess.run([*command, "-f", "s16le", "pipe:1"], input=data, capture_output=True, check=True)
    return array("h", done.stdout)


def pitch(samples: array[int]) -> float:
    """By the zero crossings of the middle, in hertz."""
    middle = samples[len(samples) // 4 : -len(samples) // 4]
    crossings = sum(1 for a, b in pairwise(middle) if (a < 0) != (b < 0))
    return crossings / 2 / (len(middle) / RATE)


async def cut(
    hub: Hub, browser: Browser, sound: RecordingView, begin: str = "0:04", end: str = "0:08", **more: str
) -> str:
    """The address of a part, once its job is done."""
    path = f"/recordings/{sound.id}/clips"
    answer = await post(
        browser, path if more else f"{path}/alone", {**REASON, "from": begin, "to": end, **more}, 303
    )
    hub.jobs.start()
    try:
        for _ in range(400):
            if "#clips" in await (await browser.get(answer.headers["Location"])).text():
                break
            await asyncio.sleep(0.05)
    finally:
        await hub.jobs.stop()
    page = await (await browser.get(f"/recordings/{sound.id}")).text()
    found = re.findall(rf'href="(/recordings/{sound.id}/clips/\w+)"', page)
    assert found, "the job does not end"
    return str(found[-1])


async def test_a_part_is_the_sound_of_its_moments_and_stands_in_both_logs(
    shop: Shop, hub: Hub, sound: RecordingView
) -> None:
    owner = await shop.signed_in("owner")
    path = await cut(hub, owner, sound, "0:04", "8")
    answer = await owner.get(path)
    assert answer.status == 200
    assert answer.headers["Content-Disposition"].startswith("attachment;")
    assert answer.headers["Content-Type"] == "audio/mpeg"
    samples = heard(await answer.read())
    assert len(samples) / RATE == pytest.approx(4.0, abs=0.15)
    assert pitch(samples) == pytest.approx(900.0, rel=0.02)
    listens = (await (await owner.get(f"/api/v1/recordings/{sound.id}/listens")).json())["items"]
    assert [one["parts"] for one in listens] == [[[4.0, 8.0]]]
    actions = [one.action for one in await shop.entries()]
    assert "recordings.cut_alone" in actions
    assert "recordings.fetch_clip" in actions


async def test_two_channels_stay_two(shop: Shop, hub: Hub) -> None:
    both = await recording(hub, hertz=(440.0, 1000.0), seconds=6.0)
    await settled(hub)
    owner = await shop.signed_in("owner")
    samples = heard(await (await owner.get(await cut(hub, owner, both, "1", "4"))).read(), 2)
    assert pitch(samples[0::2]) == pytest.approx(440.0, rel=0.03)
    assert pitch(samples[1::2]) == pytest.approx(1000.0, rel=0.03)


@pytest.mark.parametrize(
    ("begin", "end"), [("0:08", "0:04"), ("3", "3.2"), ("", "5"), ("0:70", "2:00"), ("1", "500"), ("-1", "3")]
)
@pytest.mark.one_on_postgres
async def test_moments_that_are_none_are_refused(
    shop: Shop, sound: RecordingView, begin: str, end: str
) -> None:
    owner = await shop.signed_in("owner")
    sent = {**REASON, "from": begin, "to": end}
    await post(owner, f"/recordings/{sound.id}/clips/alone", sent, 422)


async def test_a_manager_needs_a_second_person_and_fetches_only_what_is_their_own(
    shop: Shop, hub: Hub, sound: RecordingView
) -> None:
    owner, manager = await shop.signed_in("owner"), await shop.signed_in("manager")
    sent = {**REASON, "from": "1", "to": "2"}
    await post(manager, f"/recordings/{sound.id}/clips/alone", sent, 403)
    await post(manager, f"/recordings/{sound.id}/clips", sent, 422)
    second = {"second_login": "owner", "second_password": PASSWORD}
    own = await cut(hub, manager, sound, "1", "2", **second)
    assert (await manager.get(own)).status == 200
    assert (await owner.get(own)).status == 200
    theirs = await cut(hub, owner, sound, "5", "7")
    assert (await manager.get(theirs)).status == 404
    desk = await shop.signed_in("receptionist")
    await post(desk, f"/recordings/{sound.id}/clips", sent, 403)
    assert (await desk.get(own)).status == 403


async def test_a_link_to_a_part_gives_the_part_and_nothing_else(
    shop: Shop, hub: Hub, sound: RecordingView
) -> None:
    owner, stranger = await shop.signed_in("owner"), shop.browser()
    path = await cut(hub, owner, sound)
    sent = {**REASON, "days": "7", "clip": path.rpartition("/")[2]}
    page = await (await post(owner, f"/recordings/{sound.id}/shares/alone", sent)).text()
    found = re.search(r"/recordings/shared/[\w-]+", page)
    assert found is not None
    assert 'data-seconds="4.0"' in await (await stranger.get(found[0])).text()
    media = await stranger.get(f"{found[0]}/media")
    assert pitch(heard(await media.read())) == pytest.approx(900.0, rel=0.02)
    wave = await (await stranger.get(f"{found[0]}/peaks")).json()
    assert len(wave["channels"][0]) == pytest.approx(80, abs=2)
    listens = (await (await owner.get(f"/api/v1/recordings/{sound.id}/listens")).json())["items"]
    assert [one["parts"] for one in listens] == [[[4.0, 8.0]]]
    await post(owner, f"{path}/remove", {}, 303)
    assert [one["state"] for one in await shares_of(owner, sound)] == ["revoked"]
    for gone in (found[0], f"{found[0]}/media", path):
        browser = owner if gone == path else stranger
        assert (await browser.get(gone)).status == 404


async def test_a_part_goes_with_its_recording(
    shop: Shop, hub: Hub, spool: Spool, sound: RecordingView
) -> None:
    owner = await shop.signed_in("owner")
    path = await cut(hub, owner, sound)
    manager = await shop.signed_in("manager")
    await erased(shop, manager, sound)
    assert (await owner.get(path)).status == 404
    assert (await owner.get(f"/api/v1{path}/media")).status == 404
    await jobs.drop_leavings(run(spool))
    assert spool.in_store() == []


async def test_what_is_erased_while_it_is_cut_leaves_nothing(
    shop: Shop, hub: Hub, spool: Spool, sound: RecordingView
) -> None:
    owner = await shop.signed_in("owner")
    await post(owner, f"/recordings/{sound.id}/clips/alone", {**REASON, "from": "1", "to": "2"}, 303)
    [clip] = (await (await owner.get(f"/api/v1/recordings/{sound.id}/clips")).json())["items"]
    manager = await shop.signed_in("manager")
    await erased(shop, manager, sound)
    put(hub, f"clips/{clip['id']}.1.mp3", b"sound")
    ctx = run(spool)
    async with ctx.writing() as uow:
        cut_now = ctx.apis(uow).of(RecordingsApi).clips
        await cut_now.cut(clip["id"], f"clips/{clip['id']}.1.mp3", 5, "0" * 64)
    await jobs.drop_leavings(ctx)
    assert spool.in_store() == []


async def test_a_program_cuts_once_somebody_has_approved_it(
    shop: Shop, hub: Hub, sound: RecordingView
) -> None:
    owner = await shop.signed_in("owner")
    ours = await csrf(owner)
    body = {"from_seconds": 9.0, "to_seconds": 1.0, "reason": "для страхової"}
    answer = await owner.post(f"/api/v1/recordings/{sound.id}/clips", json=body, headers=ours)
    assert answer.status == 422
    answer = await owner.post(
        f"/api/v1/recordings/{sound.id}/clips", json={**body, "to_seconds": 11.0}, headers=ours
    )
    assert (await answer.json())["error"]["code"] == "second.needed"
    path = await cut(hub, owner, sound)
    [one] = (await (await owner.get(f"/api/v1/recordings/{sound.id}/clips")).json())["items"]
    assert (one["from_seconds"], one["to_seconds"], one["is_ready"]) == (4.0, 8.0, True)
    assert (await (await owner.get(f"/api/v1{path}")).json())["sha256"] == one["sha256"]
    part = await owner.get(f"/api/v1{path}/media", headers={"Range": "bytes=0-99"})
    assert (part.status, len(await part.read())) == (206, 100)
    assert (await owner.delete(f"/api/v1{path}", headers=await csrf(owner))).status == 204
    assert (await owner.get(f"/api/v1{path}")).status == 404


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("1:05", 65.0), ("65", 65.0), ("1:02:03", 3723.0), ("7,5", 7.5), ("0:00.5", 0.5), (" 2:00 ", 120.0),
     ("1:60", None), ("1:61:00", None), ("", None), ("x", None), ("1:2:3:4", None), ("-5", None),
     ("١", None), ("1e5", None), ("nan", None)],
)  # fmt: skip
def test_moments_are_written_as_clocks_show_them(text: str, seconds: float | None) -> None:
    assert moment_of(text) == seconds


@given(st.integers(0, 35_999))
def test_what_the_player_shows_is_understood(seconds: int) -> None:
    hours, rest = divmod(seconds, 3600)
    shown = f"{hours}:{rest // 60:02d}:{rest % 60:02d}" if hours else f"{rest // 60}:{rest % 60:02d}"
    assert moment_of(shown) == seconds


def test_the_waveform_of_a_part_is_that_part_of_the_waveform() -> None:
    wave = PeaksView(per_second=2.0, channels=(tuple(n / 100 for n in range(40)),))
    clip = ClipView(
        id="1", rev=1, recording_id="1", shop_id=FIRST_SHOP, begin_seconds=5.0, end_seconds=10.0, reason="",
        key="k", size=1, sha256="", made_by=None, made_name="", created_at=MORNING,
    )  # fmt: skip
    assert peaks_within(wave, clip).channels[0] == tuple(n / 100 for n in range(10, 21))


@pytest.mark.slow
def test_a_part_of_a_long_recording_is_led_to_and_not_read_through(tmp_path: Path) -> None:
    """Ten seconds near the end of an hour."""
    source, target = tmp_path / "long.wav", tmp_path / "part.mp3"
    quiet = array("h", bytes(2 * RATE * 3540))
    source.write_bytes(wav(quiet + tone(900.0, 60.0)))
    clips.cut(source, target, 3_570.0, 3_580.0, rate=RATE, channels=1)
    samples = heard(target.read_bytes())
    assert len(samples) / RATE == pytest.approx(10.0, abs=0.15)
    assert pitch(samples) == pytest.approx(900.0, rel=0.02)

"""Recordings over the API: the list, the sound by ranges, the waveform, who may, what is written down."""

from __future__ import annotations

from typing import Any

import pytest
from aiohttp.test_utils import TestClient

from hub.app import Hub
from hub.values import ShopId
from recordings.store import store_of
from tests.factories.calls import ended, tell_calls
from tests.factories.recordings import recording
from tests.factories.relays import settled
from tests.factories.tones import tone, wav
from tests.webui.stage import Shop

Browser = TestClient[Any, Any]
SOUND = wav(tone(440.0, 2.0))


async def json_of(browser: Browser, path: str, status: int = 200) -> Any:
    answer = await browser.get(path)
    assert answer.status == status, await answer.text()
    return await answer.json()


async def test_a_recording_is_listed_and_read_with_what_programs_rely_on(owner: Browser, hub: Hub) -> None:
    made = await recording(hub, call_id="c1", offset=3.5)
    await recording(hub, call_id="c2")
    listed = await json_of(owner, "/api/v1/recordings?call_id=c1")
    assert [one["id"] for one in listed["items"]] == [made.id]
    found = await json_of(owner, f"/api/v1/recordings/{made.id}")
    assert (found["call_id"], found["offset_seconds"], found["duration_seconds"]) == ("c1", 3.5, 2.0)
    assert (found["channels"], found["state"], found["is_repaired"]) == (1, "ready", False)
    assert (found["sha256"], found["size"]) == (made.sha256, len(SOUND))


async def test_the_list_goes_on_where_it_ended(owner: Browser, hub: Hub) -> None:
    made = [await recording(hub, call_id=f"c{n}", offset=n) for n in range(3)]
    first = await json_of(owner, "/api/v1/recordings?limit=2")
    rest = await json_of(owner, f"/api/v1/recordings?limit=2&cursor={first['next']}")
    ids = [one["id"] for one in (*first["items"], *rest["items"])]
    assert ids == [one.id for one in reversed(made)]
    assert rest["next"] is None


async def test_the_sound_is_the_original_to_the_byte_and_nobody_may_keep_it(owner: Browser, hub: Hub) -> None:
    made = await recording(hub)
    answer = await owner.get(f"/api/v1/recordings/{made.id}/media")
    assert answer.status == 200
    assert await answer.read() == SOUND
    assert answer.headers["Content-Type"] == "audio/wav"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Accept-Ranges"] == "bytes"


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [
        ("bytes=0-99", 0, 100),
        ("bytes=100-", 100, None),
        ("bytes=-64", -64, None),
        ("bytes=5-9999999", 5, None),
    ],
)
@pytest.mark.one_on_postgres
async def test_a_range_of_bytes_is_answered_with_just_these(
    owner: Browser, hub: Hub, asked: str, start: int, end: int | None
) -> None:
    made = await recording(hub)
    answer = await owner.get(f"/api/v1/recordings/{made.id}/media", headers={"Range": asked})
    assert answer.status == 206
    wanted = SOUND[start:end]
    assert await answer.read() == wanted
    first = start % len(SOUND)
    assert answer.headers["Content-Range"] == f"bytes {first}-{first + len(wanted) - 1}/{len(SOUND)}"


@pytest.mark.parametrize(
    "asked",
    ["bytes=" + "0-0," * 1000 + "0-0", "bytes=0-0,5-9", "bytes=99999999-", "bytes=9-5", "bytes=-", "x=0-1"],
)
@pytest.mark.one_on_postgres
async def test_a_range_that_is_abuse_or_nonsense_is_refused(owner: Browser, hub: Hub, asked: str) -> None:
    made = await recording(hub)
    answer = await owner.get(f"/api/v1/recordings/{made.id}/media", headers={"Range": asked[:8000]})
    assert answer.status == 416
    assert answer.headers["Content-Range"] == f"bytes */{len(SOUND)}"


async def test_a_player_that_began_with_another_file_gets_all_of_this_one(owner: Browser, hub: Hub) -> None:
    made = await recording(hub)
    asked = {"Range": "bytes=10-", "If-Range": '"something else"'}
    answer = await owner.get(f"/api/v1/recordings/{made.id}/media", headers=asked)
    assert answer.status == 200
    assert await answer.read() == SOUND


async def test_the_waveform_has_no_more_points_than_were_asked_for(owner: Browser, hub: Hub) -> None:
    made = await recording(hub, hertz=(440.0, 880.0), seconds=2.0)
    peaks = await json_of(owner, f"/api/v1/recordings/{made.id}/peaks?points=10")
    assert len(peaks["channels"]) == 2
    assert len(peaks["channels"][0]) == 10
    assert peaks["per_second"] == 5.0
    assert all(0.4 < value < 0.6 for value in peaks["channels"][0])


async def test_another_shops_recording_is_not_there(shop: Shop, hub: Hub) -> None:
    made = await recording(hub, shop_id=ShopId("elsewhere"))
    manager = await shop.signed_in("manager")
    for path in ("", "/media", "/peaks"):
        await json_of(manager, f"/api/v1/recordings/{made.id}{path}", 404)
    assert (await json_of(manager, "/api/v1/recordings"))["items"] == []


async def test_a_receptionist_hears_the_own_calls_only(shop: Shop, hub: Hub) -> None:
    await shop.person("receptionist", extensions=["102"])
    browser = await shop.sign_in("receptionist")
    mine = await recording(hub, people=("102",))
    theirs = await recording(hub, people=("101",))
    assert [one["id"] for one in (await json_of(browser, "/api/v1/recordings"))["items"]] == [mine.id]
    assert (await browser.get(f"/api/v1/recordings/{mine.id}/media")).status == 200
    assert (await browser.get(f"/api/v1/recordings/{theirs.id}/media")).status == 404


async def test_a_mechanic_has_no_right_to_listen(shop: Shop, hub: Hub) -> None:
    made = await recording(hub)
    mechanic = await shop.signed_in("mechanic")
    await json_of(mechanic, f"/api/v1/recordings/{made.id}/media", 403)


async def test_every_listen_is_in_the_audit_log_with_its_part_and_once_per_stretch(
    owner: Browser, shop: Shop, hub: Hub
) -> None:
    made = await recording(hub)
    address = f"/api/v1/recordings/{made.id}/media"
    half = 44 + 16000
    for asked in ("bytes=0-0", f"bytes=0-{half - 1}", "bytes=100-5000", f"bytes={half}-"):
        assert (await owner.get(address, headers={"Range": asked})).status == 206
    said = [one.subject for one in await shop.entries() if one.action == "recordings.media"]
    assert said == [f"{made.id} 0:01-0:02", f"{made.id} 0:00-0:01"]


async def test_a_sound_that_is_gone_from_the_store_is_said_plainly(owner: Browser, hub: Hub) -> None:
    made = await recording(hub)
    store_of(hub.installation.deps).delete(made.renditions["original"].path)
    answer = await json_of(owner, f"/api/v1/recordings/{made.id}/media", 404)
    assert answer["error"]["code"] == "recordings.no_sound"


async def test_a_call_names_its_recordings_in_their_order(owner: Browser, hub: Hub) -> None:
    await tell_calls(hub, ended("c1", 0, "answered"))
    late = await recording(hub, call_id="c1", offset=30)
    early = await recording(hub, call_id="c1", offset=1)
    await settled(hub)
    call = await json_of(owner, "/api/v1/calls/c1")
    assert call["recording_ids"] == [early.id, late.id]
    listed = await json_of(owner, "/api/v1/calls")
    assert listed["items"][0]["recording_ids"] == [early.id, late.id]

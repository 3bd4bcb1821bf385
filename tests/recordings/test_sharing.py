"""What leaves the house: by whom, why, confirmed by whom; links that end; ZIPs; the log of listening."""

from __future__ import annotations

import asyncio
import io
import re
import zipfile
from datetime import timedelta
from typing import Any

import pytest
from aiohttp.test_utils import TestClient

from hub.app import Hub
from recordings.api import RecordingView
from tests.factories.calls import ended, tell_calls
from tests.factories.recordings import recording
from tests.factories.relays import settled
from tests.factories.tones import tone, wav
from tests.webui.stage import PASSWORD, Shop

Browser = TestClient[Any, Any]
OURS = {"Sec-Fetch-Site": "same-origin"}
SOUND = wav(tone(440.0, 2.0))
REASON = {"reason": "Для страхової компанії"}


@pytest.fixture
async def sound(hub: Hub) -> RecordingView:
    await tell_calls(hub, ended("c1", 0, "answered"))
    made = await recording(hub, call_id="c1")
    await settled(hub)
    return made


async def post(browser: Browser, path: str, data: dict[str, str], status: int = 200) -> Any:
    answer = await browser.post(path, data=data, headers=OURS, allow_redirects=False)
    assert answer.status == status, await answer.text()
    return answer


async def link_of(browser: Browser, sound: RecordingView, days: str = "7") -> str:
    answer = await post(browser, f"/recordings/{sound.id}/shares/alone", {**REASON, "days": days})
    found = re.search(r"/recordings/shared/[\w-]+", await answer.text())
    assert found is not None
    return found[0]


async def shares_of(browser: Browser, sound: RecordingView) -> list[dict[str, Any]]:
    return list((await (await browser.get(f"/api/v1/recordings/{sound.id}/shares")).json())["items"])


async def packed(hub: Hub, browser: Browser, job: str) -> str:
    """Where the ZIP is, once its job is done."""
    hub.jobs.start()
    try:
        for _ in range(200):
            found = re.search(r"/recordings/bundles/\w+", await (await browser.get(job)).text())
            if found is not None:
                return found[0]
            await asyncio.sleep(0.05)
    finally:
        await hub.jobs.stop()
    raise AssertionError("the job does not end")


async def test_an_owner_downloads_with_a_reason_and_it_stands_in_the_audit_log(
    shop: Shop, sound: RecordingView
) -> None:
    owner = await shop.signed_in("owner")
    await post(owner, f"/recordings/{sound.id}/download/alone", {"reason": "ні"}, 422)
    answer = await post(owner, f"/recordings/{sound.id}/download/alone", REASON)
    assert await answer.read() == SOUND
    assert answer.headers["Content-Disposition"].startswith("attachment;")
    entries = [one for one in await shop.entries() if one.action == "recordings.download_reason"]
    assert [one.details["reason"] for one in entries] == ["Для страхової компанії"]


async def test_a_manager_needs_a_second_person_to_download(shop: Shop, sound: RecordingView) -> None:
    await shop.person("owner")
    manager = await shop.signed_in("manager")
    await post(manager, f"/recordings/{sound.id}/download/alone", REASON, 403)
    path = f"/recordings/{sound.id}/download"
    await post(manager, path, REASON, 422)
    own = {**REASON, "second_login": "manager", "second_password": PASSWORD}
    await post(manager, path, own, 422)
    other = {**REASON, "second_login": "owner", "second_password": PASSWORD}
    answer = await post(manager, path, other)
    assert await answer.read() == SOUND


@pytest.mark.parametrize("role", ["receptionist", "master", "mechanic", "cashier"])
@pytest.mark.one_on_postgres
async def test_nobody_else_takes_sound_out_of_the_house(shop: Shop, sound: RecordingView, role: str) -> None:
    browser = await shop.signed_in(role)
    for path in ("download", "download/alone", "shares", "shares/alone"):
        await post(browser, f"/recordings/{sound.id}/{path}", {**REASON, "days": "1"}, 403)


async def test_a_link_plays_for_a_stranger_is_counted_once_a_sitting_and_never_kept(
    shop: Shop, sound: RecordingView
) -> None:
    owner, stranger = await shop.signed_in("owner"), shop.browser()
    link = await link_of(owner, sound)
    page = await stranger.get(link)
    assert page.status == 200
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert page.headers["Cache-Control"] == "no-store"
    assert "noindex" in page.headers["X-Robots-Tag"]
    text = await page.text()
    assert "+380" not in text
    assert sound.call_id is not None
    assert "c1" not in re.findall(r'"(c1)"', text)
    assert [one["opened"] for one in await shares_of(owner, sound)] == [0]
    for _ in range(2):
        media = await stranger.get(f"{link}/media", headers={"Range": "bytes=0-4095"})
        assert media.status == 206
        assert media.headers["Cache-Control"] == "no-store"
        assert media.headers["Referrer-Policy"] == "no-referrer"
    assert (await stranger.get(f"{link}/peaks")).status == 200
    assert [one["opened"] for one in await shares_of(owner, sound)] == [1]
    assert "за посиланням від Owner" in await (await owner.get(f"/recordings/{sound.id}")).text()


async def test_a_link_ends_by_itself_and_when_it_is_taken_back(shop: Shop, sound: RecordingView) -> None:
    owner, stranger = await shop.signed_in("owner"), shop.browser()
    first, second = await link_of(owner, sound), await link_of(owner, sound, "1")
    longest = max(await shares_of(owner, sound), key=lambda one: one["expires_at"])
    await post(owner, f"/recordings/{sound.id}/shares/{longest['id']}/revoke", {}, 303)
    shop.clock.advance(timedelta(days=1, seconds=1).total_seconds())
    for link in (first, second, "/recordings/shared/guessed"):
        for path in (link, f"{link}/media", f"{link}/peaks"):
            answer = await stranger.get(path)
            assert answer.status == 404
            assert "Це посилання вже нічого не відкриває." in await answer.text()


async def test_the_secret_of_a_link_is_nowhere_in_the_database_or_the_audit_log(
    shop: Shop, sound: RecordingView
) -> None:
    owner = await shop.signed_in("owner")
    secret = (await link_of(owner, sound)).rpartition("/")[2]
    assert len(secret) >= 22
    await shop.browser().get(f"/recordings/shared/{secret}/media")
    assert secret not in str(await shop.entries())
    shares = await (await owner.get(f"/api/v1/recordings/{sound.id}/shares")).text()
    assert secret not in shares


@pytest.mark.parametrize("days", ["0", "31", "x", "-1", ""])
@pytest.mark.one_on_postgres
async def test_a_link_that_would_live_too_long_is_refused(
    shop: Shop, sound: RecordingView, days: str
) -> None:
    owner = await shop.signed_in("owner")
    await post(owner, f"/recordings/{sound.id}/shares/alone", {**REASON, "days": days}, 422)


async def test_many_are_packed_into_a_zip_that_only_its_owner_fetches(
    shop: Shop, hub: Hub, sound: RecordingView
) -> None:
    other = await recording(hub, call_id="c2", offset=60.0)
    await settled(hub)
    owner = await shop.signed_in("owner")
    answer = await post(owner, "/recordings/bundles/alone", REASON, 303)
    assert answer.headers["Location"].startswith("/jobs/")
    link = await packed(hub, owner, answer.headers["Location"])
    archive = zipfile.ZipFile(io.BytesIO(await (await owner.get(link)).read()))
    assert archive.testzip() is None
    assert {name.rpartition("-")[2] for name in archive.namelist()} == {
        f"{one.id}.wav" for one in (sound, other)
    }
    assert archive.read(archive.namelist()[0]) == SOUND
    manager = await shop.signed_in("manager")
    assert (await manager.get(link)).status == 404
    shop.clock.advance(timedelta(days=1, seconds=1).total_seconds())
    owner = await shop.sign_in("owner")
    assert (await owner.get(link)).status == 404


async def test_what_was_really_played_stands_beside_what_was_sent(shop: Shop, sound: RecordingView) -> None:
    owner = await shop.signed_in("owner")
    await owner.get(f"/recordings/{sound.id}/media")
    for begin, end in (("0", "0.5"), ("0.4", "1.0"), ("x", "1"), ("5", "1"), ("1", "900")):
        answer = await owner.get(f"/recordings/{sound.id}/played?from={begin}&to={end}")
        assert answer.status == 204
    listens = (await (await owner.get(f"/api/v1/recordings/{sound.id}/listens")).json())["items"]
    assert [one["played"] for one in listens] == [[[0.0, 1.0]]]
    assert [one["parts"] for one in listens] == [[[0.0, 2.0]]]

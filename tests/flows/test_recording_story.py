"""A call with speech on a real Asterisk, both sides apart, is heard, marked, scored and exported in a real
browser within the minute, and who heard it stands in the log."""

from __future__ import annotations

import asyncio
import audioop
import time
import wave
from contextlib import AsyncExitStack
from pathlib import Path

import aiohttp
import pytest
from playwright.async_api import Browser, Page, expect

from tests.asterisk.pbx import AsteriskPbx
from tests.asterisk.test_recordings import CALLER, LINE, likeness, spoken
from tests.flows.hub_process import HubProcess
from tests.flows.test_whole_story import ami_settings, browser
from tests.patience import within

__all__ = ["browser"]

pytestmark = [pytest.mark.asterisk, pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(240)]

OURS = "Добрий день, це автосервіс. Ваша машина готова, з вас чотири тисячі двісті гривень."
THEIRS = "Доброго дня, я хочу забрати свою машину сьогодні ввечері, о котрій ви зачиняєтесь?"
MARK, NOTE = "обіцяли 4200", "Назвала ціну відразу, молодець"


def _two_sided() -> str:
    """The sample's dialplan, which writes what each side says into a file of its own too."""
    plan = (Path(__file__).parents[2] / "config/asterisk/extensions.conf").read_text()
    old = next(line for line in plan.splitlines() if "MixMonitor(${RECORDINGS}" in line)
    side = "${RECORDINGS}/${CHANNEL(LINKEDID)}"
    move = f"/bin/mv {side}.wav {side}-in.wav {side}-out.wav ${{RECORDINGS}}/done/"
    new = f" same => n,MixMonitor({side}.wav,r({side}-in.wav)t({side}-out.wav),{move})"
    return plan.replace(old, new)


async def _manager(browser: Browser, hub: HubProcess) -> Page:
    password = await asyncio.to_thread(hub.new_user, "olha", "owner")
    page = await (await browser.new_context(locale="uk-UA", accept_downloads=True)).new_page()
    await page.goto(f"{hub.url}/login")
    await page.fill("input[name=login]", "olha")
    await page.fill("input[name=password]", password)
    await page.press("input[name=password]", "Enter")
    await page.wait_for_url("**/desk")
    return page


async def _call(world: object, anna: object, theirs: bytes, ours: bytes) -> float:
    """They speak one after the other; when it ended."""
    caller = await world.call(LINE, number=CALLER)  # type: ignore[attr-defined]  # a phone of the tests
    at_anna = (await anna.ringing()).answer()  # type: ignore[attr-defined]  # likewise
    await caller.until("answered")
    at_anna.audio.is_muted = True
    caller.audio.speak(audioop.lin2alaw(theirs, 2))
    await asyncio.sleep(len(theirs) / 16000 + 0.5)
    caller.audio.is_muted, at_anna.audio.is_muted = True, False
    at_anna.audio.speak(audioop.lin2alaw(ours, 2))
    await asyncio.sleep(len(ours) / 16000 + 0.5)
    await at_anna.bye()
    await caller.until("ended")
    return time.monotonic()


async def test_a_call_is_heard_marked_scored_and_exported_within_the_minute(
    browser: Browser, tmp_path: Path
) -> None:
    async with AsyncExitStack() as stack:
        always = {"extensions.conf:OPEN": "*,*,*,*"}
        pbx = await stack.enter_async_context(
            AsteriskPbx(settings=always, files={"extensions.conf": _two_sided()})
        )
        own = {**ami_settings(pbx), "HUB_RECORDINGS__SPOOL": str(pbx.recordings)}
        hub = await stack.enter_async_context(HubProcess(tmp_path, own))
        world = await stack.enter_async_context(pbx.trunk())
        anna = await stack.enter_async_context(pbx.phone("101"))
        questions = [{"text": "Чи назвали ціну?", "most": 1}, {"text": "Ввічливість", "most": 5}]
        await hub.post("/score-cards", {"name": "Приймання", "questions": questions})
        page = await _manager(browser, hub)
        theirs, ours = spoken(THEIRS, tmp_path), spoken(OURS, tmp_path)
        ended = await _call(world, anna, theirs, ours)

        recording = await _in_the_library(page, hub, ended)
        await _plays(page)
        assert time.monotonic() - ended < within(60)
        await _mark(page)
        await _score(page)
        exported = await _export(page, tmp_path)
        left, right = _channels(exported)
        assert likeness(theirs[16000:32000], left) > 0.7
        assert likeness(ours[16000:32000], right) > 0.7
        assert likeness(ours[16000:32000], left) < 0.4, "each side on its own channel"
        assert likeness(theirs[16000:32000], right) < 0.4

        await _heard_by_a_program(hub, recording)
        rows = (await hub.get(f"/recordings/{recording}/listens"))["items"]
        assert sorted(one["name"] for one in rows) == ["olha", "test owner"]
        by_olha = next(one for one in rows if one["name"] == "olha")
        assert by_olha["played"], "what she really heard"


async def _heard_by_a_program(hub: HubProcess, recording: str) -> None:
    headers = {"Authorization": f"Bearer {hub.token}"}
    async with aiohttp.ClientSession(headers=headers) as http:
        answer = await http.get(f"{hub.url}/api/v1/recordings/{recording}/media")
        assert answer.status == 200
        await answer.read()


async def _in_the_library(page: Page, hub: HubProcess, ended: float) -> str:
    """It comes by itself; its id."""
    while True:
        items = (await hub.get("/recordings"))["items"]
        if items:
            break
        assert time.monotonic() - ended < within(55), "it is not there within the minute"
        await asyncio.sleep(0.3)
    assert (items[0]["state"], items[0]["channels"]) == ("ready", 2)
    await page.goto(f"{hub.url}/recordings/{items[0]['id']}")
    await expect(page.locator("[data-player][data-alive]")).to_be_visible()
    return str(items[0]["id"])


async def _plays(page: Page) -> None:
    await page.locator("[data-do=play]").click()
    await expect(page.locator("[data-part=now]")).not_to_have_text("0:00", timeout=1000 * within(10))


async def _mark(page: Page) -> None:
    await page.locator("[data-do=mark]").click()
    await page.locator("[data-part=form] input[name=text]").fill(MARK)
    await page.locator("[data-part=form] button[type=submit]").click()
    await expect(page.locator("[data-moment=mark]").filter(has_text=MARK).first).to_be_visible()


async def _score(page: Page) -> None:
    card = page.locator("form[action$='/reviews']")
    await card.locator("label[for$='-1']").first.click()
    await card.locator("fieldset").nth(1).locator("label[for$='-4']").click()
    await card.locator("textarea[name=note]").fill(NOTE)
    await card.locator("button[name=finish][value='1']").click()
    await expect(page.locator("#reviews")).to_contain_text(NOTE)


async def _export(page: Page, folder: Path) -> Path:
    """A file of one's own disk."""
    form = page.locator("form[action*='/download']")
    await form.locator("input[name=reason]").fill("спір про ціну з клієнтом")
    async with page.expect_download() as coming:
        await form.locator("button[type=submit]").click()
    path = folder / "exported.wav"
    await (await coming.value).save_as(path)
    return path


def _channels(path: Path) -> tuple[bytes, bytes]:
    with wave.open(str(path)) as sound:
        assert (sound.getnchannels(), sound.getframerate()) == (2, 8000)
        frames = sound.readframes(sound.getnframes())
    return audioop.tomono(frames, 2, 1, 0), audioop.tomono(frames, 2, 0, 1)

"""The player in a real Chromium: the sound really plays, from the right place, by hand and by keys, and
outlives a page whose parts are put in anew."""

from __future__ import annotations

import asyncio
import re
from array import array
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from hub.app import Hub
from recordings.api import RecordingView
from recordings.audio.levels import measured
from tests.factories.calls import ended, tell_calls
from tests.factories.recordings import put, recording
from tests.factories.tones import RATE, header, tone, wav
from tests.flows.browser import chromium
from tests.flows.desk_shop import IRYNA, Shop, open_shop
from tests.patience import within

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

SECONDS = 40.0


class Recorded(Shop):
    """A shop with recordings of one and of two channels."""

    one: RecordingView
    two: RecordingView


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shop(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Any]:
    async with chromium() as browser, open_shop(tmp_path_factory.mktemp("player"), browser) as shop:
        now = shop.clock.now()
        await tell_calls(
            shop.hub,
            ended("c1", 0, "answered", from_number=IRYNA, started_at=now),
            ended("c2", 0, "answered", from_number=IRYNA, started_at=now),
        )
        one = await recording(shop.hub, call_id="c1", started_at=now, seconds=SECONDS)
        two = await recording(shop.hub, call_id="c2", started_at=now, seconds=SECONDS, hertz=(440.0, 660.0))
        yield shop, one, two


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def page(shop: Any) -> AsyncIterator[Page]:
    async with shop[0].screen("owner") as page:
        # the sounds of the page, to be asked for their time
        await page.add_init_script(
            "window.sounds = []; const Real = window.Audio;"
            " window.Audio = class extends Real {"
            " constructor(...a) { super(...a); window.sounds.push(this); } }"
        )
        yield page


async def open_page(page: Page, shop: Any, path: str) -> None:
    await page.goto(f"{shop[0].url}{path}")
    await expect(page.locator("[data-player][data-alive]").first).to_be_visible()


async def until(page: Page, condition: str) -> None:
    """Wait for it inside the page: its content policy lets nobody evaluate a text there."""
    await page.evaluate(
        f"async () => {{ const end = Date.now() + {within(8) * 1000}; while (!({condition})) {{"
        f" if (Date.now() > end) throw new Error({condition!r} + window.sounds.map((s) => s.currentTime));"
        " await new Promise((wait) => setTimeout(wait, 40)); } }"
    )


async def time(page: Page) -> float:
    return float(await page.evaluate("window.sounds.at(-1).currentTime"))


async def plays(page: Page) -> None:
    await until(
        page, "window.sounds.length && !window.sounds.at(-1).paused && window.sounds.at(-1).currentTime > 0.2"
    )


async def test_the_sound_plays_and_goes_on_from_where_one_seeks(shop: Any, page: Page) -> None:
    await open_page(page, shop, f"/recordings/{shop[1].id}")
    await page.get_by_role("button", name="Play", exact=True).click()
    await plays(page)
    first = await time(page)
    await until(page, f"window.sounds.at(-1).currentTime > {first} + 0.3")
    line = page.locator("[data-part=place]")
    box = await line.bounding_box()
    assert box is not None
    await line.click(position={"x": box["width"] / 2, "y": 20})
    await until(page, "window.sounds.at(-1).currentTime > 18")
    await plays(page)
    assert 18 < await time(page) < 24
    await page.get_by_role("button", name="Pause").click()
    await until(page, "window.sounds.at(-1).paused")


async def test_everything_is_done_by_keys_in_any_layout(shop: Any, page: Page) -> None:
    await open_page(page, shop, f"/recordings/{shop[1].id}")
    await page.keyboard.press("KeyK")
    await plays(page)
    await page.keyboard.press("KeyL")
    await until(page, "window.sounds.at(-1).currentTime > 10")
    await page.keyboard.press("KeyJ")
    await until(page, "window.sounds.at(-1).currentTime < 9")
    await page.keyboard.press("Period")
    await page.keyboard.press("Period")
    rate = await page.evaluate("[window.sounds.at(-1).playbackRate, window.sounds.at(-1).preservesPitch]")
    assert rate == [1.5, True]
    await page.keyboard.press("Space")
    await until(page, "window.sounds.at(-1).paused")
    await page.keyboard.press("?")
    await expect(page.get_by_role("dialog", name="Keys of the player")).to_contain_text("slower, faster")
    await page.keyboard.press("Escape")


async def test_a_mark_is_written_while_one_listens_and_leads_back_to_its_moment(
    shop: Any, page: Page
) -> None:
    await open_page(page, shop, f"/recordings/{shop[1].id}?t=12")
    await until(page, "window.sounds.at(-1).currentTime >= 12")
    await page.keyboard.press("KeyK")
    await plays(page)
    await page.keyboard.press("KeyB")
    await page.keyboard.type("Обіцяли 4200")
    await page.keyboard.press("Enter")
    mark = page.locator("li[data-moment=mark]")
    await expect(mark).to_contain_text("Обіцяли 4200")
    await expect(mark).to_contain_text(re.compile(r"0:1[2-9]"))
    assert not await page.evaluate("window.sounds.at(-1).paused")
    await page.keyboard.press("KeyL")
    await mark.locator("[data-do=moment]").click()
    await until(page, "window.sounds.at(-1).currentTime < 20")
    await expect(page.locator("button.rec-sign")).to_have_count(1)
    await page.keyboard.press("KeyK")


async def test_what_was_played_stands_in_the_log_of_listening(shop: Any, page: Page) -> None:
    await open_page(page, shop, f"/recordings/{shop[1].id}")
    row = page.locator("[data-listen]").first
    await expect(row).to_contain_text("Петро Власник")
    await expect(row).to_contain_text(re.compile(r"0:\d\d–0:\d\d"))


async def test_a_part_of_the_page_that_comes_anew_does_not_stop_the_sound(shop: Any, page: Page) -> None:
    await open_page(page, shop, "/calls/c1")
    await page.locator("[data-do=play]").click()
    await plays(page)
    before = await time(page)
    count = await page.evaluate("window.sounds.length")
    await page.evaluate(
        "document.dispatchEvent(new CustomEvent('pitline:hint', {detail: {topic: 'call', id: 'c1'}}))"
    )
    async with page.expect_response(re.compile("part=call")):
        pass
    await until(page, f"window.sounds.at(-1).currentTime > {before} + 0.5")
    await expect(page.locator(".rec-player.is-playing")).to_have_count(1)
    assert await page.evaluate("window.sounds.length") == count
    await page.locator("[data-do=play]").click()
    await until(page, "window.sounds.at(-1).paused")


async def test_each_side_can_be_muted_and_it_says_who_spoke_how_much(shop: Any, page: Page) -> None:
    await open_page(page, shop, f"/recordings/{shop[2].id}")
    await expect(page.locator("[data-part=shares]")).to_contain_text("We spoke 100 %")
    await page.keyboard.press("KeyK")
    await plays(page)
    left = page.get_by_role("button", name="the other side")
    await left.click()
    await expect(left).to_have_attribute("aria-pressed", "true")
    await plays(page)
    await page.keyboard.press("Digit1")
    await expect(left).to_have_attribute("aria-pressed", "false")
    await page.keyboard.press("KeyK")


def sounds_like(hub: Hub, one: RecordingView, *channels: array[int]) -> None:
    """Another sound, with the waveform that the intake would count of it."""
    data = wav(*channels)
    put(hub, one.renditions["original"].path, data)
    size = RATE // 20 * 20 * 2 * len(channels)
    pieces = [data[44:][start : start + size] for start in range(0, len(data) - 44, size)]
    put(hub, one.renditions["peaks"].path, measured(pieces, len(channels), RATE).peaks.packed())


def silence(seconds: float) -> array[int]:
    return array("h", bytes(2 * int(RATE * seconds)))


async def test_shares_of_each_side_of_both_at_once_and_of_silence_are_those_of_the_sound(
    shop: Any, page: Page
) -> None:
    both = await recording(shop[0].hub, seconds=SECONDS, hertz=(440.0, 660.0))
    theirs, ours = tone(440.0, 16.0) + silence(24.0), silence(10.0) + tone(660.0, 20.0) + silence(10.0)
    sounds_like(shop[0].hub, both, theirs, ours)
    await open_page(page, shop, f"/recordings/{both.id}")
    await expect(page.locator("[data-part=shares]")).to_have_text(
        "We spoke 50 % of the time, the other side 40 %; both at once 15 %, silence 25 %."
    )


async def test_silence_is_left_out_where_one_wants_it_and_only_there(shop: Any, page: Page) -> None:
    one = await recording(shop[0].hub, seconds=SECONDS)
    sounds_like(shop[0].hub, one, tone(440.0, 2.0) + silence(30.0) + tone(440.0, 8.0))
    await open_page(page, shop, f"/recordings/{one.id}")
    skip = page.get_by_role("button", name="Skip silence")
    await page.keyboard.press("KeyK")
    await until(page, "window.sounds.at(-1).currentTime > 2.6")
    assert await time(page) < 20
    await page.keyboard.press("KeyS")
    await expect(skip).to_have_attribute("aria-pressed", "true")
    await until(page, "window.sounds.at(-1).currentTime > 31")
    await plays(page)
    await page.keyboard.press("KeyS")
    await expect(skip).to_have_attribute("aria-pressed", "false")
    await page.keyboard.press("KeyK")


async def test_a_part_is_chosen_where_the_player_stands(shop: Any, page: Page) -> None:
    await open_page(page, shop, f"/recordings/{shop[1].id}?t=12")
    await until(page, "window.sounds.at(-1).currentTime >= 12")
    await page.get_by_role("button", name=re.compile("^From here")).click()
    await page.get_by_role("button", name="10 seconds on").click()
    await until(page, "window.sounds.at(-1).currentTime >= 22")
    await page.get_by_role("button", name=re.compile("^Up to here")).click()
    form = page.locator("form[data-clip]")
    await expect(form.locator("[name=from]")).to_have_value("0:12.0")
    await expect(form.locator("[name=to]")).to_have_value("0:22.0")


async def test_over_lte_an_hour_long_call_is_heard_within_five_seconds(shop: Any, page: Page) -> None:
    one, minute = await recording(shop[0].hub, seconds=60.0), wav(tone(440.0, 60.0))[44:]
    put(shop[0].hub, one.renditions["original"].path, header(60 * len(minute)) + 60 * minute)
    line = await page.context.new_cdp_session(page)
    lte = {"offline": False, "latency": 70, "downloadThroughput": 12e6 / 8, "uploadThroughput": 5e6 / 8}
    await open_page(page, shop, f"/recordings/{one.id}")
    await line.send("Network.enable")
    await line.send("Network.emulateNetworkConditions", lte)
    loop = asyncio.get_running_loop()
    began = loop.time()
    await page.get_by_role("button", name="Play", exact=True).click()
    await until(page, "window.sounds.at(-1).currentTime > 0")
    took = loop.time() - began
    await line.send("Network.emulateNetworkConditions", {**lte, "latency": 0, "downloadThroughput": -1})
    await page.keyboard.press("KeyK")
    assert took < within(5.0)


async def test_the_pages_fit_a_phone(shop: Any, page: Page) -> None:
    await page.set_viewport_size({"width": 390, "height": 800})
    paths = (
        "/recordings", f"/recordings/{shop[1].id}", f"/recordings/{shop[2].id}", "/recordings/queue",
        "/recordings/reviews", "/recordings/scores", "/settings/score-cards", "/settings/score-cards/new",
        "/calls/c2",
    )  # fmt: skip
    for path in paths:
        await page.goto(f"{shop[0].url}{path}")
        await page.wait_for_load_state("networkidle")
        assert await page.evaluate("document.documentElement.scrollWidth") <= 390, path
    await page.set_viewport_size({"width": 1280, "height": 800})

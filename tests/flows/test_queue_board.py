"""The queue board in a real Chromium: an alarm is said, coloured and heard once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Page, Route, expect

from tests.flows.browser import chromium
from tests.flows.desk_shop import Shop, open_shop
from tests.modules.presence.told import member, phone, tell, whole
from tests.patience import shown_within

pytestmark = [pytest.mark.browser, pytest.mark.slow]

ALARM = "many wait (limit 3)"


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    async with chromium() as browser, open_shop(tmp_path, browser) as shop:
        await tell(shop.hub, whole(phone("101"), phone("102"), member("101"), member("102")))
        yield shop


async def wait_in_line(shop: Shop, *callers: str) -> None:
    for caller in callers:
        await shop.call(caller, queue="reception").begins()


async def heard(page: Page) -> int:
    count: int = await page.evaluate("window.heard ?? 0")
    return count


async def test_an_alarm_is_said_coloured_and_heard_once(shop: Shop) -> None:
    await wait_in_line(shop, "+380501110001", "+380501110002")
    async with shop.screen("oksana") as page:
        await page.goto(f"{shop.url}/queues")
        await page.evaluate(
            "document.addEventListener('pitline:sound', () => { window.heard = (window.heard ?? 0) + 1; })"
        )
        alarm = page.locator("[data-queue=reception] .queues-alarm.is-problem", has_text=ALARM)
        await expect(page.locator("[data-queue=reception] .queues-waiting li")).to_have_count(2)
        await expect(alarm).to_have_count(0)

        await wait_in_line(shop, "+380501110003")
        await expect(alarm).to_be_visible(timeout=shown_within(3))
        colour = "(one) => getComputedStyle(one).borderLeftColor"
        card = page.locator("[data-queue=reception]")
        assert await alarm.evaluate(colour) != await card.evaluate(colour)
        await expect(page.locator("#queues-said")).to_contain_text(ALARM)
        assert await heard(page) == 1

        await wait_in_line(shop, "+380501110004")
        await expect(page.locator("[data-queue=reception] .queues-waiting li")).to_have_count(4)
        assert await heard(page) == 1


async def test_where_the_sound_is_off_an_alarm_is_only_said(shop: Shop) -> None:
    async with shop.screen("oksana") as page:
        await page.goto(f"{shop.url}/queues")
        await page.locator("#queues-sound").click()
        await page.evaluate("document.addEventListener('pitline:sound', () => { window.heard = 1; })")
        await wait_in_line(shop, "+380501110001", "+380501110002", "+380501110003")
        await expect(page.locator("#queues-said")).to_contain_text(ALARM)
        assert await heard(page) == 0


async def test_nothing_is_called_colleagues_before_they_stand_below(shop: Shop) -> None:
    async with shop.screen("oksana") as page:
        let_go = asyncio.Event()

        async def held_up(route: Route) -> None:
            await let_go.wait()
            await route.continue_()

        await page.route("**/presence/strip", held_up)
        async with page.expect_request("**/presence/strip"):
            await page.goto(f"{shop.url}/queues")
        heading = page.get_by_text("Colleagues", exact=True)
        await expect(heading).to_be_hidden()
        let_go.set()
        await expect(heading).to_be_visible()

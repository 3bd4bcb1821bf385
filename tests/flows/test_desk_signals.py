"""What tells a receptionist that it rings, and what of the shop's calls a desk looks at: sound, notification,
large letters, mine or all, one shop of several, a colleague who asks. A real hub, a real Chromium."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from hub.modules.access.api import AccessApi, ShopEntry
from hub.modules.calls.api import CallsApi
from tests.flows.browser import chromium
from tests.flows.desk_shop import IRYNA, NOBODY, Shop, becomes, card, closes, open_shop, put_away
from tests.patience import within

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]

LISTEN = """() => {
    window.heard = [];
    document.addEventListener("pitline:sound", ({ detail }) => window.heard.push(detail.what));
}"""
NOTED = """() => {
    window.noted = [];
    window.Notification = class extends EventTarget {
        static permission = "granted";
        static requestPermission = async () => "granted";
        constructor(title, options) { super(); window.noted.push([title, options.tag]); }
        close() { window.noted.push(["closed"]); }
    };
    Object.defineProperty(document, "hidden", { get: () => true });
}"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shop(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Shop]:
    folder: Path = tmp_path_factory.mktemp("desk")
    async with chromium() as browser, open_shop(folder, browser) as shop:
        yield shop


async def until(page: Page, expression: str, seconds: float = 10.0) -> None:
    async with asyncio.timeout(within(seconds)):
        while not await page.evaluate(expression):
            await asyncio.sleep(0.02)


async def switch(page: Page, signal: str) -> None:
    await page.click("#desk-signals summary")
    await page.click(f"[data-signal={signal}]")
    await page.keyboard.press("Escape")
    await expect(page.locator("[data-signal=large]")).to_be_hidden()


async def test_a_browser_rings_only_where_it_was_switched_on_and_only_while_it_rings(shop: Shop) -> None:
    async with shop.screen("oksana") as page:
        await page.evaluate(LISTEN)
        call = shop.call(IRYNA)
        await call.begins()
        await call.rings("101")
        await becomes(page, "ringing", seconds=10)
        assert await page.evaluate("heard") == []
        await call.ends("missed")
        await closes(page, seconds=10)

        await switch(page, "sound")
        await page.evaluate("heard.length = 0")  # the sample that the switch gave
        call = shop.call(IRYNA)
        await call.begins()
        await call.rings("101")
        await becomes(page, "ringing", seconds=10)
        await until(page, "heard.length >= 1")
        await until(page, "heard.length >= 2")
        await call.answered_by("101")
        await becomes(page, "talking", seconds=10)
        await page.evaluate("heard.length = 0")
        await page.wait_for_timeout(3300)
        assert await page.evaluate("heard") == []
        await call.ends("answered")
        await put_away(page)


async def test_of_two_tabs_one_rings(shop: Shop) -> None:
    async with shop.screen("oksana") as page:
        await switch(page, "sound")
        other = await page.context.new_page()
        await other.goto(f"{shop.url}/clients")
        for tab in (page, other):
            await tab.evaluate(LISTEN)
        call = shop.call(IRYNA)
        await call.begins()
        await call.rings("101")
        await becomes(page, "ringing", seconds=10)
        await expect(other.locator("[data-pop]")).to_be_visible()
        await page.wait_for_timeout(200)
        assert bool(await page.evaluate("heard")) != bool(await other.evaluate("heard"))
        await call.ends("missed")
        await closes(page, seconds=10)


async def test_a_hidden_tab_notifies_by_name_and_takes_it_back_when_it_stops(shop: Shop) -> None:
    async with shop.screen("oksana") as page:
        await page.evaluate(NOTED)
        await switch(page, "notice")
        call = shop.call(IRYNA)
        await call.begins()
        await call.rings("101")
        await becomes(page, "ringing", seconds=10)
        await until(page, "noted.length >= 1")
        [[words, tag]] = await page.evaluate("noted")
        assert "Ірина Коваль" in words
        assert "Octavia" in words
        assert tag == call.call.call_id
        await call.ends("missed")
        await closes(page, seconds=10)
        assert (await page.evaluate("noted"))[-1] == ["closed"]


async def test_a_browser_that_forbids_notifications_is_told_how_to_allow_them(shop: Shop) -> None:
    async with shop.screen("oksana") as page:
        await page.evaluate("() => { window.Notification = { requestPermission: async () => 'denied' } }")
        await page.click("#desk-signals summary")
        await page.click("[data-signal=notice]")
        await expect(page.locator("#desk-signals [data-fault]")).to_contain_text("allow notifications")
        assert not await page.is_checked("[data-signal=notice]")


async def test_large_letters_are_kept_over_a_reload(shop: Shop) -> None:
    async with shop.screen("oksana") as page:
        await switch(page, "large")
        await page.reload()
        await expect(page.locator("#desk-area[data-large]")).to_be_visible()


async def test_mine_leaves_the_board_to_the_calls_of_my_phones(shop: Shop) -> None:
    mine, theirs = shop.call(IRYNA), shop.call(NOBODY)
    async with shop.screen("oksana") as page:
        for call, extension in ((mine, "101"), (theirs, "102")):
            await call.begins()
            await call.rings(extension)
        await expect(page.locator("#desk-board-rows > li")).to_have_count(2)
        await page.keyboard.press("m")
        await expect(page.locator("#desk-board-rows > li")).to_have_count(1)
        await expect(page.locator("#desk-board-rows")).to_contain_text("Ірина Коваль")
        for call in (mine, theirs):
            await call.ends("missed")
        await closes(page, seconds=10)
        await expect(page.locator("#desk-today-rows > tr").first).to_contain_text("Ірина Коваль")
        await page.reload()
        await expect(page.locator("#desk-mine")).to_have_attribute("aria-pressed", "true")
        await page.keyboard.press("m")
        await expect(page.locator("#desk-today-rows")).to_contain_text("93 123 4567")


async def test_one_shop_of_several_is_looked_at_and_each_call_names_its_shop(shop: Shop) -> None:
    installation = shop.hub.installation
    async with installation.transactions.writing(actor=None, shop_id=installation.default_shop) as uow:
        access = AccessApi(uow, installation.deps)
        second = await access.shops.create(
            ShopEntry(name="Podil", country="UA", timezone="Europe/Kyiv", currency="UAH", language="uk")
        )
        await CallsApi(uow, installation.deps).save_line("+380445003041", "Podil line", "", second.id)
    here, there = shop.call(IRYNA), shop.call(NOBODY, line="+380445003041")
    for call in (here, there):
        await call.begins()
        await call.rings("105")
    async with shop.screen("owner") as page:
        await expect(page.locator("#desk-board-rows > li")).to_have_count(2)
        await expect(page.locator("#desk-board-rows")).to_contain_text("Podil")
        await page.select_option("#desk-shop", label="Podil")
        await expect(page.locator("#desk-board-rows > li")).to_have_count(1)
        await expect(page.locator("#desk-board-rows")).to_contain_text("93 123 4567")
    async with shop.screen("oksana") as page:
        await expect(page.locator("#desk-board-rows > li")).to_have_count(1)
        assert await page.locator("#desk-shop").count() == 0
    for call in (here, there):
        await call.ends("missed")


async def test_a_colleague_who_asks_brings_along_whom_he_has_on_hold(shop: Shop) -> None:
    async with shop.screen("oksana") as page:
        about = shop.call(IRYNA)
        await about.begins()
        await about.rings("102")
        await about.answered_by("102")
        await about.is_held()
        asking = shop.call("102", direction="internal", to_number="101")
        await asking.begins()
        await asking.rings("101")
        await becomes(page, "ringing", seconds=10)
        await expect(card(page)).to_contain_text("Ігор Рецепція")
        part = page.locator(".desk-about")
        await expect(part).to_contain_text("has on hold")
        await expect(part).to_contain_text("Ірина Коваль")
        await expect(part).to_contain_text("Octavia")
        await about.ends("answered")
        await expect(part).to_have_count(0)
        await asking.ends("no_answer")
        await put_away(page)


async def test_a_computer_with_a_wrong_clock_is_told_so(shop: Shop) -> None:
    async with shop.screen("oksana") as page:
        await expect(page.locator("#banner-clock")).to_be_hidden()
        await page.clock.set_fixed_time("2001-01-01")
        await page.reload()
        await expect(page.locator("#banner-clock")).to_contain_text("min slow")

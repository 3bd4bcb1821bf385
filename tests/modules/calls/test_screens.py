"""The pages of calls and clients in a real Chromium: they follow the calls, find while one types."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from tests.flows.browser import chromium
from tests.flows.desk_shop import FAMILY, IRYNA, NOBODY, Shop, open_shop

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shop(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Shop]:
    async with chromium() as browser, open_shop(tmp_path_factory.mktemp("calls"), browser) as shop:
        yield shop


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def page(shop: Shop) -> AsyncIterator[Page]:
    async with shop.screen("owner") as page:
        yield page


async def open_page(page: Page, shop: Shop, path: str) -> None:
    await page.goto(f"{shop.url}{path}")
    await page.wait_for_load_state("networkidle")


async def test_the_list_follows_a_call_without_a_reload(shop: Shop, page: Page) -> None:
    await open_page(page, shop, "/calls")
    await page.evaluate("window.stays = true")
    call = shop.call(IRYNA)
    await call.begins()
    row = page.locator(f'tr[data-call="{call.call.call_id}"]')
    await expect(row).to_contain_text("Ірина Коваль")
    await expect(row).to_contain_text("rings")
    await call.rings("101")
    await call.answered_by("101")
    await expect(row).to_contain_text("talking")
    await call.ends("answered")
    await expect(row).to_contain_text("answered")
    await expect(page.locator('[data-total="answered"]')).to_have_text("1")
    assert await page.evaluate("window.stays")


async def test_the_board_shows_who_waits_and_its_clock_ticks(shop: Shop, page: Page) -> None:
    await open_page(page, shop, "/calls/live")
    call = shop.call(FAMILY, queue="front")
    await call.begins()
    waiting = page.locator(f'.calls-card[data-call="{call.call.call_id}"]')
    await expect(waiting).to_contain_text("Петро Мельник")
    await expect(waiting.locator("time")).to_have_text(re.compile(r"^0:0[1-9]$"))
    await call.rings("102")
    await call.answered_by("102")
    talking = page.locator('[aria-labelledby="column-talking"]')
    await expect(talking).to_contain_text("Ігор Рецепція")
    await call.ends("answered")
    await expect(waiting).to_have_count(0)


async def test_the_page_of_a_call_follows_it_and_keeps_a_note_being_written(shop: Shop, page: Page) -> None:
    call = shop.call(NOBODY)
    await call.begins()
    await open_page(page, shop, f"/calls/{call.call.call_id}")
    await page.keyboard.press("n")
    await page.keyboard.type("про гальма")
    await call.rings("101")
    await call.answered_by("101")
    await expect(page.locator("#calls-call")).to_contain_text("Оксана Рецепція")
    await expect(page.locator("#calls-text")).to_have_value("про гальма")
    await call.ends("answered")
    await page.get_by_role("button", name="Write down").click()
    await expect(page.locator("#notes")).to_contain_text("про гальма")


async def test_clients_are_found_while_one_types_and_opened_by_keys(shop: Shop, page: Page) -> None:
    await open_page(page, shop, "/clients")
    await page.keyboard.press("/")
    await page.keyboard.type("аа1234")
    await expect(page.locator("[data-row]")).to_have_text(["Ірина Коваль"])
    assert "q=" in page.url
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await expect(page.locator("h1")).to_contain_text("Ірина Коваль")
    await expect(page.locator("main")).to_contain_text("АА1234ВВ")


async def test_pages_fit_a_phone(shop: Shop, page: Page) -> None:
    client, call = shop.clients["iryna"], shop.told[0].call.call_id
    await page.set_viewport_size({"width": 360, "height": 740})
    paths = ("/calls", "/calls/live", f"/calls/{call}", "/settings/lines", "/settings/lines/new",
             "/clients", f"/clients/{client.id}",
             f"/clients/{client.id}/edit", "/clients/new", "/vehicles", "/vehicles/new")  # fmt: skip
    for path in paths:
        await open_page(page, shop, path)
        assert await page.evaluate("document.documentElement.scrollWidth") <= 360, path
    await page.set_viewport_size({"width": 1280, "height": 800})

"""Call-backs beside the story of test_tuesday: on the card, on a mobile, in silence. A real Chromium, a real
hub; the calls are told to the real intake as the tracker would tell them."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import expect

from tests.factories.tasks import open_hours
from tests.flows.browser import chromium
from tests.flows.desk_shop import Shop, open_shop

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]
STRANGER = "+380661112200"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shop(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Shop]:
    folder = tmp_path_factory.mktemp("tasks")
    async with chromium() as browser, open_shop(folder, browser) as shop:
        await open_hours(shop.hub, 0, 24)
        yield shop


async def is_missed(shop: Shop, number: str | None, result: str = "missed") -> None:
    call = shop.call(number)
    await call.begins()
    await call.rings("101")
    await call.ends(result)


async def test_the_card_says_that_a_call_back_is_due_and_the_number_becomes_a_client(shop: Shop) -> None:
    async with shop.screen("oksana") as oksana:
        await is_missed(shop, "+380501112200")
        await is_missed(shop, "+380501112200")
        call = shop.call("+380501112200")
        await call.begins()
        await call.rings("101")
        await expect(oksana.locator("[data-card]")).to_contain_text("missed twice today, call back due")
        await oksana.keyboard.press("c")
        await oksana.keyboard.type("Галина")
        await oksana.keyboard.press("Enter")
        await expect(oksana.locator("[data-card]")).to_contain_text("Галина")
        await call.ends("missed")
        await oksana.goto(f"{shop.url}/tasks")
        await expect(oksana.locator("[data-row]", has_text="Галина")).to_contain_text("missed 3 times")


async def test_a_call_on_a_mobile_and_a_task_are_written_with_two_keys(shop: Shop) -> None:
    async with shop.screen("ihor") as ihor:
        await ihor.goto(f"{shop.url}/tasks")
        await is_missed(shop, "+380501112211")
        await expect(ihor.locator('a[href="tel:+380501112211"]')).to_be_visible()
        await ihor.keyboard.press("l")
        await ihor.keyboard.type("050 111 22 11 comes on Friday")
        await ihor.keyboard.press("Enter")
        await expect(ihor.locator('a[href="tel:+380501112211"]')).to_have_count(0)
        await ihor.keyboard.press("Escape")
        await ihor.keyboard.press("a")
        await ihor.keyboard.type("Order the tyres")
        await ihor.keyboard.press("Enter")
        await expect(ihor.locator("[data-row]", has_text="Order the tyres")).to_have_count(1)
        await ihor.keyboard.press("Escape")
        for _ in range(9):
            await ihor.keyboard.press("ArrowDown")
        await ihor.keyboard.press("d")
        await expect(ihor.locator("[data-row]", has_text="Order the tyres")).to_have_count(0)


async def test_the_sound_is_switched_off_for_the_whole_browser(shop: Shop) -> None:
    async with shop.screen("oksana") as oksana:
        await oksana.goto(f"{shop.url}/tasks")
        await oksana.click("#tasks-sound")
        await expect(oksana.locator("#tasks-sound")).to_have_text("Sound off")
        await oksana.goto(f"{shop.url}/calls")
        await oksana.evaluate("document.addEventListener('pitline:sound', () => { window.heard = 1; })")
        before = await oksana.locator('[data-badge="/tasks"]').text_content()
        await is_missed(shop, "+380501112222")
        await expect(oksana.locator('[data-badge="/tasks"]')).not_to_have_text(before or "")
        assert await oksana.evaluate("window.heard ?? 0") == 0

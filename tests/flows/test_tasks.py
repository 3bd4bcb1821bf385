"""Tuesday 12:31: three callers in four minutes, one receptionist. Two real Chromium windows, a real hub;
the calls are told to the real intake as the tracker would tell them."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest
import pytest_asyncio
from playwright.async_api import expect

from tests.factories.tasks import open_hours
from tests.flows.browser import chromium
from tests.flows.desk_shop import IRYNA, NOBODY, Shop, open_shop
from tests.modules.desk.telling import Telling
from tests.patience import shown_within

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


async def talks(call: Telling, seconds: float) -> None:
    """The call ends after so many seconds of talk."""
    call.call = replace(
        call.call, talk_seconds=seconds, started_at=call.call.started_at + timedelta(seconds=1)
    )
    await call.ends()


async def test_a_receptionists_missed_calls(shop: Shop) -> None:
    async with shop.screen("oksana") as oksana, shop.screen("ihor") as ihor:
        await oksana.goto(f"{shop.url}/tasks")
        await ihor.goto(f"{shop.url}/tasks")
        await oksana.evaluate(
            "document.addEventListener('pitline:sound', () => { window.heard = (window.heard ?? 0) + 1; })"
        )
        await expect(oksana.locator(".empty")).to_be_visible()

        # two tasks with clocks, the third (3 s) a soft row, on both screens and in the menu
        await is_missed(shop, IRYNA)
        await is_missed(shop, NOBODY)
        await is_missed(shop, STRANGER, "short_abandon")
        for page in (oksana, ihor):
            await expect(page.locator("[data-row]")).to_have_count(2)
            await expect(page.locator("[data-row]").first).to_contain_text("Ірина Коваль")
            await expect(page.locator("[data-row]").first).to_contain_text(re.compile("1[45] min left"))
            await expect(page.locator("#tasks-soft")).to_contain_text("+380 66 111 2200")
            await expect(page.locator('[data-badge="/tasks"]')).to_contain_text("2")
        assert await oksana.evaluate("window.heard ?? 0") >= 1

        # one key on the top row: it is hers, the colleague sees by whom
        await oksana.keyboard.press("c")
        await expect(oksana.locator("[data-row]").first).to_contain_text("You have it in hand")
        await expect(ihor.locator("[data-row]").first).to_contain_text("101 Оксана Рецепція is calling")
        await expect(oksana.locator(f'a[href="tel:{IRYNA}"]')).to_be_focused()

        # 9 s of "subscriber unavailable": reached? no: try 1 of 3
        call = shop.call(None, direction="outbound", to_number=IRYNA)
        await call.dials_out("101")
        await call.other_side_answers()
        await expect(oksana.locator("[data-row]")).to_have_count(1)
        await talks(call, 9.0)
        await expect(oksana.locator("[data-ask]")).to_contain_text("Talked 0:09. Reached?")
        await oksana.keyboard.press("n")
        for page in (oksana, ihor):
            iryna = page.locator("[data-row]", has_text="Ірина Коваль")
            await expect(iryna.locator("[data-tries]")).to_have_text("try 1 of 3")
            await expect(iryna).not_to_contain_text("is calling")

        # he rings, a colleague answers: gone from both screens within a second, also from the counts
        call = shop.call(IRYNA)
        await call.begins()
        await call.rings("101", "102")
        await call.answered_by("102")
        for page in (oksana, ihor):
            await expect(page.locator("[data-row]", has_text="Ірина Коваль")).to_have_count(
                0, timeout=shown_within(1)
            )
        await talks(call, 40.0)
        for page in (oksana, ihor):
            await expect(page.locator("#tasks-closed")).to_contain_text(
                "Done today: 1", timeout=shown_within(1)
            )
            await expect(page.locator("[data-row]")).to_have_count(1)
            await expect(page.locator('[data-badge="/tasks"]')).to_contain_text("1")


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

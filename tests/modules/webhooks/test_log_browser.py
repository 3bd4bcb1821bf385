"""The log of an endpoint in a real Chromium: filtered, opened, sent anew; and nobody waits for the sender."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Page, expect

from hub.app import Hub
from hub.clock import FrozenClock
from hub.modules.access.api import hash_password
from tests.flows.browser import Faults, chromium
from tests.modules.webhooks.receiver import Receiver, add_endpoint, publish
from tests.modules.webhooks.test_sending import facts
from tests.patience import within
from tests.webui.stage import PASSWORD, Shop, open_shop

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
async def shop(hub: Hub, frozen_clock: FrozenClock) -> AsyncIterator[Shop]:
    """With the sender at work, which looks by itself every 20 seconds only."""
    hub.workers.start()
    async with open_shop(hub, frozen_clock, await hash_password(PASSWORD)) as made:
        yield made
    await hub.workers.stop()


@pytest.fixture
def webhooks() -> dict[str, float]:
    return {"poll": 20.0}


@pytest.fixture
async def page(shop: Shop) -> AsyncIterator[Page]:
    await shop.person("owner")
    async with chromium() as browser:
        context = await browser.new_context(locale="uk-UA")
        faults, opened = Faults(context), await context.new_page()
        await opened.goto(str(shop.server.make_url("/login")))
        await opened.get_by_label("Логін").fill("owner")
        await opened.get_by_label("Пароль").fill(PASSWORD)
        await opened.keyboard.press("Enter")
        await opened.wait_for_url("**/desk")
        yield opened
        await context.close()
    assert [said for said in faults.seen if not said.startswith("WebSocket connection to")] == []


async def test_a_delivery_is_found_by_its_state_opened_and_sent_anew(
    hub: Hub, shop: Shop, program: Receiver, page: Page
) -> None:
    endpoint, _ = await add_endpoint(hub, program.url)
    program.answers = [(200, {}, "taken")]
    await publish(hub, *facts(1))
    home = str(shop.server.make_url(f"/settings/webhooks/{endpoint.id}"))
    await page.goto(home)
    states, log = page.locator(".hook-states a"), page.locator("#hook-log li")
    await expect(page.locator("#hook-log")).to_contain_text("200")
    await states.filter(has_text="Не доставлено").click()
    await expect(states.filter(has_text="Не доставлено")).to_have_attribute("aria-current", "true")
    await expect(log).to_have_count(0)
    await states.filter(has_text="Прийнято").click()
    await expect(log).to_have_count(1)
    await log.locator("a").click()
    await expect(page.locator(".hook-try pre")).to_have_text("taken")
    began = time.monotonic()
    await page.get_by_role("button", name="Надіслати знову").click()
    await expect(page.locator("[data-notice]")).to_be_visible()
    while len(program.seen) < 2:
        await asyncio.sleep(0.02)
    assert time.monotonic() - began < 5, "it did not wait for the next look of the sender"
    assert program.seen[0].headers["webhook-id"] == program.seen[1].headers["webhook-id"]


async def test_a_test_is_sent_at_once_and_the_open_log_shows_how_it_went(
    hub: Hub, shop: Shop, program: Receiver, page: Page
) -> None:
    endpoint, _ = await add_endpoint(hub, program.url)
    await page.goto(str(shop.server.make_url(f"/settings/webhooks/{endpoint.id}")))
    began = time.monotonic()
    await page.get_by_role("button", name="Надіслати перевірку").click()
    await expect(page.locator("#hook-log li")).to_have_count(1)
    while not program.seen:
        await asyncio.sleep(0.02)
    assert time.monotonic() - began < within(5)
    await page.reload()
    await expect(page.locator("#hook-log")).to_contain_text("204")

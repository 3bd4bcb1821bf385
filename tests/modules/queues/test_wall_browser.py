"""The wall screen in a real Chromium: it says that its figures are old, and comes back by itself."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page, Route, expect

from hub.app import Hub
from hub.kernel.shops import FIRST_SHOP
from hub.modules.queues.api import QueuesApi
from tests.factories.calls import at, party, snapshot, tell_calls
from tests.factories.site import site_of
from tests.flows.browser import chromium
from tests.modules.presence.told import member, person, phone, tell, whole

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
async def wall(hub: Hub) -> AsyncIterator[Page]:
    """A television that asks every 100 ms, and holds its figures for old after half a second."""
    await person(hub, "Олена", "101")
    await tell(hub, whole(phone("101"), member("101")))
    async with hub.transactions.writing(actor=None, shop_id=FIRST_SHOP) as uow:
        screens = QueuesApi(uow, hub.installation.deps).screens
        _, key = await screens.make("TV", FIRST_SHOP, shows_callers=False)
    site = await site_of(hub, None)
    async with chromium() as browser:
        page = await browser.new_page(viewport={"width": 1920, "height": 1080})
        address = str(site.make_url(f"/wall/{key}"))

        async def hurried(route: Route) -> None:
            answer = await route.fetch()
            text = (await answer.text()).replace('"3000"', '"100"').replace('"10000"', '"500"')
            await route.fulfill(response=answer, body=text)

        await page.route(address, hurried)
        await page.goto(address)
        yield page
    await site.close()


async def waits(hub: Hub, number: int) -> None:
    """One more in the queue."""
    call = snapshot(
        f"b1:{number}", queued_at=at(-20), queue="reception", state="queued", parties=(party("101"),)
    )
    await tell_calls(hub, call)


async def test_it_follows_says_when_the_network_is_gone_and_comes_back(hub: Hub, wall: Page) -> None:
    waiting = wall.locator(".wall-figure strong").first
    await expect(waiting).to_have_text("0")
    await waits(hub, 1)
    await expect(waiting).to_have_text("1")
    await wall.context.set_offline(True)
    await waits(hub, 2)
    await expect(wall.locator("#wall-lost")).to_be_visible()
    await expect(waiting).to_have_text("1")
    await wall.context.set_offline(False)
    await expect(waiting).to_contain_text("2")
    await expect(wall.locator("#wall-lost")).to_be_hidden()


async def test_its_figures_are_large_and_nothing_of_it_is_hard_to_read(hub: Hub, wall: Page) -> None:
    for number in range(3):
        await waits(hub, number)
    await expect(wall.locator(".wall-alarms")).to_be_visible()
    # Found and measured in one step: the page swaps its figures ten times a second.
    tall = await wall.evaluate("document.querySelector('.wall-figure strong').getBoundingClientRect().height")
    assert tall > 150
    assert await wall.locator("nav, input, a").count() == 0
    found = await Axe().run(wall)
    assert [
        one["id"] for one in found.response["violations"] if one["impact"] in ("serious", "critical")
    ] == []
    await wall.set_viewport_size({"width": 390, "height": 844})
    assert await wall.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0

"""A mailing as a person watches it: it grows without being asked, and is stopped by the keyboard."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from hub.clock import FrozenClock
from hub.modules.access.api import hash_password
from hub.settings import Settings
from tests.flows.browser import Faults, chromium
from tests.modules.mailings.stage import shop_of
from tests.patience import within
from tests.webui.stage import PASSWORD, open_shop

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.timeout(120)]


async def test_its_page_follows_it_and_enter_on_stop_ends_it(
    settings: Settings, frozen_clock: FrozenClock, tmp_path: Path
) -> None:
    settings = replace(settings, messaging=replace(settings.messaging, sms_part_price=0.62))
    async with shop_of(settings, frozen_clock, tmp_path) as shop:
        for number in range(20):
            await shop.client(number)
        made = await shop.approved(pace=60)
        hashed = await hash_password(PASSWORD)
        async with open_shop(shop.house.hub, frozen_clock, hashed) as site, chromium() as browser:
            await site.person("owner", "owner", language="en")
            context = await browser.new_context(viewport={"width": 390, "height": 844})
            faults, page = Faults(context), await context.new_page()
            url = str(site.server.make_url("")).rstrip("/")
            await page.goto(f"{url}/login")
            await page.fill("input[name=login]", "owner")
            await page.fill("input[name=password]", PASSWORD)
            await page.press("input[name=password]", "Enter")
            await page.wait_for_url(lambda address: "/login" not in address)
            await page.goto(f"{url}/mailings/{made.id}")
            await page.wait_for_selector("[data-figure=price]:has-text('UAH')")
            await shop.feed(1)
            await shop.send()
            await page.wait_for_selector("[data-figure=sent]:text-is('5')", timeout=1000 * within(15))
            button = page.get_by_role("button", name="Stop")
            await button.focus()
            await page.keyboard.press("Enter")
            await page.wait_for_selector("[data-sum=stopped]:has-text('15')", timeout=1000 * within(15))
            assert await page.get_by_role("button", name="Stop").count() == 0
            assert faults.seen == []
            await context.close()
        assert (await shop.view(made.id)).sums.stopped == 15

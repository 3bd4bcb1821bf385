"""“You promised 4,200 on the 18th”: client, calls, play, while they wait on the line."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from playwright.async_api import Locator, expect

from tests.factories.calls import ended, tell_calls
from tests.factories.recordings import recording
from tests.factories.relays import waiting
from tests.flows.browser import chromium
from tests.flows.desk_shop import FAMILY, IRYNA, open_shop
from tests.kernel.waiting import until
from tests.patience import within

pytestmark = pytest.mark.browser

APART = range(-15, 5)
"""So many days from the 18th on they rang."""


def the_18th(now: datetime) -> datetime:
    """The newest one that is a week ago and more, at that hour."""
    week_ago = now - timedelta(days=7)
    this_month = week_ago.replace(day=18)
    return (
        this_month
        if this_month <= week_ago
        else (week_ago.replace(day=1) - timedelta(days=14)).replace(day=18)
    )


async def test_the_call_of_the_18th_is_heard_three_clicks_after_the_client_was_typed(tmp_path: Path) -> None:
    async with chromium() as browser, open_shop(tmp_path, browser) as shop:
        promised = the_18th(shop.clock.now().replace(hour=10))
        for number in (IRYNA, FAMILY):
            rang = {f"{number}{days}": promised + timedelta(days=days) for days in APART}
            calls = [ended(one, 0, "answered", from_number=number, started_at=at) for one, at in rang.items()]
            await tell_calls(shop.hub, *calls)
            for one, at in rang.items():
                await recording(shop.hub, call_id=one, started_at=at, seconds=30.0)

        async def nothing_waits() -> bool:
            return await shop.hub.database.read(waiting) == 0

        await until(nothing_waits)
        async with shop.screen("owner") as page:
            await page.goto(f"{shop.url}/clients")
            clicks: list[Locator] = []

            async def click(what: Locator) -> None:
                clicks.append(what)
                await what.click()

            began = time.monotonic()
            await page.locator("main input[name=q]").fill("Коваль")
            await page.keyboard.press("Enter")
            await click(page.locator("main").get_by_role("link", name="Ірина Коваль"))
            recordings = page.locator("section, .card").filter(
                has=page.get_by_role("heading", name="Recordings")
            )
            await click(recordings.get_by_role("link", name="All"))
            row = page.locator("tr[data-recording]").filter(has_text=f"18 {promised:%b}")
            await expect(row).to_have_count(1)
            await click(row.locator("[data-play]"))
            playing = page.locator("tr.rec-opened:not([hidden]) [data-part=now]")
            await expect(playing).not_to_have_text("0:00", timeout=1000 * within(20))
            assert (len(clicks), time.monotonic() - began < within(20)) == (3, True)

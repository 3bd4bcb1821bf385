"""Monday, 09:02: a caller dials a real Asterisk, the card pops in real browsers, the call is answered,
transferred and ended, and the history is right."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page, async_playwright

from tests.asterisk.pbx import AsteriskPbx
from tests.flows.black_hole import Cable
from tests.flows.hub_process import HubProcess
from tests.machine import CHROMIUM, need_asterisk, need_chromium
from tests.patience import within
from tests.programs import cold

pytestmark = [pytest.mark.asterisk, pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(240)]

IRYNA = "380501234567"
NOTE = "Просила зателефонувати, коли привезуть ремінь"


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    need_chromium()
    need_asterisk()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"],
        )
        yield browser
        await browser.close()


def ami_settings(pbx: AsteriskPbx, port: int | None = None) -> dict[str, str]:
    """What a shop writes into its settings to connect this PBX."""
    return {
        "HUB_AMI__HOST": pbx.ami_host,
        "HUB_AMI__PORT": str(port or pbx.ami_port),
        "HUB_AMI__USERNAME": pbx.ami_user,
        "HUB_AMI__SECRET": pbx.ami_secret,
        "HUB_AMI__TRUNKS": "trunk*,kyivstar_1,sip044",
    }


async def desk_of(browser: Browser, hub: HubProcess, login: str, extension: str) -> Page:
    """A receptionist signs in and opens the desk, as on any morning."""
    password = await asyncio.to_thread(hub.new_user, login, "receptionist", "--extension", extension)
    page = await (await browser.new_context(locale="uk-UA")).new_page()
    await page.goto(f"{hub.url}/login")
    await page.fill("input[name=login]", login)
    await page.fill("input[name=password]", password)
    await page.press("input[name=password]", "Enter")
    await page.wait_for_url("**/desk")
    return page


async def shows(page: Page, text: str, seconds: float) -> float:
    """Wait until the card on the page says so; the seconds that it took."""
    began = time.monotonic()
    card = page.locator("[data-card]").filter(has_text=text).first
    await card.wait_for(state="visible", timeout=1000 * within(seconds))
    return time.monotonic() - began


async def shows_nothing(page: Page, seconds: float) -> None:
    """Wait until no card is left that rings or talks."""
    await page.locator("[data-card]:not([data-state=wrap_up])").first.wait_for(
        state="detached", timeout=1000 * within(seconds)
    )


@pytest.mark.both_databases
async def test_a_call_from_the_first_ring_to_the_history(
    browser: Browser, tmp_path: Path, database_url: str
) -> None:
    async with AsyncExitStack() as stack:
        pbx = await stack.enter_async_context(AsteriskPbx(settings={"extensions.conf:OPEN": "*,*,*,*"}))
        hub = await stack.enter_async_context(
            HubProcess(tmp_path, ami_settings(pbx), database_url=database_url, launch=cold)
        )
        world = await stack.enter_async_context(pbx.trunk())
        anna = await stack.enter_async_context(pbx.phone("101"))
        boris = await stack.enter_async_context(pbx.phone("102"))
        master = await stack.enter_async_context(pbx.phone("105"))
        client = await hub.post("/clients", {"name": "Ірина Коваль", "phones": [{"number": "050 123 45 67"}]})
        await hub.post(
            "/vehicles",
            {"client_id": client["id"], "make": "Škoda", "model": "Octavia", "plate": "АА1234ВВ"},
        )
        screens = [
            await desk_of(browser, hub, login, extension)
            for login, extension in (("anna", "101"), ("boris", "102"), ("master", "105"))
        ]

        # Friday: she calls, nobody has time, a note stays.
        friday = await world.call("380441234567", number=IRYNA)
        await anna.ringing()
        await boris.ringing()
        await friday.bye()
        call = await _ended(hub, 1)
        await hub.post(f"/calls/{call['id']}/notes", {"text": NOTE})

        # Monday: both phones ring, both screens know her.
        monday = await world.call("380441234567", number=IRYNA, name="IRYNA K")
        at_anna, at_boris = await anna.ringing(), await boris.ringing()
        for screen in screens[:2]:
            await shows(screen, "Ірина Коваль", seconds=1.0)
            for text in ("Octavia", "АА1234ВВ", NOTE):
                await shows(screen, text, seconds=1.0)
        assert await screens[2].locator("[data-card]").count() == 0

        at_boris.reject(603)
        await asyncio.sleep(0.3)
        began = time.monotonic()
        at_anna.answer()
        await monday.until("answered")
        await shows_nothing(screens[1], seconds=0.5)
        await screens[0].locator("[data-card][data-state=talking]").wait_for(timeout=1000 * within(1))
        await asyncio.sleep(2)

        # Anna asks the master and hands the call over; the card goes along.
        await at_anna.hold()
        asking = await anna.call("105")
        at_master = await master.ringing()
        at_master.answer()
        await asking.until("answered")
        await asyncio.sleep(0.5)
        await at_anna.refer_to(asking)
        await shows(screens[2], "Ірина Коваль", seconds=1.5)
        await shows_nothing(screens[0], seconds=1.5)
        await asyncio.sleep(2)
        await monday.bye()
        talked = time.monotonic() - began
        await shows_nothing(screens[2], seconds=1.5)

        call = await _ended(hub, 2)
        parties = {party["extension"]: party["outcome"] for party in call["parties"]}
        assert call["result"] == "answered"
        assert call["client_id"] == client["id"]
        assert call["line"] == "+380441234567"
        assert call["queue"] == "reception"
        assert (call["answered_by"], call["last_extension"]) == ("101", "105")
        assert parties == {"101": "answered", "102": "declined", "105": "answered"}
        transfers = [(t["kind"], t["from_extension"], t["to"]) for t in call["transfers"]]
        assert transfers == [("attended", "101", "105")]
        assert call["is_complete"] is True
        assert 3.5 <= call["talk_seconds"] <= talked + 0.5


async def test_the_cable_to_the_pbx_is_out_in_mid_call(browser: Browser, tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        pbx = await stack.enter_async_context(AsteriskPbx(settings={"extensions.conf:OPEN": "*,*,*,*"}))
        cable = await stack.enter_async_context(Cable(pbx.ami_host, pbx.ami_port))
        hub = await stack.enter_async_context(
            HubProcess(tmp_path, ami_settings(pbx, cable.port), launch=cold)
        )
        world = await stack.enter_async_context(pbx.trunk())
        anna = await stack.enter_async_context(pbx.phone("101"))
        boris = await stack.enter_async_context(pbx.phone("102"))
        screen = await desk_of(browser, hub, "anna", "101")
        outside = await world.call("380441234567", number=IRYNA)
        inside = await anna.ringing()
        await boris.ringing()
        inside.answer()
        await screen.locator("[data-card][data-state=talking]").wait_for(timeout=1000 * within(2))

        cable.swallow()
        await screen.locator("#banner-pbx .shell-banner-line").wait_for(
            state="visible", timeout=1000 * within(10)
        )
        await outside.bye()
        await asyncio.sleep(1)
        cable.mend()
        await screen.locator("#banner-pbx .shell-banner-line").wait_for(
            state="hidden", timeout=1000 * within(20)
        )

        call = await _ended(hub, 1)
        assert call["is_complete"] is False
        assert call["ended_at"] is None
        await shows_nothing(screen, seconds=2)


async def test_an_unknown_caller_reaches_the_owners_mobile_in_the_evening(tmp_path: Path) -> None:
    need_asterisk()
    async with AsyncExitStack() as stack:
        pbx = await stack.enter_async_context(AsteriskPbx("freepbx"))
        hub = await stack.enter_async_context(HubProcess(tmp_path, ami_settings(pbx), launch=cold))
        world = await stack.enter_async_context(pbx.trunk("kyivstar_1"))
        anna = await stack.enter_async_context(pbx.phone("101"))
        evening = await world.call("380670001144", number="380971234567")
        await anna.ringing()
        at_mobile = await world.ringing()
        at_mobile.answer()
        await asyncio.sleep(2)
        at_mobile.press("1")
        await evening.until("answered")
        await asyncio.sleep(3)
        await evening.bye()
        call = await _ended(hub, 1)
        assert (call["result"], call["missed_reason"]) == ("answered", None)
        assert call["answered_by"] == at_mobile_number(call)


def at_mobile_number(call: dict[str, object]) -> str | None:
    """The number of the one mobile among the parties."""
    parties = call["parties"]
    assert isinstance(parties, list)
    mobiles = [party["number"] for party in parties if party["via"] == "mobile"]
    return mobiles[0] if len(mobiles) == 1 else None


async def _ended(hub: HubProcess, calls: int) -> dict[str, Any]:
    """The newest call, once there are so many and none of them lives."""
    for _ in range(100):
        items = (await hub.get("/calls"))["items"]
        if len(items) == calls and all(item["state"] == "ended" for item in items):
            newest: dict[str, Any] = items[0]
            return newest
        await asyncio.sleep(0.1)
    raise AssertionError(f"wanted {calls} ended calls, the hub has {items}")

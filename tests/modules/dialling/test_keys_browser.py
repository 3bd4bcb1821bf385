"""Calls steered by keys alone, in a real Chromium: what reaches the PBX of each."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from playwright.async_api import Page, expect

from hub.clock import FrozenClock
from hub.modules.access.api import hash_password
from tests.connectors.ami.ami_server import frame
from tests.flows.browser import Faults, chromium
from tests.kernel.waiting import until
from tests.modules.dialling.shop import Shop
from tests.modules.dialling.test_pause import MARIA
from tests.modules.dialling.told import (
    OTHER_OUTSIDE,
    OTHER_OWN,
    OTHER_PHONE,
    OTHER_TRUNK,
    OUTSIDE,
    OWN,
    PHONE,
    TRUNK,
    another_rings,
    another_talks,
    hang_up,
    ringing,
    talking,
)
from tests.webui.stage import PASSWORD, open_shop

pytestmark = [pytest.mark.browser, pytest.mark.slow]

OWN_103 = "PJSIP/103-0000000b"
PHONE_103 = {**PHONE, "Channel": OWN_103, "CallerIDNum": "103"}
SECOND_103 = {**OTHER_PHONE, "Channel": "PJSIP/103-0000000d", "CallerIDNum": "103"}


@dataclass
class Hand:
    """Maria, who manages the shop, at 103 with her browser and no mouse."""

    shop: Shop
    page: Page
    home: str

    async def at(self, path: str) -> None:
        await self.page.goto(f"{self.home}{path}")

    async def press(self, *keys: str) -> None:
        for key in keys:
            await self.page.keyboard.press(key)

    async def reached(self, action: str, count: int = 1) -> dict[str, str]:
        """The newest of so many orders of this kind."""

        async def is_so() -> bool:
            return len(self.shop.pbx.actions(action)) == count

        await until(is_so)
        return self.shop.pbx.actions(action)[-1]


@pytest.fixture
async def maria(shop: Shop, frozen_clock: FrozenClock) -> AsyncIterator[Hand]:
    async with (
        open_shop(shop.hub, frozen_clock, await hash_password(PASSWORD)) as site,
        chromium() as browser,
    ):
        await site.person("manager", extensions=["103"])
        context = await browser.new_context(locale="uk-UA")
        faults, page = Faults(context), await context.new_page()
        home = str(site.server.make_url("")).rstrip("/")
        await page.goto(f"{home}/login")
        await page.get_by_label("Логін").fill("manager")
        await page.get_by_label("Пароль").fill(PASSWORD)
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/desk")
        yield Hand(shop, page, home)
        await context.close()
    assert [said for said in faults.seen if not said.startswith("WebSocket connection to")] == []


async def test_on_a_board_a_waiting_caller_is_given_away_and_taken_by_keys(maria: Hand) -> None:
    await ringing(maria.shop)
    await maria.at("/calls/live")
    await expect(maria.page.locator("[data-board-key=KeyT]")).to_be_visible()
    await maria.press("ArrowDown", "d")
    await expect(maria.page.locator(".dial-give button").first).to_be_focused()
    await maria.press("Escape")
    assert maria.shop.pbx.actions("redirect") == []
    await maria.press("d", "1")
    sent = await maria.reached("redirect")
    assert (sent["channel"], sent["exten"]) == (TRUNK, "101")
    await maria.press("t")
    assert (await maria.reached("redirect", 2))["exten"] == "103"


async def test_a_digit_gives_away_the_call_whose_menu_was_opened_last_and_no_other(maria: Hand) -> None:
    first = await ringing(maria.shop)
    channels = {first: TRUNK, await another_rings(maria.shop, but=first): OTHER_TRUNK}
    await maria.at("/calls/live")
    rows = maria.page.locator("[data-call]:has([data-board-keys])")
    menus = maria.page.locator("details[open] .dial-give")
    await expect(rows).to_have_count(2)
    upper, lower = [channels[str(await row.get_attribute("data-call"))] for row in await rows.all()]
    await maria.press("ArrowDown", "d", "ArrowDown", "d")
    await expect(menus).to_have_count(1)
    await maria.press("1")
    sent = await maria.reached("redirect")
    assert (sent["channel"], sent["exten"]) == (lower, "101")
    await maria.press("d")
    await rows.first.locator("[data-board-key=KeyD]").click()
    await expect(rows.first).to_have_class(re.compile("is-walked"))
    await expect(menus).to_have_count(1)
    await maria.press("2")
    sent = await maria.reached("redirect", 2)
    assert (sent["channel"], sent["exten"]) == (upper, "102")


async def test_on_the_desk_who_rings_at_ones_own_phone_is_given_to_a_colleague_by_a_digit(
    maria: Hand,
) -> None:
    call = await ringing(maria.shop, PHONE_103)
    menu = maria.page.locator(f'[data-card="{call}"] .dial-put')
    await expect(menu.locator("summary")).to_be_visible()
    await maria.press("1")  # without the key before it a digit gives nobody away
    await maria.press("d")
    await expect(menu).to_have_attribute("open", "")
    await maria.press("9")
    await maria.press("2")
    sent = await maria.reached("redirect")
    assert (sent["channel"], sent["exten"]) == (TRUNK, "102")
    await expect(menu).not_to_have_attribute("open", "")


async def test_a_digit_meant_for_a_caller_who_is_gone_gives_nobody_else_away(maria: Hand) -> None:
    first = await ringing(maria.shop, PHONE_103)
    menu = maria.page.locator(f'[data-card="{first}"] .dial-put')
    await expect(menu.locator("summary")).to_be_visible()
    await maria.press("d")
    await expect(menu).to_have_attribute("open", "")
    second = await ringing(maria.shop, SECOND_103, OTHER_OUTSIDE, but=first)
    hang_up(maria.shop, PHONE_103, OUTSIDE)
    shown = maria.page.locator(f'[data-card="{second}"] .dial-put summary')
    await expect(shown).to_be_visible(timeout=45_000)  # at the latest when the page asks by itself
    await maria.press("2")
    await maria.press("d", "2")
    sent = await maria.reached("redirect", 1)
    assert (sent["channel"], sent["exten"]) == (OTHER_TRUNK, "102")


async def test_a_key_for_a_call_that_has_just_ended_joins_no_other(maria: Hand) -> None:
    first = await talking(maria.shop)
    legs = {first: (OUTSIDE, PHONE), await another_talks(maria.shop, but=first): (OTHER_OUTSIDE, OTHER_PHONE)}
    await maria.at("/calls/live")
    rows = maria.page.locator("[data-call]:has([data-board-keys])")
    await expect(rows).to_have_count(2)
    left, walked = [str(await row.get_attribute("data-call")) for row in await rows.all()]
    await maria.press("ArrowDown", "ArrowDown")
    await expect(rows.last).to_have_class(re.compile("is-walked"))
    hang_up(maria.shop, *legs[walked])
    await expect(rows).to_have_count(1)
    await expect(maria.page.locator(".is-walked")).to_have_count(0)
    await maria.press("j", "l")
    sent = await maria.reached("originate")
    assert sent["data"] == f"{legs[left][1]['Channel']},qES"


async def test_in_the_desks_open_menu_a_digit_stays_the_calls_when_another_ends(maria: Hand) -> None:
    first = await talking(maria.shop)
    await another_talks(maria.shop, but=first)
    rows = maria.page.locator("#dial-hearing li")
    await expect(rows).to_have_count(2)
    await expect(rows.first.locator("strong")).to_contain_text("101")
    await maria.press("j")
    await expect(maria.page.locator("#dial-hearing")).to_have_attribute("open", "")
    hang_up(maria.shop, OUTSIDE, PHONE)
    await expect(rows).to_have_count(1)
    await expect(rows.locator("kbd")).to_have_text("2")
    await maria.press("1")
    await expect(maria.page.locator("#dial-hearing")).to_have_attribute("open", "")
    await maria.press("2")
    sent = await maria.reached("originate")
    assert sent["data"] == f"{OTHER_OWN},qESB"


async def test_a_colleagues_call_is_heard_and_joined_from_the_desk_and_digits_go_nowhere_else(
    maria: Hand,
) -> None:
    await talking(maria.shop)
    menu = maria.page.locator("#dial-hearing")
    await expect(menu.locator("li")).to_have_count(1)
    await maria.press("l")
    await expect(menu).to_have_attribute("open", "")
    await maria.press("9")
    await expect(menu).to_have_attribute("open", "")
    await maria.press("Escape")
    await expect(menu).not_to_have_attribute("open", "")
    await maria.press("1")
    assert maria.shop.originates == []
    for count, (key, options) in enumerate((("l", "qES"), ("i", "qESw"), ("j", "qESB")), 1):
        await maria.press(key, "1")
        sent = await maria.reached("originate", count)
        assert (sent["channel"], sent["data"]) == ("PJSIP/103", f"{OWN},{options}")
        await expect(menu).not_to_have_attribute("open", "")


async def test_a_colleague_is_asked_handed_over_to_or_not_and_one_pauses_by_keys(maria: Hand) -> None:
    maria.shop.pbx.script.members[:] = [MARIA]
    maria.shop.pbx.session.send(frame("Event: QueueMemberAdded", **MARIA))
    call = await talking(maria.shop, PHONE_103)
    await expect(maria.page.locator(f'[data-card="{call}"] [data-transfer]')).to_be_visible()
    await maria.press("q")
    await expect(maria.page.locator("[data-transfer]")).to_be_focused()
    await maria.page.keyboard.type("102")
    await maria.press("Enter")
    sent = await maria.reached("atxfer")
    assert (sent["channel"], sent["exten"]) == (OWN_103, "102")
    assert maria.shop.pbx.actions("blindtransfer") == []
    await expect(maria.page.locator("[data-key=take-back]")).to_be_visible()
    await maria.page.locator("h1").click()
    await maria.press("v")
    assert (await maria.reached("cancelatxfer"))["channel"] == OWN_103
    await maria.press("z")
    await expect(maria.page.locator("#dial-pause")).to_have_attribute("open", "")
    await maria.press("1")
    sent = await maria.reached("queuepause")
    assert (sent["interface"], sent["paused"]) == ("PJSIP/103", "true")
    maria.shop.pbx.session.send(
        frame("Event: QueueMemberPause", **{**MARIA, "Paused": "1", "PausedReason": sent["reason"]})
    )
    await expect(maria.page.locator("#dial-pause summary")).to_have_class("btn btn-sm btn-warning")
    await maria.press("z", "1")
    assert (await maria.reached("queuepause", 2))["paused"] == "false"


async def test_the_overlay_names_the_keys(maria: Hand) -> None:
    await maria.press("?")
    shown = await maria.page.locator("#desk-keys dt kbd").all_inner_texts()
    assert {"Q", "D", "V", "Z", "L", "I", "J"} <= set(shown)
    assert len([one for one in shown if one.isalpha()]) == len({one for one in shown if one.isalpha()})

"""A receptionist's missed calls, from Tuesday 12:31 to the report on Friday evening: two windows of a
real Chromium, a real hub on a real AMI line to a scripted PBX, and a clock whose hands a test may move."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from playwright.async_api import Locator, Page, expect

from hub.clock import SystemClock
from hub.modules.dialling.api import DiallingApi, DialSettings
from tests.connectors.ami.ami_server import Script, serving
from tests.connectors.ami.hub_side import STEADY
from tests.factories.calls import calls_of
from tests.factories.tasks import open_hours
from tests.flows.browser import chromium
from tests.flows.desk_shop import IRYNA, NOBODY, Shop, open_shop
from tests.flows.telephone_street import Street
from tests.kernel.waiting import until
from tests.modules.desk.telling import LINE
from tests.modules.dialling.shop import RIGHTS
from tests.modules.reports.test_calls_report import EVENING, friday, play
from tests.patience import shown_within

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(300)]

KYIV = ZoneInfo("Europe/Kyiv")
TUESDAY = datetime(2026, 1, 6, 12, 31, tzinfo=KYIV).astimezone(UTC)
STRANGER = "+380661112200"
TALLY = {
    "counted": "212", "answered": "190", "in_time": "171", "missed": "14", "missed_late": "12",
    "short": "8", "service_level": "84.7 %", "answer_rate": "89.6 %",
}  # fmt: skip


class Hands(SystemClock):
    """A clock that shows another day and stands until it is moved; what waits, waits by the real one."""

    def __init__(self, at: datetime) -> None:
        self._at = at

    def now(self) -> datetime:
        return self._at

    def show(self, hour: int, minute: int, second: int = 0) -> None:
        """Move them forward to this time of the same day in Kyiv."""
        at = self._at.astimezone(KYIV).replace(hour=hour, minute=minute, second=second, microsecond=0)
        assert at >= self._at
        self._at = at.astimezone(UTC)

    def show_moment(self, at: datetime) -> None:
        assert at >= self._at
        self._at = at

    def forward(self, seconds: float) -> None:
        self._at += timedelta(seconds=seconds)


async def goes_on(shop: Shop, state: str | None) -> None:
    """The one call that there is stands so for the hub; nothing goes on any more with None."""
    found: list[str] = ["not asked"]

    async def is_so() -> bool:
        async with calls_of(shop.hub) as calls:
            found[:] = [one.state for one in await calls.live_calls()]
        return found == ([state] if state else [])

    await until(is_so, seconds=60)


async def misses(shop: Shop, street: Street, clock: Hands, caller: str, seconds: float) -> None:
    """Somebody rings at both phones for so long and hangs up."""
    call = street.rings(caller, "101", "102")
    await goes_on(shop, "ringing")
    clock.forward(seconds)
    call.ends()
    await goes_on(shop, None)


def row(page: Page, text: str) -> Locator:
    return page.locator("[data-row]", has_text=text)


async def test_three_callers_in_four_minutes_and_one_receptionist(tmp_path: Path) -> None:
    clock = Hands(TUESDAY)
    async with (
        chromium() as browser, serving(Script(rights=RIGHTS)) as pbx,
        open_shop(tmp_path, browser, pbx, clock=clock, waits=STEADY) as shop,
        shop.screen("oksana") as oksana, shop.screen("ihor") as ihor,
    ):  # fmt: skip
        await open_hours(shop.hub)
        await her_phone_answers_by_itself(shop)
        street = Street(pbx, LINE.lstrip("+"))
        await oksana.goto(f"{shop.url}/tasks")
        await ihor.goto(f"{shop.url}/tasks")

        await oksana.evaluate(
            "document.addEventListener('pitline:sound', () => { window.heard = (window.heard ?? 0) + 1; })"
        )

        # two tasks with clocks, the third (3 s) a soft row
        await misses(shop, street, clock, IRYNA, 25)
        clock.show(12, 33)
        await misses(shop, street, clock, NOBODY, 25)
        clock.show(12, 35)
        await misses(shop, street, clock, STRANGER, 3)
        for page in (oksana, ihor):
            await expect(page.locator("[data-row]")).to_have_count(2)
            await expect(page.locator("[data-row]").first).to_contain_text("Ірина Коваль")
            await expect(page.locator(".tasks-clock strong")).to_have_text(["12:46", "12:48"])
            await expect(page.locator("#tasks-soft")).to_contain_text("+380 66 111 2200")
            await expect(page.locator('[data-badge="/tasks"]')).to_contain_text("2")
        assert await oksana.evaluate("window.heard ?? 0") >= 1

        # one key on the top row: her phone answers by itself, the client sees the line that he called
        clock.show(12, 44)
        await oksana.keyboard.press("c")
        await expect(row(ihor, "Ірина Коваль")).to_contain_text("101 Оксана Рецепція is calling")
        await expect(oksana.locator("#dial-bar")).to_contain_text("Your phone 101 rings")
        (order,) = pbx.actions("originate")
        assert (order["channel"], order["exten"]) == ("PJSIP/101", "0501234567")
        assert "PJSIP_HEADER(add,Call-Info)=<sip:pitline>;answer-after=0" in order["variable"].split("\n")
        assert order["callerid"] == f'"0501234567" <{street.line}>'

        # 9 s of "subscriber unavailable": reached? no: try 1 of 3, next 13:00
        call = street.answers_by_itself(order)
        call.is_answered()
        await goes_on(shop, "talking")
        await expect(row(oksana, "Ірина Коваль")).to_have_count(0)
        clock.forward(9)
        call.ends()
        await expect(oksana.locator("[data-ask]")).to_contain_text("Talked 0:09. Reached?")
        await oksana.keyboard.press("n")
        for page in (oksana, ihor):
            iryna = row(page, "Ірина Коваль")
            await expect(iryna.locator("[data-tries]")).to_have_text("try 1 of 3")
            await expect(iryna.locator(".tasks-clock strong")).to_have_text("13:00")
            await expect(iryna).not_to_contain_text("is calling")
        assert len(pbx.actions("originate")) == 1

        # at 12:58 he rings, a colleague answers: gone from both screens within a second
        clock.show(12, 58)
        call = street.rings(IRYNA, "101", "102")
        await goes_on(shop, "ringing")
        call.is_answered(1)
        for page in (oksana, ihor):
            await expect(row(page, "Ірина Коваль")).to_have_count(0, timeout=shown_within(3))
        clock.forward(40)
        call.ends()
        for page in (oksana, ihor):
            await expect(page.locator("#tasks-closed")).to_contain_text(
                "Done today: 1", timeout=shown_within(3)
            )
            await expect(page.locator('[data-badge="/tasks"]')).to_contain_text("1")

        await the_report_equals_the_tally_by_hand(shop, clock)


async def her_phone_answers_by_itself(shop: Shop) -> None:
    settings = replace(DialSettings(), phones={"101": "answer_after"})
    installation = shop.hub.installation
    async with installation.transactions.writing(actor=None, shop_id=installation.default_shop) as uow:
        await DiallingApi(uow, installation.deps).settings.save(settings)


async def the_report_equals_the_tally_by_hand(shop: Shop, clock: Hands) -> None:
    clock.show_moment(EVENING)
    await play(shop.hub, *friday())
    async with shop.screen("owner") as owner:
        await owner.goto(f"{shop.url}/reports/calls?period=today")
        for name, expected in TALLY.items():
            shown = owner.locator(f'[data-number="{name}"], [data-rate="{name}"]').first
            await expect(shown).to_have_text(expected)
        await expect(owner.locator("main")).to_contain_text("171 / 202")

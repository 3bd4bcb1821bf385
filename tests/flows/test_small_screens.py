"""What a phone or a small computer must show whole: menus, fields that stand side by side, a long line of a
list. A real Chromium, in Ukrainian, whose words are the longest; widths are measured, not looked at."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import pairwise
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Locator, Page, expect

from hub.modules.crm.api import ClientEntry, CrmApi, PhoneEntry, VehicleEntry
from tests.factories.tasks import open_hours
from tests.flows.browser import chromium
from tests.flows.desk_shop import Shop, open_shop
from tests.looks.demo import speak

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]

PHONE = {"width": 390, "height": 844}
LAPTOP = {"width": 1280, "height": 800}
BAKERY = "+380442000033"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shop(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Shop]:
    async with chromium() as browser, open_shop(tmp_path_factory.mktemp("small"), browser) as shop:
        await open_hours(shop.hub, 0, 24)
        await a_bakery(shop)
        call = shop.call(BAKERY)
        await call.begins()
        await call.rings("101", "102")
        await call.ends("missed")
        yield shop


async def a_bakery(shop: Shop) -> None:
    """A company with two vans of long names."""
    installation = shop.hub.installation
    async with installation.transactions.writing(actor=None, shop_id=installation.default_shop) as uow:
        crm = CrmApi(uow, installation.deps)
        phones = (PhoneEntry(number=BAKERY, is_main=True),)
        bakery = await crm.create_client(ClientEntry(name="ТОВ «Хлібний дім»", phones=phones))
        for model, plate in (("Sprinter 516 CDI", "АІ6001ХД"), ("Sprinter 319 BlueTEC", "АІ6002ХД")):
            van = VehicleEntry(make="Mercedes-Benz", model=model, plate=plate, client_id=bakery.id)
            await crm.create_vehicle(van)


@asynccontextmanager
async def ukrainian(shop: Shop, login: str, **more: object) -> AsyncIterator[Page]:
    """The browser of somebody who reads Ukrainian."""
    async with shop.screen(login, **more) as page:
        await speak(page, "uk")
        await page.goto(f"{shop.url}/desk")
        yield page


async def fits(page: Page) -> None:
    """Nothing runs out sideways."""
    await page.wait_for_load_state()
    root = "document.documentElement"
    assert await page.evaluate(f"{root}.scrollWidth - {root}.clientWidth") == 0


async def is_whole(page: Page, place: Locator) -> None:
    """It stands on the screen with its whole width."""
    box = await place.bounding_box()
    assert box is not None
    size = page.viewport_size
    assert size is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= size["width"]


async def test_the_further_choices_of_a_task_stand_on_a_phone_as_a_whole(shop: Shop) -> None:
    async with ukrainian(shop, "oksana", viewport=PHONE) as page:
        await page.goto(f"{shop.url}/tasks")
        await page.locator(".tasks-more summary").first.click()
        for choice in await page.locator(".tasks-menu").first.locator("button").all():
            await is_whole(page, choice)
        await fits(page)


async def test_the_keys_of_tasks_are_told_with_their_keys_and_no_empty_room(shop: Shop) -> None:
    async with ukrainian(shop, "oksana", viewport=PHONE) as page:
        await page.goto(f"{shop.url}/tasks")
        await page.locator("#tasks-help").click()
        keys = page.locator("#tasks-keys")
        await expect(keys.locator("kbd").first).to_be_visible()
        box, last = await keys.bounding_box(), await keys.locator("p").last.bounding_box()
        assert box is not None
        assert last is not None
        assert box["y"] + box["height"] - last["y"] - last["height"] < 60


async def test_an_idle_desk_speaks_of_keys_only_where_it_shows_them(shop: Shop) -> None:
    async with ukrainian(shop, "oksana") as page:
        hint = page.locator("#desk-idle p", has=page.locator("kbd"))
        await expect(hint).to_be_visible()
        await page.set_viewport_size(PHONE)
        await expect(hint).to_be_hidden()


@pytest.mark.parametrize("path", ["/reports/calls", "/calls"])
async def test_fields_of_a_filter_stand_side_by_side_on_a_phone(shop: Shop, path: str) -> None:
    async with ukrainian(shop, "owner", viewport=PHONE) as page:
        await page.goto(f"{shop.url}{path}?from=2026-01-05&to=2026-01-09")
        await page.locator("details", has=page.locator("input[name=from]")).locator("summary").click()
        boxes = [await page.locator(f"input[name={name}]").bounding_box() for name in ("from", "to")]
        for left, right in pairwise(boxes):
            assert left is not None
            assert right is not None
            assert left["x"] + left["width"] <= right["x"]
        await fits(page)


@pytest.mark.parametrize("size", [LAPTOP, PHONE], ids=["laptop", "phone"])
async def test_a_company_with_two_vans_makes_no_list_too_wide(shop: Shop, size: dict[str, int]) -> None:
    async with ukrainian(shop, "owner", viewport=size) as page:
        await page.goto(f"{shop.url}/calls")
        await expect(page.locator("[data-call]").first).to_contain_text("АІ6002ХД")
        await fits(page)
        table = page.locator(".calls-table")
        assert await table.evaluate("(table) => table.offsetWidth - table.closest('.card').offsetWidth") <= 0
        await page.locator("[data-row]").first.click()
        await expect(page.locator(".calls-parties")).to_be_visible()
        await fits(page)


async def test_a_try_of_a_file_leads_on_without_a_reload_by_hand(shop: Shop, tmp_path: Path) -> None:
    file = tmp_path / "нові.csv"
    file.write_text(
        "Ім'я;Телефон;E-mail\nІнна;0501112233;inna@example.com\nОлег;0501112244;не пошта\n", "utf-8"
    )
    async with ukrainian(shop, "owner", viewport=PHONE) as page:
        await page.goto(f"{shop.url}/imports")
        await page.set_input_files("input[name=file]", file)
        await page.locator("form[action='/imports'] button").click()
        choices = page.locator("select[name=column]")
        await expect(choices).to_have_count(3)
        await page.wait_for_load_state()
        for choice in await choices.all():
            assert await choice.evaluate("(one) => one.offsetWidth") > 100
        await fits(page)
        await page.locator("button[value=try]").click()
        await expect(page.locator("#import-body")).to_contain_text("Це не адреса ел. пошти.")
        await page.locator("button[value=do]").click()
        await expect(page.locator('#import-body a[href="/clients"]')).to_be_visible()
        await fits(page)

"""The card on people's screens as a call goes its way: a real hub, a real Chromium, facts through the
real intake."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Page, WebSocketRoute, expect

from tests.flows.browser import chromium
from tests.flows.desk_shop import (
    IRYNA,
    MOBILE,
    NOBODY,
    Shop,
    becomes,
    card,
    closes,
    open_shop,
    put_away,
    strips,
)  # fmt: skip

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shop(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Shop]:
    folder: Path = tmp_path_factory.mktemp("desk")
    async with chromium() as browser, open_shop(folder, browser) as shop:
        yield shop


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def oksana(shop: Shop) -> AsyncIterator[Page]:
    async with shop.screen("oksana") as page:
        yield page


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def ihor(shop: Shop) -> AsyncIterator[Page]:
    async with shop.screen("ihor") as page:
        yield page


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def andrii(shop: Shop) -> AsyncIterator[Page]:
    async with shop.screen("andrii") as page:
        yield page


async def test_the_card_stands_on_both_screens_within_a_second(
    shop: Shop, oksana: Page, ihor: Page, andrii: Page
) -> None:
    call = shop.call(IRYNA, queue="reception")
    await call.begins()
    await call.rings("101", "102")
    for page in (oksana, ihor):
        await becomes(page, "ringing", seconds=1.0)
        for text in (
            "Ірина Коваль",
            "VIP",
            "+380 50 123 4567",
            "Octavia",
            "АА1234ВВ",
            "Head line",
            "reception",
        ):
            await expect(card(page)).to_contain_text(text)
    await expect(card(andrii)).to_have_count(0)
    await expect(andrii.locator(".desk-board")).to_contain_text("Ірина Коваль")
    assert await oksana.title() == "☎ Ірина Коваль"
    await expect(oksana.locator("#desk-announcer")).to_contain_text(
        "Call from Ірина Коваль, Octavia АА1234ВВ"
    )

    await call.answered_by("101")
    await closes(ihor, seconds=0.5)
    await becomes(oksana, "talking")
    await expect(oksana.locator("#desk-announcer")).to_be_empty()
    assert await oksana.title() != "☎ Ірина Коваль"

    await call.ends()
    await becomes(oksana, "wrap_up")
    await expect(oksana.locator(".desk-today")).to_contain_text("Ірина Коваль")
    await put_away(oksana)


async def test_an_attended_transfer_takes_the_card_along(shop: Shop, oksana: Page, andrii: Page) -> None:
    call = shop.call(IRYNA)
    await call.begins()
    await call.rings("101")
    await call.answered_by("101")
    await call.is_consulted("105")
    await becomes(andrii, "ringing")
    await becomes(oksana, "held")
    await call.is_handed_over("101", "105")
    await becomes(andrii, "talking")
    await becomes(oksana, "wrap_up")
    await expect(card(andrii)).to_contain_text("АА1234ВВ")
    await expect(card(andrii)).to_contain_text("from Оксана Рецепція")
    await expect(card(oksana)).to_contain_text("Handed over")
    await call.ends()
    await put_away(oksana, andrii)


async def test_a_blind_transfer_rings_with_the_card_at_the_next_person(
    shop: Shop, oksana: Page, andrii: Page
) -> None:
    call = shop.call(IRYNA)
    await call.begins()
    await call.rings("101")
    await call.answered_by("101")
    await call.is_sent_to("101", "105")
    await becomes(andrii, "ringing")
    await becomes(oksana, "wrap_up")
    await call.ends("missed")
    await closes(andrii)
    await put_away(oksana)


async def test_a_second_call_waits_in_a_strip_and_rings_when_the_first_is_over(
    shop: Shop, oksana: Page
) -> None:
    first, second = shop.call(IRYNA), shop.call(NOBODY)
    await first.begins()
    await first.rings("101")
    await first.answered_by("101")
    await becomes(oksana, "talking")
    await second.begins()
    await second.rings("101")
    await expect(strips(oksana)).to_contain_text("Second call")
    await expect(strips(oksana)).to_contain_text("+380 93 123 4567")
    await becomes(oksana, "talking")
    await oksana.keyboard.press("w")
    await becomes(oksana, "waiting")
    await first.ends()
    await becomes(oksana, "ringing")
    await second.ends("missed")
    await put_away(oksana)


async def test_a_parked_call_says_where_it_is_parked(shop: Shop, oksana: Page, ihor: Page) -> None:
    call = shop.call(IRYNA)
    await call.begins()
    await call.rings("101")
    await call.answered_by("101")
    await call.is_parked("101", "701")
    await becomes(oksana, "parked")
    await expect(card(oksana)).to_contain_text("Parked at 701")
    await expect(ihor.locator(".desk-board")).to_contain_text("Parked at 701")
    await call.rings("102")
    await call.answered_by("102")
    await becomes(ihor, "talking")
    await becomes(oksana, "wrap_up")
    await call.ends()
    await put_away(oksana, ihor)


async def test_two_phones_and_a_mobile_of_one_person_are_one_card_on_all_tabs(
    shop: Shop, oksana: Page
) -> None:
    call = shop.call(IRYNA)
    async with shop.screen("oksana", viewport={"width": 390, "height": 844}) as pocket:
        await call.begins()
        await call.rings("101", "111", MOBILE)
        for page in (oksana, pocket):
            await becomes(page, "ringing")
            await expect(strips(page)).to_have_count(0)
        await call.answered_by(MOBILE)
        for page in (oksana, pocket):
            await becomes(page, "talking")
        await call.ends()
        await oksana.keyboard.press("Escape")
        for page in (oksana, pocket):
            await closes(page)


async def test_an_outgoing_call_shows_whom_one_calls(shop: Shop, oksana: Page) -> None:
    call = shop.call(None, direction="outbound", to_number=IRYNA)
    await call.dials_out("101")
    await becomes(oksana, "calling")
    await expect(card(oksana)).to_contain_text("Ірина Коваль")
    await call.other_side_answers()
    await becomes(oksana, "talking")
    await call.ends()
    await put_away(oksana)


async def test_a_colleagues_call_shows_the_colleague(shop: Shop, oksana: Page, ihor: Page) -> None:
    call = shop.call("102", direction="internal", to_number="101")
    await call.dials_out("102")
    await call.rings("101")
    await becomes(oksana, "ringing")
    await expect(card(oksana)).to_contain_text("Ігор Рецепція")
    await expect(card(ihor)).to_contain_text("Оксана Рецепція")
    await call.ends("cancelled")
    await closes(oksana)
    await put_away(ihor)


async def test_a_withheld_number_is_said_in_words(shop: Shop, oksana: Page) -> None:
    call = shop.call(None)
    await call.begins()
    await call.rings("101")
    await expect(card(oksana)).to_contain_text("Number withheld")
    await expect(card(oksana).locator("[data-create]")).to_have_count(0)
    await call.ends("missed")
    await closes(oksana)


async def test_a_late_tab_shows_the_present_and_a_reloaded_one_too(shop: Shop, oksana: Page) -> None:
    call = shop.call(IRYNA)
    await call.begins()
    await call.rings("101")
    await call.answered_by("101")
    async with shop.screen("oksana") as late:
        await becomes(late, "talking")
    await oksana.reload()
    await becomes(oksana, "talking")
    await call.ends()
    await put_away(oksana)


async def test_a_tab_that_was_cut_off_heals_when_it_is_back(shop: Shop) -> None:
    missed, running = shop.call(IRYNA), shop.call(NOBODY)
    async with shop.screen("ihor") as page:
        await missed.begins()
        await missed.rings("102")
        await becomes(page, "ringing")
        await page.context.set_offline(True)
        await missed.ends("missed")
        await running.begins()
        await running.rings("102")
        await running.answered_by("102")
        await page.wait_for_timeout(500)
        await becomes(page, "ringing")
        await page.context.set_offline(False)
        await becomes(page, "talking", seconds=3.0)
        await expect(card(page)).to_contain_text("+380 93 123 4567")
        await expect(strips(page)).to_have_count(0)
        await running.ends()
        await put_away(page)


async def test_a_tab_whose_live_socket_is_cut_goes_on_by_asking(shop: Shop) -> None:
    sockets: list[WebSocketRoute] = []
    is_cut = False

    async def through(socket: WebSocketRoute) -> None:
        if is_cut:
            await socket.close()
        else:
            socket.connect_to_server()
            sockets.append(socket)

    call = shop.call(IRYNA)
    async with shop.screen("ihor") as page:
        await page.route_web_socket("**/live", through)
        await page.reload()
        await call.begins()
        await call.rings("102")
        await becomes(page, "ringing")
        is_cut = True
        await sockets[-1].close()
        await page.wait_for_timeout(300)
        await call.answered_by("102")
        await becomes(page, "talking", seconds=3.0)
        is_cut = False
        await call.ends()
        await becomes(page, "wrap_up", seconds=3.0)
        await put_away(page)


async def test_a_page_whose_live_socket_does_not_stand_yet_asks_often_until_it_does(shop: Shop) -> None:
    may_stand = asyncio.Event()

    async def held_up(socket: WebSocketRoute) -> None:
        await may_stand.wait()
        socket.connect_to_server()

    call = shop.call(IRYNA)
    asked: list[str] = []
    async with shop.screen("ihor") as page:
        await page.route_web_socket("**/live", held_up)
        await page.reload()
        page.on("request", lambda one: asked.append(one.url) if "/desk/state" in one.url else None)
        await page.wait_for_timeout(1000)
        await call.begins()
        await call.rings("102")
        await becomes(page, "ringing", seconds=3.0)
        await call.answered_by("102")
        await call.ends()
        await becomes(page, "wrap_up", seconds=3.0)
        await put_away(page)
        may_stand.set()
        await expect(page.locator("html[data-live]")).to_be_attached()
        for _ in range(4):  # what a busy machine still has to tell of the call comes first
            asked.clear()
            await page.wait_for_timeout(4500)
            if not asked:
                break
        assert asked == []


async def test_somebody_without_a_phone_sees_the_board_and_what_to_do(shop: Shop) -> None:
    call = shop.call(IRYNA)
    async with shop.screen("owner") as page:
        await call.begins()
        await call.rings("102")
        await expect(page.locator(".desk-board")).to_contain_text("Ірина Коваль")
        await expect(card(page)).to_have_count(0)
        await expect(page.locator(".desk-idle")).to_contain_text("extension")
        await call.ends("missed")
        await expect(page.locator(".desk-board")).not_to_contain_text("Ірина Коваль")


async def test_a_put_away_card_stays_away_on_every_device(shop: Shop, oksana: Page) -> None:
    call = shop.call(IRYNA)
    await call.begins()
    await call.rings("101")
    await becomes(oksana, "ringing")
    await oksana.keyboard.press("Escape")
    await closes(oksana)
    async with shop.screen("oksana") as other:
        await expect(other.locator(".desk-board")).to_contain_text("Ірина Коваль")
        await expect(card(other)).to_have_count(0)
        await call.answered_by("101")
        await becomes(other, "talking")
        await becomes(oksana, "talking")
    await call.ends()
    await put_away(oksana)


async def test_on_any_other_page_the_caller_stands_in_a_corner(shop: Shop) -> None:
    pops = ".desk-pop"
    async with shop.screen("ihor") as page:
        await page.goto(f"{shop.url}/clients")
        elsewhere, call = shop.call(NOBODY), shop.call(IRYNA)
        await elsewhere.begins()
        await elsewhere.rings("101", "102")
        await expect(page.locator(pops)).to_contain_text("+380 93 123 4567")
        assert await page.title() == "☎ +380 93 123 4567"
        await elsewhere.answered_by("101")
        await expect(page.locator(pops)).to_have_count(0)
        await call.begins()
        await call.rings("102")
        for text in ("Ірина Коваль", "Octavia АА1234ВВ", "Head line"):
            await expect(page.locator(pops)).to_contain_text(text)
        await page.click(f"{pops} a")
        await becomes(page, "ringing")
        await page.goto(f"{shop.url}/clients")
        await page.click(f"{pops} .btn-close")
        await expect(page.locator(pops)).to_have_count(0)
        await call.answered_by("102")
        await expect(page.locator(pops)).to_contain_text("Talking")
        await call.ends()
        await elsewhere.ends()
        await expect(page.locator(pops)).to_have_count(0)

"""A day of messages, all parts real: a missed call becomes one text, the text a chat, the chat a pin on the
map; a mailing keeps to consents and to Stop, and who leaves it still hears that the car is ready."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

from connectors.practice_telegram.connector import picture
from tests.flows.browser import chromium
from tests.flows.messaging_street import (
    DELAY,
    GO,
    LANDLINES,
    NOT_ASKED,
    WITHDRAWN,
    Street,
    do,
    open_street,
    until,
)
from tests.kernel.waiting import until as until_told
from tests.patience import within

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.sqlite, pytest.mark.timeout(240)]

UNKNOWN, LANDLINE = "+380631234599", "+380442210033"
DRAFT = {
    "title": "Ще раз", "text": "{name}: час на зимові шини", "channels": ["sms"],
    "audience": {"segment": "tyres"},
}  # fmt: skip


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as found:
        yield found


async def test_a_day_of_missed_calls_chats_and_a_mailing(browser: Browser, tmp_path: Path) -> None:
    async with open_street(tmp_path, browser) as street:
        mailing = await street.hub.post(
            "/mailings",
            {**DRAFT, "title": "Шини", "pace": 600},
        )  # fmt: skip
        await street.is_at_rest()
        await _is_put_on_the_map(street)
        await _is_missed_and_texted_once(street)
        await _becomes_a_chat_with_a_pin(street)
        left = await _goes_to_those_who_agreed_until_it_is_stopped(street, mailing["id"])
        await _leaves_and_is_still_told_that_the_car_is_ready(street, left)
        await _nothing_came_twice(street)


async def _is_put_on_the_map(street: Street) -> None:
    """The owner pastes a map's link."""
    page = await street.screen("olena")
    await page.goto(f"{street.hub.url}/settings/shops/main")
    await page.fill("input[name=map]", "https://www.google.com/maps/@50.4787,30.4306,17z")
    await page.press("input[name=map]", "Enter")
    await page.wait_for_selector("a[href='https://maps.google.com/?q=50.478700,30.430600']")
    await page.context.close()


async def _is_missed_and_texted_once(street: Street) -> None:
    """12:31: a mobile that nobody knows, and a landline; 12:50: the mobile again."""
    began = time.monotonic()
    await asyncio.gather(street.missed(UNKNOWN), street.missed(LANDLINE))
    await until(lambda: bool(street.texts(UNKNOWN)), 60)
    assert time.monotonic() - began < within(60)
    (text,) = street.texts(UNKNOWN)
    assert "Бачимо ваш дзвінок" in text.body
    assert street.word_in(text)
    await street.missed(UNKNOWN)


async def _becomes_a_chat_with_a_pin(street: Street) -> None:
    """He taps the link, sends a photo, rings again, and the key 1 answers with the way."""
    people, person = street.telegram.people, street.person(UNKNOWN)
    people.start(person, street.word_in(street.texts(UNKNOWN)[0]))
    people.photo(person, picture(), "Що це за лампочка?")
    anna = await street.screen("anna")
    await anna.goto(f"{street.hub.url}/inbox")
    await anna.locator("[data-row]").first.click()
    entries = anna.locator("#inbox-entries")
    await expect(entries).to_contain_text("Що це за лампочка?", timeout=1000 * within(15))
    await expect(entries).to_contain_text("Бачимо ваш дзвінок", timeout=1000 * within(15))
    await expect(entries.locator("img")).to_be_visible(timeout=1000 * within(15))
    await _is_one_thread_with_its_calls(street, entries)

    await anna.goto(f"{street.hub.url}/desk")
    call = street.rings(UNKNOWN)
    await asyncio.sleep(0.3)
    do(call, "101 answers")
    key = anna.locator('[data-card] [data-key="answer-1"]').first
    await expect(key).to_be_enabled(timeout=1000 * within(10))
    await anna.keyboard.press("1")
    await until(lambda: any("location" in one for one in street.telegram.world.of_bot()), 15)
    (pin,) = [one for one in street.telegram.world.of_bot() if "location" in one]
    where = pin["location"]
    assert (round(where["latitude"], 4), round(where["longitude"], 4)) == (50.4787, 30.4306)
    assert pin["chat"]["id"] == person.id
    do(call, "caller hangs_up")
    await anna.context.close()


async def _is_one_thread_with_its_calls(street: Street, entries: Any) -> None:
    """The SMS, the chat and the calls stand in one conversation."""
    await expect(entries).to_contain_text("пропущено", timeout=1000 * within(15))
    mine = [
        one for one in (await street.hub.get("/messages", limit="200"))["items"] if one["address"] == UNKNOWN
    ]
    chat = (await street.hub.get("/messages", channel="telegram"))["items"]
    assert len({one["conversation_id"] for one in (*mine, *chat)}) == 1
    assert {one["channel"] for one in (*mine, *chat)} == {"sms", "telegram"}


async def _goes_to_those_who_agreed_until_it_is_stopped(street: Street, mailing_id: str) -> str:
    """212 of 340, reasons for 128; Stop at 57 holds. The number of one who got it."""
    counted = await street.hub.get(f"/mailings/{mailing_id}")
    sums = counted["sums"]
    assert (sums["size"], sums["waiting"], sums["skipped"]) == (340, GO, 128)
    assert counted["reasons"] == {"no_consent": NOT_ASKED, "withdrawn": WITHDRAWN, "landline": LANDLINES}
    anna, olena = await street.screen("anna"), await street.screen("olena")
    place = f"{street.hub.url}/mailings/{mailing_id}"
    await anna.goto(place)
    await anna.locator(f"form[action$='/{mailing_id}/submit'] button").click()
    await olena.goto(place)
    await olena.locator(f"form[action$='/{mailing_id}/approve'] button").click()

    def gone() -> list[str]:
        return [one.to for one in street.twilio.account.sent() if "зимові шини" in one.body]

    stop = olena.locator(f"form[action$='/{mailing_id}/stop'] button")
    await expect(stop).to_be_visible()
    await until(lambda: len(gone()) >= 57, 60)
    await stop.click()
    pressed = len(gone())
    await _is_stopped(olena)
    at_rest = len(gone())
    await asyncio.sleep(2.5)  # another batch would have left by now
    assert len(gone()) == at_rest < pressed + 30
    assert len(set(gone())) == len(gone())

    async def adds_up() -> bool:
        sums = (await street.hub.get(f"/mailings/{mailing_id}"))["sums"]
        return int(sums["sent"]) == len(gone()) and int(sums["sent"]) + int(sums["stopped"]) == GO

    await until_told(adds_up, 20)
    await anna.context.close()
    await olena.context.close()
    return gone()[0]


async def _is_stopped(page: Page) -> None:
    """Its page says so, and nothing waits any more: within 10 s."""
    await expect(page.locator("[data-sum=stopped]")).to_be_visible(timeout=1000 * within(10))


async def _leaves_and_is_still_told_that_the_car_is_ready(street: Street, number: str) -> None:
    """By the link in the text, on a phone; nobody is signed in there."""
    (text,) = street.texts(number, "зимові шини")
    link = next(word for word in text.body.split() if "/c/" in word)
    page = await (
        await street.browser.new_context(locale="uk-UA", viewport={"width": 390, "height": 844})
    ).new_page()
    await page.goto(link)
    await page.locator("button[value=marketing_off]").click()
    await expect(page.locator("button[value=back_on]")).to_be_visible()
    await page.context.close()
    again = await street.hub.post("/mailings", DRAFT)
    client = next(one for one in (await street.hub.get("/clients", q=number))["items"])
    await street.hub.post(
        "/messages", {"client_id": client["id"], "text": "Готова, чекаємо до 17:00", "purpose": "service"}
    )
    await until(lambda: bool(street.texts(number, "Готова")), 15)

    async def is_counted() -> bool:
        return bool((await street.hub.get(f"/mailings/{again['id']}"))["is_counted"])

    await until_told(is_counted, 30)
    reasons = (await street.hub.get(f"/mailings/{again['id']}"))["reasons"]
    assert reasons["withdrawn"] == WITHDRAWN + 1


async def _nothing_came_twice(street: Street) -> None:
    """The second miss was long enough ago; the landline never got anything."""
    await asyncio.sleep(DELAY / 5)
    assert len(street.texts(UNKNOWN)) == 1
    assert street.texts(LANDLINE) == []
    runs = (await street.hub.get("/auto-messages/runs"))["items"]
    assert sorted((one["number"], one["state"], one["reason"]) for one in runs) == [
        (LANDLINE, "skipped", "landline"), (UNKNOWN, "sent", ""),
    ]  # fmt: skip

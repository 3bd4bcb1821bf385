"""What a receptionist's hands do at the desk: notes, choosing, creating, keys, with updates coming in
between. A real hub, a real Chromium."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from hub.modules.calls.api import CallsApi
from hub.modules.crm.api import CrmApi
from tests.flows.browser import chromium
from tests.flows.desk_shop import (
    FAMILY,
    IRYNA,
    Shop,
    becomes,
    card,
    closes,
    open_shop,
    put_away,
    strips,
)  # fmt: skip
from tests.modules.desk.telling import Telling

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]

IMAGE = "<img src=x onerror=\"document.title='broken'\">"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shop(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Shop]:
    folder: Path = tmp_path_factory.mktemp("desk")
    async with chromium() as browser, open_shop(folder, browser) as shop:
        yield shop


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def screen(shop: Shop) -> AsyncIterator[Page]:
    async with shop.screen("oksana") as page:
        yield page


@pytest_asyncio.fixture(loop_scope="module")
async def page(screen: Page) -> AsyncIterator[Page]:
    """Oksana's desk, empty before and after."""
    yield screen
    await screen.evaluate(
        """() => {
            sessionStorage.clear();
            document.activeElement.blur();
            for (const field of document.querySelectorAll("textarea")) field.value = "";
        }"""
    )
    await put_away(screen)


async def ringing(shop: Shop, page: Page, number: str | None, **more: Any) -> Telling:
    call = shop.call(number, **more)
    await call.begins()
    await call.rings("101")
    await expect(
        page.locator(f'[data-card="{call.call.call_id}"], [data-open="{call.call.call_id}"]')
    ).to_be_visible()
    return call


async def notes_of(shop: Shop, call: Telling) -> list[str]:
    async with shop.reading() as uow:
        notes = await CallsApi(uow, shop.hub.installation.deps).notes([call.call.call_id])
    return [note.text for note in notes.get(call.call.call_id, ())]


async def client_of(shop: Shop, call: Telling) -> str | None:
    async with shop.reading() as uow:
        return (await CallsApi(uow, shop.hub.installation.deps).call(call.call.call_id)).client_id


async def test_a_note_that_is_being_typed_survives_every_update(shop: Shop, page: Page) -> None:
    call = await ringing(shop, page, IRYNA)
    await page.keyboard.press("n")
    await page.keyboard.type("стук ")
    await call.answered_by("101")
    await becomes(page, "talking")
    await page.keyboard.type("спереду ")
    await call.is_held()
    await becomes(page, "held")
    await page.keyboard.type("зліва")
    await call.ends()
    await becomes(page, "wrap_up")
    assert await page.input_value("[data-draft]") == "стук спереду зліва"
    await page.keyboard.press("Control+Enter")
    await expect(page.locator(".desk-notes")).to_contain_text("стук спереду зліва")
    await expect(page.locator("[data-draft]")).to_have_value("")
    assert await notes_of(shop, call) == ["стук спереду зліва"]


async def test_a_note_goes_on_when_its_call_becomes_a_part_of_another(shop: Shop, page: Page) -> None:
    survivor = await ringing(shop, page, IRYNA)
    absorbed = await ringing(shop, page, "+380931230009")
    await page.locator(f'[data-open="{absorbed.call.call_id}"]').click()
    await expect(card(page)).to_have_attribute("data-card", absorbed.call.call_id)
    await page.keyboard.press("n")
    await page.keyboard.type("гальма ")
    await absorbed.becomes_part_of(survivor)
    await expect(card(page)).to_have_attribute("data-card", survivor.call.call_id)
    await page.keyboard.type("скриплять")
    assert await page.input_value("[data-draft]") == "гальма скриплять"
    await page.keyboard.press("Control+Enter")
    await expect(page.locator(".desk-notes")).to_contain_text("гальма скриплять")
    assert await notes_of(shop, survivor) == ["гальма скриплять"]
    await survivor.ends("missed")


async def test_a_new_call_does_not_take_the_card_from_under_a_note(shop: Shop, page: Page) -> None:
    first = await ringing(shop, page, IRYNA)
    await first.answered_by("101")
    await page.keyboard.press("n")
    await page.keyboard.type("масло")
    await first.ends()
    second = await ringing(shop, page, "+380931230001")
    await page.keyboard.type(" і фільтр")
    assert await card(page).get_attribute("data-card") == first.call.call_id
    await expect(strips(page)).to_contain_text("Ringing")
    assert await page.input_value("[data-draft]") == "масло і фільтр"
    await page.keyboard.press("Control+Enter")
    await expect(card(page)).to_have_attribute("data-card", second.call.call_id)
    assert await notes_of(shop, first) == ["масло і фільтр"]
    await second.ends("missed")


async def test_an_unsaved_note_is_there_again_after_another_call_and_a_reload(shop: Shop, page: Page) -> None:
    first = await ringing(shop, page, IRYNA)
    await first.answered_by("101")
    await page.keyboard.press("n")
    await page.keyboard.type("передзвонити о 15")
    second = await ringing(shop, page, "+380931230002")
    await page.keyboard.press("Escape")
    await page.keyboard.press("w")
    await expect(card(page)).to_have_attribute("data-card", second.call.call_id)
    assert await page.input_value("[data-draft]") == ""
    await page.reload()
    await expect(card(page)).to_have_attribute("data-card", first.call.call_id)
    assert await page.input_value("[data-draft]") == "передзвонити о 15"
    await second.ends("missed")
    await first.ends()


async def test_choosing_a_card_holds_while_facts_pour_in(shop: Shop, page: Page) -> None:
    first = await ringing(shop, page, IRYNA)
    await first.answered_by("101")
    second = await ringing(shop, page, "+380931230030")
    await expect(strips(page)).to_have_count(1)
    for _ in range(6):
        await first.is_held()
        await first.is_resumed()
    await page.keyboard.press("w")
    await expect(card(page)).to_have_attribute("data-card", second.call.call_id)
    await first.is_held()
    await page.wait_for_timeout(500)
    await expect(card(page)).to_have_attribute("data-card", second.call.call_id)
    await second.ends("missed")
    await expect(card(page)).to_have_attribute("data-card", first.call.call_id)
    await first.ends()


async def test_a_card_with_an_unsaved_note_is_not_put_away_by_a_stray_key(shop: Shop, page: Page) -> None:
    call = await ringing(shop, page, IRYNA)
    await page.keyboard.press("n")
    await page.keyboard.type("не загубити")
    await page.keyboard.press("Escape")
    await page.keyboard.press("Escape")
    await expect(page.locator("[data-draft]")).to_be_focused()
    await expect(page.locator("#toasts")).to_contain_text("not saved")
    await page.keyboard.press("Control+Enter")
    await expect(page.locator(".desk-notes")).to_contain_text("не загубити")
    await page.keyboard.press("Escape")
    await page.keyboard.press("Escape")
    await closes(page)
    await call.ends("missed")


async def test_saving_twice_makes_one_note(shop: Shop, page: Page) -> None:
    call = await ringing(shop, page, IRYNA)
    await page.fill("[data-draft]", "двічі")
    await page.dblclick(".desk-note button[type=submit]")
    await expect(page.locator(".desk-notes li")).to_have_count(1)
    await page.wait_for_timeout(300)
    assert await notes_of(shop, call) == ["двічі"]
    await call.ends("missed")


async def test_the_note_of_the_last_call_stands_on_the_card(shop: Shop, page: Page) -> None:
    friday = await ringing(shop, page, IRYNA)
    await friday.answered_by("101")
    await becomes(page, "talking")
    await page.fill("[data-draft]", "обіцяли у понеділок")
    await page.click(".desk-note button[type=submit]")
    await expect(page.locator(".desk-notes")).to_contain_text("обіцяли у понеділок")
    await friday.ends()
    monday = await ringing(shop, page, IRYNA)
    await expect(card(page)).to_have_attribute("data-card", monday.call.call_id)
    await expect(card(page).locator(".desk-last")).to_contain_text("обіцяли у понеділок")
    await monday.ends("missed")


async def test_a_shared_number_is_a_question_and_one_key_answers_it(shop: Shop, page: Page) -> None:
    call = await ringing(shop, page, FAMILY)
    candidates = page.locator(".desk-candidates li")
    await expect(candidates).to_have_count(2)
    await expect(page.locator(".desk-candidates")).to_contain_text("Олена Мельник")
    await expect(page.locator(".desk-candidates")).to_contain_text("Duster ВІ0101АХ")
    assert await client_of(shop, call) is None
    wanted = await candidates.nth(1).locator("strong").inner_text()
    await page.keyboard.press("2")
    await expect(page.locator("#card-who")).to_have_text(wanted)
    chosen = {client.name: client.id for client in shop.clients.values()}[wanted]
    assert await client_of(shop, call) == chosen
    await page.click("text=Somebody else after all")
    await expect(candidates).to_have_count(2)
    assert await client_of(shop, call) is None
    await call.ends("missed")


async def test_an_unknown_caller_becomes_a_client_with_the_keyboard_alone(shop: Shop, page: Page) -> None:
    call = await ringing(shop, page, "+380931230003")
    await expect(card(page)).to_contain_text("+380 93 123 0003")
    await page.keyboard.press("c")
    await page.keyboard.type("Марко Новий")
    await page.keyboard.press("Tab")
    await page.keyboard.type("ка0001вв")
    await call.answered_by("101")
    await becomes(page, "talking")
    await page.keyboard.press("Enter")
    await expect(page.locator("#card-who")).to_have_text("Марко Новий")
    await expect(card(page).locator(".desk-plate")).to_be_visible()
    client_id = await client_of(shop, call)
    assert client_id is not None
    async with shop.reading() as uow:
        crm = CrmApi(uow, shop.hub.installation.deps)
        assert [p.number for p in (await crm.client(client_id)).phones] == ["+380931230003"]
        assert len((await crm.vehicles_of([client_id]))[client_id]) == 1
    await call.ends()


async def test_creating_twice_makes_one_client(shop: Shop, page: Page) -> None:
    call = await ringing(shop, page, "+380931230004")
    await page.fill("[data-create]", "Двічі Клацнув")
    await page.dblclick(".desk-create button[type=submit]")
    await expect(page.locator("#card-who")).to_have_text("Двічі Клацнув")
    await page.wait_for_timeout(300)
    async with shop.reading() as uow:
        assert len(await CrmApi(uow, shop.hub.installation.deps).search("Двічі Клацнув")) == 1
    await call.ends("missed")


@pytest.mark.parametrize(("key", "word", "number"), [
    ("f", "supplier", "+380931230005"), ("e", "staff", "+380931230006"), ("s", "spam", "+380931230007"),
])  # fmt: skip
async def test_not_a_client_is_one_key_and_for_ever(
    shop: Shop, page: Page, key: str, word: str, number: str
) -> None:
    call = await ringing(shop, page, number)
    await page.keyboard.press(key)
    await expect(card(page).locator(".badge")).to_have_text(word)
    await call.ends("missed")
    await closes(page)
    again = await ringing(shop, page, number)
    await expect(card(page).locator(".desk-who .badge")).to_have_text(word)
    await expect(card(page).locator("[data-create]")).to_have_count(0)
    await again.ends("missed")


async def test_keys_work_under_a_ukrainian_layout(shop: Shop, page: Page) -> None:
    call = await ringing(shop, page, "+380931230008")
    await page.evaluate(
        """() => document.body.dispatchEvent(
            new KeyboardEvent("keydown", { key: "т", code: "KeyN", bubbles: true, cancelable: true }))"""
    )
    await expect(page.locator("[data-draft]")).to_be_focused()
    await call.ends("missed")


async def test_keys_are_letters_while_somebody_types(shop: Shop, page: Page) -> None:
    call = await ringing(shop, page, "+380931230009")
    await page.keyboard.press("n")
    await page.keyboard.type("sfecn12?/")
    assert await page.input_value("[data-draft]") == "sfecn12?/"
    await expect(card(page)).to_contain_text("not known yet")
    await page.keyboard.press("Escape")
    await expect(page.locator("[data-draft]")).not_to_be_focused()
    await expect(card(page)).to_be_visible()
    await call.ends("missed")


async def test_the_list_of_keys_opens_and_closes(page: Page) -> None:
    await page.keyboard.press("?")
    await expect(page.locator("#desk-keys")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(page.locator("#desk-keys")).not_to_be_visible()


async def test_search_finds_while_typing_and_can_name_the_caller(shop: Shop, page: Page) -> None:
    call = await ringing(shop, page, "+380931230010")
    await page.keyboard.press("/")
    await page.keyboard.type("aa1234bb")
    await expect(page.locator("#desk-results")).to_contain_text("Ірина Коваль")
    await page.click("text=That is the caller")
    await expect(page.locator("#card-who")).to_have_text("Ірина Коваль")
    assert await client_of(shop, call) == shop.clients["iryna"].id
    await expect(page.locator("#desk-search")).to_have_value("")
    await page.click("text=Somebody else after all")
    await expect(card(page)).to_contain_text("not known yet")
    assert await client_of(shop, call) is None
    await call.ends("missed")


async def test_what_a_caller_calls_himself_is_text(shop: Shop, page: Page) -> None:
    call = await ringing(shop, page, "+380931230011", caller_name=IMAGE)
    await expect(card(page)).to_contain_text(IMAGE)
    await page.fill("[data-draft]", IMAGE)
    await page.click(".desk-note button[type=submit]")
    await expect(page.locator(".desk-notes")).to_contain_text(IMAGE)
    await page.fill("[data-create]", IMAGE)
    await page.keyboard.press("Enter")
    await expect(page.locator("#card-who")).to_have_text(IMAGE)
    assert await page.title() == f"☎ {IMAGE}"
    assert await page.locator("#desk img").count() == 0
    await call.ends("missed")


async def test_clocks_run_by_the_time_of_the_server(shop: Shop) -> None:
    call = shop.call(IRYNA)
    async with shop.screen("ihor") as page:
        await page.add_init_script("const real = Date.now; Date.now = () => real() + 3600e3;")
        await page.reload()
        await call.begins()
        await call.rings("102")
        await expect(card(page).locator(".desk-clock")).to_have_text(re.compile(r"^0:[0-5]\d$"))
        await call.ends("missed")


async def test_two_keys_say_what_came_of_a_call_and_when_to_ring_back(shop: Shop, page: Page) -> None:
    call = await ringing(shop, page, IRYNA)
    assert await page.locator("[data-leader]").count() == 0
    await call.answered_by("101")
    await call.ends()
    await becomes(page, "wrap_up", seconds=10)
    await page.keyboard.press("r")
    await expect(page.locator('[data-leader="result"]')).to_have_class(re.compile("is-led"))
    await page.keyboard.press("1")
    await expect(page.locator('[data-key="result-1"]')).to_have_attribute("aria-pressed", "true")
    for keys in ("g2", "a1"):
        for key in keys:
            await page.keyboard.press(key)
    await expect(page.locator('[data-key="tag-2"]')).to_have_attribute("aria-pressed", "true")
    await expect(page.locator(".desk-card-about")).to_contain_text("call back due")
    await page.keyboard.press("g")
    await page.keyboard.press("Escape")
    await becomes(page, "wrap_up")
    await page.keyboard.press("g")
    await page.keyboard.press("2")
    await expect(page.locator('[data-key="tag-2"]')).to_have_attribute("aria-pressed", "false")

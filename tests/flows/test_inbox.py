"""The inbox in a real browser, by keys alone: an answer goes out, a colleague sees that it is being written,
and a key during a call sends what is prepared."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
import pytest_asyncio
from playwright.async_api import expect

from hub.events.messages import MessageReceived
from hub.kernel.shops import FIRST_SHOP
from hub.modules.messaging.api import MessagingApi, TemplateEntry
from hub.ports.intake import Arrival
from tests.flows.browser import chromium
from tests.flows.desk_shop import IRYNA, Shop, card, open_shop, put_away
from tests.modules.messaging.wire import Wire, wrote

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]


@dataclass
class Place:
    """A shop and the wire that its messages go out by."""

    shop: Shop
    wire: Wire

    async def arrives(self, event: MessageReceived) -> None:
        """By the real intake and relay."""
        now = self.shop.clock.now()
        arrival = Arrival(source="wire", external_id=event.provider_id, occurred_at=now, event=event)
        await self.shop.hub.intake.accept([arrival])


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def place(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Place]:
    folder, wire = tmp_path_factory.mktemp("inbox"), Wire()
    async with chromium() as browser, open_shop(folder, browser, senders=[wire]) as shop:
        yield Place(shop, wire)


async def test_an_answer_is_written_by_keys_while_a_colleague_looks_on(place: Place) -> None:
    shop, wire = place.shop, place.wire
    async with shop.screen("oksana") as oksana, shop.screen("ihor") as ihor:
        await oksana.goto(f"{shop.url}/inbox")
        await ihor.goto(f"{shop.url}/inbox")
        await expect(oksana.locator(".empty").first).to_be_visible()

        # it appears by itself, on both screens and in the menu
        await place.arrives(wrote("Моя Octavia готова?", 1, written_at=shop.clock.now()))
        for page in (oksana, ihor):
            await expect(page.locator("[data-row]")).to_contain_text("Ірина Коваль")
            await expect(page.locator('[data-badge="/inbox"]')).to_contain_text("1")

        # arrow, Enter: open, and read by that
        await oksana.keyboard.press("ArrowDown")
        await oksana.keyboard.press("Enter")
        await expect(oksana.locator("#inbox-entries")).to_contain_text("Моя Octavia готова?")
        await expect(oksana.locator("[data-row]")).not_to_have_class("is-unread")
        await expect(ihor.locator('[data-badge="/inbox"]')).not_to_contain_text("1")

        # R: the colleague sees that somebody answers
        await oksana.keyboard.press("r")
        await oksana.keyboard.type("Так, чекаємо")
        await expect(ihor.locator("[data-row]")).to_contain_text("Оксана Рецепція is answering")
        await expect(oksana.locator("#inbox-count")).to_contain_text("parts: 1")
        await oksana.keyboard.press("Control+Enter")
        await expect(oksana.locator(".inbox-message.is-outbound")).to_contain_text("sent")
        assert [one.text for one in wire.ledger] == ["Так, чекаємо"]
        await expect(oksana.locator("#inbox-text")).to_have_value("")

        # N: a note; E: done, and it leaves the list of what is open
        await oksana.keyboard.press("Escape")
        await oksana.keyboard.press("n")
        await oksana.keyboard.type("5 % обіцяли")
        await oksana.keyboard.press("Control+Enter")
        await expect(oksana.locator(".inbox-note")).to_contain_text("5 % обіцяли")
        await oksana.keyboard.press("e")
        await expect(ihor.locator("[data-row]")).to_have_count(0)


async def test_a_key_during_a_call_sends_the_prepared_answer(place: Place) -> None:
    shop, wire = place.shop, place.wire
    wire.ledger.clear()
    async with shop.hub.transactions.writing(actor=None, shop_id=FIRST_SHOP) as uow:
        templates = MessagingApi(uow, shop.hub.installation.deps).templates
        await templates.save(TemplateEntry(title="Адреса", text="Ми на Автозаводській, 12", place=1))
    async with shop.screen("oksana") as oksana:
        call = shop.call(IRYNA)
        await call.begins()
        await call.rings("101")
        await call.answered_by("101")
        await expect(card(oksana).locator('[data-key="answer-1"]')).to_be_enabled()
        await oksana.keyboard.press("1")
        await expect(card(oksana).locator('[data-key="answer-1"]')).to_be_disabled()
        await expect(card(oksana)).to_contain_text("Ми на Автозаводській, 12")
        await oksana.keyboard.press("1")
        await call.ends()
        await put_away(oksana)
    assert [one.text for one in wire.ledger] == ["Ми на Автозаводській, 12"]

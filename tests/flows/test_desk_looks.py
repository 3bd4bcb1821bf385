"""Whether everybody can read and reach the desk: contrast, names of things, a phone's width, three
languages, in a real Chromium."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page, expect

from hub.modules.messaging.api import MessagingApi, TemplateEntry
from hub.ports.intake import Arrival
from tests.flows.browser import chromium
from tests.flows.desk_shop import FAMILY, IRYNA, Shop, becomes, open_shop, put_away, strips
from tests.looks.demo import speak
from tests.modules.messaging.wire import Wire, wrote

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]

PHONE = {"viewport": {"width": 360, "height": 740}}
RULES = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shop(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Shop]:
    folder: Path = tmp_path_factory.mktemp("desk")
    async with chromium() as browser, open_shop(folder, browser, senders=[Wire()]) as shop:
        await has_written(shop)
        yield shop


async def has_written(shop: Shop) -> None:
    """Iryna, a word that is longer than a phone is wide; the shop has answers ready, one of them lacks
    something."""
    link = wrote(f"https://shop.example/{'x' * 80}", address=IRYNA, written_at=shop.clock.now())
    at = shop.clock.now()
    await shop.hub.intake.accept(
        [Arrival(source="wire", external_id="1", occurred_at=at, event=link)]
    )  # fmt: skip
    installation = shop.hub.installation
    async with installation.transactions.writing(actor=None, shop_id=installation.default_shop) as uow:
        templates = MessagingApi(uow, installation.deps).templates
        for place, text in enumerate(("We are open", "{requisites}"), 1):
            await templates.save(TemplateEntry(title=f"Answer {place}", text=text, place=place))


async def busy_desk(shop: Shop, page: Page) -> None:
    """A talk with a note, a second call with candidates, an unknown one in the queue, an ended one."""
    missed, first, second, third = (
        shop.call("+380931230020"), shop.call(IRYNA, queue="reception"), shop.call(FAMILY),
        shop.call("+380931230021", queue="reception"),
    )  # fmt: skip
    await missed.begins()
    await missed.rings("101")
    await missed.ends("missed")
    for call in (first, second, third):
        await call.begins()
        await call.rings("101")
    await first.answered_by("101")
    await becomes(page, "talking")
    await expect(strips(page)).to_have_count(2)
    await expect(page.locator(".messaging-cost")).to_have_count(2)


async def faults(page: Page) -> list[str]:
    """What axe finds, as rule and element."""
    found = await Axe().run(page, options=RULES)
    return [
        f"{fault['id']}: {node['html'][:160]} {node['any'][0]['message'] if node['any'] else ''}"
        for fault in found.response["violations"]
        for node in fault["nodes"]
    ]


@pytest.mark.parametrize("colours", ["light", "dark"])
@pytest.mark.parametrize("size", [{}, PHONE], ids=["wide", "phone"])
async def test_everybody_can_read_and_reach_everything(
    shop: Shop, colours: str, size: dict[str, object]
) -> None:
    async with shop.screen("oksana", color_scheme=colours, **size) as page:
        assert await faults(page) == []
        await busy_desk(shop, page)
        for _ in range(3):
            assert await faults(page) == []
            await page.keyboard.press("w")
            await page.wait_for_timeout(200)
        await page.keyboard.press("?")
        assert await faults(page) == []
        await page.keyboard.press("Escape")
        assert await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        for call in shop.live:
            await call.ends()
        await put_away(page)


@pytest.mark.parametrize(
    ("language", "word"), [("en", "Talking"), ("ru", "Разговор"), ("uk", "Розмова")], ids=["en", "ru", "uk"]
)
async def test_the_desk_speaks_the_persons_language(shop: Shop, language: str, word: str) -> None:
    async with shop.screen("ihor") as page:
        await speak(page, language)
        await page.reload()
        call = shop.call(IRYNA)
        await call.begins()
        await call.rings("102")
        await call.answered_by("102")
        await expect(page.locator(".desk-card-state")).to_have_text(word)
        assert await page.get_attribute("html", "lang") == language
        await call.ends()
        await put_away(page)

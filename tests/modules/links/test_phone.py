"""Pages behind a client's link on a phone, in the three languages, as a stranger with a thumb meets them."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, Page

from hub.modules.consents.api import ConsentsApi, Subject
from hub.modules.links.api import LinkEntry, LinksApi
from tests.factories.crm import make_client
from tests.factories.site import Client, site_of
from tests.flows.browser import Faults, chromium
from tests.modules.consents.stories import NOON, asked, record
from tests.modules.links.conftest import PUBLIC
from tests.modules.messaging.wire import IRYNA, House

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.sqlite, pytest.mark.timeout(180)]
WIDTH = 390
THUMB = 44
"""The least height of what a thumb has to hit, in pixels."""
ASKED = {
    "uk": "Заміна гальмівних колодок, 4 200 грн. Погоджуєте?",
    "ru": "Замена тормозных колодок, 4 200 грн. Согласовано?",
    "en": "New brake pads, 4,200 UAH. Do you approve?",
}
YES = {"uk": "Так, підтверджую", "ru": "Да, подтверждаю", "en": "Yes, I confirm"}
DONE = {"uk": "Підтверджено", "ru": "Подтверждено", "en": "Confirmed on"}
END = {
    "uk": "Більше не надсилати рекламу", "ru": "Больше не присылать рекламу",
    "en": "Send me no more advertising",
}  # fmt: skip
GONE = {"uk": "Це посилання", "ru": "Эта ссылка", "en": "This link opens nothing any more."}


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as found:
        yield found


@pytest.fixture
async def site(house: House) -> AsyncIterator[Client]:
    client = await site_of(house.hub, None)
    yield client
    await client.close()


async def fits(page: Page) -> None:
    """Nothing is wider than the phone, and what is pressed is as high as a thumb."""
    await page.wait_for_load_state()
    assert await page.evaluate("document.documentElement.scrollWidth") <= WIDTH
    for button in await page.locator("main button").all():
        box = await button.bounding_box()
        assert box is not None
        assert box["height"] >= THUMB, await button.inner_text()


@pytest.mark.parametrize("language", ["uk", "ru", "en"])
async def test_a_client_approves_and_leaves_by_thumb_in_the_own_language(
    house: House, site: Client, browser: Browser, language: str
) -> None:
    deps = house.hub.installation.deps
    client = await make_client(house.hub, "Iryna", IRYNA, language=language)
    subject = Subject(client_id=client.id)
    await record(house, subject)
    async with house.uow() as uow:
        asks = LinkEntry(kind="confirm", object="visit:1", text=ASKED[language], client_id=client.id)
        confirm = await LinksApi(uow, deps).link_for(asks)
        leave = await ConsentsApi(uow, deps).unsubscribe_link(subject)
    context = await browser.new_context(
        locale={"uk": "uk-UA", "ru": "ru-RU", "en": "en-GB"}[language],
        viewport={"width": WIDTH, "height": 844}, has_touch=True,
    )  # fmt: skip
    faults, page = Faults(context), await context.new_page()

    async def opens(path: str) -> None:
        await page.goto(str(site.make_url(path)))
        assert await page.get_attribute("html", "lang") == language
        await fits(page)

    await opens(confirm.removeprefix(PUBLIC))
    assert ASKED[language] in await page.inner_text("h1")
    await page.get_by_role("button", name=YES[language]).tap()
    await page.wait_for_selector(".links-done")
    assert DONE[language] in await page.inner_text(".links-done")
    await fits(page)

    await opens(leave.removeprefix(PUBLIC))
    await page.get_by_role("button", name=END[language]).tap()
    await page.wait_for_selector("button[value=back_on]")
    await fits(page)
    assert (await asked(house, client_id=client.id, at=NOON)).code == "withdrawn"
    await page.locator("button[value=back_on]").tap()
    await page.wait_for_selector("button[value=marketing_off]")
    assert (await asked(house, client_id=client.id, at=NOON)).is_yes

    await opens("/c/" + "A" * 22)
    assert GONE[language] in await page.inner_text("h1")
    assert [one for one in faults.seen if "404" not in one] == []
    await context.close()

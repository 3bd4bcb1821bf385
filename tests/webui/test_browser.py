"""The shell in a real Chromium: signing in, dark and light, a phone's width, the keyboard, the banners."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from aiohttp.test_utils import TestServer
from playwright.async_api import Browser, BrowserContext, Page, expect

from hub.app import Hub
from hub.modules.access.api import AccessApi
from tests.flows.browser import Faults, chromium
from tests.patience import within
from tests.webui.fake_pbx import FakePbx
from tests.webui.stage import PASSWORD, WIDE, Shop
from tests.webui.test_dead_letters import fact as dead_fact
from webui.app import SITE, make_app

pytestmark = [pytest.mark.browser, pytest.mark.slow]
PAGES = (
    "/settings",
    "/settings/people",
    "/settings/people/new",
    "/settings/shops",
    "/settings/shops/new",
    "/settings/shops/main",
    "/settings/hours",
    "/settings/lines",
    "/settings/lines/new",
    "/settings/phones",
    "/settings/retention",
    "/settings/pbx",
    "/settings/roles",
    "/settings/tokens",
    "/settings/audit",
    "/system",
    "/system/dead-letters",
    "/system/log",
    "/system/backups",
    "/approvals",
    "/account",
    "/no-such-page",
)
PHONE = {"width": 390, "height": 844}


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as made:
        yield made


@pytest.fixture
def pbx() -> FakePbx:
    return FakePbx()


@pytest.fixture
async def served(hub: Hub, shop: Shop, pbx: FakePbx) -> AsyncIterator[TestServer]:
    """A web admin with a PBX line, an owner and a receptionist."""
    deps = replace(hub.installation.deps, telephony=pbx, practice=pbx)
    server = TestServer(make_app(replace(hub.installation, deps=deps), WIDE))
    await server.start_server()
    await shop.person("owner")
    await shop.person("receptionist")
    yield server
    await server.close()


@pytest.fixture
async def context(browser: Browser) -> AsyncIterator[BrowserContext]:
    made = await browser.new_context(locale="uk-UA", viewport={"width": 1360, "height": 900})
    faults = Faults(made)
    yield made
    await made.close()
    assert [said for said in faults.seen if not said.startswith("WebSocket connection to")] == []


async def _enter(context: BrowserContext, server: TestServer, login: str = "owner") -> Page:
    page = await context.new_page()
    await page.goto(str(server.make_url("/login")))
    await page.get_by_label("Логін").fill(login)
    await page.get_by_label("Пароль").fill(PASSWORD)
    await page.get_by_role("button", name="Увійти").click()
    await page.wait_for_url("**/desk")
    return page


async def test_signing_in_out_and_a_wrong_password(context: BrowserContext, served: TestServer) -> None:
    page = await context.new_page()
    await page.goto(str(served.make_url("/settings/people")))
    await expect(page.get_by_role("heading", name="Увійти")).to_be_visible()
    await page.get_by_label("Логін").fill("owner")
    await page.get_by_label("Пароль").fill("wrong words")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("alert")).to_contain_text("неправильні")
    await page.get_by_label("Пароль").fill(PASSWORD)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="Працівники", level=1)).to_be_visible()
    await page.locator(".shell-person-menu summary").click()
    await page.get_by_role("button", name="Вийти").click()
    await expect(page.get_by_role("heading", name="Увійти")).to_be_visible()


async def test_on_a_phone_nothing_runs_out_sideways_and_the_menu_opens(
    context: BrowserContext, served: TestServer
) -> None:
    page = await _enter(context, served)
    await page.set_viewport_size(PHONE)
    for path in PAGES:
        await page.goto(str(served.make_url(path)))
        wide = await page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0, path
    entry = page.get_by_role("link", name="Система")
    await expect(entry).to_be_hidden()
    await page.get_by_role("button", name="Меню").click()
    await expect(entry).to_be_visible()


async def test_the_chosen_colours_stay_and_follow_the_system_again(
    context: BrowserContext, served: TestServer
) -> None:
    page = await _enter(context, served)
    root = page.locator("html")
    await page.emulate_media(color_scheme="light")
    await page.locator(".shell-person-menu summary").click()
    await page.get_by_role("button", name="Темна").click()
    await expect(root).to_have_attribute("data-bs-theme", "dark")
    await page.reload()
    await expect(root).to_have_attribute("data-bs-theme", "dark")
    await page.locator(".shell-person-menu summary").click()
    await page.get_by_role("button", name="Як у системі").click()
    await expect(root).to_have_attribute("data-bs-theme", "light")
    await page.emulate_media(color_scheme="dark")
    await expect(root).to_have_attribute("data-bs-theme", "dark")


async def test_the_language_is_changed_from_the_person_menu_and_stays(
    context: BrowserContext, served: TestServer
) -> None:
    page = await _enter(context, served)
    await page.goto(str(served.make_url("/settings")))
    await page.locator(".shell-person-menu summary").click()
    await page.get_by_role("button", name="RU Русский").click()
    await expect(page.get_by_role("heading", name="Настройки")).to_be_visible()
    assert page.url.endswith("/settings")
    assert await page.evaluate("document.documentElement.lang") == "ru"


async def test_the_keyboard_alone_reaches_the_content(context: BrowserContext, served: TestServer) -> None:
    page = await _enter(context, served)
    await page.goto(str(served.make_url("/settings")))
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("link", name="До вмісту")).to_be_focused()
    await page.keyboard.press("Enter")
    await page.keyboard.press("Tab")
    assert await page.evaluate("document.activeElement.getAttribute('href')") == "/settings/shops"
    outline = await page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"


async def test_the_banner_of_the_pbx_comes_and_goes_by_itself(
    context: BrowserContext, served: TestServer, pbx: FakePbx
) -> None:
    page = await _enter(context, served)
    banner = page.get_by_text("Немає зв’язку з АТС")
    await expect(banner).to_be_hidden()
    pbx.is_up = False
    await expect(banner).to_be_visible(timeout=1000 * within(3))
    await expect(page.locator("#banner-pbx time")).to_have_text("09:02:10")
    pbx.is_up = True
    await expect(banner).to_be_hidden(timeout=1000 * within(3))


async def test_a_lost_connection_is_told_and_heals(context: BrowserContext, served: TestServer) -> None:
    page = await _enter(context, served)
    await page.goto(str(served.make_url("/settings")))
    await page.evaluate(
        "window.heard = []; for (const name of ['hint', 'resync', 'socket'])"
        " document.addEventListener(`pitline:${name}`, e => heard.push([name, e.detail.up ?? null]))"
    )
    site = served.app[SITE]
    await context.set_offline(True)
    await site.sockets.stop()
    await expect(page.locator("#banner-live")).to_be_visible(timeout=1000 * within(20))
    await context.set_offline(False)
    site.sockets.start()
    await expect(page.locator("#banner-live")).to_be_hidden(timeout=1000 * within(15))
    heard = await page.evaluate("heard")
    assert heard[0] == ["socket", False]
    assert ["socket", True] in heard
    assert heard.index(["resync", None]) > heard.index(["socket", True])


async def test_a_hint_reaches_every_tab_and_a_waking_tab_asks_anew(
    context: BrowserContext, served: TestServer, hub: Hub
) -> None:
    page = await _enter(context, served)
    await page.goto(str(served.make_url("/settings")))
    await page.evaluate(
        "window.heard = []; document.addEventListener('pitline:hint', e => heard.push(e.detail));"
        " window.asked = 0; document.addEventListener('pitline:resync', () => asked++)"
    )
    installation = hub.installation
    async with installation.transactions.writing(actor=None, shop_id=installation.default_shop) as uow:
        uow.hint("call", "c1", 7)
    await page.wait_for_function("heard.length > 0")
    assert await page.evaluate("heard[0]") == {"topic": "call", "id": "c1", "rev": 7}
    before = await page.evaluate("asked")
    await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    await page.wait_for_function(f"asked > {before}")


async def test_who_is_signed_out_elsewhere_is_led_to_the_log_in_at_once(
    context: BrowserContext, served: TestServer, hub: Hub
) -> None:
    page = await _enter(context, served)
    await page.goto(str(served.make_url("/settings/people")))
    await page.wait_for_timeout(300)
    installation = hub.installation
    async with installation.transactions.writing(actor=None, shop_id=installation.default_shop) as uow:
        access = AccessApi(uow, installation.deps)
        owner = next(one for one in await access.list_people() if one.role == "owner")
        for session in await access.sessions.of(owner.id):
            await access.sessions.end_one(owner.id, session.id)
    await page.wait_for_url("**/login?next=%2Fsettings%2Fpeople", timeout=1000 * within(4))


async def test_the_test_button_of_the_line_shows_its_findings_without_leaving(
    context: BrowserContext, served: TestServer
) -> None:
    page = await _enter(context, served)
    await page.goto(str(served.make_url("/settings/pbx")))
    await page.get_by_role("button", name="Перевірити").click()
    await expect(page.locator("#findings")).to_contain_text("No right to read <calls>.")


async def test_a_toast_shows_text_as_text_and_can_be_closed(
    context: BrowserContext, served: TestServer
) -> None:
    page = await _enter(context, served)
    await page.evaluate(
        "document.dispatchEvent(new CustomEvent('pitline:toast',"
        " {detail: {text: '<b>hi</b>', kind: 'warning'}}))"
    )
    toast = page.locator(".shell-toast")
    await expect(toast).to_contain_text("<b>hi</b>")
    await toast.get_by_role("button", name="Закрити").click()
    await expect(toast).to_have_count(0)


async def test_a_failed_delivery_is_counted_in_the_menu_of_a_page_that_stands_open(
    context: BrowserContext, served: TestServer, hub: Hub
) -> None:
    page = await _enter(context, served)
    count = page.locator("[data-badge='/system']")
    await expect(count).to_be_hidden()
    await dead_fact(hub, "f1", handlers={"crm.on_it": "dead"})
    await hub.system.letters.look()
    await expect(count).to_contain_text("1", timeout=25_000)  # by itself it asks after 30 s
    await page.goto(str(served.make_url("/system/dead-letters")))
    await page.get_by_role("button", name="Відмовитися").click()
    await expect(page.get_by_text("Невдач немає")).to_be_visible()


async def test_enter_in_the_password_field_signs_out_everywhere_else(
    shop: Shop, context: BrowserContext, served: TestServer
) -> None:
    page = await _enter(context, served)
    others = [await shop.sign_in("owner") for _ in range(2)]
    await page.goto(str(served.make_url("/account")))
    await page.locator("#field-own_password").fill(PASSWORD)
    await page.keyboard.press("Enter")
    await expect(page.locator("[data-notice]")).to_be_visible()
    assert [(await one.get("/account", allow_redirects=False)).status for one in others] == [303, 303]
    assert page.url.endswith("/account")

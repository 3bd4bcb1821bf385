"""Programs and what leaves the house, in a real Chromium: the page that tries the API, tokens from their
making to their end, the second person for a program, the download of a backup."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.async_api import Browser, BrowserContext, Page, expect
from sqlalchemy import insert

from hub.app import Hub
from hub.kernel.backup.tables import backup_quarantine
from hub.modules.access.api import AccessApi
from tests.flows.browser import Faults, chromium
from tests.kernel.waiting import until
from tests.webui.stage import PASSWORD, Shop

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as made:
        yield made


@pytest.fixture
async def context(browser: Browser) -> AsyncIterator[BrowserContext]:
    made = await browser.new_context(locale="uk-UA", viewport={"width": 1360, "height": 900})
    faults = Faults(made)
    yield made
    await made.close()
    assert [said for said in faults.seen if not said.startswith("WebSocket connection to")] == []


@pytest.fixture
async def page(context: BrowserContext, shop: Shop) -> Page:
    """The owner's, after signing in."""
    await shop.person("owner")
    opened = await context.new_page()
    await opened.goto(address(shop, "/login"))
    await opened.get_by_label("Логін").fill("owner")
    await opened.get_by_label("Пароль").fill(PASSWORD)
    await opened.keyboard.press("Enter")
    await opened.wait_for_url("**/desk")
    return opened


def address(shop: Shop, path: str) -> str:
    return str(shop.server.make_url(path))


async def was_used(shop: Shop, name: str) -> bool:
    """Whether the token's use is written down: that is done beside the request, not before its answer."""
    installation = shop.hub.installation
    async with installation.transactions.reading(actor=None, shop_id=installation.default_shop) as uow:
        tokens = await AccessApi(uow, installation.deps).tokens.all()
    return any(token.seen_at is not None for token in tokens if token.name == name)


async def tried(page: Page, operation: str, status: str, body: str = "", token: str = "") -> str:
    """Send an operation from the page of the API; what was answered."""
    await page.select_option("#api-operation", operation)
    if body:
        await page.locator("#api-body").fill(body)
    await page.locator("#api-token").fill(token)
    await page.get_by_role("button", name="Надіслати").click()
    await expect(page.locator("#api-status")).to_contain_text(status)
    return await page.locator("#api-text").inner_text()


async def test_an_integrator_tries_the_api_in_the_own_name_and_is_refused_with_a_weak_token(
    page: Page, shop: Shop
) -> None:
    await page.goto(address(shop, "/settings/api"))
    assert '"kind": "person"' in await tried(page, "GET /api/v1/me", "200")
    made = await tried(page, "POST /api/v1/clients", "201", '{"name": "Ірина", "kind": "person"}')
    assert "Ірина" in made
    await expect(page.locator("#api-curl")).to_contain_text("curl -X POST")
    assert "Ірина" in await tried(page, "GET /api/v1/clients", "200")
    refused = await tried(page, "GET /api/v1/quarantine", "403", token=await shop.token("receptionist"))
    assert '"access.no_right"' in refused
    await expect(page.locator("#api-status")).to_have_class("is-bad")
    assert '"is_on": false' in await tried(page, "GET /api/v1/quarantine", "200")


async def test_what_is_no_json_is_marked_at_the_field_and_the_answer_says_so(page: Page, shop: Shop) -> None:
    await page.goto(address(shop, "/settings/api"))
    await page.select_option("#api-operation", "POST /api/v1/clients")
    await page.locator("#api-body").fill("{")
    await page.get_by_role("button", name="Надіслати").click()
    await expect(page.locator("#api-body-fault")).to_be_visible()
    await expect(page.locator("#api-text")).to_contain_text("request.not_json")
    assert '"fields"' in await tried(page, "POST /api/v1/clients", "422", '{"name": "x", "nonsense": 1}')


async def test_a_token_is_made_shown_once_used_and_revoked(page: Page, shop: Shop) -> None:
    await page.goto(address(shop, "/settings/tokens"))
    await page.locator("#field-name").fill("Каса")
    await page.get_by_role("button", name="Створити токен").click()
    token = await page.locator(".shell-key").inner_text()
    row = page.get_by_role("row").filter(has_text="Каса")
    await expect(row).to_contain_text(token[:10])
    await expect(row.get_by_role("cell").nth(4)).to_have_text("–")
    await page.goto(address(shop, "/settings/tokens"))
    assert token not in await page.content()
    program, headers = shop.browser(), {"Authorization": f"Bearer {token}"}
    assert (await program.get("/api/v1/me", headers=headers)).status == 200
    await until(lambda: was_used(shop, "Каса"))
    await page.reload()
    await expect(row.get_by_role("cell").nth(4)).to_have_text(re.compile(r"\d\d:\d\d"))
    await row.get_by_role("button", name="Відкликати").click()
    await expect(row).to_contain_text("відкликано")
    assert (await program.get("/api/v1/me", headers=headers)).status == 401


async def test_a_request_waits_for_the_second_person_and_is_done_when_it_is_sent_again(
    page: Page, shop: Shop, hub: Hub
) -> None:
    now = hub.installation.clock.now()
    held = {"id": "q1", "begun_at": now, "taken_at": now - timedelta(hours=24)}
    await hub.database.write(lambda c: c.execute(insert(backup_quarantine).values(held)))
    await page.goto(address(shop, "/settings/api"))
    operation, body = "POST /api/v1/quarantine/release", '{"waiting": "drop"}'
    assert '"second.needed"' in await tried(page, operation, "403", body)
    other = await page.context.new_page()
    await other.goto(address(shop, "/system"))
    await other.get_by_role("link", name="Переглянути й вирішити").click()
    await other.get_by_label("Ваш пароль").fill(PASSWORD)
    await other.get_by_role("button", name="Схвалити").click()
    await expect(other.get_by_text("На вас ніщо не чекає.")).to_be_visible()
    assert '"is_on": false' in await tried(page, operation, "200", body)


async def test_a_backup_is_saved_by_the_browser_and_the_password_does_not_stay(
    page: Page, shop: Shop, hub: Hub, tmp_path: Path
) -> None:
    run = await hub.backups.run("manual")
    await page.goto(address(shop, "/system/backups"))
    await page.get_by_role("button", name="Завантажити").click()
    await page.get_by_label("Ваш пароль").fill(PASSWORD)
    async with page.expect_download() as saving:
        await page.get_by_role("button", name="Підтвердити").click()
    saved = await saving.value
    await saved.save_as(tmp_path / "saved")
    assert (tmp_path / "saved").read_bytes() == Path(run.path).read_bytes()
    assert saved.suggested_filename == Path(run.path).name
    await expect(page.locator("[data-sent]")).to_be_visible()
    await expect(page.get_by_label("Ваш пароль")).to_have_value("")

"""Whether everybody can read and reach the pages, in a real Chromium: every page of the demo shop, so that
its lists are full, by axe, in each language; once for all that it knows, once in the dark for what colours
change, once for the words alone. Which of these in which language goes round from page to page."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import pytest
import pytest_asyncio
from aiohttp.test_utils import TestServer
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import BrowserContext, Page

from hub.app import Hub
from hub.cli.demo.filling import fill
from hub.cli.demo.people import WORKERS
from hub.clock import SystemClock
from hub.kernel.journal.files import FileJournal
from hub.kernel.shops import FIRST_SHOP
from hub.main import MODULES
from hub.modules.queues.api import QueuesApi
from hub.settings import (
    BackupSettings,
    DatabaseSettings,
    JournalSettings,
    MessagingSettings,
    RecordingsSettings,
    Settings,
)
from tests.flows.browser import Faults, chromium
from tests.looks.demo import speak
from tests.looks.pages import FOLLOWED, PATHS, below
from tests.webui.fake_pbx import FakePbx
from tests.webui.stage import PASSWORD, WIDE
from webui.app import make_app

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]
RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"],
    "resultTypes": ["violations"],
    "preload": False,
}
COLOURS = ("color-contrast", "link-in-text-block")
IN_THE_DARK = {**RULES, "runOnly": COLOURS}
WORDS = {**RULES, "rules": {colour: {"enabled": False} for colour in COLOURS}}
LANGUAGES = ("en", "ru", "uk")
SHOWN = """(scheme) => new Promise((done) => {
  const root = document.documentElement.dataset;
  const end = () => done(document.getAnimations().forEach((one) => one.finish()));
  const look = () => requestAnimationFrame(root.theme !== "auto" || root.bsTheme === scheme ? end : look);
  look();
})"""
"""The page has these colours, and none of them is on its way."""
SEEN_ELSEWHERE = (
    "calls-filter", "calls-empty", "clients-empty", "recordings-empty", "mailings-empty", "reports-empty",
    "reports-list", "client-edit", "mailing-draft", "person", "line", "hook",
)  # fmt: skip
"""The same page with another list, or with less."""
Part = dict[str, list[list[str]]]
REPEATED: Part = {"exclude": [["tbody tr:nth-child(n+7)"], ["li:nth-child(n+9)"], ["aside"]]}
"""What a long list says again and again; the menu is looked at by itself."""
GROUPS = 14
"""No test takes longer than it may, on a busy machine too."""


@dataclass
class Shop:
    """The demo shop, and the owner's browser."""

    home: str
    context: BrowserContext
    page: Page
    wall: str


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shop(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Shop]:
    """Filled as `pitline demo` fills it; its PBX only says that it is there."""
    folder: Path = tmp_path_factory.mktemp("everybody")
    settings = replace(
        Settings(),
        database=DatabaseSettings(url=f"sqlite+aiosqlite:///{folder}/hub.db"),
        journal=JournalSettings(folder=str(folder / "journal")),
        recordings=RecordingsSettings(store=str(folder / "recordings")),
        messaging=MessagingSettings(files=str(folder / "attachments")),
        backup=BackupSettings(folder=str(folder / "backups"), at=""),
    )
    hub = Hub(settings, MODULES, clock=SystemClock(), journal=FileJournal(folder / "journal", 30))
    await hub.start()
    await fill(hub.installation, PASSWORD)
    pbx = FakePbx()
    deps = replace(hub.installation.deps, telephony=pbx, practice=pbx)
    server = TestServer(make_app(replace(hub.installation, deps=deps), WIDE))
    await server.start_server()
    home = str(server.make_url("")).rstrip("/")
    async with hub.transactions.writing(actor=None, shop_id=FIRST_SHOP) as uow:
        _, key = await QueuesApi(uow, deps).screens.make("TV", FIRST_SHOP, shows_callers=True)
    async with chromium() as browser:
        context = await browser.new_context(
            locale="uk-UA", viewport={"width": 1360, "height": 900}, reduced_motion="reduce"
        )
        faults = Faults(context)
        yield Shop(home, context, await context.new_page(), f"/wall/{key}")
        await context.close()
    await server.close()
    await hub.stop()
    assert [said for said in faults.seen if not said.startswith("WebSocket connection to")] == []


Judge = Callable[[Page, Part], Awaitable[list[str]]]


async def in_the_light(page: Page, part: Part = REPEATED) -> list[str]:
    """What axe finds that is serious, of all that it knows."""
    return await barriers(page, part, "light", RULES)


async def in_the_dark(page: Page, part: Part = REPEATED) -> list[str]:
    """What is too hard to read or to tell apart in the dark."""
    return await barriers(page, part, "dark", IN_THE_DARK)


async def by_its_words(page: Page, part: Part = REPEATED) -> list[str]:
    """All but the colours."""
    return await barriers(page, part, "light", WORDS)


JUDGES: tuple[Judge, ...] = (in_the_light, in_the_dark, by_its_words)


async def barriers(
    page: Page, part: Part, scheme: Literal["light", "dark"], rules: Mapping[str, Any]
) -> list[str]:
    """What these rules call serious."""
    await page.emulate_media(color_scheme=scheme)
    await page.evaluate(SHOWN, scheme)
    found = await Axe().run(page, part, dict(rules))
    return [
        f"{one['id']}: {one['nodes'][0]['html'][:120]} {one['nodes'][0]['failureSummary'][:300]}"
        for one in found.response["violations"]
        if one["impact"] in ("serious", "critical")
    ]


async def test_a_stranger_meets_no_serious_barrier(shop: Shop) -> None:
    found = {}
    for path in ("/login", shop.wall):
        await shop.page.goto(shop.home + path)
        found[path] = await in_the_light(shop.page) + await in_the_dark(shop.page)
    assert {path: barriers for path, barriers in found.items() if barriers} == {}


@pytest.mark.parametrize("group", range(GROUPS))
async def test_no_page_has_a_serious_barrier_for_anybody(shop: Shop, group: int) -> None:
    page = shop.page
    await enter(shop)
    paths = [path for name, path in PATHS if name not in SEEN_ELSEWHERE]
    for name, where, pattern in FOLLOWED:
        listed = re.search(pattern, await (await page.request.get(shop.home + where)).text())
        paths += [listed[1] + below(name)] if listed is not None else []
    found = {}
    for turn, language in enumerate(LANGUAGES):
        await speak(page, language)
        for number, path in enumerate(paths[group::GROUPS]):
            await page.goto(shop.home + path)
            assert await page.get_attribute("html", "lang") == language
            found[language, path] = await JUDGES[(number + turn) % len(JUDGES)](page, REPEATED)
        await page.locator(".shell-person-menu summary").click()
        found[language, "menu"] = await JUDGES[(group + turn) % len(JUDGES)](page, {"include": [["aside"]]})
    assert {where: barriers for where, barriers in found.items() if barriers} == {}


async def enter(shop: Shop) -> None:
    """As the owner of the demo."""
    owner = next(worker.login for worker in WORKERS if worker.role == "owner")
    page = shop.page
    await page.goto(f"{shop.home}/login")
    if page.url.endswith("/login"):
        await page.get_by_label("Логін").fill(owner)
        await page.get_by_label("Пароль").fill(PASSWORD)
        await page.get_by_role("button", name="Увійти").click()
        await page.wait_for_url("**/desk")

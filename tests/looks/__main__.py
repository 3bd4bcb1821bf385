"""`python -m tests.looks FOLDER`: pictures of every page of the demo shop, and what is wrong with them.

Every page is taken wide in light and dark and on a phone, by default in Ukrainian (`--languages en,ru,uk`
for all; `--only desk` for pages whose name begins so). Below the pictures stand what axe finds, what runs
out sideways and what took longer than a second; the exit code is 1 when there is anything.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page

from tests.flows.browser import chromium
from tests.looks.demo import Demo, demo
from tests.looks.pages import stops

RULES = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}}
WIDE, PHONE = {"width": 1360, "height": 900}, {"width": 390, "height": 844}
MANNERS: dict[str, dict[str, Any]] = {
    "light": {"viewport": WIDE, "color_scheme": "light"},
    "dark": {"viewport": WIDE, "color_scheme": "dark"},
    "phone": {"viewport": PHONE, "color_scheme": "light", "has_touch": True, "is_mobile": True},
    "phone-dark": {"viewport": PHONE, "color_scheme": "dark", "has_touch": True, "is_mobile": True},
}
SLOW = 1.0


@dataclass
class Walk:
    """One way through all pages."""

    folder: Path
    only: str
    with_axe: bool
    wrong: list[str] = field(default_factory=list)

    async def go(self, demo: Demo, browser: Browser, language: str, manner: str) -> None:
        page = await demo.enter(browser, "oleh", language, **MANNERS[manner])
        async for stop in stops(demo, page):
            if stop.name.startswith(self.only):
                begun = time.perf_counter()
                await stop.arrive(page)
                took = time.perf_counter() - begun
                await self._take(page, f"{stop.name}.{language}.{manner}", took)
        for state in ("ringing", "talking"):
            name = f"desk-{state}"
            if name.startswith(self.only):
                await self._desk(demo, browser, language, manner, state)
        await page.context.close()
        await self._strangers(demo, browser, language, manner)

    async def _desk(self, demo: Demo, browser: Browser, language: str, manner: str, state: str) -> None:
        """Anna's desk while the practice exchange rings her."""
        boss = await demo.enter(browser, "oleh", language)
        anna = await demo.enter(browser, "anna", language, **MANNERS[manner])
        await anna.goto(f"{demo.url}/desk")
        await boss.goto(f"{demo.url}/system")
        await boss.locator(".system-play").first.click()
        await anna.wait_for_selector(f"[data-card][data-state='{state}']", timeout=20000)
        await anna.wait_for_timeout(300)
        await self._take(anna, f"desk-{state}.{language}.{manner}", 0)
        await boss.context.close()
        await anna.context.close()
        await asyncio.sleep(12 if state == "talking" else 0)

    async def _strangers(self, demo: Demo, browser: Browser, language: str, manner: str) -> None:
        context = await browser.new_context(**MANNERS[manner], locale=language)
        page = await context.new_page()
        if "login".startswith(self.only):
            await page.goto(f"{demo.url}/login")
            await self._take(page, f"login.{language}.{manner}", 0)
        await context.close()

    async def _take(self, page: Page, name: str, took: float) -> None:
        await page.screenshot(path=self.folder / f"{name}.png", full_page=True)
        root = "document.documentElement"
        wide = await page.evaluate(f"{root}.scrollWidth - {root}.clientWidth")
        if wide > 0:
            self.wrong.append(f"{name}: runs out sideways by {wide} px")
        if took > SLOW:
            self.wrong.append(f"{name}: took {took:.1f} s")
        if self.with_axe:
            found = await Axe().run(page, options=RULES)
            for one in found.response["violations"]:
                node = one["nodes"][0]
                why = node["any"][0]["message"] if node["any"] else ""
                self.wrong.append(f"{name}: {one['id']} {node['html'][:110]} {why}")


async def walk(folder: Path, languages: Sequence[str], manners: Sequence[str], only: str, axe: bool) -> int:
    """All ways; the number of things that are wrong."""
    folder.mkdir(parents=True, exist_ok=True)
    way = Walk(folder, only, axe)
    with tempfile.TemporaryDirectory() as place:
        async with demo(Path(place)) as shop, chromium() as browser:
            for language in languages:
                for manner in manners:
                    await way.go(shop, browser, language, manner)
    print(*way.wrong, f"{len(way.wrong)} things to look at; the pictures are in {folder}", sep="\n")
    return len(way.wrong)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.looks", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--languages", default="uk")
    parser.add_argument("--manners", default="light,dark,phone")
    parser.add_argument("--only", default="")
    parser.add_argument("--no-axe", action="store_true")
    given = parser.parse_args()
    wrong = asyncio.run(
        walk(given.folder, given.languages.split(","), given.manners.split(","), given.only, not given.no_axe)
    )
    sys.exit(min(1, wrong))

"""A real Chromium for tests, and what every page that it opens must keep: no script error, nothing
that the content policy had to stop."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, async_playwright, expect

from tests.machine import CHROMIUM, need_chromium
from tests.patience import shown_within


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """A headless Chromium; skips aloud where the machine has none."""
    need_chromium()
    expect.set_options(timeout=shown_within(5))
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        try:
            yield browser
        finally:
            await browser.close()


class Faults:
    """What went wrong inside the pages of a context."""

    def __init__(self, context: BrowserContext) -> None:
        self.seen: list[str] = []
        context.on("page", self._watch)

    def _watch(self, page: Page) -> None:
        page.on("pageerror", lambda error: self.seen.append(f"{page.url}: {error}"))
        page.on("console", self._listen)

    def _listen(self, message: ConsoleMessage) -> None:
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.seen.append(message.text)

"""The demo shop in a folder of its own, as its own process, and browsers that sign in to it."""

from __future__ import annotations

import asyncio
import os
import re
import socket
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.async_api import Browser, BrowserContext, Page

from tests.contracts.sources import ROOT

START = 90.0


@dataclass(frozen=True, slots=True)
class Demo:
    """Where it answers, and the password of its people."""

    url: str
    password: str

    async def enter(self, browser: Browser, login: str, language: str = "uk", **more: object) -> Page:
        """A browser of somebody, signed in, in a language."""
        context: BrowserContext = await browser.new_context(**more)  # type: ignore[arg-type]  # as given
        page = await context.new_page()
        await page.goto(f"{self.url}/login")
        await page.fill("input[name=login]", login)
        await page.fill("input[name=password]", self.password)
        await page.press("input[name=password]", "Enter")
        await page.wait_for_url(lambda address: "/login" not in address)
        await speak(page, language)
        return page


async def speak(page: Page, language: str) -> None:
    """Choose the language that the pages are in."""
    await page.evaluate(
        """async (language) => {
            const csrf = document.querySelector("input[name=csrf]").value;
            const body = new URLSearchParams({ csrf, language, back: "/account" });
            await fetch("/account/language", { method: "POST", body });
        }""",
        language,
    )


def free_port() -> int:
    """A port that nobody listens on just now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
    return port


@asynccontextmanager
async def demo(folder: Path, more: Mapping[str, str] | None = None) -> AsyncIterator[Demo]:
    """`pitline demo` in the folder, until it is left; quiet: it rings when it is told to."""
    port = free_port()
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("HUB_")},
        "PYTHONPATH": str(ROOT), "HUB_SERVER__PORT": str(port), "HUB_PRACTICE__QUIET": "true",
        **(more or {}),
    }  # fmt: skip
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "hub", "demo", cwd=folder, env=environment,
        stdout=asyncio.subprocess.PIPE, stderr=(folder / "log.txt").open("wb"),
    )  # fmt: skip
    try:
        assert process.stdout is not None
        async with asyncio.timeout(START):
            said = ""
            while "Ctrl-C" not in said:
                line = await process.stdout.readline()
                if not line:
                    raise RuntimeError(f"the demo did not start: {said} {(folder / 'log.txt').read_text()}")
                said += line.decode()
        found = re.search(r"with the password (\S+)", said)
        assert found is not None
        yield Demo(f"http://127.0.0.1:{port}", found[1])
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()

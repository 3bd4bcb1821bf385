"""What providers send, on /system: the reasons, examined again after a setting was mended."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hub.app import Hub
from hub.clock import FrozenClock
from hub.kernel.journal.files import FileJournal
from hub.modules.catalogue import MODULES
from hub.settings import Settings
from tests.kernel.hooks.provider import PATH, Line, Provider, kept
from tests.webui.stage import WIDE, Shop, open_shop

SAME = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture
def provider() -> Provider:
    return Provider("mended")


@pytest.fixture
async def called(
    settings: Settings, frozen_clock: FrozenClock, tmp_path: Path, provider: Provider, password_hash: str
) -> AsyncIterator[Shop]:
    """A shop that a provider calls, with the wrong secret set."""
    hub = Hub(
        settings, MODULES, clock=frozen_clock, journal=FileJournal(tmp_path / "journal", 30),
        connectors=[provider],
    )  # fmt: skip
    await hub.open()
    async with open_shop(hub, frozen_clock, password_hash, WIDE) as shop:
        yield shop
    await hub.close()


async def test_a_provider_needs_no_session_and_no_page_of_ours(called: Shop, provider: Provider) -> None:
    answer = await Line(called.browser(), "mended").ring("a:1", {"Sec-Fetch-Site": "cross-site"})
    assert answer == (200, "<Thanks/>")


async def test_the_owner_sees_why_and_has_them_examined_again(called: Shop, provider: Provider) -> None:
    line = Line(called.browser(), "right")
    for text in ("a:1,+380671234567", "a:2,<script>alert(1)</script>"):
        assert await line.ring(text) == (403, "refused\n")
    owner = await called.signed_in("owner")
    system = await (await owner.get("/system")).text()
    assert "/system/hooks" in system
    page = await (await owner.get("/system/hooks")).text()
    assert "380671234567" in page
    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert" not in page
    still = await owner.post("/system/hooks/again", headers=SAME, allow_redirects=False)
    assert still.status == 303
    assert await kept(called.hub) == {"refused": 2}
    provider.secret = "right"
    await owner.post("/system/hooks/again", headers=SAME, allow_redirects=False)
    assert await kept(called.hub) == {"waiting": 2}
    assert ("system.hooks_again", "done") in await called.audit()


async def test_one_is_thrown_away_and_the_figures_tell_of_it(called: Shop) -> None:
    await Line(called.browser(), "right").ring("a:1")
    owner = await called.signed_in("owner")
    [one] = await called.hub.installation.refused_hooks.page(is_refused=True)
    figures = await (await owner.get("/metrics")).text()
    assert "pitline_hooks_quarantined 1" in figures.splitlines()
    paths = [f"/system/hooks/{one.id}/drop"] * 2
    answers = [(await owner.post(path, headers=SAME, allow_redirects=False)).status for path in paths]
    assert answers == [303, 404]
    assert await kept(called.hub) == {}


async def test_without_the_right_to_see_numbers_nobody_reads_what_stands_in_it(called: Shop) -> None:
    await Line(called.browser(), "right").ring("a:1,+380671234567")
    manager = await called.signed_in("manager")
    page = await manager.get("/system/hooks")
    assert page.status in (200, 403)
    assert "380671234567" not in await page.text()
    assert (await called.browser().get(PATH)).status == 405

"""The intake on /system and in /metrics: what waits, what was refused and why."""

from __future__ import annotations

from typing import Any

from aiohttp.test_utils import TestClient

from hub.app import Hub
from hub.kernel.shops import FIRST_SHOP
from recordings.api import RecordingsApi
from recordings.spool import Found

REFUSED = Found(path="done/link.wav", size=1, mtime_ns=1, at_rest=9.0, is_finished=True, trouble="link")


async def test_a_refused_file_stands_on_the_system_page_with_its_reason(
    owner: TestClient[Any, Any], hub: Hub
) -> None:
    async with hub.transactions.writing(actor=None, shop_id=FIRST_SHOP) as uow:
        await RecordingsApi(uow, hub.installation.deps).spool.refuse(REFUSED, "link")
    page = await (await owner.get("/system")).text()
    assert "done/link.wav" in page
    assert "Це посилання на інший файл." in page
    assert "HUB_RECORDINGS__SPOOL" in page, "there is no spool yet, and the page says how to name one"
    figures = await (await owner.get("/metrics")).text()
    assert "pitline_recordings_refused 1" in figures
    assert "pitline_recordings_spool_up 0" in figures


async def test_a_refused_file_is_told_once(hub: Hub) -> None:
    for _ in range(2):
        async with hub.transactions.writing(actor=None, shop_id=FIRST_SHOP) as uow:
            await RecordingsApi(uow, hub.installation.deps).spool.refuse(REFUSED, "link")
    async with hub.transactions.reading(actor=None, shop_id=FIRST_SHOP) as uow:
        spool = RecordingsApi(uow, hub.installation.deps).spool
        assert await spool.counts() == {"refused": 1}

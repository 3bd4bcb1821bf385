"""The first sound after a start keeps nobody waiting for statements to be compiled."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import event, select
from sqlalchemy.engine import Engine
from sqlalchemy.engine.interfaces import CacheStats

from hub.app import Hub
from hub.kernel.shops import FIRST_SHOP
from recordings.models import Listen
from recordings.rehearsal import rehearse
from tests.factories.recordings import recording
from tests.recordings.stage import open_spool
from tests.webui.stage import Shop


async def test_the_first_sound_after_a_start_compiles_nothing_of_recordings(
    shop: Shop, hub: Hub, tmp_path: Path
) -> None:
    await rehearse(open_spool(hub, tmp_path / "spool").ctx)
    program = {"Authorization": f"Bearer {await shop.token('owner')}", "Range": "bytes=0-15999"}
    made = await recording(hub)
    compiled: list[str] = []

    def note(_c: Any, _k: Any, statement: str, _p: Any, context: Any, _m: bool) -> None:
        if context.cache_hit is CacheStats.CACHE_MISS and "recordings_" in statement:
            compiled.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        answer = await shop.browser().get(f"/api/v1/recordings/{made.id}/media", headers=program)
        assert (answer.status, len(await answer.read())) == (206, 16000)
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    assert compiled == []


async def test_a_rehearsal_leaves_nothing_behind(hub: Hub, tmp_path: Path) -> None:
    await rehearse(open_spool(hub, tmp_path / "spool").ctx)
    async with hub.transactions.reading(actor=None, shop_id=FIRST_SHOP) as uow:
        assert (await uow.session.scalars(select(Listen))).all() == []

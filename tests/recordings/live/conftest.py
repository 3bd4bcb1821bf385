"""A hub on the line to a scripted PBX, its spool, and a program that may do what the owner may."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.factories.site import site_of
from tests.modules.dialling.conftest import pbx, shop
from tests.modules.dialling.shop import Shop
from tests.recordings.live.stage import Desk
from tests.recordings.stage import open_spool

__all__ = ["pbx", "shop"]


@pytest.fixture
async def desk(shop: Shop, tmp_path: Path) -> AsyncIterator[Desk]:
    """Iryna rings from outside, 101 answers, and the PBX records it."""
    site = await site_of(shop.hub)
    yield Desk(shop, site, open_spool(shop.hub, tmp_path / "spool"))
    await site.close()

"""The web admin's fixtures, and the owner's browser."""

from __future__ import annotations

from typing import Any

import pytest
from aiohttp.test_utils import TestClient

from tests.webui.conftest import limits, password_hash, shop
from tests.webui.stage import Shop

__all__ = ["limits", "password_hash", "shop"]


@pytest.fixture
async def owner(shop: Shop) -> TestClient[Any, Any]:
    return await shop.signed_in("owner")

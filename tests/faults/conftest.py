"""The web admin and its people, for faults of the web surface."""

from __future__ import annotations

from tests.webui.conftest import limits, password_hash, shop

__all__ = ["limits", "password_hash", "shop"]

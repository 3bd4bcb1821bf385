"""A hub with a wire, as messaging's tests have it."""

from __future__ import annotations

from tests.modules.messaging.conftest import house, wire

__all__ = ["house", "wire"]

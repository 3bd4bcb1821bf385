"""Time zones by name, each read from disk once."""

from __future__ import annotations

from functools import lru_cache
from zoneinfo import ZoneInfo


@lru_cache(maxsize=64)
def zone_of(name: str) -> ZoneInfo:
    """The zone; names are checked when they are stored."""
    return ZoneInfo(name)

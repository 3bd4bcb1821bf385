"""Moments of a recording as people write them."""

from __future__ import annotations

import re

_MOMENT = re.compile(r"(?:(?:(\d{1,2}):)?(\d{1,3}):)?(\d{1,5}(?:[.,]\d{1,3})?)", re.ASCII)


def moment_of(text: str) -> float | None:
    """Seconds: of `1:05`, `1:02:03`, `65`, `7.5`. None for anything else, and for what no clock shows."""
    found = _MOMENT.fullmatch(text.strip()[:20])
    if found is None:
        return None
    hours, minutes, seconds = (float((one or "0").replace(",", ".")) for one in found.groups())
    if (found[2] is not None and seconds >= 60) or (found[1] is not None and minutes >= 60):
        return None
    return hours * 3600 + minutes * 60 + seconds

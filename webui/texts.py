"""Where the web admin's own texts stand, and which language a browser asks for."""

from __future__ import annotations

import re
from pathlib import Path

from hub.kernel.texts import LANGUAGES

_RANGE = re.compile(r"\s*([A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*)\s*(?:;\s*q\s*=\s*([01](?:\.\d{0,3})?))?\s*")


def own_folders(locales: Path) -> list[Path]:
    """The web admin's own texts: one big pair of files, and a folder for every area that keeps its own."""
    return [locales, *sorted(path for path in locales.iterdir() if path.is_dir())]


def accepted_language(header: str, default: str) -> str:
    """The best of our languages by an Accept-Language header."""
    best, weight = default, 0.0
    for part in header[:500].split(","):
        found = _RANGE.fullmatch(part)
        if found is None:
            continue
        language, quality = found[1][:2].lower(), float(found[2] or 1)
        if language in LANGUAGES and quality > weight:
            best, weight = language, quality
    return best

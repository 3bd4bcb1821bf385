"""Lines of somebody's file: in each a number or an e-mail address. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from hub.modules.crm.api import number_key

MOST_LINES = 20_000
LONGEST_LINE = 200
Line = tuple[str, str, str]
"""The line as a person knows it, `phone`, `email` or `` (neither), the key to match by."""
_EMAIL = re.compile(r"[^\s@<>\"(),;:\\]+@[^\s@<>\"(),;:\\]+\.[^\s@<>\"(),;:\\]{2,}")
_FEWEST = 7


def lines_of(rows: Iterable[Sequence[str]], country: str) -> list[Line]:
    """A row's first number, else its first e-mail address. A first row without either names the columns."""
    found: list[Line] = []
    for place, cells in enumerate(rows):
        shown = ", ".join(cell.strip() for cell in cells if cell.strip())[:LONGEST_LINE]
        if not shown:
            continue
        kind, key = _read(cells, country)
        if place == 0 and not kind:
            continue
        found.append((shown, kind, key))
        if len(found) > MOST_LINES:
            break
    return found


def _read(cells: Sequence[str], country: str) -> tuple[str, str]:
    for cell in cells:
        text = cell.strip()
        key = number_key(text, country) if sum(c.isdigit() for c in text) >= _FEWEST else None
        if key is not None:
            return "phone", key
    for cell in cells:
        text = cell.strip().casefold()
        if _EMAIL.fullmatch(text):
            return "email", text
    return "", ""

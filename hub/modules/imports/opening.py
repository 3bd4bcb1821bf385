"""Looks into a file that somebody sent: what it is, its head and first rows. Runs in a thread."""

from __future__ import annotations

import re
import zlib
from itertools import islice

from hub.errors import Invalid
from hub.modules.imports.reading import BIGGEST, encoding_of, rows_of, sniff
from hub.modules.imports.views import ENCODINGS, Opened

SHOWN = 8
LONGEST_SHOWN = 200


def opened(data: bytes, name: str, encoding: str = "") -> Opened:
    """Raises Invalid for what is no table, in words that say what to do."""
    if len(data) > BIGGEST:
        raise Invalid(
            "imports.too_big", "The file has more than {most} MB.", "Take it in in parts.",
            data={"most": BIGGEST // 1024 // 1024},
        )  # fmt: skip
    kind = sniff(data)
    chosen = encoding if encoding in ENCODINGS else (encoding_of(data) if kind != "xlsx" else "utf-8")
    rows = [cells for _, cells in islice(rows_of(data, kind, chosen), SHOWN + 1)]
    if len(rows) < 2:
        raise Invalid(
            "imports.no_rows", "There is nothing below the first line.",
            "The first line names the columns, each further one is a client.",
        )  # fmt: skip
    shown = [tuple(cell[:LONGEST_SHOWN] for cell in cells) for cells in rows]
    bare = re.sub(r"[\x00-\x1f/\\]", " ", name).strip() or "file"
    return Opened(
        format=kind, encoding=chosen, name=bare[-200:], size=len(data), head=shown[0],
        sample=tuple(shown[1:]), packed=zlib.compress(data, 6),
    )  # fmt: skip

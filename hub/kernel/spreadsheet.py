"""Lists as CSV that a spreadsheet opens without running anything that stands in them.

Excel and LibreOffice take a cell that begins with one of `= + - @` (or a tab, a line break, a full-width
twin) for a formula. Such a cell gets an apostrophe before it, which shows that the text is text. Numbers and
phone numbers begin with a sign too, can call nothing, and stay as they are.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence

_FORMULA = re.compile(
    r"[\s\0\ufeff\u200b-\u200f\u202a-\u202e\u2060-\u2069]*[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]"
)
_HARMLESS = re.compile(r"[+-]?\d{1,20}(?:\.\d{1,10})?|\+\d{1,4}(?: \d{1,6}){1,6}", re.ASCII)


def cell(value: object) -> str:
    """What may stand in a cell: never a formula, and what a person can still read."""
    text = "" if value is None else str(value)
    if _FORMULA.match(text) and not _HARMLESS.fullmatch(text):
        return "'" + text
    return text


def as_csv(head: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """UTF-8 with the mark that Excel needs to read Cyrillic, every cell quoted, lines end with CR LF."""
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow([cell(one) for one in head])
    writer.writerows([cell(one) for one in row] for row in rows)
    return out.getvalue().encode("utf-8-sig", "replace")

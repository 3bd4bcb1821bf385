"""Lists as CSV and XLSX that a spreadsheet opens without running anything that stands in them.

Excel and LibreOffice take a cell that begins with one of `= + - @` (or a tab, a line break, a full-width
twin) for a formula. Such a cell gets an apostrophe before it, which shows that the text is text. Numbers and
phone numbers begin with a sign too, can call nothing, and stay as they are.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from typing import BinaryIO

_FORMULA = re.compile(
    r"[\s\0\ufeff\u200b-\u200f\u202a-\u202e\u2060-\u2069]*[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]"
)
_LONGEST_CELL = 32_000
MOST_ROWS = 1_048_575
"""That a sheet of XLSX can hold beside its head; CSV has no end."""
_HARMLESS = re.compile(r"[+-]?\d{1,20}(?:\.\d{1,10})?|\+\d{1,4}(?: \d{1,6}){1,6}", re.ASCII)


def cell(value: object) -> str:
    """What may stand in a cell: never a formula, and what a person can still read."""
    text = "" if value is None else str(value)
    if _FORMULA.match(text) and not _HARMLESS.fullmatch(text):
        return "'" + text
    return text


def plain(text: str) -> str:
    """What `cell` was given: without the apostrophe that it wrote before it."""
    bare = text[1:]
    return bare if text.startswith("'") and cell(bare) == text else text


def as_csv(head: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """UTF-8 with the mark that Excel needs to read Cyrillic, every cell quoted, lines end with CR LF."""
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow([cell(one) for one in head])
    writer.writerows([cell(one) for one in row] for row in rows)
    return out.getvalue().encode("utf-8-sig", "replace")


def as_xlsx(
    head: Sequence[str], rows: Sequence[Sequence[object]], *, widths: Sequence[float] = (), beside: int = 0
) -> bytes:
    """A workbook of one sheet. Numbers are numbers, all else is text; the head and the first `beside`
    columns stay in sight."""
    out = io.BytesIO()
    sheet = Sheet(out, head, widths=widths, beside=beside)
    for row in rows:
        sheet.add(row)
    sheet.close()
    return out.getvalue()


class Lines:
    """A CSV file, written row by row into a binary file that stays open."""

    def __init__(self, out: BinaryIO, head: Sequence[str]) -> None:
        self._text = io.TextIOWrapper(out, "utf-8-sig", "replace", newline="")
        self._writer = csv.writer(self._text, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
        self.rows = -1
        self.add(head)

    def add(self, row: Sequence[object]) -> None:
        """One more."""
        self.rows += 1
        self._writer.writerow([cell(one) for one in row])

    def close(self) -> None:
        """Write it out."""
        self._text.flush()
        self._text.detach()


class Sheet:
    """The same, written row by row, so that a long one takes little memory; `out` is a path or a file."""

    def __init__(
        self, out: object, head: Sequence[str], *, widths: Sequence[float] = (), beside: int = 0
    ) -> None:
        # Loaded with the first table that is written: a hub starts without it.
        import xlsxwriter  # type: ignore[import-untyped]  # it brings no types

        plain = {"strings_to_formulas": False, "strings_to_urls": False, "constant_memory": True}
        self._book = xlsxwriter.Workbook(out, plain)
        self._sheet = self._book.add_worksheet()
        self._width = len(head)
        self.rows = 0
        bold = self._book.add_format({"bold": True, "text_wrap": True, "valign": "top"})
        for column in range(len(head)):
            self._sheet.set_column(column, column, widths[column] if column < len(widths) else 12)
        self._sheet.freeze_panes(1, beside)
        for column, text in enumerate(head):
            self._sheet.write_string(0, column, text, bold)

    def add(self, row: Sequence[object]) -> None:
        """One more."""
        self.rows += 1
        for column, value in enumerate(row):
            if isinstance(value, int | float):
                self._sheet.write_number(self.rows, column, value)
            elif value not in ("", None):
                self._sheet.write_string(self.rows, column, cell(value)[:_LONGEST_CELL])

    def close(self) -> None:
        """Write it out."""
        self._sheet.autofilter(0, 0, self.rows, self._width - 1)
        self._book.close()

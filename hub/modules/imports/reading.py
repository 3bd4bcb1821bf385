"""Bytes of somebody's file become rows of text. Everything of it is hostile: too big, too wide, binary, in
another alphabet's encoding, a zip that unpacks to a disk full. Formulas are never calculated: what a cell
last showed counts. Runs in a thread."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from hub.errors import Invalid
from hub.modules.imports.views import FileFormat

Row = tuple[int, list[str]]
"""The line of the file, and the cells."""

BIGGEST = 32 * 1024 * 1024
BIGGEST_UNPACKED = 300 * 1024 * 1024
MOST_COLUMNS = 200
MOST_ROWS = 1_000_000
LONGEST_CELL = 10_000
_MOST_PARTS = 2000
_OLE = b"\xd0\xcf\x11\xe0"
_DELIMITERS = ",;\t|"
CARD_HEAD = (
    "Name", "Organization", "Phone 1", "Phone 2", "Phone 3", "Phone 4", "E-mail 1", "E-mail 2",
    "Notes", "Labels", "Birthday",
)  # fmt: skip


def sniff(data: bytes) -> FileFormat:
    """What kind of file it is, by what it holds. Raises Invalid for what cannot be read."""
    if not data.strip():
        raise Invalid("imports.empty", "The file is empty.", "Choose another file.")
    if data[:4] == b"PK\x03\x04":
        return "xlsx"
    if data[:4] == _OLE:
        raise Invalid(
            "imports.old_excel", "This is a file of an old Excel (XLS).",
            "Open it in Excel or LibreOffice and save it as XLSX or CSV.",
        )  # fmt: skip
    if re.match(rb"(\xef\xbb\xbf)?\s*BEGIN:VCARD", data[:200], re.IGNORECASE):
        return "vcf"
    is_utf_16 = data[:2] in (b"\xff\xfe", b"\xfe\xff")
    if not is_utf_16 and (b"\0" in data[:100_000] or data[:5] == b"%PDF-"):
        raise Invalid(
            "imports.binary", "This is not a table: the file holds something else.",
            "Choose a CSV, XLSX or VCF file.",
        )  # fmt: skip
    return "csv"


def encoding_of(data: bytes) -> str:
    """UTF-8 where it is, else what Windows writes here."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "utf-16"
    try:
        data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return "cp1251"
    return "utf-8"


def rows_of(data: bytes, kind: FileFormat, encoding: str) -> Iterator[Row]:
    """The rows, the head first. Raises Invalid."""
    if kind == "xlsx":
        return _sheet(data)
    text = _text(data, encoding)
    return _cards(text) if kind == "vcf" else _lines(text)


def _text(data: bytes, encoding: str) -> str:
    codec = {"utf-8": "utf-8-sig", "cp1251": "cp1251", "utf-16": "utf-16"}.get(encoding, "utf-8-sig")
    return data.decode(codec, "replace").replace("\0", "")


def _lines(text: str) -> Iterator[Row]:
    first = text.lstrip("\ufeff\r\n")[:20_000].split("\n", 1)[0]
    if first.lower().startswith("sep=") and len(first.strip()) == 5:
        text = text.split("\n", 1)[1] if "\n" in text else ""
        delimiter = first.strip()[-1]
    else:
        bare = re.sub(r'"[^"]*"', "", first)
        delimiter = max(_DELIMITERS, key=bare.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    count = 0
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise Invalid(
                "imports.broken", "The table is broken in line {line}.",
                "A quotation mark that is never closed is the usual reason.",
                data={"line": reader.line_num},
            ) from error  # fmt: skip
        if any(cell.strip() for cell in cells):
            count += 1
            _check(len(cells), count)
            yield reader.line_num, [cell[:LONGEST_CELL].strip() for cell in cells]


def _sheet(data: bytes) -> Iterator[Row]:
    # Loaded with the first such file: it would be a thirtieth of every start of the hub.
    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    _check_zip(data)
    try:
        book = load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
        sheet = book.worksheets[0]
        count = empty = 0
        for line, cells in enumerate(sheet.iter_rows(values_only=True, max_col=MOST_COLUMNS + 1), 1):
            values = [_cell(value) for value in cells]
            while values and not values[-1]:
                values.pop()
            empty = 0 if values else empty + 1
            if empty > 10_000:
                return
            if values:
                count += 1
                _check(len(values), count)
                yield line, values
    except (
        InvalidFileException,
        zipfile.BadZipFile,
        KeyError,
        ValueError,
        TypeError,
        IndexError,
        EOFError,
        OSError,
        SyntaxError,
    ) as error:
        raise Invalid(
            "imports.broken_book", "This XLSX file cannot be read.",
            "Open it in Excel or LibreOffice and save it again, or as CSV.",
        ) from error  # fmt: skip


def _check_zip(data: bytes) -> None:
    """A zip may unpack to anything: what it says of itself is looked at first."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as book:
            parts = book.infolist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
        raise Invalid(
            "imports.broken_book", "This XLSX file cannot be read.",
            "Open it in Excel or LibreOffice and save it again, or as CSV.",
        ) from error  # fmt: skip
    if len(parts) > _MOST_PARTS or sum(part.file_size for part in parts) > BIGGEST_UNPACKED:
        raise Invalid(
            "imports.bomb", "Unpacked this file would be far too big.",
            "Save the one sheet with the clients as CSV.",
        )  # fmt: skip


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else ""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, (datetime, date)):
        return value.isoformat(" ") if isinstance(value, datetime) else value.isoformat()
    return str(value)[:LONGEST_CELL].replace("\0", "").strip()


def _cards(text: str) -> Iterator[Row]:
    """Every card by itself: a broken one is a broken line, not a broken file."""
    yield 1, list(CARD_HEAD)
    line, card, begun, count = 0, list[str](), 0, 0
    for line, one in enumerate(text.splitlines(), 1):
        if one.strip().upper() == "BEGIN:VCARD":
            card, begun = [], line
        card.append(one)
        if one.strip().upper() == "END:VCARD":
            count += 1
            _check(1, count)
            yield begun, _card("\n".join(card)[: LONGEST_CELL * 20])
            card = []


def _card(text: str) -> list[str]:
    import vobject  # loaded with the first such file, as openpyxl is

    try:
        found = vobject.readOne(text, ignoreUnreadable=True)
    except (
        vobject.base.ParseError,
        vobject.base.VObjectError,
        ValueError,
        StopIteration,
        UnicodeError,
        AttributeError,
    ):
        return [*[""] * len(CARD_HEAD), "broken"]
    many = {name: [_said(one.value) for one in found.contents.get(name, ())] for name in _OF_CARDS}
    name = next(iter(many["fn"]), "") or " ".join(many["n"])
    phones, mails = (many["tel"] + [""] * 4)[:4], (many["email"] + [""] * 2)[:2]
    labels = ", ".join(many["categories"])
    notes, born = "\n".join(many["note"]), next(iter(many["bday"]), "")
    return [name, ", ".join(many["org"]), *phones, *mails, notes, labels, born]


_OF_CARDS = ("fn", "n", "org", "tel", "email", "note", "categories", "bday")


def _said(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return ", ".join(_said(one) for one in value if one)
    text = str(value).strip()
    return re.sub(r"(?i)^tel:", "", text)[:LONGEST_CELL].replace("\0", "")


def _check(width: int, count: int) -> None:
    if width > MOST_COLUMNS:
        raise Invalid(
            "imports.too_wide", "The table has more than {most} columns.",
            "Leave out the columns that nobody needs.", data={"most": MOST_COLUMNS},
        )  # fmt: skip
    if count > MOST_ROWS:
        raise Invalid(
            "imports.too_long", "The table has more than {most} rows.", "Take it in in parts.",
            data={"most": MOST_ROWS},
        )  # fmt: skip

"""Somebody's file: what it is, its rows, and what hostile ones are answered with."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from hub.errors import Invalid
from hub.modules.imports.opening import opened
from hub.modules.imports.reading import rows_of
from hub.modules.imports.rules import guess, row_of

CSV = "Ім'я;Телефон;Держ. номер\nІрина Коваль;067 123-45-67;АА1234ВВ\n"
CARD = (
    "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Ірина Коваль\r\nTEL;TYPE=CELL:+380671234567\r\n"
    "EMAIL:i@example.com\r\nORG:Ромашка\r\nEND:VCARD\r\n"
)
GOOGLE = (
    "First Name,Middle Name,Last Name,Organization Name,Notes,Labels,Phone 1 - Label,Phone 1 - Value,"
    "E-mail 1 - Value\nІрина,,Коваль,,після 18,* myContacts ::: VIP,Mobile,"
    "067 123 45 67 ::: 050 111 22 33,i@example.com\n"
)


def book(*rows: tuple[object, ...]) -> bytes:
    made = Workbook()
    for row in rows:
        made.active.append(row)
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def bomb() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        for number in range(4):
            file.writestr(f"xl/worksheets/sheet{number}.xml", b"0" * (100 * 1024 * 1024))
    return out.getvalue()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1251", "utf-16"])
def test_a_table_in_any_encoding_reads_as_it_was_written(encoding: str) -> None:
    found = opened(CSV.encode(encoding), "клієнти.csv")
    assert found.head == ("Ім'я", "Телефон", "Держ. номер")
    assert found.sample == (("Ірина Коваль", "067 123-45-67", "АА1234ВВ"),)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_any_usual_delimiter_is_found(delimiter: str) -> None:
    assert opened(CSV.replace(";", delimiter).encode(), "x").head[1] == "Телефон"


def test_a_spreadsheet_gives_what_its_cells_showed() -> None:
    found = opened(book(("Ім'я", "Телефон", "Рік"), ("Ірина", 380671234567.0, 2018), ("=1+1", None, "")), "x")
    assert found.format == "xlsx"
    assert found.sample[0] == ("Ірина", "380671234567", "2018")


def test_cards_of_a_phone_become_rows() -> None:
    found = opened((CARD * 2).encode(), "contacts.vcf")
    row = row_of(found.sample[1], guess(found.head))
    assert row.entry.name == "Ірина Коваль"
    assert [one.number for one in row.entry.phones] == ["+380671234567"]
    assert (row.entry.emails, row.entry.note) == (("i@example.com",), "Ромашка")


def test_a_broken_card_spoils_no_other() -> None:
    broken = "BEGIN:VCARD\r\nTEL;=;;:::\x01\r\nFN\r\nEND:VCARD\r\n"
    rows = [cells for _, cells in rows_of((broken + CARD).encode(), "vcf", "utf-8")]
    assert rows[2][0] == "Ірина Коваль"


def test_googles_contacts_are_understood() -> None:
    found = opened(GOOGLE.encode(), "contacts.csv")
    row = row_of(found.sample[0], guess(found.head))
    assert row.entry.name == "Коваль Ірина"
    assert [(one.number, one.label, one.is_main) for one in row.entry.phones] == [
        ("067 123 45 67", "Mobile", True), ("050 111 22 33", "Mobile", False),
    ]  # fmt: skip
    assert (row.entry.tags, row.entry.note) == (("VIP",), "після 18")


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        ("ФИО|Моб. телефон|Госномер|VIN-код|Пробег, км", "name|phone|plate|vin|mileage"),
        ("Клієнт|Тел. 1|Тел. 2|Марка авто|Модель|Рік випуску", "name|phone|phone|make|model|year"),
        ("Name|Mobile Phone|E-mail Address|Company|Color", "name|phone|email|company|"),
    ],
)  # fmt: skip
def test_columns_are_guessed_by_their_names(head: str, expected: str) -> None:
    assert guess(head.split("|")) == expected.split("|")


def test_a_number_that_excel_has_spoilt_is_a_number_again() -> None:
    row = row_of(["Ірина", "3,80671234567E+11"], ["name", "phone"])
    assert row.entry.phones[0].number == "380671234567"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "imports.empty"), (b"  \n", "imports.empty"),
        (b"\xd0\xcf\x11\xe0" + b"x" * 100, "imports.old_excel"),
        (b"%PDF-1.7 text", "imports.binary"), (b"\x89PNG\x00\x00" * 10, "imports.binary"),
        (b"PK\x03\x04nothing", "imports.broken_book"), ("Ім'я\n".encode(), "imports.no_rows"),
        ((",".join("x" * 10_001) + "\nx").encode(), "imports.too_wide"),
        (b'name,phone\n"never closed, 1\n' + b"x" * 200_000, "imports.broken"),
    ],
)  # fmt: skip
def test_what_is_no_table_is_refused_in_words(data: bytes, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        opened(data, "x")
    assert refused.value.code == code
    assert refused.value.hint


def test_a_zip_bomb_is_refused_before_it_is_unpacked() -> None:
    with pytest.raises(Invalid) as refused:
        opened(bomb(), "x.xlsx")
    assert refused.value.code == "imports.bomb"


def with_entities(declared: str, said: str) -> bytes:
    """A workbook whose sheet declares entities of its own and says one in its first cell."""
    made = Workbook()
    made.active["A1"], made.active["A2"] = "name", "MARK"
    whole, out = io.BytesIO(), io.BytesIO()
    made.save(whole)
    with zipfile.ZipFile(whole) as book, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        for part in book.namelist():
            data = book.read(part).decode("utf-8", "replace")
            if "MARK" in data:
                root = re.search(r"<(\w+)", data.partition("?>")[2] or data)
                assert root is not None
                data = f"<!DOCTYPE {root[1]} [{declared}]>" + data[data.index(root[0]) :].replace(
                    "MARK", said
                )
            file.writestr(part, data)
    return out.getvalue()


def test_entities_that_grow_and_those_from_outside_are_refused(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("the secret")
    grows = '<!ENTITY a0 "ha">' + "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 12))
    outside = f'<!ENTITY file SYSTEM "{secret.as_uri()}">'
    for declared, said in ((grows, "&a11;"), (outside, "&file;")):
        with pytest.raises(Invalid) as refused:
            opened(with_entities(declared, said), "x.xlsx")
        assert refused.value.code == "imports.broken_book"


def test_a_sheet_with_one_cell_at_its_far_end_is_too_wide_or_short() -> None:
    made = Workbook()
    made.active["A1"], made.active["XFD2"] = "name", "x"
    made.active["A1048576"] = "far"
    out = io.BytesIO()
    made.save(out)
    with pytest.raises(Invalid):
        opened(out.getvalue(), "x")


@given(st.binary(max_size=300))
def test_no_bytes_are_answered_with_anything_but_rows_or_a_refusal(data: bytes) -> None:
    try:
        found = opened(data, "x")
    except Invalid:
        return
    row_of(found.sample[0], guess(found.head))


@given(st.text(max_size=200))
def test_no_card_breaks_the_reading(text: str) -> None:
    data = f"BEGIN:VCARD\n{text}\nEND:VCARD\n{CARD}".encode("utf-8", "replace")
    assert [cells for _, cells in rows_of(data, "vcf", "utf-8")]

"""Clients as a table: all of them, never a formula, and taken in again they are the same."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator

import pytest
from openpyxl import load_workbook
from sqlalchemy import Connection, text

from hub.app import Hub
from hub.kernel.spreadsheet import as_xlsx
from hub.modules.crm import web_export
from hub.modules.crm.exports import CLIENT_COLUMNS
from hub.modules.imports.opening import opened
from hub.modules.imports.rules import guess, row_of
from tests.factories.crm import make_car, make_client
from tests.factories.site import Client, site_of


@pytest.fixture
async def site(hub: Hub) -> AsyncIterator[Client]:
    client = await site_of(hub)
    yield client
    await client.close()


async def fetched(site: Client, query: str) -> bytes:
    async with site.get(f"/clients/export?{query}") as answer:
        assert answer.status == 200
        assert "attachment" in answer.headers["Content-Disposition"]
        return await answer.read()


async def test_what_the_filter_finds_is_exported_and_audited(hub: Hub, site: Client) -> None:
    client = await make_client(
        hub, "Ірина Коваль", "0671234567", "0501112233", source="Google", tags=("VIP",)
    )
    await make_client(hub, "Петро", source="сусід")
    await make_car(hub, plate="АА1234ВВ", model="Octavia", year=2018, client_id=client.id)
    rows = list(csv.DictReader(io.StringIO((await fetched(site, "source=Google")).decode("utf-8-sig"))))
    assert [(one["Name"], one["Phone 1"], one["Plate"], one["Year"]) for one in rows] == [
        ("Ірина Коваль", "+380671234567", "АА1234ВВ", "2018"),
    ]  # fmt: skip

    def audited(connection: Connection) -> int:
        query = "SELECT count(*) FROM access_audit WHERE action = 'crm.export'"
        return int(connection.execute(text(query)).scalar_one())

    assert await hub.database.read(audited) == 1


async def test_an_exported_table_can_be_taken_in_again(hub: Hub, site: Client) -> None:
    client = await make_client(hub, "Ірина Коваль", "0671234567", "0501112233", emails=("i@example.com",))
    await make_car(hub, plate="АА1234ВВ", make="Škoda", model="Octavia", client_id=client.id)
    for kind in ("csv", "xlsx"):
        found = opened(await fetched(site, f"format={kind}"), f"x.{kind}")
        row = row_of(found.sample[0], guess(found.head))
        assert row.entry.name == "Ірина Коваль"
        assert [one.number for one in row.entry.phones] == ["+380671234567", "+380501112233"]
        assert [(car.plate, car.make, car.model) for car in row.cars] == [("АА1234ВВ", "Škoda", "Octavia")]


@pytest.mark.parametrize(
    "evil", ["=1+1", "@SUM(A1)", "+cmd|' /C calc'!A0", "-2+3", "\t=1", '=HYPERLINK("x")']
)
@pytest.mark.one_on_postgres
async def test_no_cell_is_a_formula(hub: Hub, site: Client, evil: str) -> None:
    await make_client(hub, evil, "0671234567", note=evil)
    (row,) = csv.DictReader(io.StringIO((await fetched(site, "")).decode("utf-8-sig")))
    assert row["Name"].startswith("'") or not evil.strip().startswith(("=", "@", "+", "-"))
    assert row["Phone 1"] == "+380671234567"
    book = load_workbook(io.BytesIO(as_xlsx(CLIENT_COLUMNS, [[evil]])))
    assert {cell.data_type for line in book.active.iter_rows() for cell in line if cell.value} == {"s"}


async def test_another_format_is_refused(site: Client) -> None:
    async with site.get("/clients/export?format=exe") as answer:
        assert answer.status == 422


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
async def test_however_many_there_are_none_is_left_out(
    hub: Hub, site: Client, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setattr(web_export, "_PAGE", 4)
    for number in range(11):
        await make_client(hub, f"Client {number:02}")
    body = await fetched(site, f"format={kind}")
    if kind == "csv":
        names = [row["Name"] for row in csv.DictReader(io.StringIO(body.decode("utf-8-sig")))]
    else:
        sheet = load_workbook(io.BytesIO(body)).active
        names = [str(row[0]) for row in sheet.iter_rows(min_row=2, values_only=True)]
    assert sorted(names) == [f"Client {number:02}" for number in range(11)]


async def test_what_a_sheet_cannot_hold_is_refused_and_csv_holds_it(
    hub: Hub, site: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web_export, "MOST_ROWS", 2)
    for number in range(3):
        await make_client(hub, f"Client {number}")
    async with site.get("/clients/export?format=xlsx") as answer:
        assert answer.status == 422
        assert "CSV" in await answer.text()
    assert (await fetched(site, "format=csv")).count(b"Client") == 3

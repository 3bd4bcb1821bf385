"""The one search box: a name, a phone in any writing or its last digits, a plate, a VIN."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
import pytest_asyncio

from hub.app import Hub
from hub.clock import FrozenClock
from hub.errors import Invalid
from hub.kernel.journal.files import FileJournal
from hub.main import MODULES
from hub.modules.crm import naming
from hub.modules.crm.api import ClientFilter, VehicleFilter
from hub.settings import DatabaseSettings, SealingSettings, Settings
from tests.databases import Databases
from tests.factories.crm import crm_of, make_car, make_client

FINDS = [
    ("ковальчук", "Ковальчук Ірина Петрівна"), ("КОВАЛЬЧУК", "Ковальчук Ірина Петрівна"),
    ("ковал", "Ковальчук Ірина Петрівна"), ("ірина", "Ковальчук Ірина Петрівна"),
    ("ІРИНА ковал", "Ковальчук Ірина Петрівна"), ("пет ков ір", "Ковальчук Ірина Петрівна"),
    ("shev", "Shevchenko Petro"), ("PETRO", "Shevchenko Petro"), ("марʼяна", "Мар'яна Щёголева"),
    ("маряна", "Мар'яна Щёголева"), ("ЩЕГОЛЕВА", "Мар'яна Щёголева"), ("щёгол", "Мар'яна Щёголева"),
    ("skoda", "ТОВ «Škoda-Сервіс»"), ("Škoda", "ТОВ «Škoda-Сервіс»"), ("сервіс", "ТОВ «Škoda-Сервіс»"),
    ("0671234567", "Ковальчук Ірина Петрівна"), ("+380 67 123 45 67", "Ковальчук Ірина Петрівна"),
    ("(067)123-45-67", "Ковальчук Ірина Петрівна"), ("380671234567", "Ковальчук Ірина Петрівна"),
    ("4567", "Ковальчук Ірина Петрівна"), ("45-67", "Ковальчук Ірина Петрівна"),
    ("567", "Ковальчук Ірина Петрівна"), ("06712", "Ковальчук Ірина Петрівна"),
    ("5556677", "Ковальчук Ірина Петрівна"), ("2233", "Shevchenko Petro"),
    ("АА1234ВВ", "Ковальчук Ірина Петрівна"), ("AA1234BB", "Ковальчук Ірина Петрівна"),
    ("aa 1234 вв", "Ковальчук Ірина Петрівна"), ("аа1234", "Ковальчук Ірина Петрівна"),
    ("1234вв", "Ковальчук Ірина Петрівна"), ("1234", "Ковальчук Ірина Петрівна"),
    ("WVWZZZ1JZ3W386752", "Ковальчук Ірина Петрівна"), ("wvwzzz1jz3w386752", "Ковальчук Ірина Петрівна"),
    ("386752", "Ковальчук Ірина Петрівна"), ("3w386752", "Ковальчук Ірина Петрівна"),
]  # fmt: skip


async def found(hub: Hub, text: str) -> set[str]:
    async with crm_of(hub) as crm:
        page = await crm.clients(ClientFilter(text=text), cursor=None, limit=50)
        hits = await crm.search(text)
    listed = {client.name for client in page.items}
    assert {hit.client.name for hit in hits if hit.client is not None} == listed
    return listed


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shop(
    database_kind: str, databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Hub]:
    """One stocked shop for all tests that only look."""
    folder = tmp_path_factory.mktemp("search")
    with databases.migrated(database_kind, folder) as url:
        async with _stocked(folder, url) as hub:
            yield hub


@asynccontextmanager
async def _stocked(folder: Path, url: str) -> AsyncIterator[Hub]:
    settings = replace(
        Settings(),
        database=DatabaseSettings(url=url),
        sealing=SealingSettings(key_file=str(folder / "pitline.key")),
    )
    clock = FrozenClock(datetime(2026, 1, 5, 7, 2, 10, tzinfo=UTC))
    hub = Hub(settings, MODULES, clock=clock, journal=FileJournal(folder / "journal", 30))
    await hub.open()
    kovalchuk = await make_client(hub, "Ковальчук Ірина Петрівна", "067 123-45-67", "044 555 66 77")
    await make_client(hub, "Shevchenko Petro", "+380501112233")
    await make_client(hub, "Мар'яна Щёголева", "0939998877")
    await make_client(hub, "ТОВ «Škoda-Сервіс»", "0445001122", kind="company")
    await make_car(
        hub, plate="АА1234ВВ", vin="WVWZZZ1JZ3W386752", make="Škoda", model="Octavia", client_id=kovalchuk.id
    )
    yield hub
    await hub.close()


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(("text", "name"), FINDS)
async def test_the_box_finds(shop: Hub, text: str, name: str) -> None:
    assert await found(shop, text) == {name}


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(
    "text",
    [
        "%", "_", "%%%", "к%в", "к_вал", "' OR '1'='1", "\\", "\x00", "ирра", "99999", "12", "*", "ZZ9999",
        "'; DROP TABLE crm_clients; --", "🚗", "\u202e", "%12345%", "12_4", "a" * 5000, "9" * 5000, "( ) -",
    ],
)  # fmt: skip
async def test_the_box_finds_nobody_and_stays_whole(shop: Hub, text: str) -> None:
    assert await found(shop, text) == set()


@pytest.mark.asyncio(loop_scope="module")
async def test_what_many_have_is_found_as_what_few_have(shop: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    """From some thousand bearers of a word on, clients are looked at one by one."""
    monkeypatch.setattr(naming, "MANY", 1)
    for text, name in FINDS:
        assert await found(shop, text) == {name}, text
    async with crm_of(shop) as crm:
        for text in ("ковальч", "ір пет", "skoda oct"):
            page = await crm.vehicles(VehicleFilter(text=text), cursor=None, limit=10)
            assert [car.plate for car in page.items] == ["АА1234ВВ"], text
        assert (await crm.vehicles(VehicleFilter(text="shev"), cursor=None, limit=10)).items == ()


async def test_the_word_itself_stands_before_longer_ones_that_many_have(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(naming, "CANDIDATES", 1)
    for name in ("Анна Ковальчук", "Архів Коваль", "Яна Коваль", "Борис Ковальський"):
        await make_client(hub, name, is_archived="Архів" in name)
    async with crm_of(hub) as crm:
        hits = await crm.search("коваль")
    assert [hit.client.name for hit in hits if hit.client] == ["Яна Коваль"]


@pytest.mark.slow
@pytest.mark.postgres
@pytest.mark.parametrize(
    "locale", ["icu ICU_LOCALE 'uk-UA'", "icu ICU_LOCALE 'en-US-u-kn'", "libc LOCALE 'C'"]
)
async def test_search_finds_the_same_whatever_the_collation_of_the_database(
    database_kind: str, databases: Databases, tmp_path: Path, locale: str
) -> None:
    name = databases.server.create(template=f"template0 ENCODING 'UTF8' LOCALE_PROVIDER {locale}")
    url = databases.server.url(name)
    async with _stocked(tmp_path, url) as hub:
        for text, who in FINDS:
            assert await found(hub, text) == {who}, text
        async with crm_of(hub) as crm:
            hits = await crm.search("п")
    assert {hit.client.name for hit in hits if hit.client} == {"Ковальчук Ірина Петрівна"}
    databases.server.drop(name)


@pytest.mark.asyncio(loop_scope="module")
async def test_ten_megabytes_in_the_box_are_read_as_their_beginning(shop: Hub) -> None:
    assert await found(shop, "ковальчук " + "я" * 10_000_000) == set()


@pytest.mark.asyncio(loop_scope="module")
async def test_a_hit_says_what_it_was_found_by(shop: Hub) -> None:
    async with crm_of(shop) as crm:
        hits = {text: (await crm.search(text))[0] for text in ("ковал", "4567", "aa1234", "386752")}
    assert [hit.found_by for hit in hits.values()] == ["name", "phone", "plate", "vin"]
    assert hits["aa1234"].vehicle is not None
    assert hits["aa1234"].vehicle.plate == "АА1234ВВ"


@pytest.mark.asyncio(loop_scope="module")
async def test_cars_are_found_by_plate_vin_model_and_owner(shop: Hub) -> None:
    async with crm_of(shop) as crm:
        for text in ("aa1234", "386752", "octavia", "skoda oct", "ковальч", "4567"):
            page = await crm.vehicles(VehicleFilter(text=text), cursor=None, limit=10)
            assert [car.plate for car in page.items] == ["АА1234ВВ"], text
        nothing = await crm.vehicles(VehicleFilter(text="passat"), cursor=None, limit=10)
    assert nothing.items == ()


async def test_archived_people_are_found_only_in_the_archive(hub: Hub) -> None:
    await make_client(hub, "Архівний", "0501112233", is_archived=True)
    async with crm_of(hub) as crm:
        assert await crm.search("архівний") == []
        for is_archived, count in ((False, 0), (True, 1), (None, 1)):
            where = ClientFilter(text="архівний", is_archived=is_archived)
            assert len((await crm.clients(where, cursor=None, limit=5)).items) == count


@pytest.mark.asyncio(loop_scope="module")
async def test_the_filter_by_phone_is_exact(shop: Hub) -> None:
    async with crm_of(shop) as crm:
        for phone, count in (("(067)123-45-67", 1), ("4567", 0), ("anonymous", 0)):
            page = await crm.clients(ClientFilter(phone=phone), cursor=None, limit=5)
            assert len(page.items) == count, phone


async def test_pages_join_without_a_seam_while_clients_are_added(hub: Hub, frozen_clock: FrozenClock) -> None:
    names = [f"Клієнт {n:02d}" for n in range(12)]
    for name in names:
        await make_client(hub, name)
        frozen_clock.advance(1)
    seen: list[str] = []
    cursor: str | None = None
    for _ in range(4):
        async with crm_of(hub) as crm:
            page = await crm.clients(ClientFilter(text="клієнт"), cursor=cursor, limit=5)
        seen += [client.name for client in page.items]
        cursor = page.next
        await make_client(hub, f"Клієнт пізній {len(seen)}")
        if cursor is None:
            break
    assert seen == names[::-1]


@pytest.mark.parametrize("cursor", ["", "x", "0" * 27, "%", "' OR 1=1"])
@pytest.mark.one_on_postgres
async def test_a_cursor_that_is_not_ours_is_refused(hub: Hub, cursor: str) -> None:
    async with crm_of(hub) as crm:
        with pytest.raises(Invalid):
            await crm.clients(ClientFilter(), cursor=cursor, limit=5)
        with pytest.raises(Invalid):
            await crm.vehicles(VehicleFilter(), cursor=cursor, limit=5)

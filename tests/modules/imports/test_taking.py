"""A file is taken in: once, whole, also after a kill, and what was wrong is told line by line."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import FormData

from hub.app import Hub
from hub.clock import SystemClock
from hub.kernel.journal.files import FileJournal
from hub.kernel.shops import FIRST_SHOP
from hub.main import MODULES
from hub.modules.crm.api import ClientEntry, ClientFilter, ClientView, CrmApi, PhoneEntry
from hub.modules.imports import jobs
from hub.modules.imports.api import FileView, ImportsApi
from hub.modules.imports.opening import opened
from hub.settings import Settings
from tests.factories.calls import calls_of, ended
from tests.factories.crm import crm_of, make_client
from tests.factories.site import Client, get_json, get_text, send_form, send_json, site_of
from tests.factories.tasks import happen

HEAD = "Ім'я;Телефон;Пошта;Держ. номер;VIN;Рік\n"
ROWS = (
    "Ірина Коваль;067 123-45-67;i@example.com;АА1234ВВ;;2018\n"
    "Петро;0501112233;;;;\n"
    ";;;АА9999АА;;\n"
    "Олег;0931112233;broken@;;;\n"
    "Галина;0631112233;;АА1111АА;WVWZZZ1JZXW00000I;1700\n"
)


@pytest.fixture
async def live(settings: Settings, tmp_path: Path) -> AsyncIterator[Hub]:
    """A hub whose jobs run, by the real clock."""
    hub = Hub(settings, MODULES, clock=SystemClock(), journal=FileJournal(tmp_path / "journal", 30))
    await hub.open()
    hub.jobs.start()
    yield hub
    await hub.jobs.stop()
    await hub.close()


@pytest.fixture
async def site(live: Hub) -> AsyncIterator[Client]:
    client = await site_of(live)
    yield client
    await client.close()


async def put(hub: Hub, table: str | bytes, *, is_dry: bool = False, name: str = "клієнти.csv") -> FileView:
    """Upload and take in; the file as it stands at the end."""
    data = table.encode() if isinstance(table, str) else table
    file = await asyncio.to_thread(opened, data, name)
    async with hub.transactions.writing(actor="person:tester", shop_id=FIRST_SHOP) as uow:
        imports = ImportsApi(uow, hub.installation.deps)
        stored = await imports.store(file, "clients")
        await imports.begin(stored.id, stored.mapping, "", is_dry=is_dry)
        await hub.installation.deps.jobs.enqueue(uow, jobs.take_in, {"file_id": stored.id}, key=stored.id)
    return await over(hub, stored.id)


async def over(hub: Hub, file_id: str) -> FileView:
    for _ in range(1000):
        async with hub.transactions.reading(actor=None, shop_id=FIRST_SHOP) as uow:
            file = await ImportsApi(uow, hub.installation.deps).one(file_id)
        if file.state != "working":
            return file
        await asyncio.sleep(0.02)
    raise AssertionError("the job does not end")


async def everybody(hub: Hub) -> tuple[ClientView, ...]:
    async with crm_of(hub) as crm:
        return (await crm.clients(ClientFilter(), cursor=None, limit=200)).items


def counted(file: FileView) -> tuple[int, ...]:
    return tuple(file.counts.get(name, 0) for name in ("added", "filled", "same", "failed"))


async def test_a_file_read_twice_adds_nothing_the_second_time(live: Hub) -> None:
    first = await put(live, HEAD + ROWS)
    assert (first.state, counted(first)) == ("done", (3, 0, 0, 2))
    known = await everybody(live)
    assert {one.name for one in known} == {"Ірина Коваль", "Петро", "Галина"}
    async with crm_of(live) as crm:
        cars = await crm.vehicles_of([one.id for one in known])
    assert [car.plate for owned in cars.values() for car in owned] == ["АА1234ВВ"]
    second = await put(live, HEAD + ROWS)
    assert counted(second) == (0, 0, 3, 2)
    assert await everybody(live) == known


async def test_what_is_wrong_is_told_by_line_and_the_rest_is_taken_in(live: Hub, site: Client) -> None:
    file = await put(live, HEAD + ROWS)
    _, told = await get_json(site, f"/api/v1/imports/{file.id}/faults")
    assert [one["line"] for one in told["items"]] == [4, 5, 6]
    _, csv = await get_text(site, f"/imports/{file.id}/faults.csv")
    assert "broken@" in csv
    _, page = await get_text(site, f"/imports/{file.id}")
    assert "broken@" in page


async def test_a_try_changes_nothing(live: Hub) -> None:
    file = await put(live, HEAD + ROWS, is_dry=True)
    assert (file.state, file.is_here, counted(file)) == ("checked", True, (3, 0, 0, 2))
    assert await everybody(live) == ()


async def test_what_is_missing_is_filled_in_and_what_is_there_stays(live: Hub) -> None:
    await make_client(live, "Ірина", "+380671234567", note="моє")
    file = await put(live, "Ім'я;Телефон;Пошта;Примітка\nІрина Коваль;0671234567;i@example.com;чуже\n")
    assert counted(file) == (0, 1, 0, 0)
    (client,) = await everybody(live)
    assert (client.name, client.emails, client.note) == ("Ірина", ("i@example.com",), "моє")


async def test_a_birthday_that_is_no_day_loses_nobody(live: Hub, site: Client) -> None:
    days = ("0000-00-00", "14.03.80", "1980", "31.02.1980", "14.03.1980")
    rows = "".join(f"Клієнт {n};067000000{n};{day}\n" for n, day in enumerate(days))
    file = await put(live, "Ім'я;Телефон;День народження\n" + rows)
    assert counted(file) == (5, 0, 0, 0)
    born = {one.name: one.birthday for one in await everybody(live)}
    assert born == {f"Клієнт {n}": "1980-03-14" if n == 4 else "" for n in range(5)}
    _, told = await get_json(site, f"/api/v1/imports/{file.id}/faults")
    assert [one["line"] for one in told["items"]] == [2, 3, 4, 5]
    assert {one["text"].partition(":")[0] for one in told["items"]} == {"The birthday was left out"}


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
async def test_our_own_table_fills_in_what_was_lost_since(live: Hub, site: Client, kind: str) -> None:
    client = await make_client(live, "Ірина", "+380671234567", birthday="--03-14", note="-2 днi")
    async with site.get(f"/clients/export?format={kind}") as answer:
        table = await answer.read()
    async with live.transactions.writing(actor="person:tester", shop_id=FIRST_SHOP) as uow:
        crm = CrmApi(uow, live.installation.deps)
        entry = ClientEntry(name="Ірина", phones=(PhoneEntry(number="+380671234567"),))
        await crm.change_client(client.id, client.rev, entry)
    file = await put(live, table, name=f"clients.{kind}")
    assert counted(file) == (0, 1, 0, 0)
    (found,) = await everybody(live)
    assert (found.birthday, found.note) == ("--03-14", "-2 днi")


async def test_somebody_else_with_the_same_phone_is_somebody_else(live: Hub) -> None:
    await make_client(live, "Ірина", "+380671234567")
    assert counted(await put(live, "Ім'я;Телефон\nПетро;0671234567\n")) == (1, 0, 0, 0)


async def test_past_calls_of_a_number_find_their_client(live: Hub) -> None:
    await live.relay.start()
    await happen(live, ended("1", 0, "answered", from_number="+380671234567"))
    await put(live, "Ім'я;Телефон\nІрина;0671234567\n")
    for _ in range(500):
        async with calls_of(live) as calls:
            if (await calls.call("1")).client_id is not None:
                break
        await asyncio.sleep(0.02)
    await live.relay.stop(1.0)
    (client,) = await everybody(live)
    async with calls_of(live) as calls:
        assert (await calls.call("1")).client_id == client.id


async def test_a_run_that_broke_off_goes_on(live: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "Ім'я;Телефон\n" + "".join(f"Клієнт {n};067{n:07}\n" for n in range(650))
    real = jobs._Taking._batch
    broken: list[int] = []

    async def break_off(self: jobs._Taking, batch: list[Any], position: int) -> None:
        await real(self, batch, position)
        if position > 0 and not broken:
            broken.append(position)
            raise RuntimeError("killed here")

    monkeypatch.setattr(jobs._Taking, "_batch", break_off)
    job = live.installation.deps.jobs.job("imports.take_in")
    assert job is not None
    object.__setattr__(job, "backoff", (0.05, 0.05))
    file = await put(live, text)
    assert (file.position, counted(file)) == (650, (650, 0, 0, 0))


async def test_the_page_uploads_maps_and_remembers_the_mapping(live: Hub, site: Client) -> None:
    table = "Хто,Куди\nІрина,0671234567\n".encode("cp1251")
    for expected in (["", ""], ["name", "phone"]):
        form = FormData()
        form.add_field("file", table, filename="нові.csv")
        async with site.post("/imports", data=form, allow_redirects=False) as answer:
            assert answer.status == 303
            where = answer.headers["Location"]
        async with live.transactions.reading(actor=None, shop_id=FIRST_SHOP) as uow:
            file = await ImportsApi(uow, live.installation.deps).one(where.rpartition("/")[2])
        assert list(file.mapping) == expected
        assert (await get_text(site, where))[0] == 200
        nothing = [("column", ""), ("column", ""), ("how", "try")]
        status, _, _ = await send_form(site, f"{where}/start", nothing)
        assert status == 422
        fields = [("column", "name"), ("column", "phone"), ("encoding", "cp1251"), ("how", "do")]
        assert (await send_form(site, f"{where}/start", fields))[0] == 303
        assert (await over(live, file.id)).state == "done"
    assert [one.name for one in await everybody(live)] == ["Ірина"]


@pytest.mark.parametrize("data", [b"", b"\x00\x01\x02" * 50, b"x"])
async def test_an_upload_that_is_no_table_is_explained(site: Client, data: bytes) -> None:
    form = FormData()
    form.add_field("file", data, filename="x.bin")
    async with site.post("/imports", data=form) as answer:
        assert answer.status == 422
        assert "<h1" in await answer.text()


async def test_too_big_an_upload_is_refused(site: Client) -> None:
    form = FormData()
    form.add_field("file", b"x" * (33 * 1024 * 1024), filename="x.csv")
    async with site.post("/imports", data=form) as answer:
        assert answer.status == 413


async def test_programs_send_small_tables_as_text(live: Hub, site: Client) -> None:
    body = {"content": "name,phone\nIryna,0671234567\n", "mapping": ["name", "phone"]}
    status, file = await send_json(site, "POST", "/api/v1/imports", body)
    assert status == 201
    assert counted(await over(live, file["id"])) == (1, 0, 0, 0)
    assert (await send_json(site, "POST", "/api/v1/imports", {"content": "x"}))[0] == 422


async def test_a_file_whose_run_somebody_cancelled_is_taken_in_anew(live: Hub, site: Client) -> None:
    await live.jobs.stop()
    file = await asyncio.to_thread(opened, (HEAD + ROWS).encode(), "клієнти.csv")
    async with live.transactions.writing(actor="person:tester", shop_id=FIRST_SHOP) as uow:
        imports = ImportsApi(uow, live.installation.deps)
        stored = await imports.store(file, "clients")
    fields = [("column", one) for one in stored.mapping] + [("how", "take")]
    assert (await send_form(site, f"/imports/{stored.id}/start", fields))[0] == 303
    assert (await send_form(site, f"/imports/{stored.id}/start", fields))[0] == 409  # it waits
    async with live.transactions.writing(actor="person:tester", shop_id=FIRST_SHOP) as uow:
        run_id = (await ImportsApi(uow, live.installation.deps).one(stored.id)).run_id
        await live.installation.deps.jobs.cancel(uow, str(run_id))
    _, page = await get_text(site, f"/imports/{stored.id}")
    assert f'action="/imports/{stored.id}/start"' in page
    assert (await send_form(site, f"/imports/{stored.id}/start", fields))[0] == 303
    live.jobs.start()
    assert counted(await over(live, stored.id)) == (3, 0, 0, 2)

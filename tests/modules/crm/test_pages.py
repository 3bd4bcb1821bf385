"""Pages of clients and cars: what they show, what their forms offer, escaped whatever it is."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from hub.app import Hub
from tests.factories.crm import crm_of, make_car, make_client
from tests.factories.site import Client, get_text, send_form, site_of

XSS = "<script>alert('x')</script>\"><img src=x onerror=alert(1)>"


@pytest.fixture
async def site(hub: Hub) -> AsyncIterator[Client]:
    client = await site_of(hub)
    yield client
    await client.close()


async def test_an_empty_list_says_what_to_do(site: Client) -> None:
    for path in ("/clients", "/vehicles", "/clients?q=nobody", "/vehicles?q=nothing", "/clients?archived=1"):
        status, page = await get_text(site, path)
        assert status == 200
        assert 'class="empty"' in page, path


async def test_lists_and_cards_show_people_and_cars(hub: Hub, site: Client) -> None:
    client = await make_client(hub, "Ірина Коваль", "0671234567", "101", tags=("VIP",), note="після 18")
    car = await make_car(hub, plate="АА1234ВВ", make="Škoda", model="Octavia", client_id=client.id, year=2018)
    for path in ("/clients", "/clients?q=4567", "/clients?q=aa1234bb&part=rows", f"/clients/{client.id}"):
        _, page = await get_text(site, path)
        assert "Ірина Коваль" in page
        assert "+380 67 123 4567" in page
        assert "АА1234ВВ" in page, path
    for path in ("/vehicles", "/vehicles?q=octav", f"/vehicles/{car.id}"):
        _, page = await get_text(site, path)
        assert "Škoda Octavia" in page
        assert "Ірина Коваль" in page, path


async def test_a_part_of_the_list_comes_without_the_shell(hub: Hub, site: Client) -> None:
    await make_client(hub, "Ірина")
    _, part = await get_text(site, "/clients?part=rows")
    assert "<html" not in part
    assert "Ірина" in part


async def test_whatever_was_typed_is_shown_escaped(hub: Hub, site: Client) -> None:
    client = await make_client(
        hub, XSS, "0671234567", note=XSS, tags=(XSS[:40],), emails=("a'b&c@example.com",), kind="company"
    )
    car = await make_car(hub, plate="<b>1</b>", make=XSS[:50], model=XSS[:90], note=XSS, client_id=client.id)
    pages = [
        "/clients", f"/clients/{client.id}", f"/clients/{client.id}/edit", "/vehicles", f"/vehicles/{car.id}",
        f"/vehicles/{car.id}/edit", f"/vehicles/new?client_id={client.id}", "/clients/new",
    ]  # fmt: skip
    for path in pages:
        status, page = await get_text(site, path)
        assert status == 200, path
        assert "<script>alert" not in page
        assert "<img src=x" not in page
        assert "<b>1</b>" not in page
    for query in ("/clients", "/vehicles", "/clients/new"):
        _, page = await get_text(site, query, q=XSS, number=XSS, name=XSS)
        assert "<script>alert" not in page
        assert "<img src=x" not in page


async def test_a_client_is_made_by_the_form(hub: Hub, site: Client) -> None:
    _, page = await get_text(site, "/clients/new", number="0671234567")
    assert 'value="0671234567"' in page
    fields = [
        ("name", "Ірина"), ("kind", "person"), ("relation", "client"), ("phone_number", "0671234567"),
        ("phone_label", ""), ("phone_number", "0501112233"), ("phone_label", "чоловік"), ("phone_main", "1"),
        ("emails", "a@example.com, b@example.com"), ("language", "uk"), ("tags", "VIP, сусід"), ("note", ""),
    ]  # fmt: skip
    status, where, _ = await send_form(site, "/clients/new", fields)
    assert status == 303
    async with crm_of(hub) as crm:
        client = await crm.client(where.removeprefix("/clients/"))
    assert [(p.number, p.label) for p in client.phones] == [
        ("+380501112233", "чоловік"),
        ("+380671234567", ""),
    ]
    assert (client.emails, client.tags) == (("a@example.com", "b@example.com"), ("VIP", "сусід"))


async def test_a_known_phone_offers_its_owner_before_it_is_shared(hub: Hub, site: Client) -> None:
    owner = await make_client(hub, "Олена", "0671234567")
    fields = {"name": "Петро", "kind": "person", "relation": "client", "phone_number": "067 123 45 67",
              "phone_label": ""}  # fmt: skip
    status, _, page = await send_form(site, "/clients/new", fields)
    assert status == 409
    assert f'href="/clients/{owner.id}"' in page
    assert 'value="Петро"' in page
    status, _, _ = await send_form(site, "/clients/new", {**fields, "allow_shared": "1"})
    assert status == 303


async def test_a_form_with_faults_keeps_what_was_typed(site: Client) -> None:
    status, _, page = await send_form(
        site, "/clients/new", {"name": "Ірина", "emails": "nobody", "kind": "person", "relation": "client"}
    )
    assert status == 422
    assert 'value="Ірина"' in page
    assert 'id="fault-emails"' in page


async def test_the_slower_of_two_forms_is_told_and_loses_nothing(hub: Hub, site: Client) -> None:
    client = await make_client(hub, "Перша")
    fields = {"name": "Друга", "kind": "person", "relation": "client", "rev": "1"}
    assert (await send_form(site, f"/clients/{client.id}/edit", fields))[0] == 303
    status, _, page = await send_form(site, f"/clients/{client.id}/edit", {**fields, "name": "Третя"})
    assert status == 422
    assert 'value="Третя"' in page
    async with crm_of(hub) as crm:
        assert (await crm.client(client.id)).name == "Друга"


async def test_a_car_is_made_for_an_owner_and_sold_by_name(hub: Hub, site: Client) -> None:
    owner, buyer = await make_client(hub, "Олена"), await make_client(hub, "Петро", "0501112233")
    fields = {"plate": "АА1234ВВ", "model": "Octavia", "client_id": owner.id, "year": "2018"}
    status, where, _ = await send_form(site, "/vehicles/new", fields)
    assert status == 303
    change = {**fields, "rev": "1", "owner": "050 111 22 33", "mileage_km": "124 000"}
    status, _, _ = await send_form(site, f"{where}/edit", change)
    assert status == 303
    async with crm_of(hub) as crm:
        car = await crm.vehicle(where.removeprefix("/vehicles/"))
    assert (car.client_id, car.mileage_km, car.year) == (buyer.id, 124_000, 2018)


async def test_an_owner_of_a_common_name_is_asked_for(hub: Hub, site: Client) -> None:
    people = [await make_client(hub, f"Петро {n}") for n in range(2)]
    status, _, page = await send_form(site, "/vehicles/new", {"plate": "АА1234ВВ", "owner": "петро"})
    assert status == 409
    assert all(f'value="{one.id}"' in page for one in people)
    status, _, page = await send_form(site, "/vehicles/new", {"plate": "АА1234ВВ", "owner": "ніхто"})
    assert (status, 'id="fault-owner"' in page) == (422, True)


async def test_a_known_plate_offers_its_car(hub: Hub, site: Client) -> None:
    car = await make_car(hub, plate="АА1234ВВ", model="Octavia")
    status, _, page = await send_form(site, "/vehicles/new", {"plate": "aa 1234 bb"})
    assert (status, f'href="/vehicles/{car.id}"' in page) == (409, True)
    assert (await send_form(site, "/vehicles/new", {"plate": "aa 1234 bb", "allow_same": "1"}))[0] == 303


@pytest.mark.parametrize(
    "fields",
    [
        {"plate": "A1", "year": "old"}, {"plate": "A1", "year": "9" * 40}, {"plate": "A1",
        "owner_since": "soon"},
        {"plate": "A1", "vin": "123"}, {"plate": "", "model": ""}, {"plate": "A1", "client_id": "nobody"},
    ],
)  # fmt: skip
async def test_a_cars_form_with_faults_keeps_what_was_typed(site: Client, fields: dict[str, str]) -> None:
    status, _, page = await send_form(site, "/vehicles/new", fields)
    assert status == 422
    assert 'id="fault-' in page
    assert 'value="A1"' in page or not fields["plate"]


async def test_pages_are_there_for_those_who_may(hub: Hub) -> None:
    receptionist, mechanic = await site_of(hub, "receptionist"), await site_of(hub, "mechanic")
    for path in ("/clients", "/vehicles", "/clients/new", "/vehicles/new"):
        assert (await get_text(receptionist, path))[0] == 200
        assert (await get_text(mechanic, path))[0] == 403
    await receptionist.close()
    await mechanic.close()

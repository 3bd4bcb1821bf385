"""Cars and their owners by date."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.app import Hub
from hub.errors import Conflict, Invalid, NotFound
from hub.modules.crm.api import VehicleEntry, VehicleView
from hub.modules.crm.rules import Span, overlap
from tests.factories.crm import crm_of, make_car, make_client

TODAY = date(2026, 1, 5)


def sold(car: VehicleView, client_id: str | None, since: date | None) -> VehicleEntry:
    return VehicleEntry(plate=car.plate or "", model=car.model, client_id=client_id, owner_since=since)


async def test_a_car_comes_back_as_entered(hub: Hub) -> None:
    owner = await make_client(hub, "Олена")
    car = await make_car(
        hub, plate="аа 1234 вв", vin="wvwzzz1jz3w386752", make="Škoda", model="Octavia", year=2018,
        mileage_km=124_000, client_id=owner.id,
    )  # fmt: skip
    assert (car.plate, car.vin, car.name) == ("аа 1234 вв", "WVWZZZ1JZ3W386752", "Škoda Octavia")
    assert (car.year, car.mileage_km, car.client_id, car.rev) == (2018, 124_000, owner.id, 1)


async def test_a_sold_car_has_a_new_owner_from_that_day(hub: Hub) -> None:
    first, second = await make_client(hub, "Перша"), await make_client(hub, "Другий")
    car = await make_car(hub, plate="АА1234ВВ", model="Octavia", client_id=first.id)
    async with crm_of(hub) as crm:
        car = await crm.change_vehicle(car.id, 1, sold(car, second.id, date(2025, 12, 1)))
        owners = await crm.owners_of(car.id)
        cars = await crm.vehicles_of([first.id, second.id])
    assert car.client_id == second.id
    assert [(o.client_id, o.since, o.until) for o in owners] == [
        (second.id, date(2025, 12, 1), None),
        (first.id, None, date(2025, 12, 1)),
    ]
    assert list(cars) == [second.id]


async def test_a_sale_without_a_day_is_today(hub: Hub) -> None:
    first, second = await make_client(hub, "Перша"), await make_client(hub, "Другий")
    car = await make_car(hub, plate="АА1234ВВ", client_id=first.id)
    async with crm_of(hub) as crm:
        await crm.change_vehicle(car.id, 1, sold(car, second.id, None))
        owners = await crm.owners_of(car.id)
    assert [(o.since, o.until) for o in owners] == [(TODAY, None), (None, TODAY)]


async def test_a_mistaken_owner_of_today_leaves_no_trace(hub: Hub) -> None:
    first, second = await make_client(hub, "Перша"), await make_client(hub, "Другий")
    car = await make_car(hub, plate="АА1234ВВ")
    async with crm_of(hub) as crm:
        car = await crm.change_vehicle(car.id, 1, sold(car, first.id, None))
        car = await crm.change_vehicle(car.id, 2, sold(car, second.id, None))
        owners = await crm.owners_of(car.id)
    assert [o.client_id for o in owners] == [second.id]


async def test_a_car_may_lose_its_owner(hub: Hub) -> None:
    owner = await make_client(hub, "Перша")
    car = await make_car(hub, plate="АА1234ВВ", client_id=owner.id)
    async with crm_of(hub) as crm:
        car = await crm.change_vehicle(car.id, 1, sold(car, None, None))
    assert car.client_id is None


async def test_a_car_has_one_owner_at_a_time(hub: Hub) -> None:
    people = [await make_client(hub, name) for name in ("Перша", "Другий", "Третій")]
    car = await make_car(hub, plate="АА1234ВВ", client_id=people[0].id)
    async with crm_of(hub) as crm:
        car = await crm.change_vehicle(car.id, 1, sold(car, people[1].id, date(2025, 12, 1)))
    async with crm_of(hub) as crm:
        with pytest.raises(Invalid) as raised:
            await crm.change_vehicle(car.id, 2, sold(car, people[2].id, date(2025, 6, 1)))
    assert "owner_since" in raised.value.fields
    async with crm_of(hub) as crm:
        assert (await crm.vehicle(car.id)).client_id == people[1].id


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({}, "plate"), ({"plate": "!!!"}, "plate"), ({"plate": "A", "vin": "123"}, "vin"),
        ({"vin": "WVWZZZ1JZ3W38675O"}, "vin"), ({"plate": "A", "year": 1800}, "year"),
        ({"plate": "A", "year": 2031}, "year"), ({"plate": "A", "mileage_km": -1}, "mileage_km"),
        ({"plate": "A", "client_id": "nobody"}, "client_id"), ({"plate": "A" * 21}, "plate"),
    ],
)  # fmt: skip
async def test_what_is_wrong_is_refused_by_field(hub: Hub, values: dict[str, object], field: str) -> None:
    async with crm_of(hub) as crm:
        with pytest.raises(Invalid) as raised:
            await crm.create_vehicle(VehicleEntry(**values))
    assert field in raised.value.fields


async def test_a_sale_in_the_future_is_refused(hub: Hub) -> None:
    owner = await make_client(hub, "Перша")
    async with crm_of(hub) as crm:
        with pytest.raises(Invalid):
            await crm.create_vehicle(
                VehicleEntry(plate="A1", client_id=owner.id, owner_since=TODAY + timedelta(days=1))
            )


async def test_one_vin_is_one_car_but_a_plate_may_be_issued_again(hub: Hub) -> None:
    car = await make_car(hub, plate="АА1234ВВ", vin="WVWZZZ1JZ3W386752")
    again = await make_car(hub, plate="AA1234BB")
    async with crm_of(hub) as crm:
        with pytest.raises(Conflict) as raised:
            await crm.create_vehicle(VehicleEntry(vin="WVWZZZ1JZ3W386752"))
        same = await crm.same_plate("aa 1234 вв")
    assert raised.value.data["vehicle_id"] == car.id
    assert {one.id for one in same} == {car.id, again.id}


async def test_the_slower_of_two_is_told(hub: Hub) -> None:
    car = await make_car(hub, plate="АА1234ВВ")
    entry = VehicleEntry(plate="АА1234ВВ", mileage_km=1)
    async with crm_of(hub) as crm:
        await crm.change_vehicle(car.id, 1, entry)
    async with crm_of(hub) as crm:
        with pytest.raises(Conflict):
            await crm.change_vehicle(car.id, 1, replace(entry, mileage_km=2))
        with pytest.raises(NotFound):
            await crm.change_vehicle("nothing", 1, entry)


DAYS = st.none() | st.integers(0, 40).map(lambda n: TODAY + timedelta(days=n))


@given(st.lists(st.tuples(DAYS, DAYS), max_size=4))
def test_spans_overlap_exactly_when_they_share_a_day(pairs: list[tuple[date | None, date | None]]) -> None:
    spans = [Span(a, b) for a, b in pairs if a is None or b is None or a < b]
    days = [TODAY + timedelta(days=n) for n in range(-1, 42)]
    shared = any(sum(span.holds(day) for span in spans) > 1 for day in days)
    assert overlap(spans) == shared

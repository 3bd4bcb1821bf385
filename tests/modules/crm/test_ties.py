"""Roles, readings of the counter, the black list, segments, and the history of it all."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import date

import pytest

from hub.app import Hub
from hub.clock import FrozenClock
from hub.errors import Conflict, Invalid
from hub.kernel.masking import hidden
from hub.modules.crm.api import ClientFilter, Messenger, RoleEntry, entry_of
from tests.factories.crm import crm_of, make_car, make_client
from tests.factories.site import Client, get_json, get_text, send_form, send_json, site_of


@pytest.fixture
def clock(frozen_clock: FrozenClock) -> Callable[[], None]:
    """A moment goes by: ids sort by the time they were made."""
    return lambda: frozen_clock.advance(1.0)


@pytest.fixture
async def site(hub: Hub) -> AsyncIterator[Client]:
    client = await site_of(hub)
    yield client
    await client.close()


async def test_a_driver_and_a_payer_stand_on_both_pages_and_on_the_card(hub: Hub, site: Client) -> None:
    firm = await make_client(hub, "ТОВ Ромашка", "0441112233", kind="company")
    driver = await make_client(hub, "Іван Водій", "0671234567")
    car = await make_car(hub, plate="АА1234ВВ", model="Octavia", client_id=firm.id)
    async with crm_of(hub) as crm:
        await crm.roles.add(RoleEntry(role="driver", client_id=driver.id, vehicle_id=car.id))
        await crm.roles.add(RoleEntry(role="payer", client_id=firm.id, of_client_id=driver.id))
    _, page = await get_text(site, f"/clients/{driver.id}")
    assert "АА1234ВВ" in page
    assert "ТОВ Ромашка" in page
    _, page = await get_text(site, f"/vehicles/{car.id}")
    assert "Іван Водій" in page
    _, roles = await get_json(site, f"/api/v1/clients/{driver.id}/roles")
    found = {(one["role"], one["client_id"]) for one in roles["items"]}
    assert found == {("driver", driver.id), ("payer", firm.id)}


async def test_the_same_role_twice_is_one(hub: Hub) -> None:
    one, other = await make_client(hub, "А"), await make_client(hub, "Б")
    async with crm_of(hub) as crm:
        entry = RoleEntry(role="payer", client_id=one.id, of_client_id=other.id)
        assert await crm.roles.add(entry) == await crm.roles.add(entry)


@pytest.mark.parametrize(
    "values", [{}, {"of_client_id": "me"}, {"of_client_id": "nobody"}, {"vehicle_id": "none"}]
)
async def test_a_role_needs_somebody_else_that_is_there(hub: Hub, values: dict[str, str]) -> None:
    me = await make_client(hub, "Я")
    values = {name: me.id if value == "me" else value for name, value in values.items()}
    async with crm_of(hub) as crm:
        with pytest.raises(Invalid):
            await crm.roles.add(RoleEntry(role="driver", client_id=me.id, **values))


async def test_who_owns_a_car_is_not_told_by_a_role(hub: Hub) -> None:
    me, car = await make_client(hub, "Я"), await make_car(hub, plate="АА1")
    async with crm_of(hub) as crm:
        with pytest.raises(Conflict):
            await crm.roles.add(RoleEntry(role="owner", client_id=me.id, vehicle_id=car.id))


async def test_roles_are_added_and_taken_away_by_the_pages(hub: Hub, site: Client) -> None:
    firm, driver = await make_client(hub, "ТОВ Лілія"), await make_client(hub, "Петро")
    _, page = await get_text(site, f"/clients/{driver.id}/roles", q="Лілія")
    assert f"client:{firm.id}" in page
    fields = {"role": "driver", "about": f"client:{firm.id}", "note": "по буднях"}
    status, where, _ = await send_form(site, f"/clients/{driver.id}/roles", fields)
    assert (status, where) == (303, f"/clients/{driver.id}")
    _, page = await get_text(site, f"/clients/{firm.id}")
    assert "по буднях" in page
    async with crm_of(hub) as crm:
        (role,) = await crm.roles.of_clients([firm.id])
    await send_form(site, f"/roles/{role.id}/remove", {"back": "other"})
    async with crm_of(hub) as crm:
        assert await crm.roles.of_clients([firm.id]) == ()
    assert (await send_form(site, f"/roles/{role.id}/remove", {}))[0] == 404


async def test_a_choice_without_sense_is_explained(hub: Hub, site: Client) -> None:
    me = await make_client(hub, "Я")
    status, _, page = await send_form(site, f"/clients/{me.id}/roles", {"role": "king", "about": "x"})
    assert status == 422
    assert "<form" in page


async def test_readings_make_the_log_and_the_newest_is_the_mileage(
    hub: Hub, site: Client, clock: Callable[[], None]
) -> None:
    car = await make_car(hub, plate="АА1", mileage_km=100_000)
    clock()
    path = f"/api/v1/vehicles/{car.id}/mileage"
    status, log = await send_json(site, "POST", path, {"km": 98_000, "read_on": "2025-06-01"})
    assert (status, [one["km"] for one in log["items"]]) == (201, [100_000, 98_000])
    assert [one["since_last"] for one in log["items"]] == [2_000, None]
    assert (await get_json(site, f"/api/v1/vehicles/{car.id}"))[1]["mileage_km"] == 100_000
    await send_json(site, "POST", path, {"km": 101_500})
    _, now = await get_json(site, f"/api/v1/vehicles/{car.id}")
    assert now["mileage_km"] == 101_500


async def test_a_lower_reading_is_asked_about_and_may_be_confirmed(
    hub: Hub, site: Client, clock: Callable[[], None]
) -> None:
    car = await make_car(hub, plate="АА1", mileage_km=100_000)
    clock()
    status, _, page = await send_form(site, f"/vehicles/{car.id}/mileage", {"km": "5 000"})
    assert status == 409
    assert "100000" in page
    fields = {"km": "5000", "may_be_lower": "1"}
    assert (await send_form(site, f"/vehicles/{car.id}/mileage", fields))[0] == 303
    _, now = await get_json(site, f"/api/v1/vehicles/{car.id}")
    assert now["mileage_km"] == 5_000
    _, page = await get_text(site, f"/vehicles/{car.id}")
    assert "-95\u00a0000" in page


@pytest.mark.parametrize(
    "fields", [{"km": "many"}, {"km": "1", "read_on": "x"}, {"km": "1", "read_on": "2999-01-01"}]
)
async def test_a_reading_that_cannot_be_is_refused(hub: Hub, site: Client, fields: dict[str, str]) -> None:
    car = await make_car(hub, plate="АА1")
    assert (await send_form(site, f"/vehicles/{car.id}/mileage", fields))[0] == 422


async def test_the_reading_of_yesterday_stays_in_order(hub: Hub, clock: Callable[[], None]) -> None:
    car = await make_car(hub, plate="АА1", mileage_km=100)
    clock()
    async with crm_of(hub) as crm:
        await crm.mileage.add(car.id, 90, read_on=date(2026, 1, 3))
        log = await crm.mileage.add(car.id, 95, read_on=date(2026, 1, 4))
        with pytest.raises(Conflict):
            await crm.mileage.add(car.id, 99, read_on=date(2026, 1, 3))
    assert [one.km for one in log] == [100, 95, 90]


async def test_sources_segments_and_the_black_list_narrow_the_list(hub: Hub, site: Client) -> None:
    await make_client(hub, "Ганна", source="Google", segments=("VIP", "таксі"))
    await make_client(hub, "Борис", source="сусід", blocked_reason="не платить")
    await make_client(hub, "Олег")
    for query, name in (
        ({"source": "Google"}, "Ганна"), ({"segment": "таксі"}, "Ганна"), ({"is_blocked": "true"}, "Борис"),
    ):  # fmt: skip
        _, page = await get_json(site, "/api/v1/clients", **query)
        assert [one["name"] for one in page["items"]] == [name]
    async with crm_of(hub) as crm:
        assert await crm.searching.sources() == ("Google", "сусід")
        assert await crm.searching.segments() == ("VIP", "таксі")
        assert (await crm.clients(ClientFilter(segment="V"), cursor=None, limit=9)).items == ()


async def test_who_is_on_the_black_list_is_seen_on_page_and_list(hub: Hub, site: Client) -> None:
    client = await make_client(hub, "Борис", "0671234567", blocked_reason="не платить <b>ніколи</b>")
    for path in (f"/clients/{client.id}", "/clients"):
        _, page = await get_text(site, path)
        assert "не платить &lt;b&gt;" in page
    status, changed = await send_json(site, "PATCH", f"/api/v1/clients/{client.id}", {"blocked_reason": None})
    assert (status, changed["blocked_reason"]) == (200, None)


async def test_the_form_keeps_messengers_source_and_segments(hub: Hub, site: Client) -> None:
    fields = [
        ("name", "Ірина"), ("kind", "person"), ("relation", "client"), ("messenger_kind", "viber"),
        ("messenger_address", "067 1234567"), ("messenger_kind", "telegram"), ("messenger_address", ""),
        ("source", "Instagram"), ("segments", "VIP, флот"), ("blocked_reason", ""),
    ]  # fmt: skip
    status, where, _ = await send_form(site, "/clients/new", fields)
    assert status == 303
    async with crm_of(hub) as crm:
        client = await crm.client(where.rpartition("/")[2])
    assert client.messengers == (Messenger(kind="viber", address="067 1234567"),)
    assert (client.source, client.segments, client.blocked_reason) == ("Instagram", ("VIP", "флот"), None)


async def test_history_says_who_changed_what_from_what_to_what(
    hub: Hub, site: Client, clock: Callable[[], None]
) -> None:
    client = await make_client(hub, "Ірина", "0671234567")
    clock()
    async with crm_of(hub) as crm:
        await crm.change_client(client.id, 1, replace(entry_of(client), name="Ірина Коваль", source="сусід"))
        await crm.change_client(client.id, 2, replace(entry_of(await crm.client(client.id))))
    _, history = await get_json(site, f"/api/v1/clients/{client.id}/history")
    assert [(one["what"], one["actor"]) for one in history["items"]] == [
        ("changed", "person:tester"), ("added", "person:tester"),
    ]  # fmt: skip
    assert history["items"][0]["fields"] == {"name": ["Ірина", "Ірина Коваль"], "source": ["", "сусід"]}
    for path in (f"/clients/{client.id}", f"/clients/{client.id}/history"):
        _, page = await get_text(site, path)
        assert "<del>Ірина</del>" in page


async def test_a_history_writes_a_birthday_as_the_page_does(hub: Hub, site: Client) -> None:
    client = await make_client(hub, "Ірина", "0671234567")
    async with crm_of(hub) as crm:
        await crm.change_client(client.id, 1, replace(entry_of(client), birthday="1970-11-23"))
    _, page = await get_text(site, f"/clients/{client.id}")
    assert page.count("23.11.1970") == 2
    assert "1970-11-23" not in page


async def test_the_history_of_a_car_is_kept_too(hub: Hub, site: Client, clock: Callable[[], None]) -> None:
    car = await make_car(hub, plate="АА1", model="Octavia")
    clock()
    await send_json(site, "PATCH", f"/api/v1/vehicles/{car.id}", {"plate": "АА2"})
    _, history = await get_json(site, f"/api/v1/vehicles/{car.id}/history", limit=1)
    assert history["items"][0]["fields"] == {"plate": ["АА1", "АА2"]}
    _, rest = await get_json(site, f"/api/v1/vehicles/{car.id}/history", cursor=history["next"])
    assert [one["what"] for one in rest["items"]] == ["added"]


async def test_a_history_masks_numbers_for_whoever_may_not_read_them(hub: Hub) -> None:
    client = await make_client(hub, "Ірина", "0671234567")
    async with crm_of(hub) as crm:
        page = hidden(await crm.history.of(client.id, cursor=None, limit=5))
    assert page.items[0].fields["phones"] == [None, "•••4567"]


async def test_archive_instead_of_delete(hub: Hub, site: Client) -> None:
    client = await make_client(hub, "Ірина", "0671234567")
    await send_form(site, f"/clients/{client.id}/archive", {"away": "1"})
    assert "Ірина" not in (await get_text(site, "/clients"))[1]
    async with site.delete(f"/api/v1/clients/{client.id}") as answer:
        assert answer.status in (404, 405)
    await send_form(site, f"/clients/{client.id}/archive", {"away": ""})
    assert "Ірина" in (await get_text(site, "/clients"))[1]

"""Two records of one client: proposed with the reason, merged with all that hangs on them, and two again."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.app import Hub
from hub.errors import Conflict
from hub.modules.calls.api import CallFilter
from hub.modules.crm.api import ClientEntry, DuplicateReason, PhoneEntry, RoleEntry, entry_of
from hub.modules.crm.rules_merge import apart, are_similar, as_json, from_json, merged_entry
from tests.factories.calls import calls_of, ended
from tests.factories.crm import crm_of, make_car, make_client
from tests.factories.site import Client, get_json, get_text, send_form, send_json, site_of
from tests.factories.tasks import happen, open_hours, open_tasks

IRYNA = "+380501234567"


@pytest.fixture
async def site(hub: Hub) -> AsyncIterator[Client]:
    client = await site_of(hub)
    yield client
    await client.close()


async def reasons(hub: Hub) -> list[tuple[DuplicateReason, ...]]:
    async with crm_of(hub) as crm:
        return [pair.reasons for pair in await crm.duplicates.all(50)]


async def merged(hub: Hub, gone: str, kept: str) -> str:
    """The id of the merging."""
    async with crm_of(hub) as crm:
        await crm.merging.merge(gone, kept, "той самий")
        log = (await crm.merging.recent(cursor=None, limit=50)).items
    return next(one.id for one in log if one.from_id == gone)


@pytest.mark.parametrize(
    ("names", "numbers", "expected"),
    [
        (("Ірина", "Іра"), ("0501234567", "050 123-45-67"), [("same_phone",)]),
        (("Ірина Коваль", "Коваль Ірина"), ("0501234567", "0501234568"), []),
        (("Ірина Коваль", "ірина  КОВАЛЬ"), ("0501234567", "0501234568"), [("similar_phone",)]),
        (("Ірина Коваль", "Ірина Коваль"), ("0501234567", "0501234576"), [("similar_phone",)]),
        (("Ірина Коваль", "Ірина Коваль"), ("0501234567", "0671112233"), []),
        (("Ірина", "Ірина"), ("0501234567", ""), []),
    ],
)
async def test_who_looks_like_whom_is_proposed_with_the_reason(
    hub: Hub, names: tuple[str, str], numbers: tuple[str, str], expected: list[tuple[str, ...]]
) -> None:
    for name, number in zip(names, numbers, strict=True):
        await make_client(hub, name, *filter(None, [number]))
    assert await reasons(hub) == expected


async def test_the_same_plate_with_two_owners_is_proposed(hub: Hub) -> None:
    for name, plate in (("Ірина", "АА1234ВВ"), ("Коваль", "AA1234BB")):
        await make_car(hub, plate=plate, client_id=(await make_client(hub, name)).id)
    assert await reasons(hub) == [("same_plate",)]


async def test_a_number_of_many_and_who_is_no_client_are_not_proposed(hub: Hub) -> None:
    for number in range(7):
        await make_client(hub, f"Працівник {number}", "0441112233")
    await make_client(hub, "Спам", "0671112233", relation="spam")
    await make_client(hub, "Ірина", "0671112233")
    assert await reasons(hub) == []


async def test_what_a_person_parted_is_not_proposed_again(hub: Hub, site: Client) -> None:
    one, other = await make_client(hub, "Ірина", IRYNA), await make_client(hub, "Чоловік", IRYNA)
    assert "merge?with=" in (await get_text(site, "/clients/duplicates"))[1]
    assert "merge?with=" in (await get_text(site, f"/clients/{one.id}"))[1]
    await send_form(site, f"/clients/{other.id}/two", {"with": one.id})
    assert await reasons(hub) == []


async def test_merging_keeps_everything_and_the_old_id_leads_to_the_living_one(
    hub: Hub, site: Client
) -> None:
    kept = await make_client(hub, "Ірина Коваль", IRYNA, tags=("VIP",), note="після 18")
    gone = await make_client(
        hub, "Іра", "0671112233", source="сусід", emails=("i@example.com",), note="дзвінок"
    )
    car = await make_car(hub, plate="АА1", client_id=gone.id)
    await happen(hub, ended("1", 0, "answered", from_number="+380671112233"))
    status, answer = await send_json(site, "POST", f"/api/v1/clients/{kept.id}/merge", {"client_id": gone.id})
    assert status == 200
    assert [one["number"] for one in answer["phones"]] == [IRYNA, "+380671112233"]
    assert (answer["source"], answer["emails"], answer["tags"]) == ("сусід", ["i@example.com"], ["VIP"])
    assert answer["note"] == "після 18\n\nдзвінок"
    _, same = await get_json(site, f"/api/v1/clients/{gone.id}")
    assert same["id"] == kept.id
    assert (await get_json(site, f"/api/v1/vehicles/{car.id}"))[1]["client_id"] == kept.id
    _, calls = await get_json(site, "/api/v1/calls", client_id=gone.id)
    assert [one["client_id"] for one in calls["items"]] == [kept.id]
    async with site.get(f"/clients/{gone.id}", allow_redirects=False) as moved:
        assert moved.headers["Location"] == f"/clients/{kept.id}"
    for archived in ("true", "false"):
        _, page = await get_json(site, "/api/v1/clients", is_archived=archived, q="Іра")
        assert gone.id not in [one["id"] for one in page["items"]]


async def test_open_call_backs_of_both_become_one_and_two_again(hub: Hub) -> None:
    await open_hours(hub)
    kept, gone = await make_client(hub, "Ірина", IRYNA), await make_client(hub, "Іра", "0671112233")
    await happen(hub, ended("1", 0, "missed"), ended("2", 60, "missed", from_number="+380671112233"))
    assert {task.client_id for task in await open_tasks(hub)} == {kept.id, gone.id}
    merging = await merged(hub, gone.id, kept.id)
    (task,) = await open_tasks(hub)
    assert (task.client_id, len(task.misses)) == (kept.id, 2)
    async with crm_of(hub) as crm:
        await crm.merging.undo(merging)
    found = {(task.client_id, len(task.misses)) for task in await open_tasks(hub)}
    assert found == {(kept.id, 1), (gone.id, 1)}


async def test_undoing_gives_back_what_was_and_leaves_what_came_since(hub: Hub) -> None:
    kept, gone = (
        await make_client(hub, "Ірина", IRYNA),
        await make_client(hub, "Іра", "0671112233", tags=("X",)),
    )
    car = await make_car(hub, plate="АА1", client_id=gone.id)
    await happen(hub, ended("1", 0, "answered", from_number="+380671112233"))
    merging = await merged(hub, gone.id, kept.id)
    async with crm_of(hub) as crm:
        now = await crm.client(kept.id)
        phones = (*entry_of(now).phones, PhoneEntry(number="0509998877"))
        await crm.change_client(now.id, now.rev, replace(entry_of(now), phones=phones, source="Google"))
    async with crm_of(hub) as crm:
        back = await crm.merging.undo(merging)
    async with crm_of(hub) as crm:
        now = await crm.client(kept.id)
        assert (back.id, back.name, back.tags, back.is_archived) == (gone.id, "Іра", ("X",), False)
        assert [one.number for one in now.phones] == [IRYNA, "+380509998877"]
        assert (now.source, now.tags) == ("Google", ())
        assert (await crm.vehicle(car.id)).client_id == gone.id
        with pytest.raises(Conflict):
            await crm.merging.undo(merging)
    async with calls_of(hub) as calls:
        page = await calls.history(CallFilter(client_id=gone.id))
    assert [call.id for call in page.items] == ["1"]


async def test_calls_of_a_shared_phone_find_their_client_and_are_nobodys_again(hub: Hub) -> None:
    kept, gone = await make_client(hub, "Ірина", IRYNA), await make_client(hub, "Іра", IRYNA)
    await happen(hub, ended("1", 0, "answered"))
    merging = await merged(hub, gone.id, kept.id)
    async with calls_of(hub) as calls:
        assert (await calls.call("1")).client_id == kept.id
    async with crm_of(hub) as crm:
        await crm.merging.undo(merging)
    async with calls_of(hub) as calls:
        call = await calls.call("1")
    assert (call.client_id, call.candidate_count) == (None, 2)


async def test_chains_are_undone_from_their_end(hub: Hub) -> None:
    a, b, c = [await make_client(hub, name) for name in ("А", "Б", "В")]
    first = await merged(hub, a.id, b.id)
    second = await merged(hub, b.id, c.id)
    async with crm_of(hub) as crm:
        assert (await crm.client(a.id)).id == c.id
        with pytest.raises(Conflict):
            await crm.merging.undo(first)
    async with crm_of(hub) as crm:
        await crm.merging.undo(second)
        await crm.merging.undo(first)
    async with crm_of(hub) as crm:
        assert (await crm.client(a.id)).name == "А"
        with pytest.raises(Conflict):
            await crm.merging.merge(a.id, a.id, "")


async def test_roles_move_and_nobody_is_something_to_himself(hub: Hub) -> None:
    kept, gone, firm = [await make_client(hub, name) for name in ("А", "Б", "Фірма")]
    async with crm_of(hub) as crm:
        await crm.roles.add(RoleEntry(role="driver", client_id=gone.id, of_client_id=firm.id))
        await crm.roles.add(RoleEntry(role="driver", client_id=kept.id, of_client_id=firm.id))
        await crm.roles.add(RoleEntry(role="payer", client_id=kept.id, of_client_id=gone.id))
    merging = await merged(hub, gone.id, kept.id)
    async with crm_of(hub) as crm:
        (role,) = await crm.roles.of_clients([kept.id])
        assert (role.client_id, role.of_client_id) == (kept.id, firm.id)
        await crm.merging.undo(merging)
    async with crm_of(hub) as crm:
        assert len(await crm.roles.of_clients([kept.id, gone.id])) == 3


async def test_the_pages_merge_and_undo(hub: Hub, site: Client) -> None:
    one, other = await make_client(hub, "Ірина", IRYNA), await make_client(hub, "Іра", IRYNA)
    path = f"/clients/{one.id}/merge"
    assert other.id in (await get_text(site, path, q="Іра"))[1]
    assert "той самий телефон" in (await get_text(site, path, **{"with": other.id}))[1]
    status, where, _ = await send_form(site, path, {"with": other.id, "keep": other.id})
    assert (status, where) == (303, f"/clients/{other.id}")
    _, log = await get_json(site, "/api/v1/merges")
    assert "Ірина" in (await get_text(site, "/clients/merges"))[1]
    status, where, _ = await send_form(site, f"/merges/{log['items'][0]['id']}/undo", {})
    assert (status, where) == (303, f"/clients/{one.id}")
    assert (await send_form(site, f"/merges/{log['items'][0]['id']}/undo", {}))[0] == 409


async def test_a_receptionist_may_not_merge(hub: Hub) -> None:
    one = await make_client(hub, "Ірина")
    desk = await site_of(hub, "receptionist")
    for path in ("/clients/duplicates", f"/clients/{one.id}/merge"):
        assert (await get_text(desk, path))[0] == 403
    assert (await get_text(desk, f"/clients/{one.id}"))[0] == 200
    await desk.close()


TEXT = st.text("абвгҐїAZ09 '+@", max_size=8)
PHONES = st.lists(st.builds(PhoneEntry, number=st.from_regex(r"0[0-9]{9}", fullmatch=True)), max_size=3)
ENTRY = st.builds(
    ClientEntry,
    name=TEXT, note=TEXT, source=TEXT, tags=st.lists(TEXT, unique=True, max_size=3).map(tuple),
    phones=PHONES.map(tuple),
)  # fmt: skip


@given(ENTRY, ENTRY)
def test_what_is_merged_and_parted_at_once_is_as_it_was(kept: ClientEntry, gone: ClientEntry) -> None:
    after = merged_entry(kept, gone)
    assert {one.number for one in after.phones} == {one.number for one in (*kept.phones, *gone.phones)}
    assert apart(after, from_json(as_json(kept)), from_json(as_json(after))) == kept


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("+380501234567", "+380501234568", True), ("+380501234567", "+380501234576", True),
        ("+380501234567", "+380501234567", False), ("+380501234567", "+380501234777", False),
        ("+380501234567", "+38050123456", False), ("+380501234567", "+380510234567", True),
    ],
)  # fmt: skip
def test_a_slip_of_the_finger_makes_a_similar_number(one: str, other: str, expected: bool) -> None:
    assert are_similar(one, other) is expected

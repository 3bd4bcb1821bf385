"""Calls over /api/v1: the fields that others rely on, filters, notes, rights."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from hub.app import Hub
from hub.events.calls import Transfer
from hub.kernel.shops import FIRST_SHOP
from hub.modules.access.api import AccessApi
from hub.values import ShopId
from tests.factories.calls import LINE, at, ended, fact, party, snapshot, tell, tell_calls
from tests.factories.crm import make_client
from tests.factories.site import Client, get_json, send_json, site_of

CALL = "/api/v1/calls"


@pytest.fixture
async def site(hub: Hub) -> AsyncIterator[Client]:
    client = await site_of(hub)
    yield client
    await client.close()


async def test_a_call_has_exactly_the_fields_of_the_contract(hub: Hub, site: Client) -> None:
    client = await make_client(hub, "Ірина", "0501234567")
    async with hub.transactions.writing(actor=None, shop_id=FIRST_SHOP) as uow:
        await AccessApi(uow, hub.installation.deps).create_person(
            "Оксана", "receptionist", extensions=["101"]
        )
    await tell_calls(
        hub,
        ended(
            "b1:1.1", 0, "answered", queue="front", hold_seconds=4.5, last_extension="105",
            parties=(
                party("101", name="PBX name", answered_at=at(7), outcome="answered"),
                party("102", name="Desk 2"),
            ),
            transfers=(Transfer(at=at(30), kind="blind", from_extension="101", to="105"),),
        ),
    )  # fmt: skip
    status, call = await get_json(site, f"{CALL}/b1:1.1")
    assert status == 200
    assert call == {
        "id": "b1:1.1", "rev": 1, "direction": "inbound",
        "from_number": "+380501234567", "to_number": LINE, "line": LINE, "queue": "front", "state": "ended",
        "result": "answered", "missed_reason": None, "in_hours": True,
        "started_at": "2026-01-05T07:02:10.000Z", "queued_at": None, "offered_at": "2026-01-05T07:02:11.000Z",
        "answered_at": "2026-01-05T07:02:17.000Z", "ended_at": "2026-01-05T07:03:10.000Z",
        "wait_seconds": 7.0,
        "talk_seconds": 53.0, "hold_seconds": 4.5, "answered_by": "101", "last_extension": "105",
        "parties": [
            {"extension": "101", "number": None, "via": "phone", "name": "Оксана",
             "rang_at": "2026-01-05T07:02:11.000Z", "answered_at": "2026-01-05T07:02:17.000Z",
             "left_at": None,
             "outcome": "answered"},
            {"extension": "102", "number": None, "via": "phone", "name": "Desk 2",
             "rang_at": "2026-01-05T07:02:11.000Z", "answered_at": None, "left_at": None, "outcome": None},
        ],
        "transfers": [{"at": "2026-01-05T07:02:40.000Z", "kind": "blind", "from_extension": "101",
        "to": "105"}],
        "recording_ids": [], "client_id": client.id, "vehicle_id": None, "is_complete": True,
    }  # fmt: skip


async def test_a_list_goes_on_by_its_cursor(hub: Hub, site: Client) -> None:
    await tell_calls(hub, *(ended(f"b1:{n}.1", n, "missed") for n in range(5)))
    _, first = await get_json(site, CALL, limit=3)
    _, second = await get_json(site, CALL, limit=3, cursor=first["next"])
    assert [c["id"] for c in first["items"] + second["items"]] == [f"b1:{n}.1" for n in (4, 3, 2, 1, 0)]
    assert second["next"] is None


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"direction": "inbound"}, {1, 2}), ({"direction": "outbound"}, {3}), ({"result": "missed"}, {2}),
        ({"state": "ringing"}, {4}), ({"person": "102"}, {2}), ({"person": "+380671112233"}, {1}),
        ({"person": "067 111 22 33"}, {1}), ({"line": "0441234567"}, {1, 2}), ({"queue": "front"}, {2}),
        ({"number": "(050) 123-45-67"}, {1, 3}), ({"number": "380441234567"}, {1, 2, 3}),
        ({"number": "101"}, {4}), ({"is_complete": "false"}, {2}), ({"client_id": "nobody"}, set()),
        ({"from": "2026-01-05T07:02:20Z"}, {2, 3, 4}), ({"to": "2026-01-05T07:02:20Z"}, {1}),
        ({"from": "2026-01-05T09:02:20+02:00", "to": "2026-01-05T07:02:30.000Z"}, {2}),
        ({"number": "0501234567", "result": "answered", "person": "101"}, {1}),
    ],
)  # fmt: skip
async def test_filters_of_the_list(hub: Hub, site: Client, query: dict[str, str], found: set[int]) -> None:
    mobile = party("101", outcome="answered"), party(None, number="+380671112233", via="mobile")
    await tell_calls(
        hub, ended("1", 0, "answered", parties=mobile),
        ended("2", 10, "missed", from_number="+380509999999", queue="front", is_complete=False,
              parties=(party("102", outcome="no_answer"),)),
        ended("3", 20, "busy", direction="outbound", from_number=LINE, to_number="+380501234567", parties=()),
        snapshot("4", started_at=at(30), direction="internal", from_number="101", to_number="105",
        parties=()),
    )  # fmt: skip
    status, page = await get_json(site, CALL, **query)
    assert status == 200
    assert {int(call["id"]) for call in page["items"]} == found


async def test_an_employees_id_finds_all_their_phones(hub: Hub, site: Client) -> None:
    async with hub.transactions.writing(actor=None, shop_id=FIRST_SHOP) as uow:
        person = await AccessApi(uow, hub.installation.deps).create_person(
            "Оксана", "receptionist", extensions=["101", "111"], mobile="+380671112233"
        )
    await tell_calls(
        hub, ended("1", 0, "missed"), ended("2", 1, "missed", parties=(party("111"),)),
        ended("3", 2, "missed", parties=(party("102"),)),
    )  # fmt: skip
    _, page = await get_json(site, CALL, person=person.id)
    assert [call["id"] for call in page["items"]] == ["2", "1"]


@pytest.mark.parametrize(
    "query",
    [
        {"limit": "0"}, {"limit": "201"}, {"limit": "x"}, {"cursor": "zzz"}, {"direction": "sideways"},
        {"result": "won"}, {"from": "yesterday"}, {"is_complete": "perhaps"}, {"unknown": "1"},
        {"number": "9" * 200}, {"from": "0001-01-01T00:00:00+14:00"}, {"to": "9999-12-31T23:59:59-14:00"},
        {"cursor": "MDAwMS0wMS0wMVQwMDowMDowMCsxNDowMHx4"},
    ],
)  # fmt: skip
@pytest.mark.one_on_postgres
async def test_what_cannot_be_asked_is_422(hub: Hub, site: Client, query: dict[str, str]) -> None:
    status, body = await get_json(site, CALL, **query)
    assert status == 422
    assert body["error"]["code"]


async def test_notes_are_added_and_read(hub: Hub, site: Client) -> None:
    await tell_calls(hub, ended("b1:1.1", 0, "missed"))
    status, note = await send_json(site, "POST", f"{CALL}/b1:1.1/notes", {"text": "<b>колодки</b>"})
    assert (status, note["text"], note["call_id"]) == (201, "<b>колодки</b>", "b1:1.1")
    _, notes = await get_json(site, f"{CALL}/b1:1.1/notes")
    assert notes == {"items": [note], "next": None}
    for wrong in ({}, {"text": ""}, {"text": "x" * 4001}, {"text": "x", "by": "me"}, {"text": 1}):
        status, _ = await send_json(site, "POST", f"{CALL}/b1:1.1/notes", wrong)
        assert status == 422, wrong


async def test_a_call_can_be_given_to_a_client(hub: Hub, site: Client) -> None:
    client = await make_client(hub, "Ірина")
    await tell_calls(hub, ended("b1:1.1", 0, "missed"))
    status, call = await send_json(site, "PATCH", f"{CALL}/b1:1.1", {"client_id": client.id})
    assert (status, call["client_id"], call["rev"]) == (200, client.id, 2)
    status, _ = await send_json(site, "PATCH", f"{CALL}/b1:1.1", {"client_id": "nobody"})
    assert status == 404


@pytest.mark.parametrize("call_id", ["nothing", "%00", "'", "a" * 600, "..%2f..", "%D1%8F"])
async def test_an_unknown_call_is_404(hub: Hub, site: Client, call_id: str) -> None:
    status, body = await get_json(site, f"{CALL}/{call_id}")
    assert status == 404
    assert body["error"]["code"]


@pytest.mark.parametrize(
    ("role", "status"),
    [
        ("manager", 200), ("receptionist", 200), ("master", 200), ("integration", 200), ("mechanic", 403),
        ("storekeeper", 403), ("cashier", 403), ("accountant", 403), ("fleet_manager", 403), (None, 401),
    ],
)  # fmt: skip
@pytest.mark.one_on_postgres
async def test_who_may_see_calls(hub: Hub, role: str | None, status: int) -> None:
    await tell_calls(hub, ended("b1:1.1", 0, "missed"))
    client = await site_of(hub, role)
    answers = [(await get_json(client, path))[0] for path in (CALL, f"{CALL}/b1:1.1", f"{CALL}/b1:1.1/notes")]
    await client.close()
    assert answers == [status] * 3


async def test_another_shops_call_is_404_below_the_owner(hub: Hub, site: Client) -> None:
    await tell(hub, fact(1, ended("b1:1.1", 0, "missed")), shop_id=ShopId("other"))
    manager = await site_of(hub, "manager")
    assert (await get_json(manager, f"{CALL}/b1:1.1"))[0] == 404
    assert (await get_json(manager, CALL))[1]["items"] == []
    assert (await send_json(manager, "POST", f"{CALL}/b1:1.1/notes", {"text": "x"}))[0] == 404
    await manager.close()
    assert (await get_json(site, f"{CALL}/b1:1.1"))[0] == 200

"""Phone numbers are a right of its own. Who lacks it is walked through every page and operation of every
manifest, over data that holds a number in every place where one can stand, and never meets a whole one."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import pytest
from aiohttp.test_utils import TestClient

from hub.app import Hub
from hub.events.calls import Leg, Transfer
from hub.kernel.masking import NUMBERS
from hub.modules.access.api import AccessApi
from hub.modules.calls.api import CallsApi
from hub.modules.crm.api import ClientEntry, CrmApi, PhoneEntry, VehicleEntry
from hub.values import CallId
from tests.factories.calls import at, ended, fact, party, snapshot, tell
from tests.faults.figures import Fault
from tests.webui.stage import Shop
from tests.webui.test_rights import GRANTS, SAME
from tests.webui.test_rights_table import World, _body, _cells, _is_an_end, _world

OWN = {
    "client": "+380671000001", "raw": "067 100 00 02", "label": "+380671000003", "note": "067-100-00-04",
    "name": "+380671000005", "tag": "+380671000006", "caller": "+380671000007", "sent": "0671000008",
    "mobile": "+380671000009", "moved": "+380671000010", "said": "+38 (067) 100-00-11",
    "colleague": "+380671000012", "car": "380671000013", "shared": "+380671000014", "leg": "0671000015",
    "landline": "7100016",
}  # fmt: skip
"""Where a number stands, each with a number of its own."""
_WANTED = {place: re.sub(r"\D", "", number)[-7:] for place, number in OWN.items()}


async def _people(hub: Hub, world: World) -> None:
    installation = hub.installation
    async with installation.transactions.writing(actor=None, shop_id=installation.default_shop) as uow:
        crm = CrmApi(uow, installation.deps)
        phones = (
            PhoneEntry(number=OWN["client"], label=OWN["label"], is_main=True), PhoneEntry(number=OWN["raw"]),
            PhoneEntry(number=OWN["landline"]),
        )  # fmt: skip
        client = await crm.create_client(
            ClientEntry(
                name=f"Olena {OWN['name']}", phones=phones, note=f"ring {OWN['note']}", tags=(OWN["tag"],)
            )
        )
        for name in ("", "Her sister"):
            await crm.create_client(ClientEntry(name=name, phones=(PhoneEntry(number=OWN["shared"]),)))
        car = VehicleEntry(plate="AA1000BB", client_id=client.id, note=f"keys: {OWN['car']}")
        world.own["client"], world.own["vehicle"] = client.id, (await crm.create_vehicle(car)).id
        await AccessApi(uow, installation.deps).create_person("Taras", "mechanic", mobile=OWN["colleague"])


async def _calls(hub: Hub, world: World) -> None:
    mobile = party(extension=None, number=OWN["mobile"], via="mobile", name=OWN["sent"], rang_at=at(2))
    leg = Leg(
        uniqueid="9.1", channel=f"Local/{OWN['leg']}@out-0001;1", role="mobile", label=OWN["leg"],
        started_at=at(2), answered_at=None, ended_at=None,
    )  # fmt: skip
    moved = Transfer(at=at(4), kind="blind", from_extension="101", to=OWN["moved"])
    rich = snapshot(
        "b1:9.1", from_number=OWN["caller"], caller_name=OWN["sent"], parties=(party(), mobile), legs=(leg,),
        transfers=(moved,),
    )  # fmt: skip
    over = ended("b1:9.2", 30, "answered", from_number=OWN["client"])
    over = replace(over, answered_by=OWN["mobile"], last_extension=OWN["mobile"], parties=rich.parties)
    shared = snapshot("b1:9.3", from_number=OWN["shared"], started_at=at(40))
    unknown = ended("b1:9.4", 50, "missed", from_number=OWN["caller"])
    await tell(hub, *(fact(1, one) for one in (rich, over, shared, unknown)))
    installation = hub.installation
    async with installation.transactions.writing(actor=None, shop_id=installation.default_shop) as uow:
        for call_id in ("b1:9.1", "b1:9.2"):
            await CallsApi(uow, installation.deps).add_note(
                CallId(call_id), f"ring {OWN['said']} back", author_name="Olena"
            )
    world.own["call"] = "b1:9.1"


async def _blind_role(hub: Hub) -> str:
    """All that an owner may, but for numbers."""
    installation = hub.installation
    rights = {right: reach for right, reach in GRANTS["owner"].items() if right != NUMBERS}
    async with installation.transactions.writing(actor=None, shop_id=installation.default_shop) as uow:
        return (await AccessApi(uow, installation.deps).roles.create("Blind", "manager", rights)).id


def _shown(body: str) -> list[str]:
    """The places whose number stands whole in an answer, in any writing."""
    digits = re.sub(r"[^\d<>\n\"]", "", re.sub(r"[\s()\-+.\u00a0]", "", body))
    return [place for place, wanted in _WANTED.items() if wanted in digits]


@pytest.mark.slow
@pytest.mark.fault("T16")
@pytest.mark.parametrize(
    "role",
    ["own", *(pytest.param(one, marks=pytest.mark.sqlite) for one in ("mechanic", "cashier"))],
)
async def test_no_answer_to_who_lacks_the_right_holds_a_whole_number(
    shop: Shop, hub: Hub, role: str, fault: Fault
) -> None:
    world = await _world(hub)
    await _people(hub, world)
    await _calls(hub, world)
    role = await _blind_role(hub) if role == "own" else role
    await shop.person(role, "blind", extensions=("101",), mobile="+380671000099")
    person, program = await shop.sign_in("blind"), shop.browser()
    token = {"Authorization": f"Bearer {await shop.token(role)}"}
    answers = 0
    for cell in sorted(_cells(world), key=_is_an_end):
        client, headers = (program, token) if cell.is_api else (person, SAME)
        answer = await client.request(cell.method, cell.path, headers=headers, **_body(cell))
        answers += answer.status < 300
        shown = _shown(await answer.text(errors="replace"))
        fault.check(f"{role}: {cell.method} {cell.path}: {shown}", not shown)
    for path in _more_pages(world):
        client, headers = (program, token) if path.startswith("/api/") else (person, SAME)
        answer = await client.get(path, headers=headers)
        answers += answer.status < 300
        shown = _shown(await answer.text(errors="replace"))
        fault.check(f"{role}: GET {path}: {shown}", not shown)
    assert answers > (60 if role.startswith("own:") else 5)


def _more_pages(world: World) -> list[str]:
    """Those that show more when they are asked for more: fragments, filters, searches, other objects."""
    number = OWN["client"].replace("+", "%2B")
    return [
        "/calls?period=all", "/calls?period=all&part=list",
        *(f"/calls/b1:9.{n}" for n in (2, 3, 4)), "/calls/b1:9.1?part=call", "/clients?part=rows&q=Olena",
        "/vehicles?part=rows", "/desk/search?q=Olena", "/desk/search?q=0001", "/desk/pop",
        "/desk?open=b1:9.3", "/desk/state?keep=b1:9.2&open=b1:9.2", f"/cid?number={number}",
        "/api/v1/clients?q=Olena", "/api/v1/calls/b1:9.2/notes", "/api/v1/calls/b1:9.2", "/api/v1/events",
        "/settings/audit/export.csv", f"/clients/{world.own['client']}/edit",
    ]  # fmt: skip


async def _of(client: TestClient[Any, Any], path: str, **query: str) -> str:
    answer = await client.get(path, params=query, headers=SAME)
    assert answer.status == 200, path
    return await answer.text()


async def test_the_whole_number_still_finds_and_a_part_of_it_does_not(shop: Shop, hub: Hub) -> None:
    world = World()
    await _people(hub, world)
    await _calls(hub, world)
    await shop.person(await _blind_role(hub), "blind")
    blind, seeing = await shop.sign_in("blind"), await shop.signed_in("manager")
    for typed in ("+380671000001", "067 100 00 01", "80671000001"):
        assert world.own["client"] in await _of(blind, "/clients", q=typed, part="rows")
        assert world.own["client"] in await _of(blind, "/desk/search", q=typed)
        assert world.own["vehicle"] in await _of(blind, "/vehicles", q=typed, part="rows")
        calls = await _of(blind, "/calls", number=typed, period="all", part="list")
        assert "b1:9.2" in calls
        assert "•••0001" in calls
    assert "•••0001" in await _of(blind, "/clients", q="+380671000001", part="rows")
    assert world.own["client"] in await _of(blind, "/clients", q="0001", part="rows")
    for part in ("00001", "1000001", "067100", "+38067", "67100000"):
        assert world.own["client"] not in await _of(blind, "/clients", q=part, part="rows")
        assert world.own["client"] not in await _of(blind, "/desk/search", q=part)
        assert world.own["vehicle"] not in await _of(blind, "/vehicles", q=part, part="rows")
    assert world.own["client"] in await _of(seeing, "/clients", q="067100", part="rows")


async def test_what_was_shown_masked_and_comes_back_in_a_form_stays_as_it_was(shop: Shop, hub: Hub) -> None:
    world = World()
    await _people(hub, world)
    role = await _blind_role(hub)
    token = {"Authorization": f"Bearer {await shop.token(role)}"}
    seeing = {"Authorization": f"Bearer {await shop.token('owner')}"}
    program, path = shop.browser(), f"/api/v1/clients/{world.own['client']}"
    before = await (await program.get(path, headers=seeing)).json()
    seen = await (await program.get(path, headers=token)).json()
    assert [phone["number"] for phone in seen["phones"]] == ["•••0001", "•••0002", "•••0016"]
    assert seen["note"] == "ring •••0004"
    swapped = [seen["phones"][1], seen["phones"][0], seen["phones"][2]]
    change = {
        "phones": swapped,
        "name": seen["name"],
        "note": seen["note"] + ", not before 9",
        "tags": seen["tags"],
    }
    answer = await program.patch(path, json=change, headers=token)
    assert answer.status == 200, await answer.text()
    after = await (await program.get(path, headers=seeing)).json()
    assert sorted(p["number"] for p in after["phones"]) == sorted(p["number"] for p in before["phones"])
    assert {p["label"] for p in after["phones"]} == {p["label"] for p in before["phones"]}
    assert (after["name"], after["tags"]) == (before["name"], before["tags"])
    assert after["note"] == before["note"] + ", not before 9"
    invented = {"phones": [{"number": "•••9999"}]}
    assert (await program.patch(path, json=invented, headers=token)).status == 422
    assert (
        await program.post("/api/v1/clients", json={"name": "x", **invented}, headers=token)
    ).status == 422


async def test_a_mobile_that_comes_back_masked_stays_as_it_was(shop: Shop, hub: Hub) -> None:
    await _people(hub, World())
    program = shop.browser()
    token = {"Authorization": f"Bearer {await shop.token(await _blind_role(hub))}"}
    seeing = {"Authorization": f"Bearer {await shop.token('owner')}"}
    people = (await (await program.get("/api/v1/employees", headers=token)).json())["items"]
    taras = next(one for one in people if one["name"] == "Taras")
    assert taras["mobile"] == "•••0012"
    path = f"/api/v1/employees/{taras['id']}"
    answer = await program.patch(path, json={"mobile": taras["mobile"], "name": "Taras B."}, headers=token)
    assert answer.status == 200, await answer.text()
    kept = json.loads(await (await program.get(path, headers=seeing)).text())
    assert (kept["name"], kept["mobile"]) == ("Taras B.", OWN["colleague"])

"""A person's data go on request: from every module, also from a backup that is put back, and do not come in
again by a file. What stays is the fact and the reason."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import timedelta

import pytest
from sqlalchemy import Connection, select

from hub.app import Hub
from hub.clock import FrozenClock
from hub.errors import Conflict, NotFound
from hub.kernel.backup.tombstones import Burial, collect
from hub.kernel.storage.orm import Base
from hub.main import MODULES
from hub.modules.crm.api import ImportedRow, RoleEntry
from tests.factories.calls import calls_of, ended
from tests.factories.crm import crm_of, entry, make_car, make_client
from tests.factories.site import Client, get_json, get_text, send_form, send_json, site_of
from tests.factories.tasks import happen, open_hours, open_tasks

IRYNA, HUSBAND = "+380501234567", "+380671112233"
KEPT = {"event_outbox", "event_delivery", "access_audit", "idempotency_answers"}
"""What goes with its own days of keeping, or holds no numbers."""


@pytest.fixture
async def site(hub: Hub) -> AsyncIterator[Client]:
    client = await site_of(hub)
    yield client
    await client.close()


def traces(connection: Connection) -> list[str]:
    """Every table in which the name or the number still stands."""
    found = []
    for name, table in Base.metadata.tables.items():
        if name in KEPT or not connection.dialect.has_table(connection, name):
            continue
        rows = connection.execute(select(table)).all()
        if any(word in str(tuple(row)) for row in rows for word in ("Ірина", "501234567", "таємниця")):
            found.append(name)
    return found


async def person(hub: Hub) -> str:
    """Somebody known everywhere: calls, notes, tasks, roles, a merged record."""
    await open_hours(hub)
    client = await make_client(hub, "Ірина Коваль", IRYNA, HUSBAND, note="таємниця")
    twin = await make_client(hub, "Ірина К.", note="таємниця")
    await make_client(hub, "Петро", HUSBAND)
    car = await make_car(hub, plate="АА1", client_id=client.id)
    async with crm_of(hub) as crm:
        await crm.roles.add(RoleEntry(role="driver", client_id=client.id, vehicle_id=car.id, note="таємниця"))
        await crm.merging.merge(twin.id, client.id, "Ірина")
    await happen(hub, ended("1", 0, "answered"), ended("2", 60, "missed"))
    await happen(hub, ended("3", 90, "missed", from_number=HUSBAND))
    async with calls_of(hub) as calls:
        await calls.add_note("1", "таємниця", author_name="Оксана")
    clock = hub.installation.clock
    assert isinstance(clock, FrozenClock)
    clock.advance(3600)
    return client.id


async def test_nothing_of_a_person_is_left_but_the_fact_and_the_reason(hub: Hub) -> None:
    client_id = await person(hub)
    assert "calls_calls" in await hub.database.read(traces)
    async with crm_of(hub) as crm:
        done = await crm.erasing.erase(client_id, "за листом", "person:second")
    assert await hub.database.read(traces) == []
    async with crm_of(hub) as crm:
        assert await crm.erasing.recent() == (done,)
        assert (done.reason, done.second) == ("за листом", "person:second")
        with pytest.raises(NotFound) as gone:
            await crm.client(client_id)
        assert gone.value.code == "crm.client_erased"
    async with calls_of(hub) as calls:
        call = await calls.call("1")
    assert (call.from_number, call.client_id, call.result, call.talk_seconds) == (
        None,
        None,
        "answered",
        53.0,
    )


async def test_what_another_client_shares_stays_theirs(hub: Hub) -> None:
    client_id = await person(hub)
    async with crm_of(hub) as crm:
        await crm.erasing.erase(client_id, "за листом", None)
        assert [one.name for one in (await crm.caller(HUSBAND)).candidates] == ["Петро"]
    async with calls_of(hub) as calls:
        assert (await calls.call("3")).from_number == HUSBAND
    assert [task.number for task in await open_tasks(hub)] == [HUSBAND]


class _Undo(Exception):
    """As if a backup of before had been put back."""


Marks = dict[str, frozenset[str]]


async def marks_of_an_erasure(hub: Hub, client_id: str, marks: Callable[[Connection], Marks]) -> Marks:
    """What an erasure leaves beside the database; the database itself is as before."""
    found: Marks = {}

    async def erase() -> None:
        async with crm_of(hub) as crm:
            await crm.erasing.erase(client_id, "за листом", None)
            found.update(await crm.erasing._uow.read(marks))
            raise _Undo

    with pytest.raises(_Undo):
        await erase()
    return found


async def test_a_backup_that_is_put_back_is_erased_again(hub: Hub) -> None:
    client_id = await person(hub)
    until = hub.installation.clock.now() + timedelta(seconds=1)

    def marks(connection: Connection) -> Marks:
        stones = [module.tombstones for module in MODULES if module.tombstones is not None]
        return {kind: frozenset(refs) for kind, refs in collect(connection, stones).items()}

    found = await marks_of_an_erasure(hub, client_id, marks)
    assert "calls_calls" in await hub.database.read(traces)

    def bury(connection: Connection) -> None:
        for _ in range(2):
            for module in MODULES:
                if module.tombstones is not None:
                    module.tombstones.bury(connection, Burial(marks=found, at=until, is_whole=True))

    await hub.database.write(bury)
    assert await hub.database.read(traces) == []
    assert not any("501234567" in ref for refs in found.values() for ref in refs)


async def test_a_file_does_not_bring_back_who_was_erased(hub: Hub) -> None:
    client_id = await person(hub)
    async with crm_of(hub) as crm:
        await crm.erasing.erase(client_id, "за листом", None)
        (outcome,) = await crm.bulk.take([ImportedRow(entry=entry("Ірина", IRYNA))])
    assert outcome.what == "failed"
    assert await hub.database.read(traces) == []


async def test_a_reason_is_needed_and_a_second_person_by_page_and_program(hub: Hub, site: Client) -> None:
    client = await make_client(hub, "Ірина", IRYNA)
    assert (await get_text(site, f"/clients/{client.id}/erase"))[0] == 200
    status, _, _ = await send_form(site, f"/clients/{client.id}/erase", {"reason": "за листом"})
    assert status in (403, 409, 422)
    status, answer = await send_json(site, "POST", f"/api/v1/clients/{client.id}/erase", {"reason": "лист"})
    assert (status, answer["error"]["code"]) == (403, "second.needed")
    assert (await get_json(site, f"/api/v1/clients/{client.id}"))[0] == 200
    assert (await get_text(site, "/clients/erasures"))[0] == 200
    async with crm_of(hub) as crm:
        with pytest.raises(Exception, match="another look"):
            await crm.erasing.erase(client.id, "  ", None)


async def test_a_receptionist_neither_erases_nor_exports(hub: Hub) -> None:
    client = await make_client(hub, "Ірина", IRYNA)
    desk = await site_of(hub, "receptionist")
    for path in (f"/clients/{client.id}/erase", "/clients/erasures", "/clients/export"):
        assert (await get_text(desk, path))[0] == 403
    assert "/clients/export" not in (await get_text(desk, "/clients"))[1]
    await desk.close()


async def test_merging_into_an_erased_record_is_not_possible(hub: Hub) -> None:
    one, other = await make_client(hub, "А"), await make_client(hub, "Б")
    async with crm_of(hub) as crm:
        await crm.erasing.erase(one.id, "лист", None)
        with pytest.raises((NotFound, Conflict)):
            await crm.merging.merge(other.id, one.id, "")

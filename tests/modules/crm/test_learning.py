"""Of several who have a number, the chosen one is learnt: calls and call-backs find their client."""

from __future__ import annotations

import asyncio

from sqlalchemy import Connection, text

from hub.app import Hub
from tests.factories.calls import calls_of, ended
from tests.factories.crm import crm_of, make_client
from tests.factories.site import get_text, send_form, site_of
from tests.factories.tasks import happen, open_hours, open_tasks

SHARED = "+380501234567"


def _waiting(connection: Connection) -> int:
    query = "SELECT count(*) FROM event_delivery WHERE state = 'pending'"
    return int(connection.execute(text(query)).scalar_one())


async def settled(hub: Hub) -> None:
    """The facts so far were handled."""
    await hub.relay.start()
    for _ in range(1000):
        if await hub.database.read(_waiting) == 0:
            break
        await asyncio.sleep(0.01)
    await hub.relay.stop(1.0)
    assert await hub.database.read(_waiting) == 0


async def test_a_choice_is_learnt_for_other_calls_too_and_forgotten_again(
    hub: Hub,
) -> None:
    wife, _ = await make_client(hub, "Ірина", SHARED), await make_client(hub, "Петро", SHARED)
    await happen(hub, ended("1", 0, "answered"), ended("2", 100, "answered"))
    async with calls_of(hub) as calls:
        await calls.set_client("2", wife.id)
    await settled(hub)
    await happen(hub, ended("3", 200, "answered"))
    async with calls_of(hub) as calls:
        assert [(await calls.call(one)).client_id for one in "123"] == [wife.id] * 3
        await calls.set_client("3", None)
    await settled(hub)
    await happen(hub, ended("4", 300, "answered"))
    async with calls_of(hub) as calls:
        assert [(await calls.call(one)).client_id for one in "1234"] == [None, wife.id, None, None]


async def test_somebody_who_does_not_have_the_number_is_not_learnt(hub: Hub) -> None:
    await make_client(hub, "Ірина", SHARED)
    await make_client(hub, "Петро", SHARED)
    guest = await make_client(hub, "Гість")
    await happen(hub, ended("1", 0, "answered"))
    async with calls_of(hub) as calls:
        await calls.set_client("1", guest.id)
    async with crm_of(hub) as crm:
        assert (await crm.caller(SHARED)).client_id is None


async def test_choosing_after_the_call_moves_its_call_back_and_taking_back_returns_it(hub: Hub) -> None:
    await open_hours(hub)
    wife, _ = await make_client(hub, "Ірина", SHARED), await make_client(hub, "Петро", SHARED)
    guest = await make_client(hub, "Гість")
    await happen(hub, ended("1", 0, "missed"))
    (task,) = await open_tasks(hub)
    assert task.client_id is None
    for chosen in (wife.id, guest.id, None):
        async with calls_of(hub) as calls:
            await calls.set_client("1", chosen)
        await settled(hub)
        (task,) = await open_tasks(hub)
        assert (task.client_id) == chosen


async def test_the_page_says_what_was_learnt_and_forgets_it(hub: Hub) -> None:
    wife, _ = await make_client(hub, "Ірина", SHARED), await make_client(hub, "Петро", SHARED)
    async with crm_of(hub) as crm:
        assert await crm.numbers.learn("050 123 45 67", wife.id)
        match = await crm.caller(SHARED)
        assert (match.client_id, match.is_learned, len(match.candidates)) == (wife.id, True, 2)
    site = await site_of(hub)
    assert "forget-number" in (await get_text(site, f"/clients/{wife.id}"))[1]
    await send_form(site, f"/clients/{wife.id}/forget-number", {"number": SHARED})
    async with crm_of(hub) as crm:
        assert (await crm.caller(SHARED)).client_id is None
    await site.close()

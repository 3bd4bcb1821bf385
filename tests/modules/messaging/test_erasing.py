"""A client is erased while somebody writes to them: whoever comes first, no word of it stays or leaves."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import text

from hub.errors import NotFound, Unavailable
from hub.modules.crm.api import CrmApi
from hub.modules.messaging.api import MessageEntry
from hub.ports.messaging import Refused
from tests.factories.crm import make_client
from tests.kernel.waiting import until
from tests.modules.messaging.wire import IRYNA, House, Wire, wrote

_WAITS = text(
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
)


async def erase(house: House, client_id: str) -> None:
    async with house.uow() as uow:
        await CrmApi(uow, house.hub.installation.deps).erasing.erase(client_id, "asked", second=None)


async def waiting(house: House, task: asyncio.Task[object]) -> None:
    """Until it waits for a lock. SQLite has one writer: it waits from its beginning."""
    await asyncio.sleep(0)

    async def is_so() -> bool:
        return task.done() or bool(await house.hub.database.read(lambda found: found.scalar(_WAITS)))

    if not house.hub.installation.deps.settings.database.url.startswith("sqlite"):
        await until(is_so)


@pytest.mark.parametrize("wrote_before", [True, False])
async def test_a_message_that_is_being_queued_is_erased_as_well(
    house: House, wire: Wire, wrote_before: bool
) -> None:
    client = await make_client(house.hub, "Iryna", IRYNA)
    if wrote_before:
        await house.tell(wrote("hello"))
    async with house.api() as api:
        message = await api.queue_message(MessageEntry(text="a secret", client_id=client.id))
        erasing = asyncio.create_task(erase(house, client.id))
        await waiting(house, erasing)
    await erasing
    await house.sent()
    found = await house.message(message.id)
    assert (found.text, found.address, found.client_id, found.state) == ("", "", None, "failed")
    assert wire.ledger == []


@pytest.mark.parametrize("wrote_before", [True, False])
async def test_whoever_queues_behind_an_erasure_writes_to_nobody(
    house: House, wire: Wire, wrote_before: bool
) -> None:
    client = await make_client(house.hub, "Iryna", IRYNA)
    if wrote_before:
        await house.tell(wrote("hello"))
    to_them = {"channel": None, "address": None, "client_id": client.id}
    async with house.uow() as uow:
        await CrmApi(uow, house.hub.installation.deps).erasing.erase(client.id, "asked", second=None)
        queueing = asyncio.create_task(house.queue("a secret", **to_them))
        await waiting(house, queueing)
    with pytest.raises((Unavailable, NotFound)):
        await queueing
    with pytest.raises(NotFound):
        await house.queue("a secret", **to_them)
    await house.sent()
    assert wire.ledger == []


async def test_whoever_changes_two_things_of_a_thread_does_not_cross_with_its_erasure(
    house: House, wire: Wire
) -> None:
    client = await make_client(house.hub, "Iryna", IRYNA)
    wire.faults = [Refused("Not in use.")]
    message = await house.queue("a secret")
    await house.sent()
    async with house.api() as api:
        await api.threads.ask(message.conversation_id, None)
        erasing = asyncio.create_task(erase(house, client.id))
        await waiting(house, erasing)
        await api.threads.again(message.id, None)
    await erasing
    found = await house.message(message.id)
    assert (found.text, found.state) == ("", "failed")

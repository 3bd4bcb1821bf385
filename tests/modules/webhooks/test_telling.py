"""Every fact is told, once written, to whoever asked for it: in the fact's own transaction."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hub.app import Hub
from hub.errors import Conflict
from hub.events.catalogue import EVENTS
from hub.events.crm import ClientPhoneAdded
from hub.kernel.shops import FIRST_SHOP
from hub.kernel.stream.facts import FactFilter
from hub.kernel.stream.samples import sample_of
from hub.modules.webhooks.api import WebhooksApi
from hub.ports.intake import Arrival
from tests.modules.webhooks.receiver import (
    Receiver,
    add_endpoint,
    deliveries,
    publish,
    send_once,
    send_until,
)


def fact(number: int = 1) -> ClientPhoneAdded:
    return ClientPhoneAdded(client_id=f"client {number}", number=f"+38050{number:07}")


async def stored(hub: Hub) -> dict[str, Any]:
    async with hub.transactions.reading(actor=None, shop_id=FIRST_SHOP) as uow:
        facts = await WebhooksApi(uow, hub.installation.deps).facts.page(FactFilter(), before=None, limit=200)
    return {one.id: one for one in facts}


async def test_every_event_of_the_catalogue_is_told_as_the_api_gives_it(hub: Hub, program: Receiver) -> None:
    await add_endpoint(hub, program.url)
    await publish(hub, *(sample_of(event) for event in EVENTS))
    await send_until(hub, lambda: len(program.seen) == len(EVENTS))
    facts = await stored(hub)
    assert {one.headers["webhook-id"] for one in program.seen} == set(facts)
    for one in program.seen:
        said, known = json.loads(one.body), facts[one.headers["webhook-id"]]
        assert (said["id"], said["name"], said["type"]) == (known.id, known.name, known.name)
        assert (said["key"], said["cause_id"], said["version"]) == (known.key, known.cause_id, known.version)
        assert said["data"] == known.data
        assert said["occurred_at"] == said["timestamp"]
    assert {json.loads(one.body)["name"] for one in program.seen} == {event.name for event in EVENTS}


async def test_facts_that_a_connector_brings_are_told_too(hub: Hub, program: Receiver) -> None:
    await add_endpoint(hub, program.url)
    now = hub.installation.clock.now()
    arrival = Arrival(source="test", external_id="1", occurred_at=now, event=sample_of(EVENTS[0]))
    await hub.intake.accept([arrival, arrival])
    await send_until(hub, lambda: len(program.seen) == 1)
    assert len(await deliveries(hub)) == 1, "the second arrival is silence"


async def test_what_is_rolled_back_is_told_to_nobody(hub: Hub, program: Receiver) -> None:
    await add_endpoint(hub, program.url)

    async def fail() -> None:
        async with hub.transactions.writing(actor=None, shop_id=FIRST_SHOP) as uow:
            uow.publish(fact())
            await uow.store_facts()
            raise Conflict("x", "y")

    with pytest.raises(Conflict):
        await fail()
    assert await deliveries(hub) == []


async def test_a_delivery_is_written_only_for_endpoints_that_are_on_and_asked_for_it(
    hub: Hub, program: Receiver
) -> None:
    await publish(hub, fact(0))
    wanted = {
        (await add_endpoint(hub, program.url, *events, **more))[0].id
        for events, more in (
            (("*",), {}), (("crm.*",), {}), (("crm.client_phone_added", "call.ended"), {}),
            (("crm.*",), {"shop_id": FIRST_SHOP}),
        )
    }  # fmt: skip
    await add_endpoint(hub, program.url, "call.*")
    await add_endpoint(hub, program.url, is_active=False)
    await add_endpoint(hub, program.url, shop_id="another shop")
    await publish(hub, fact(1))
    assert {one.endpoint_id for one in await deliveries(hub)} == wanted
    assert len(await deliveries(hub)) == len(wanted)


async def test_whatever_a_fact_says_arrives_letter_by_letter(hub: Hub, program: Receiver) -> None:
    await add_endpoint(hub, program.url)
    name = 'Олена "Ї" \\ \u2028 \U0001f697 </script>'
    await publish(hub, ClientPhoneAdded(client_id=name, number="+1"))
    await send_once(hub)
    assert json.loads(program.seen[0].body)["data"]["client_id"] == name

"""F34: a campaign goes out while some of its people say STOP. The wire's ledger is the judge."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from hub.events.consents import StopWordSaid
from hub.modules.consents.api import ConsentsApi, Subject
from tests.faults.figures import Fault
from tests.modules.consents.stories import NOON, moved, record
from tests.modules.messaging.wire import SMS, House, Wire


def number_of(place: int) -> str:
    return f"+38050{2_000_000 + place}"


async def said_stop(house: House, address: str) -> None:
    """As the handler does it: from its commit on nothing may leave."""
    event = StopWordSaid(
        message_id=f"in{address}"[:26], conversation_id="thread", client_id=None, channel="sms",
        address=address, text="стоп", word="stop",
    )  # fmt: skip
    for _ in range(2):
        async with house.uow(actor=None) as uow:
            consents = ConsentsApi(uow, house.hub.installation.deps)
            await consents.words.heard(event, house.clock.now())


async def waiting(house: House) -> int:
    """What is neither sent nor failed."""
    return len([one for one in await house.messages() if one.state in ("queued", "sending")])


@pytest.mark.slow
@pytest.mark.fault("F34")
async def test_nothing_leaves_after_a_stop_but_what_was_in_the_air(
    house: House, wire: Wire, fault: Fault
) -> None:
    moved(house.clock, NOON)
    people = [number_of(place) for place in range(fault.count(full=500, sample=40))]
    wire.carried = {"sms": replace(SMS, per_second=len(people) / 4)}
    for address in people:
        await record(house, Subject(channel="sms", address=address))
        await house.queue("Tyres!", purpose="marketing", priority="campaign", address=address)
    chance = fault.random("who")
    stopping = chance.sample(people, len(people) // 2)
    sender = house.sender()
    wire.pause = 0.002
    spared = 0
    for address in stopping:
        await sender.step()
        await said_stop(house, address)
        may_still = {one.address for one in wire.ledger} | sender.busy()
        for _ in range(2):
            await sender.step()
            await asyncio.sleep(0.003)
        went = {one.address for one in wire.ledger}
        fault.check(f"stop of {address}", address not in went - may_still)
        spared += address not in may_still
    while await waiting(house):
        await house.sent(sender)
        await asyncio.sleep(0.01)
    addresses = [one.address for one in wire.ledger]
    assert spared
    assert sorted(addresses) == sorted({*people} - {*stopping} | {*addresses})
    assert len(addresses) == len(people) - spared

"""A claim has an end: whatever hangs, is away or answers oddly, nothing is lost or asked about for ever."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import text

from hub.errors import Unavailable
from hub.modules.messaging.service_sending import CLAIM_SECONDS, SendingService
from hub.ports.messaging import OutgoingMessage, Sent, UnknownOutcome
from tests.modules.messaging.wire import IRYNA, OLEH, House, Wire


async def away(*_: object) -> None:
    raise Unavailable("database.away", "Away.")


async def test_what_may_not_go_and_cannot_be_noted_holds_up_nothing_else(
    house: House, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    barred = await house.queue("tyres", address=OLEH)
    advertising = text("UPDATE messaging_messages SET purpose = 'marketing' WHERE id = :id")
    await house.hub.database.write(lambda connection: connection.execute(advertising, {"id": barred.id}))
    message, sender = await house.queue("Ready"), house.sender()
    with monkeypatch.context() as patch:
        patch.setattr(SendingService, "bar", away)
        await house.sent(sender)
    assert (await house.message(message.id)).state == "sent"
    assert (await house.message(barred.id)).state == "queued"
    await house.sent(sender)
    assert (await house.message(barred.id)).state == "failed"
    assert [one.id for one in wire.ledger] == [message.id]


async def test_a_claim_that_cannot_be_renewed_holds_up_nothing_and_is_renewed_at_the_next_step(
    house: House, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    answered = wire.held[IRYNA] = asyncio.Event()
    slow, sender = await house.queue("slow"), house.sender("one")
    await sender.step()
    await asyncio.sleep(0)
    other = await house.queue("other", address=OLEH)
    house.clock.advance(CLAIM_SECONDS * 0.9)
    with monkeypatch.context() as patch:
        patch.setattr(SendingService, "hold", away)
        await sender.step()
    await sender.step()
    house.clock.advance(CLAIM_SECONDS * 0.9)
    await house.sent(house.sender("one"))  # one that has nothing in hand itself
    assert (await house.message(slow.id)).state == "sending"
    answered.set()
    await sender.idle()
    assert {(await house.message(one.id)).state for one in (slow, other)} == {"sent"}


@pytest.mark.parametrize("is_asked", [False, True])
async def test_of_what_a_provider_names_by_the_id_of_another_message_a_person_decides(
    house: House, wire: Wire, monkeypatch: pytest.MonkeyPatch, is_asked: bool
) -> None:
    async def same(message: OutgoingMessage) -> Sent:
        wire.ledger.append(message)
        return Sent(provider_id="SM1")

    monkeypatch.setattr(wire, "send", same)
    first, sender = await house.queue("first"), house.sender()
    await house.sent(sender)
    second = await house.queue("second")
    if is_asked:
        wire.found = lambda _: Sent(provider_id="SM1")
        monkeypatch.setattr(wire, "send", in_vain)
        await house.sent(sender)
        house.clock.advance(11)
    await house.sent(sender)
    for _ in range(3):
        house.clock.advance(600)
        await house.sent(sender)
    found = await house.message(second.id)
    assert (found.state, found.provider_id, found.is_asked) == ("unknown", None, False)
    assert (await house.message(first.id)).state == "sent"
    assert len(wire.asked) == is_asked


async def in_vain(_: OutgoingMessage) -> Sent:
    raise UnknownOutcome("The answer was not seen.")


async def test_what_never_ends_is_in_doubt_and_its_provider_is_asked_again(
    house: House, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(_: OutgoingMessage) -> Sent:
        await asyncio.Event().wait()
        raise AssertionError

    message, sender = await house.queue(), house.sender()
    sender.longest = 0.02
    with monkeypatch.context() as patch:
        patch.setattr(wire, "send", never)
        patch.setattr(wire, "find", never)
        for seconds in (0, 11):
            house.clock.advance(seconds)
            await house.sent(sender)
            assert (await house.message(message.id)).is_asked
    house.clock.advance(61)
    await house.sent(sender)
    assert ((await house.message(message.id)).state, len(wire.asked)) == ("queued", 1)


async def test_a_claim_whose_task_hangs_is_renewed_no_longer_than_a_provider_may_take(
    house: House, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    answered = wire.held[IRYNA] = asyncio.Event()
    message, sender = await house.queue(), house.sender()
    await sender.step()
    await asyncio.sleep(0)
    states = []
    for _ in range(11):
        house.clock.advance(100)
        await sender.step()
        states.append((await house.message(message.id)).state)
    assert states == ["sending"] * 9 + ["unknown"] * 2
    answered.set()
    await sender.idle()
    assert (await house.message(message.id)).state == "sent"

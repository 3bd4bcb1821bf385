"""Facts on their way into the database: who waits for whom."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime

import pytest

from connectors.ami.config import AmiConfig
from connectors.ami.consumer import Consumer
from connectors.ami.identity import Boot
from connectors.ami.inbox import Inbox, SessionBegun
from connectors.ami.outgoing import Outgoing
from connectors.ami.pace import Pace
from connectors.ami.protocol import Framer
from hub.clock import SystemClock
from hub.events.calls import CallFact, CallRinging, CallStarted
from hub.ports.errors import LinkTaken
from hub.ports.intake import Arrival, Intake
from tests.connectors.ami.ami_server import channel, frame
from tests.connectors.ami.hub_side import KeptIntake, KeptJournal, until
from tests.factories.calls import snapshot

NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)


def fact(number: int, kind: type[CallFact] = CallStarted) -> Arrival:
    event = kind(step=1, call=snapshot(f"b1:{number}"))
    return Arrival(source="ami", external_id=f"{kind.__name__} {number}", occurred_at=NOON, event=event)


@asynccontextmanager
async def storing(outgoing: Outgoing, intake: Intake) -> AsyncIterator[None]:
    task = asyncio.create_task(outgoing.store(intake))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def lots(intake: KeptIntake) -> list[list[str]]:
    return [[arrival.external_id for arrival in batch] for batch in intake.batches]


async def test_what_comes_while_a_lot_is_being_stored_makes_the_next_one() -> None:
    outgoing, intake = Outgoing(SystemClock(), 100, Pace()), KeptIntake()
    intake.is_open.clear()
    async with storing(outgoing, intake):
        for number in (1, 2, 3):
            outgoing.put([fact(number)])
            await asyncio.sleep(0.01)
        intake.is_open.set()
        await outgoing.all_stored()
    assert lots(intake) == [["CallStarted 1"], ["CallStarted 2", "CallStarted 3"]]
    assert (outgoing.stores, outgoing.stored) == (2, 3)


async def test_a_phone_that_begins_to_ring_ends_the_gathering(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("connectors.ami.pace.LONGEST", 3600.0)
    outgoing, intake = Outgoing(SystemClock(), 10_000, Pace(pressing=0.004)), KeptIntake()
    async with storing(outgoing, intake):
        outgoing.put([fact(number) for number in range(250)])
        await outgoing.all_stored()
        outgoing.put([fact(300)])
        await asyncio.sleep(0.05)
        assert len(intake.batches) == 1
        outgoing.put([fact(300, CallRinging)])
        await until(lambda: len(intake.batches) == 2)
    assert lots(intake)[1] == ["CallStarted 300", "CallRinging 300"]


async def test_after_a_hold_up_those_that_waited_longest_are_stored_before_the_rest_is_tried() -> None:
    outgoing, intake = Outgoing(SystemClock(), 10_000, Pace()), KeptIntake()
    outgoing.put([fact(number, CallRinging) for number in range(600)])
    async with storing(outgoing, intake):
        await outgoing.all_stored()
    assert [len(lot) for lot in intake.batches] == [250, 250, 100]
    assert intake.events == [fact(number, CallRinging).event for number in range(600)]


async def test_a_lot_that_was_refused_is_offered_again_by_the_next_run_with_what_came_since() -> None:
    class Refuses:
        async def accept(self, arrivals: Sequence[Arrival]) -> None:
            raise LinkTaken("another process holds it")

    outgoing, intake = Outgoing(SystemClock(), 100, Pace()), KeptIntake()
    outgoing.put([fact(1), fact(2)])
    with pytest.raises(LinkTaken):
        await outgoing.store(Refuses())
    outgoing.put([fact(3)])
    async with storing(outgoing, intake):
        await outgoing.all_stored()
    assert lots(intake) == [["CallStarted 1", "CallStarted 2", "CallStarted 3"]]


async def test_no_more_is_taken_ahead_than_there_is_room_for() -> None:
    outgoing, intake = Outgoing(SystemClock(), 2, Pace()), KeptIntake()
    intake.is_open.clear()
    async with storing(outgoing, intake):
        outgoing.put([fact(1), fact(2)])
        room = asyncio.create_task(outgoing.has_room())
        await asyncio.sleep(0.01)
        assert not room.done()
        intake.is_open.set()
        await room


async def test_the_first_calls_of_many_that_came_at_once_are_stored_while_the_rest_is_read() -> None:
    intake = KeptIntake()
    inbox = Inbox(KeptJournal(), 50_000, SystemClock().now)
    consumer = Consumer(AmiConfig(host="", username="", secret=""), SystemClock(), inbox, lambda: None)
    inbox.put(SessionBegun(Boot("20261123T080000", NOON, is_exact=True), 1, NOON))
    calls = [frame("Event: Newchannel", **channel("PJSIP/trunk-1", f"1.{n}")) for n in range(1000)]
    inbox.hear(Framer(Consumer.WANTED).feed(b"\r\n" + b"".join(calls)), NOON)
    running = asyncio.create_task(consumer.run(intake))
    await consumer.drained()
    running.cancel()
    started = [event for event in intake.events if isinstance(event, CallStarted)]
    assert len(started) == 1000
    assert len(intake.batches[0]) < 250

"""What providers tell of messages of ours: in any order, twice, to two processes, of a former try."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import select

from hub.clock import SystemClock
from hub.kernel.stream.outbox import event_outbox
from hub.modules.messaging.api import MessageView, PlaceView
from hub.settings import Settings
from tests.modules.messaging.wire import House, Wire, house_of, status

RANK = {"sent": 1, "delivered": 2, "read": 3, "failed": 4}


def end_of(states: tuple[str, ...]) -> str:
    """Failed is an end, and what has arrived did not fail."""
    arrived = [one for one in itertools.takewhile(lambda one: one != "failed", states) if one != "sent"]
    if "failed" in states and not arrived:
        return "failed"
    return max((one for one in states if one != "failed"), key=RANK.__getitem__)


async def settled_of(house: House, message: MessageView) -> list[str]:
    """What other modules were told of it, in order."""
    query = select(event_outbox.c.payload).where(event_outbox.c.name == "message.settled")
    found = await house.hub.database.read(
        lambda connection: connection.scalars(query.order_by(event_outbox.c.id)).all()
    )
    told = [json.loads(one) for one in found]
    return [one["state"] for one in told if one["message_id"] == message.id]


async def test_in_whatever_order_and_however_often_a_message_only_moves_on(house: House) -> None:
    for number, states in enumerate(itertools.permutations(RANK, 3)):
        message, seen = await house.queue(), list[str]()
        for state in (*states, *reversed(states)):
            await house.tell(status(state, f"SM{number}", message_id=message.id))
            seen.append((await house.message(message.id)).state)
        assert [RANK[one] for one in seen] == sorted(RANK[one] for one in seen), states
        assert seen[-1] == end_of(states), states
        assert await settled_of(house, message) == list(dict.fromkeys(seen)), states


async def test_a_report_that_names_the_id_of_another_message_is_that_ones_and_stops_nothing(
    house: House,
) -> None:
    first = await house.queue("first")
    await house.sent()
    other = await house.queue("other")
    await house.tell(status("delivered", f"SM{first.id}", message_id=other.id))
    await house.tell(status("delivered", "SM7", message_id=other.id))
    found = [await house.message(one.id) for one in (first, other)]
    assert [(one.state, one.provider_id) for one in found] == [
        ("delivered", f"SM{first.id}"), ("delivered", "SM7"),
    ]  # fmt: skip


async def test_a_late_report_of_a_try_that_failed_neither_stops_the_next_one_nor_calls_it_sent(
    house: House, wire: Wire
) -> None:
    message = await house.queue()
    await house.sent()
    await house.tell(status("failed", f"SM{message.id}", message_id=message.id))
    async with house.api() as api:
        await api.threads.again(message.id, None)
    for state in ("sent", "failed"):
        await house.tell(status(state, f"SM{message.id}", message_id=message.id))
        assert (await house.message(message.id)).state == "queued"
    await house.sent()
    assert (len(wire.ledger), (await house.message(message.id)).state) == (2, "sent")


async def test_what_has_arrived_after_all_is_not_sent_once_more(house: House, wire: Wire) -> None:
    message = await house.queue()
    await house.sent()
    await house.tell(status("failed", f"SM{message.id}", message_id=message.id))
    async with house.api() as api:
        await api.threads.again(message.id, None)
    await house.tell(status("delivered", f"SM{message.id}", message_id=message.id))
    await house.sent()
    assert (len(wire.ledger), (await house.message(message.id)).state) == (1, "delivered")


async def test_a_pin_that_went_as_a_link_is_counted_in_the_parts_of_its_sms(house: House, wire: Wire) -> None:
    message = await house.queue("x" * 150, place=PlaceView(latitude=50.5, longitude=30.25))
    await house.tell(status("delivered", "SM1", message_id=message.id, carried_by="sms"))
    assert (await house.message(message.id)).parts == 2


@pytest.mark.postgres
async def test_two_processes_that_are_told_at_once_move_a_message_on_once(
    settings: Settings, tmp_path: Path
) -> None:
    async with (
        house_of(settings, SystemClock(), tmp_path, Wire()) as one,
        house_of(settings, SystemClock(), tmp_path, Wire()) as other,
    ):
        messages = [await one.queue(f"{number}") for number in range(8)]
        forth = [status(state, f"SM{m.id}", message_id=m.id) for state in RANK for m in messages]
        await asyncio.gather(one.tell_at_once(*forth), other.tell_at_once(*reversed(forth)))
        for message in messages:
            found, told = await one.message(message.id), await settled_of(one, message)
            assert (found.state in ("read", "failed"), max(Counter(told).values())) == (True, 1)
            assert [RANK[state] for state in told] == sorted(RANK[state] for state in told)
            assert told[-1] == found.state

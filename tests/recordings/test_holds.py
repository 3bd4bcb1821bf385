"""What calls say while nobody knows yet whether they are recorded: holds, and at the end how it came out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, insert, select

from hub.app import Hub
from hub.events.calls import CallEnded, CallFact, CallHeld, CallResumed
from hub.kernel.context import Delivered
from hub.kernel.storage.orm import Base
from recordings.handlers import on_call_facts
from recordings.models_library import Hold, Shelf
from tests.factories.calls import MORNING, Batch, delivered, ended, snapshot

CALL = "b1:1.1"
Told = tuple[float, CallFact]


async def tell(hub: Hub, *told: Told) -> None:
    """The hot handler on one batch; each fact so many seconds after the morning."""

    def run(connection: Connection) -> None:
        batch: list[Delivered[Any]] = []
        for seconds, event in told:
            envelope = replace(delivered(event).envelope, occurred_at=MORNING + timedelta(seconds=seconds))
            batch.append(Delivered(envelope, event))
        on_call_facts(Batch(connection, hub.installation.deps), batch)

    await hub.database.write(run)


async def holds(hub: Hub) -> Sequence[tuple[float, float | None]]:
    """Seconds after the morning, of each."""

    def look(connection: Connection) -> Sequence[tuple[float, float | None]]:
        rows = connection.execute(select(Hold.began_at, Hold.ended_at).order_by(Hold.began_at)).all()
        return [
            ((b - MORNING).total_seconds(), (e - MORNING).total_seconds() if e is not None else None)
            for b, e in rows
        ]

    return await hub.database.read(look)


HELD, RESUMED = CallHeld(step=2, call=snapshot(CALL)), CallResumed(step=3, call=snapshot(CALL))
ENDED = CallEnded(step=9, call=ended(CALL, 60, "answered"))


async def test_two_holds_of_one_batch_each_end_when_they_ended(hub: Hub) -> None:
    await tell(hub, (10, HELD), (15, RESUMED), (20, HELD), (28, RESUMED))
    assert await holds(hub) == [(10, 15), (20, 28)]


async def test_a_hold_that_nobody_saw_end_is_over_with_the_call(hub: Hub) -> None:
    await tell(hub, (10, HELD))
    await tell(hub, (61, ENDED))
    assert await holds(hub) == [(10, 120)]


async def test_what_comes_twice_changes_nothing(hub: Hub) -> None:
    await tell(hub, (10, HELD), (15, RESUMED), (61, ENDED))
    await tell(hub, (10, HELD), (15, RESUMED), (61, ENDED))
    assert await holds(hub) == [(10, 15)]


async def test_a_recording_that_was_quicker_than_the_end_learns_the_result(hub: Hub) -> None:
    shelf = Base.metadata.tables["recordings_shelf"]
    row = {"recording_id": "r1", "call_id": CALL, "shop_id": "main", "started_at": MORNING, "seconds": 5.0}
    await hub.database.write(lambda connection: connection.execute(insert(shelf), row))
    await tell(hub, (61, ENDED))
    query = select(Shelf.direction, Shelf.result).where(Shelf.recording_id == "r1")
    found = await hub.database.read(lambda connection: connection.execute(query).one())
    assert tuple(found) == ("inbound", "answered")

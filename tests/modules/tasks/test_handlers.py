"""Which calls the hot path notices, and that many at once still make one task."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

import pytest
from sqlalchemy import Connection

from hub.app import Hub
from hub.events.base import Envelope, Event
from hub.events.calls import CallCorrected, CallEnded, CallSnapshot
from hub.modules.tasks.handlers import on_call_facts
from tests.factories.calls import delivered, ended, fact, merged, tell
from tests.factories.tasks import happen, open_hours, open_tasks, tasks_of

IRYNA, OTHER = "+380501234567", "+380671112233"


@dataclass
class Noticing:
    """A BatchContext that remembers what was published."""

    connection: Connection
    deps: Any
    noticed: dict[str, str] = field(default_factory=dict)

    def publish(self, event: Event, *, cause: Envelope, external_id: str | None = None) -> None:
        self.noticed[external_id or ""] = event.key

    def hint(self, *_told: object) -> None:
        raise AssertionError("the hot path changes nothing")


async def noticed(hub: Hub, *events: Event) -> list[str]:
    """The calls that were noticed when the same batch was handled twice."""

    def run(connection: Connection) -> list[str]:
        batch = Noticing(connection, hub.installation.deps)
        for _ in range(2):
            on_call_facts(batch, [delivered(event) for event in events])
        return sorted(batch.noticed.values())

    return await hub.database.write(run)


def over(call: CallSnapshot) -> CallEnded:
    return CallEnded(step=1, call=call)


async def test_a_talk_with_somebody_nobody_missed_makes_no_work(hub: Hub) -> None:
    calls = [
        ended("1", 0, "answered"),
        ended("2", 0, "answered", direction="outbound", to_number=OTHER),
        ended("3", 0, "no_answer", direction="internal", to_number="102"),
        ended("4", 0, "unknown"),
        ended("5", 0, "answered", from_number=None),
    ]
    assert await noticed(hub, *(over(call) for call in calls)) == []


@pytest.mark.parametrize("result", ["missed", "voicemail", "short_abandon"])
async def test_every_miss_is_noticed_once(hub: Hub, result: str) -> None:
    assert await noticed(hub, over(ended("1", 0, result))) == ["call:1"]


async def test_what_was_put_right_or_merged_is_noticed(hub: Hub) -> None:
    right = CallCorrected(step=2, call=ended("1", 0, "answered"))
    assert await noticed(hub, right, merged(3, "2", "3")) == ["call:1", "call:2", "call:3"]


async def test_calls_with_whom_we_are_to_call_back_are_noticed(hub: Hub) -> None:
    await open_hours(hub)
    await happen(hub, ended("1", 0, "missed"), ended("2", 0, "short_abandon", from_number=OTHER))
    calls = [
        ended("3", 60, "answered"),
        ended("4", 60, "no_answer", direction="outbound", to_number=IRYNA),
        ended("5", 60, "answered", from_number=OTHER),
        ended("6", 60, "answered", from_number="+380939998877"),
    ]
    assert await noticed(hub, *(over(call) for call in calls)) == ["call:3", "call:4", "call:5"]
    await happen(hub, calls[0], calls[2])
    assert await noticed(hub, *(over(call) for call in calls)) == []


async def test_many_misses_of_one_caller_at_the_same_moment_make_one_task(hub: Hub) -> None:
    await open_hours(hub)
    names = [str(number) for number in range(8)]
    await tell(hub, *(fact(1, ended(name, int(name), "missed")) for name in names))

    async def consider(name: str) -> None:
        async with tasks_of(hub) as tasks:
            await tasks.calls.consider(name)

    await asyncio.gather(*map(consider, names))
    (task,) = await open_tasks(hub)
    assert sorted(miss.call_id for miss in task.misses) == names

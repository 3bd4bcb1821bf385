"""When a recording by our own order begins: once somebody has answered, and said yes where that is wanted."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Literal

import pytest

from connectors.ami.actions import Action, Outcome, Sent
from connectors.ami.recorder import Recorder
from hub.events.base import Event
from hub.events.calls import CallAnswered, CallEnded, CallSnapshot
from hub.events.recordings import RecordingNoticed
from hub.ports.intake import Arrival
from tests.connectors.ami.streams import LONG_AGO
from tests.connectors.ami.test_tracker_gaps import Shop


class Line:
    """A PBX that takes every order, and one call that was answered."""

    def __init__(self) -> None:
        self.shop = Shop()
        self.shop.ring()
        self.shop.answer()
        self.orders: list[Action] = []
        self.recorder = Recorder(["inbound"], "/spool", lambda: self.shop.tracker, self._take)

    async def _take(self, action: Action) -> Outcome:
        self.orders.append(action)
        return Sent(text="")

    @property
    def call(self) -> CallSnapshot:
        return self.shop.call

    def hears(self, event: Event) -> None:
        self.recorder.hear([Arrival(source="ami", external_id="1", occurred_at=LONG_AGO, event=event)])

    def is_answered(self) -> None:
        self.hears(CallAnswered(step=2, call=self.call))

    async def has_begun(self) -> int:
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        return len(self.orders)


def noticed(line: Line, said: Literal["agreed", "refused"]) -> RecordingNoticed:
    return RecordingNoticed(call_id=line.call.call_id, said=said, at=LONG_AGO)


@pytest.mark.parametrize("is_early", [True, False])
async def test_a_yes_told_to_one_of_ours_begins_it_whether_it_came_before_the_answer_or_after(
    is_early: bool,
) -> None:
    line = Line()
    if not is_early:
        line.is_answered()
    assert (await line.recorder.begin(line.call.call_id)).kind == "taken"
    if is_early:
        assert await line.has_begun() == 0
        line.is_answered()
    assert await line.has_begun() == 1


async def _is_stopped(line: Line) -> None:
    line.recorder.never(line.call.call_id)


async def _has_ended(line: Line) -> None:
    line.hears(CallEnded(step=3, call=line.call))


async def _is_refused(line: Line) -> None:
    line.hears(noticed(line, "refused"))


@pytest.mark.parametrize("happens", [_is_stopped, _has_ended, _is_refused])
async def test_what_waited_for_a_yes_is_not_begun_after_it_was_stopped_or_ended_whatever_is_decided(
    happens: Callable[[Line], Awaitable[None]],
) -> None:
    line = Line()
    line.is_answered()
    await happens(line)
    line.recorder.only_agreed(False)
    assert await line.has_begun() == 0

"""What every connector promises, for the connectors' own tests: hears what it brings and says, and holds
it to its five seconds."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime

from hub.ports.connector import Connector, ConnectorState
from hub.ports.intake import Arrival
from hub.ports.outbound import Outbound
from tests.patience import within

MAY_TAKE = 5.0
"""Seconds that a cancelled connector has (hub/ports/connector.py)."""


def no_way_out(_: Iterable[str]) -> Outbound:
    """For a connector that asks nobody but its provider."""
    raise AssertionError("it wants a way to addresses that the settings name")


@dataclass
class Heard:
    """An intake and a status that keep what they were told."""

    arrivals: list[Arrival] = field(default_factory=list)
    states: list[tuple[ConnectorState, str]] = field(default_factory=list)

    @property
    def ids(self) -> list[str]:
        """External ids in the order of their arrival, the second ones left out as the intake does."""
        return list(dict.fromkeys(arrival.external_id for arrival in self.arrivals))

    async def accept(self, arrivals: Sequence[Arrival]) -> None:
        self.arrivals += arrivals

    def report(self, state: ConnectorState, text: str, **details: str) -> None:
        self.states.append((state, text))

    async def until(self, condition: Callable[[], bool], seconds: float = 10.0) -> None:
        """Return when it holds. Fails after so many seconds."""
        end = time.monotonic() + within(seconds)
        while not condition():
            assert time.monotonic() < end, f"it did not happen in time; {self.states[-3:]}"
            await asyncio.sleep(0.005)


class NoJournal:
    """Keeps nothing."""

    def append(self, source: str, session: int, at: datetime, *raw: bytes) -> None:
        """For connectors whose raw words nobody asks for."""


@asynccontextmanager
async def connected(connector: Connector) -> AsyncIterator[Heard]:
    """It runs, and has said how it is. Raises what ended it before."""
    heard = Heard()
    task = asyncio.create_task(connector.run(heard, heard))
    try:
        await heard.until(lambda: bool(heard.states) or task.done(), 180.0)
        if task.done():
            await task
        yield heard
    finally:
        task.cancel()
        await asyncio.wait([task])


async def stops_in_time(connector: Connector, is_running: Callable[[Heard], bool]) -> None:
    """Run it until it is in the middle of its work, cancel it, and see that it ends in time."""
    heard = Heard()
    task = asyncio.create_task(connector.run(heard, heard))
    await heard.until(lambda: is_running(heard) or task.done(), 30.0)  # a vendor's library takes its time
    assert not task.done(), "it ended by itself"
    task.cancel()
    began = time.monotonic()
    done, _ = await asyncio.wait([task], timeout=MAY_TAKE)
    assert done, f"it did not stop within {MAY_TAKE:g} s"
    assert task.cancelled(), "it swallowed the cancellation"
    assert time.monotonic() - began < MAY_TAKE
